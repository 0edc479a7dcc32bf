"""`tapline broadcast`: write a text to many, look at it, send it, stop it."""

from __future__ import annotations

import datetime as dt
import re
import time
from decimal import Decimal
from typing import Any, TextIO
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.table import Table

from tapline.broadcasts.checking import check
from tapline.broadcasts.composing import create_broadcast, preview
from tapline.broadcasts.findings import Finding
from tapline.broadcasts.lifecycle import cancel, pause, resume, schedule, start
from tapline.broadcasts.models import AtNight, Broadcast, BroadcastState
from tapline.broadcasts.reports import build_report
from tapline.cli import print_json
from tapline.contacts.commands import find_workspace, json_option, workspace_option
from tapline.contacts.models import Purpose
from tapline.errors import NotFound, TaplineError
from tapline.links.models import Campaign, Offer
from tapline.workspaces.models import Workspace

ACTOR = "command line"
LISTED = 30
POLL_SECONDS = 0.5
_FOLLOW_UP = re.compile(r"(?P<did>tapped|not-tapped|failed|held-out):(?P<id>\d{1,12})")
_SEGMENT = re.compile(r"segment:(?P<id>\d{1,12})")
_OVER = (BroadcastState.SENT, BroadcastState.CANCELLED, BroadcastState.PAUSED)


class BadOption(TaplineError):
    """An option holds what it cannot use."""


@click.group()
def broadcast() -> None:
    """Write a text to many, see what each person gets, send it, pause or cancel it.

    `tapline up` (or a worker) must run for anything to leave this machine.
    """


@broadcast.command()
@click.option("--text", type=click.File(encoding="utf-8"), required=True, help="File, or - .")
@click.option("--name", required=True, help="What lists and reports call it.")
@click.option(
    "--audience",
    "audiences",
    multiple=True,
    metavar="all|segment:ID|tag:WORD|tapped:ID|not-tapped:ID|failed:ID|held-out:ID",
    help="Who gets it: everybody; whom a segment finds; who has a tag (repeat it for more); or"
    " those of an earlier broadcast who tapped, who got it and did not, or whose text failed.",
)
@workspace_option
@click.option(
    "--purpose",
    type=click.Choice(Purpose.values),
    default=Purpose.MARKETING.value,
    show_default=True,
    help="Which kind of texts people must have agreed to.",
)
@click.option("--sender", default="", metavar="NUMBER", help="Number that it comes from.")
@click.option("--campaign", default="", metavar="NAME", help="Campaign that it belongs to.")
@click.option("--offer", default="", metavar="NAME", help="What is offered in it.")
@click.option("--utm", multiple=True, metavar="FIELD=VALUE", help="Such as source=sms.")
@click.option(
    "--at-night",
    type=click.Choice(AtNight.values),
    help="Recipients whose place is closed wait or are skipped; else as the workspace decided.",
)
@click.option("--give-up", type=int, metavar="HOURS", help="Who still waits then gets no text.")
@click.option("--spend-limit", type=Decimal, help="Pause before it costs more than this.")
@click.option(
    "--at",
    type=click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]),
    metavar="TIME",
    help="Start then, in the workspace's time zone: 2026-05-31T09:00.",
)
@click.option("--draft", is_flag=True, help="Only keep and check it.")
@click.option("--wait", is_flag=True, help="Come back when it is sent, paused or cancelled.")
@json_option
def send(
    text: TextIO,
    name: str,
    audiences: tuple[str, ...],
    workspace_name: str | None,
    wait: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Send a text to an audience; each link in it becomes one short link per person.

    Fields like {{ first_name | there }} are filled from the contacts' attributes.

    \b
    Try it:
      echo "Hi {{ first_name | there }}, our menu: example.com/menu" |
        tapline broadcast send --text - --name "May menu" --audience all --draft
      tapline broadcast send --text may.txt --name "May menu" --audience tag:vip --wait
      tapline broadcast send --text last-day.txt --name "Last day" --audience not-tapped:12
    """
    workspace = find_workspace(workspace_name)
    made = _create(workspace, text.read().strip(), name, audiences, options)
    findings = check(made)
    if not as_json:
        _tell_findings(findings)
    if not options["draft"]:
        made = _start(made, options["at"])
    if wait and not options["draft"]:
        made = _wait_for(made)
    _tell(made, as_json, findings=[finding.as_dict() for finding in findings])


@broadcast.command("list")
@workspace_option
@json_option
def list_broadcasts(workspace_name: str | None, as_json: bool) -> None:
    """List the newest broadcasts."""
    found = Broadcast.objects.filter(workspace=find_workspace(workspace_name)).order_by("-id")
    rows = [_as_row(each) for each in found[:LISTED]]
    if as_json:
        print_json({"broadcasts": rows})
        return
    table = Table("id", "name", "state", "recipients", "started")
    for row in rows:
        table.add_row(*(str(value if value is not None else "–") for value in row.values()))
    Console().print(table)


@broadcast.command("check")
@click.argument("number", metavar="BROADCAST", type=int)
@workspace_option
@json_option
def check_broadcast(number: int, workspace_name: str | None, as_json: bool) -> None:
    """Say what should be known before BROADCAST (its id) is sent. Ends with 1 on an error."""
    findings = check(find_broadcast(number, workspace_name))
    if as_json:
        print_json({"findings": [finding.as_dict() for finding in findings]})
    else:
        _tell_findings(findings)
        click.echo(f"{len(findings)} findings." if findings else "Nothing to note.")
    if any(finding.level == "error" for finding in findings):
        raise SystemExit(1)


@broadcast.command("preview")
@click.argument("number", metavar="BROADCAST", type=int)
@click.option("--recipient", type=click.IntRange(1), default=1, help="Which one, from 1.")
@workspace_option
@json_option
def preview_broadcast(
    number: int, recipient: int, workspace_name: str | None, as_json: bool
) -> None:
    """Show what one recipient of BROADCAST gets, and how many parts it is billed as.

    The short links in it lead nowhere: looking never counts as a tap.
    """
    shown = preview(find_broadcast(number, workspace_name), recipient - 1)
    if as_json:
        links = [{"written": each.written, "destination": each.destination} for each in shown.links]
        counted = {"parts": shown.parts.parts, "encoding": shown.parts.encoding}
        print_json({"to": shown.phone, "text": shown.text, "links": links, **counted})
        return
    click.echo(shown.text)
    click.secho(
        f"to {shown.phone or 'nobody yet'}: {shown.parts.parts} part(s), {shown.parts.encoding},"
        f" {shown.parts.left} left in the last",
        dim=True,
    )
    for link in shown.links:
        click.secho(f"{link.sent_as} leads to {link.destination}", dim=True)


@broadcast.command("start")
@click.argument("number", metavar="BROADCAST", type=int)
@workspace_option
@json_option
def start_broadcast(number: int, workspace_name: str | None, as_json: bool) -> None:
    """Send a draft."""
    _tell(start(find_broadcast(number, workspace_name), actor=ACTOR), as_json)


@broadcast.command("pause")
@click.argument("number", metavar="BROADCAST", type=int)
@workspace_option
@json_option
def pause_broadcast(number: int, workspace_name: str | None, as_json: bool) -> None:
    """Stop sending BROADCAST after the few texts that are just leaving."""
    _tell(pause(find_broadcast(number, workspace_name), actor=ACTOR), as_json)


@broadcast.command("resume")
@click.argument("number", metavar="BROADCAST", type=int)
@workspace_option
@json_option
def resume_broadcast(number: int, workspace_name: str | None, as_json: bool) -> None:
    """Go on with a paused BROADCAST where it stopped."""
    _tell(resume(find_broadcast(number, workspace_name), actor=ACTOR), as_json)


@broadcast.command("cancel")
@click.argument("number", metavar="BROADCAST", type=int)
@workspace_option
@json_option
def cancel_broadcast(number: int, workspace_name: str | None, as_json: bool) -> None:
    """End BROADCAST for good: what has not left never will."""
    _tell(cancel(find_broadcast(number, workspace_name), actor=ACTOR), as_json)


def find_broadcast(number: int, workspace_name: str | None) -> Broadcast:
    """Return a broadcast of the workspace by its id; raises `NotFound`."""
    workspace = find_workspace(workspace_name) if workspace_name else None
    found = Broadcast.objects.select_related("workspace", "domain").filter(pk=number)
    broadcast_found = (found.filter(workspace=workspace) if workspace else found).first()
    if broadcast_found is None:
        raise NotFound(
            f"There is no broadcast {number}.",
            why="No broadcast of this workspace has that id.",
            do="List them with: tapline broadcast list.",
        )
    return broadcast_found


def _create(
    workspace: Workspace, text: str, name: str, audiences: tuple[str, ...], options: dict[str, Any]
) -> Broadcast:
    return create_broadcast(
        workspace,
        name=name,
        text=text,
        audience=read_audiences(audiences),
        purpose=options["purpose"],
        sender_number=options["sender"],
        campaign=_named(Campaign, workspace, options["campaign"]),
        offer=_named(Offer, workspace, options["offer"]),
        utm=dict(_pair(each) for each in options["utm"]),
        spend_limit=options["spend_limit"],
        at_night=options["at_night"],
        give_up_hours=options["give_up"],
        actor=ACTOR,
    )


def read_audiences(words: tuple[str, ...]) -> dict[str, Any]:
    """Return `all`, `segment:…`, `tag:…` or `tapped:…` words as an audience; raises `BadOption`."""
    if words == ("all",):
        return {"all": True}
    if len(words) == 1 and (earlier := _FOLLOW_UP.fullmatch(words[0])):
        return {"broadcast": int(earlier["id"]), "did": earlier["did"].replace("-", "_")}
    if len(words) == 1 and (segment := _SEGMENT.fullmatch(words[0])):
        return {"segment": int(segment["id"])}
    tags = [word.removeprefix("tag:") for word in words if word.startswith("tag:")]
    if not words or len(tags) != len(words):
        raise BadOption(
            f"The audience {' '.join(words) or '(none)'} cannot be read.",
            why="It is everybody, whom a segment finds, the contacts with one of some tags, or"
            " those of one broadcast.",
            do="Say --audience all, --audience segment:7, --audience tag:vip (repeat it for more"
            " tags), or --audience not-tapped:12 (also tapped:12, failed:12 and held-out:12).",
        )
    return {"tags": tags}


def _named(kind: Any, workspace: Workspace, name: str) -> Any:
    """Return the campaign or offer of that name, made where it is new; None without a name."""
    return kind.objects.get_or_create(workspace=workspace, name=name)[0] if name else None


def _pair(text: str) -> tuple[str, str]:
    field, sign, value = text.partition("=")
    if not sign:
        raise BadOption(
            f"--utm {text} cannot be read.",
            why="It needs a field and a value.",
            do="Write it like --utm source=sms.",
        )
    return field, value


def _start(made: Broadcast, at: dt.datetime | None) -> Broadcast:
    if at is None:
        return start(made, actor=ACTOR)
    return schedule(made, at.replace(tzinfo=ZoneInfo(made.workspace.zone)), actor=ACTOR)


def _wait_for(made: Broadcast) -> Broadcast:
    """Return the broadcast once nothing more is sent; says on the way how far it is."""
    while made.state not in _OVER:
        time.sleep(POLL_SECONDS)
        made.refresh_from_db()
        report = build_report(made)
        click.echo(f"\r{made.state}: {report.sent:,} of {report.recipients:,} ", nl=False, err=True)
    click.echo(err=True)
    return made


def _tell(told: Broadcast, as_json: bool, **more: Any) -> None:
    if as_json:
        print_json({"broadcast": _as_row(told), **more})
    else:
        click.echo(f"Broadcast {told.pk} «{told.name}» is {told.state}.")
        if told.pause_reason:
            click.echo(f"  {told.pause_reason}")


def _tell_findings(findings: list[Finding]) -> None:
    colours = {"error": "red", "warning": "yellow", "note": "cyan"}
    for finding in findings:
        click.secho(f"{finding.level}: {finding.what}", fg=colours[finding.level], err=True)
        click.echo(f"  why: {finding.why}\n  do:  {finding.do}", err=True)


def _as_row(each: Broadcast) -> dict[str, Any]:
    return {
        "id": each.pk,
        "name": each.name,
        "state": each.state,
        "recipients": each.next_position,
        "started_at": each.started_at.isoformat() if each.started_at else None,
    }
