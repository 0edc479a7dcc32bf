"""`tapline segments`: save a question about contacts, count whom it finds."""

from __future__ import annotations

from typing import Any, TextIO

import click
import msgspec
from rich.console import Console
from rich.table import Table

from tapline.cli import print_json
from tapline.contacts import segments as kept
from tapline.contacts.commands import ACTOR, find_workspace, json_option, workspace_option
from tapline.contacts.models import Segment
from tapline.contacts.questions import BadSegment, Question, read_question


@click.group()
def segments() -> None:
    """Save questions about contacts, and count whom they find.

    A segment is the audience of a broadcast: tapline broadcast send --audience segment:7.
    """


@segments.command("list")
@workspace_option
@json_option
def list_segments(workspace_name: str | None, as_json: bool) -> None:
    """List the segments of a workspace."""
    found = kept.segments_of(find_workspace(workspace_name))
    if as_json:
        print_json({"segments": [_as_dict(each) for each in found]})
        return
    table = Table("id", "name", "changed")
    for each in found:
        table.add_row(str(each.pk), each.name, f"{each.updated_at:%Y-%m-%d}")
    Console().print(table)


@segments.command("save")
@click.argument("name")
@click.option("--question", type=click.File(encoding="utf-8"), required=True, help="File, or - .")
@workspace_option
@json_option
def save(name: str, question: TextIO, workspace_name: str | None, as_json: bool) -> None:
    """Save a question, written as JSON, under NAME; one that has this name is changed.

    \b
    echo '{"groups": [{"conditions": [{"kind": "tapped", "within_days": 30}]}]}' |
      tapline segments save "Tapped lately" --question -
    """
    workspace, asked = find_workspace(workspace_name), _read(question)
    same = kept.segments_of(workspace).select_related("workspace").filter(name=name.strip()).first()
    if same is None:
        saved = kept.create_segment(workspace, name, asked, actor=ACTOR)
    else:
        saved = kept.change_segment(same, name, asked, actor=ACTOR)
    _tell(saved, as_json)


@segments.command("count")
@click.argument("number", metavar="SEGMENT", type=int)
@workspace_option
@json_option
def count(number: int, workspace_name: str | None, as_json: bool) -> None:
    """Count whom SEGMENT (its id) finds now."""
    _tell(kept.find_segment(find_workspace(workspace_name), number), as_json)


@segments.command("delete")
@click.argument("number", metavar="SEGMENT", type=int)
@workspace_option
def delete(number: int, workspace_name: str | None) -> None:
    """Forget SEGMENT (its id); its contacts stay."""
    found = kept.find_segment(find_workspace(workspace_name), number)
    kept.delete_segment(found, actor=ACTOR)
    click.echo(f"«{found.name}» is gone. Its contacts stay.")


def _read(file: TextIO) -> Question:
    try:
        return read_question(msgspec.json.decode(file.read()))
    except msgspec.DecodeError as error:
        raise BadSegment(
            "The question cannot be read.",
            why=f"It is no JSON: {error}.",
            do="Write it as docs/contacts.md shows it.",
        ) from error


def _tell(segment: Segment, as_json: bool) -> None:
    found = kept.count(segment.workspace, kept.question_of(segment)).number or 0
    if as_json:
        print_json(_as_dict(segment) | {"contacts": found})
    else:
        click.echo(f"Segment {segment.pk}, «{segment.name}»: {found:,} contacts now.")


def _as_dict(segment: Segment) -> dict[str, Any]:
    return {"id": segment.pk, "name": segment.name, "question": segment.question}
