"""The main job as the demo does it: import, send, watch. Needs Django set up on the instance."""

from __future__ import annotations

import csv
import datetime as dt
import http.client
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.urls import reverse
from django.utils import timezone

from tapline import config
from tapline.broadcasts.composing import create_broadcast
from tapline.broadcasts.lifecycle import start
from tapline.broadcasts.models import Broadcast, BroadcastState, Message
from tapline.broadcasts.reports import build_report
from tapline.clicklog.reader import end_of_lines, list_segments
from tapline.clicks.models import LogSegment
from tapline.clicks.newest import recent_clicks
from tapline.contacts.importing import ImportOptions, ImportReport, answer, import_file
from tapline.errors import TaplineError
from tapline.instance.first_start import make_ready
from tapline.links.domains import create_domain
from tapline.providers.simulator.demo_view import State, Tap
from tapline.providers.simulator.people import LEFT_ALONE_ENDING
from tapline.texts.links import find_links
from tapline.workspaces.members import ensure_owner
from tapline.workspaces.sign_in import make_sign_in_link

ACTOR = "demo"
OWNER = "owner@localhost"
NAME = "Demo"
WORDING = "Yes, text me news and offers. Reply STOP to stop."
OWN_PHONE = f"+1212{LEFT_ALONE_ENDING}"  # The simulator leaves it alone: only you tap there.
TAPS_SHOWN = 5
CLICKS_LOOKED_AT = 200  # machines are among them
LOOK_SECONDS = 0.25
# A day of simulated time takes less than half a minute; the rest is for slow machines.
LONGEST_SECONDS = 150.0
LONGEST_SETTLING_SECONDS = 30.0


class NobodyToText(TaplineError):
    """The contacts file gives the demo nobody to send to."""


class OwnTextNotSent(TaplineError):
    """The text to the newcomer's own phone has not left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """The broadcast that the demo sends, and how many contacts it has."""

    broadcast: Broadcast
    contacts: int


def begin(contacts: Path, text: Path, *, base_url: str = "", with_own_phone: bool = False) -> Job:
    """Import contacts and start the broadcast; `base_url` is where its links live.

    Raises what importing and composing raise, and `NobodyToText`.
    """
    ready = make_ready()
    workspace, domain = ready.workspace, ready.domain
    report = import_file(workspace, contacts, _options())
    if report.created + report.updated == 0:
        raise _nobody(contacts, report)
    if with_own_phone:
        _import_own_phone(config.current().data_dir)
    if base_url:
        domain = create_domain(workspace, base_url, proved=True, actor=ACTOR)
    broadcast = create_broadcast(
        workspace,
        name=NAME,
        text=text.read_text(encoding="utf-8").strip(),
        audience={"all": True},
        domain=domain,
        actor=ACTOR,
    )
    total = report.created + report.updated + int(with_own_phone)
    return Job(broadcast=start(broadcast, actor=ACTOR), contacts=total)


def watch(job: Job) -> Iterator[State]:
    """Yield what is known, again and again, until everything has happened and was counted.

    Ends after three minutes at the latest, whatever happens.
    """
    deadline = time.monotonic() + LONGEST_SECONDS
    while not _is_over(job) and time.monotonic() < deadline:
        yield look(job)
        time.sleep(LOOK_SECONDS)
    deadline = time.monotonic() + LONGEST_SETTLING_SECONDS
    while not _is_every_click_counted() and time.monotonic() < deadline:
        yield look(job)
        time.sleep(LOOK_SECONDS)
    yield look(job)


def look(job: Job) -> State:
    """Return what is known now."""
    broadcast = job.broadcast
    clicks = recent_clicks(broadcast.workspace_id, broadcast.pk, CLICKS_LOOKED_AT)
    people = [click for click in clicks if click.verdict == "human"][:TAPS_SHOWN]
    return State(
        contacts=job.contacts,
        report=build_report(broadcast).as_dict(),
        taps=[Tap(device=tap.device, browser=tap.browser, at=tap.clicked_at) for tap in people],
        now=timezone.now(),
    )


def truth_of(job: Job) -> dict[str, Any]:
    """Return the simulator's own counts of the broadcast."""
    connection = http.client.HTTPConnection(config.current().simulator_listen, timeout=15)
    try:
        connection.request("GET", f"/truth?tag={quote(job.broadcast.token)}")
        truth: dict[str, Any] = json.loads(connection.getresponse().read())
        return truth
    finally:
        connection.close()


def sign_in_url() -> str:
    """Return a link that signs the owner in once."""
    return config.current().web_url + make_sign_in_link(ensure_owner(OWNER))


def page_url(job: Job) -> str:
    """Return the address of the report's page."""
    broadcast = job.broadcast
    path = reverse("broadcasts:show", args=[broadcast.workspace_id, broadcast.pk])
    return config.current().web_url + path


def own_link(job: Job) -> str:
    """Return the link that the newcomer's own phone got; raises `OwnTextNotSent`."""
    text = Message.objects.values_list("text", flat=True).filter(
        broadcast=job.broadcast, phone=OWN_PHONE
    )
    for link in find_links(text.first() or ""):
        return link.url
    raise OwnTextNotSent(
        "There is no link for your own phone.",
        why="The text of the broadcast has no link, or its sending did not come that far.",
        do="Give --text a text with a link in it, and run the demo again.",
    )


def _is_over(job: Job) -> bool:
    """Say whether the broadcast was sent and nothing more will happen to its messages."""
    state = Broadcast.objects.values_list("state", flat=True).get(pk=job.broadcast.pk)
    return state == BroadcastState.SENT and bool(truth_of(job)["done"])


def _is_every_click_counted() -> bool:
    """Say whether every segment of the click log was read to its end."""
    read = dict(LogSegment.objects.values_list("name", "offset"))
    segments = list_segments(config.current().click_log_dir)
    return all(read.get(path.name, 0) >= end_of_lines(path) for path in segments)


def _options() -> ImportOptions:
    agreed = answer("made up for the demo", timezone.now() - dt.timedelta(days=1), WORDING)
    return ImportOptions(by=ACTOR, answer=agreed)


def _import_own_phone(folder: Path) -> None:
    """Bring the newcomer in as any contact comes in: by a file."""
    path = folder / "your-phone.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["first_name", "phone"], ["you", OWN_PHONE]])
    import_file(make_ready().workspace, path, _options())


def _nobody(contacts: Path, report: ImportReport) -> NobodyToText:
    first = f"; line {report.bad_rows[0].line}: {report.bad_rows[0].why}" if report.bad_rows else ""
    return NobodyToText(
        f"{contacts} gives nobody to text.",
        why=f"None of its {report.rows} rows became a contact{first}.",
        do="Use a file like examples/contacts.csv: a header line and a column with phone numbers.",
    )
