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
    """Where a command lives (`module:attribute`), what it does, and whether it needs Django."""

    target: str
    help: str
    needs_django: bool = True


COMMANDS: dict[str, Entry] = {
    "up": Entry("tapline.instance.commands_up:up", "Run everything on this machine."),
    "edge": Entry("tapline.edge.commands:edge", "Answer links.", needs_django=False),
    "web": Entry("tapline.web.commands:web", "Serve pages and API."),
    "worker": Entry(
        "tapline.instance.commands_up:worker", "Read clicks, prepare and send broadcasts."
    ),
    "simulator": Entry(
        "tapline.providers.simulator.commands:simulator",
        "Play a provider and the people who get its texts.",
        needs_django=False,
    ),
    "demo": Entry(
        "tapline.providers.simulator.commands_demo:demo",
        "Show the whole main job on made-up contacts.",
        needs_django=False,
    ),
    "contacts": Entry(
        "tapline.contacts.commands:contacts",
        "Import contacts, record opt-outs, show or erase a person.",
    ),
    "domains": Entry(
        "tapline.links.commands_domains:domains", "Add host names for links and check their DNS."
    ),
    "hours": Entry(
        "tapline.hours.commands:hours", "When texts may arrive, and how many one person gets."
    ),
    "geo": Entry(
        "tapline.geo.commands:geo",
        "Bring the files that say where taps come from.",
        needs_django=False,
    ),
    "networks": Entry(
        "tapline.geo.commands_networks:networks",
        "Know hosting networks and preview services by their addresses.",
        needs_django=False,
    ),
    "providers": Entry(
        "tapline.providers.commands:providers", "Connect providers, sender numbers and prices."
    ),
    "segments": Entry(
        "tapline.contacts.commands_segments:segments",
        "Save questions about contacts, and count whom they find.",
    ),
    "retention": Entry(
        "tapline.contacts.commands_retention:retention", "Say what is old enough to be forgotten."
    ),
    "only-counted": Entry(
        "tapline.contacts.commands_counting:only_counted_command",
        "Say whose taps are only counted, without saying who tapped.",
    ),
    "broadcast": Entry(
        "tapline.broadcasts.commands:broadcast", "Send one text to many, and look after it."
    ),
    "track": Entry(
        "tapline.broadcasts.commands_track:track",
        "Put tracked links into texts that another system sends.",
    ),
    "report": Entry(
        "tapline.broadcasts.commands_report:report", "Say who tapped, people apart from machines."
    ),
    "clicks": Entry(
        "tapline.clicks.commands:clicks", "Count stored openings again by the rules of today."
    ),
    "keys": Entry(
        "tapline.instance.commands:keys", "Export, import or rotate keys.", needs_django=False
    ),
    "backup": Entry(
        "tapline.instance.commands:backup",
        "Copy everything but the master key.",
        needs_django=False,
    ),
    "restore": Entry(
        "tapline.instance.commands:restore",
        "Bring a backup back, in a new epoch.",
        needs_django=False,
    ),
    "members": Entry("tapline.signin.commands:members", "Look after who signs in."),
    "sign-in": Entry(
        "tapline.workspaces.commands:sign_in", "Print a link that signs somebody in once."
    ),
    "check": Entry(
        "tapline.instance.commands:check",
        "Say what is right and wrong with this instance.",
        needs_django=False,
    ),
}


class Commands(click.Group):
    """Loads a command's module only when that command is called or explained."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        # From the list itself: loading every command would set up Django and make a data folder.
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])

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
