"""`tapline only-counted`: whose taps are only counted, seen and changed."""

from __future__ import annotations

import click

from tapline.cli import print_json
from tapline.contacts.commands import (
    ACTOR,
    BadOption,
    find_workspace,
    json_option,
    workspace_option,
)
from tapline.instance.first_start import make_ready
from tapline.workspaces.counting import EVERYBODY, only_counted, set_only_counted


@click.command("only-counted")
@click.argument("countries", nargs=-1)
@click.option("--everybody", is_flag=True, help="Everybody, whatever their country.")
@click.option("--nobody", is_flag=True, help="Tell all recipients apart again.")
@workspace_option
@json_option
def only_counted_command(
    countries: tuple[str, ...],
    everybody: bool,
    nobody: bool,
    workspace_name: str | None,
    as_json: bool,
) -> None:
    """Say whose taps are only counted, or change it to people with numbers of COUNTRIES.

    All of them get the same link: reports say how often it was tapped, and nobody can say by whom.
    It holds for texts from now on, here and in the workspaces below; what a workspace above names
    stays in force.

    \b
    Try it:
      tapline only-counted
      tapline only-counted DE FR
      tapline only-counted --everybody
    """
    if sum((bool(countries), everybody, nobody)) > 1:
        raise BadOption(
            "Countries, --everybody and --nobody exclude each other.",
            why="Each of them says who is only counted.",
            do="Leave out all but one.",
        )
    make_ready()
    workspace = find_workspace(workspace_name)
    if countries or everybody or nobody:
        named = [EVERYBODY] if everybody else list(countries)
        set_only_counted(workspace, named, actor=ACTOR)
    in_force = list(only_counted(workspace).countries)
    if as_json:
        print_json({"countries": workspace.only_counted, "in_force": in_force})
    else:
        who = "everybody" if in_force == [EVERYBODY] else ", ".join(in_force) or "nobody"
        click.echo(f"Only counted in '{workspace.name}': {who}")
