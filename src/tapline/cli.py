"""The `tapline` command: one explicit list of commands, each loaded when it is called.

The edge must not pay for (or depend on) a web framework, so Django is set up only for the
commands that say they need it.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from dataclasses import dataclass
from typing import Any

import click

from tapline import __version__
from tapline.errors import TaplineError


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command lives: `module:attribute`, and whether it needs Django."""

    target: str
    needs_django: bool = True


COMMANDS: dict[str, Entry] = {
    "up": Entry("tapline.instance.commands_up:up"),
    "edge": Entry("tapline.edge.commands:edge", needs_django=False),
    "web": Entry("tapline.web.commands:web"),
    "worker": Entry("tapline.instance.commands_up:worker"),
    "simulator": Entry("tapline.providers.simulator.commands:simulator", needs_django=False),
    "demo": Entry("tapline.providers.simulator.commands_demo:demo", needs_django=False),
    "contacts": Entry("tapline.contacts.commands:contacts"),
    "broadcast": Entry("tapline.broadcasts.commands:broadcast"),
    "track": Entry("tapline.broadcasts.commands_track:track"),
    "report": Entry("tapline.broadcasts.commands_report:report"),
    "keys": Entry("tapline.instance.commands:keys", needs_django=False),
    "backup": Entry("tapline.instance.commands:backup", needs_django=False),
    "restore": Entry("tapline.instance.commands:restore", needs_django=False),
    "sign-in": Entry("tapline.workspaces.commands:sign_in"),
    "check": Entry("tapline.instance.commands:check", needs_django=False),
}


class Commands(click.Group):
    """Loads a command's module only when that command is called or explained."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        if entry.needs_django:
            set_up_django()
        module, attribute = entry.target.split(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tapline")
def root() -> None:
    """Text messages whose links say truthfully who tapped.

    Start with `tapline up`: it runs everything on this machine and prints a link to sign in.
    Settings are environment variables named TAPLINE_…; `tapline check --settings` lists them.
    """


def set_up_django() -> None:
    """Make models and settings usable in this process; may be called twice."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tapline.settings")
    from tapline.sqlite import use_safe_sqlite

    use_safe_sqlite()
    import django

    django.setup()


def print_json(value: Any) -> None:
    """Print one JSON object on standard output, for programs."""
    click.echo(json.dumps(value, ensure_ascii=False, default=str))


def main() -> None:
    """Run the command line. An error that a person can act on ends with code 1 and three lines."""
    try:
        root(prog_name="tapline")
    except TaplineError as error:
        if "--json" in sys.argv:
            print_json({"error": error.as_dict()})
        click.secho(error.what, fg="red", err=True)
        click.echo(f"  why: {error.why}\n  do:  {error.do}", err=True)
        sys.exit(1)
