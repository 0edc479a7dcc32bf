"""`tapline track`: put tracked links into a file of texts that another system sends."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import BinaryIO

import click

from tapline.broadcasts.models import Broadcast
from tapline.broadcasts.track_files import Line, TextFile, read_file
from tapline.broadcasts.tracking import (
    MAX_TEXTS,
    BadTexts,
    Tracked,
    read_texts,
    tracked_broadcast,
)
from tapline.broadcasts.tracking import track as track_texts
from tapline.cli import print_json
from tapline.contacts.commands import find_workspace, json_option, workspace_option
from tapline.links.models import Campaign
from tapline.workspaces.models import Workspace

ACTOR = "command line"
BAD_LINES_SHOWN = 20


@click.command()
@click.argument("file", type=click.File("rb"), default="-")
@workspace_option
@click.option("--name", default="", help="Broadcast that gathers the texts; today's if left out.")
@click.option("--campaign", default="", help="Campaign that they belong to.")
@json_option
def track(
    file: BinaryIO, workspace_name: str | None, name: str, campaign: str, as_json: bool
) -> None:
    """Put a tracked link of its own into every text of FILE, for another system to send.

    FILE (or standard input) is JSON Lines with "phone" and "text", or CSV with such columns. The
    same comes out on standard output: each link replaced, the message's id and its parts added,
    every other field as it was. One bad text refuses the whole file; the bad lines are listed.

    \b
    Try it:
      echo '{"phone": "+12125550123", "text": "See example.com/menu"}' | tapline track
      tapline track texts.csv --name "May reminders" > tracked.csv

    Tell Tapline later what became of the texts (POST /api/v1/receipts), so that its report can
    say how many of those that arrived were tapped.
    """
    workspace = find_workspace(workspace_name)
    texts = read_file(file.read())
    broadcast = tracked_broadcast(
        workspace, name, campaign=_campaign(workspace, campaign), actor=ACTOR
    )
    _refuse_bad(workspace, texts, broadcast)
    if as_json:
        _print_as_json(workspace, texts, broadcast)
        return
    texts.write_header(sys.stdout)
    for chunk in _chunks(texts):
        texts.write(sys.stdout, chunk, _track(workspace, chunk, broadcast))


def _campaign(workspace: Workspace, name: str) -> Campaign | None:
    return Campaign.objects.get_or_create(workspace=workspace, name=name)[0] if name else None


def _refuse_bad(workspace: Workspace, texts: TextFile, broadcast: Broadcast) -> None:
    """Check the whole file before the first text is tracked; list its bad lines."""
    try:
        read_texts(workspace, [line.untracked() for line in texts.lines], broadcast)
    except BadTexts as error:
        for item in error.items[:BAD_LINES_SHOWN]:
            number = texts.lines[item["index"]].number
            click.echo(f"line {number}: {item['what']} {item['why']}", err=True)
        raise


def _chunks(texts: TextFile) -> list[list[Line]]:
    return [
        texts.lines[start : start + MAX_TEXTS] for start in range(0, len(texts.lines), MAX_TEXTS)
    ]


def _track(workspace: Workspace, lines: list[Line], broadcast: Broadcast) -> list[Tracked]:
    asked = [line.untracked() for line in lines]
    return track_texts(workspace, asked, broadcast=broadcast, actor=ACTOR)


def _print_as_json(workspace: Workspace, texts: TextFile, broadcast: Broadcast) -> None:
    tracked = [each for chunk in _chunks(texts) for each in _track(workspace, chunk, broadcast)]
    print_json({"broadcast_id": broadcast.pk, "texts": [asdict(each) for each in tracked]})
