"""The pages that say what became of a broadcast: the report that moves, and who tapped."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tapline.broadcasts.breakdowns import heat_table, table, tables_of, time_to_tap
from tapline.broadcasts.crowds import count_recipients
from tapline.broadcasts.models import Broadcast, BroadcastState, Message, MessageState
from tapline.broadcasts.night import who_sleeps
from tapline.broadcasts.pages_destinations import failing_links
from tapline.broadcasts.pages_funnel import funnel
from tapline.broadcasts.pages_openings import machines_by_reason
from tapline.broadcasts.pages_places import credits_now, places_of
from tapline.broadcasts.reasons import reason_for
from tapline.broadcasts.reports import Report, build_report
from tapline.broadcasts.timeline import chart_points, for_reading, timeline
from tapline.broadcasts.variant_words import in_words
from tapline.broadcasts.variants import held_out, variants_report
from tapline.clicks import reports as clicks
from tapline.clicks.heat import by_hour_of_week
from tapline.contacts.doings import REACHED_STATES
from tapline.hours.words import local_moment
from tapline.web.templatetags.tapline import grouped, seconds_ago
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need

RECENT_TAPS = 12
MOST_MORNINGS = 12
RECIPIENTS_PER_PAGE = 100
# A report moves each second while something happens, and rarely when it is history.
LIVELY_FOR = dt.timedelta(days=1)
LIVELY_SECONDS, CALM_SECONDS, DETAILS_SECONDS = 1, 15, 10

# The messages of the contacts whom the audience of the same name names (`contacts.doings.DID`).
GROUPS: dict[str, Q] = {
    "tapped": Q(first_human_click_at__isnull=False),
    "not-tapped": Q(
        first_human_click_at__isnull=True, only_counted=False, state__in=REACHED_STATES
    ),
    "failed": Q(first_human_click_at__isnull=True, state=MessageState.FAILED),
}

UNDER_WAY = (BroadcastState.PREPARING, BroadcastState.SENDING, BroadcastState.PAUSED)


def report_page(visit: Visit, broadcast: Broadcast) -> HttpResponse:
    """Show the whole report; its fragments renew themselves."""
    context = _live_context(visit, broadcast) | _details_context(visit, broadcast)
    context |= {
        "room": "broadcasts",
        "failing": failing_links(broadcast),
        "live_seconds": LIVELY_SECONDS if _is_lively(broadcast) else CALM_SECONDS,
        "details_seconds": DETAILS_SECONDS,
    }
    return visit.render("broadcasts/report.html", context)


@inside(Need.RATES)
def show_live(visit: Visit, broadcast_id: int) -> HttpResponse:
    """Show, as a fragment, what changes by the second: figures, chart, newest taps."""
    broadcast = _find(visit, broadcast_id)
    return visit.render("broadcasts/_live.html", _live_context(visit, broadcast))


@inside(Need.RATES)
def show_details(visit: Visit, broadcast_id: int) -> HttpResponse:
    """Show, as a fragment, how taps divide: by link, device, system, browser and hour."""
    broadcast = _find(visit, broadcast_id)
    return visit.render("broadcasts/_details.html", _details_context(visit, broadcast))


@inside(Need.PEOPLE)
def list_recipients(visit: Visit, broadcast_id: int, group: str) -> HttpResponse:
    """Show who tapped, who did not, or whose text failed, in the order of their texts."""
    broadcast = _find(visit, broadcast_id)
    after = visit.request.GET.get("after", "")
    start = int(after) if after.isdigit() and len(after) < 12 else -1
    found = list(
        Message.objects.filter(
            broadcast=broadcast,
            workspace=visit.workspace,
            position__gt=start,
        )
        .filter(GROUPS[group])
        .select_related("contact")
        .order_by("position")[: RECIPIENTS_PER_PAGE + 1]
    )
    shown = found[:RECIPIENTS_PER_PAGE]
    context = {
        "room": "broadcasts",
        "broadcast": broadcast,
        "group": group,
        "did": group.replace("-", "_"),
        "recipients": [Recipient(each, _why(broadcast, each)) for each in shown],
        "only_counted": count_recipients(broadcast)[1],
        "next_after": shown[-1].position if len(found) > len(shown) else None,
    }
    return visit.render("broadcasts/recipients.html", context)


@dataclass(frozen=True, slots=True)
class Recipient:
    """One line of the recipients: the text they got, and why it failed if it did."""

    message: Message
    why: str


def _why(broadcast: Broadcast, message: Message) -> str:
    return str(reason_for(broadcast, message.error_code).what) if message.error_code else ""


def _find(visit: Visit, broadcast_id: int) -> Broadcast:
    return get_object_or_404(Broadcast, pk=broadcast_id, workspace=visit.workspace)


def _is_lively(broadcast: Broadcast) -> bool:
    last = broadcast.finished_at or broadcast.created_at
    return broadcast.state in UNDER_WAY or timezone.now() - last < LIVELY_FOR


@dataclass(frozen=True, slots=True)
class RecentTap:
    """One line of the newest taps: «iPhone, Safari, 2 s ago»."""

    words: str
    by_person: bool


def _live_context(visit: Visit, broadcast: Broadcast) -> dict[str, Any]:
    ids = (visit.workspace.pk, broadcast.pk)
    report = build_report(broadcast)
    zone = visit.workspace.zone
    taps = timeline(clicks.by_minute(*ids), zone)
    recent = clicks.recent_clicks(*ids, limit=RECENT_TAPS) if visit.access.sees_people else []
    now = timezone.now()
    return {
        "broadcast": broadcast,
        "report": report,
        "asleep": asleep_in_words(report, zone),
        "machines": report.preview + report.scanner + report.prefetch + report.tool,
        "funnel": funnel(report),
        "timeline": taps,
        "points": json.dumps(chart_points(taps)),
        "taps_lines": for_reading(taps, zone).moments(zone),
        "recent": [RecentTap(describe_tap(each, now), each.verdict == "human") for each in recent],
    }


def asleep_in_words(report: Report, zone: str) -> str:
    """Return how many wait for their morning, and when the first may get theirs; "" for none."""
    if not report.asleep:
        return ""
    many = ngettext(
        "%(count)s waits until it is day there.",
        "%(count)s wait until it is day where they live.",
        report.asleep,
    ) % {"count": grouped(report.asleep)}
    if report.next_morning_at is None:
        return many
    return (
        many
        + " "
        + _("The next place opens %(moment)s (%(zone)s).")
        % {
            "moment": local_moment(report.next_morning_at, zone),
            "zone": zone,
        }
    )


def describe_tap(click: clicks.RecentClick, now: dt.datetime) -> str:
    """Return one click in people's words: what it came from, and how long ago."""
    machines = {
        "preview": _("link preview"),
        "scanner": _("security scanner"),
        "prefetch": _("browser loading ahead"),
        "tool": _("program"),
        "operator": _("your own test"),
    }
    device = [click.device or click.os, click.app or _plain_name(click.browser)]
    words = [machines[click.verdict]] if click.verdict in machines else [w for w in device if w]
    since = seconds_ago((now - click.clicked_at).total_seconds())
    return ", ".join([*(words or [_("unknown device")]), since])


def _plain_name(browser: str) -> str:
    """Return a browser as people call it: «Mobile Safari» is Safari, «Chrome Mobile iOS» Chrome."""
    return " ".join(word for word in browser.split() if word not in ("Mobile", "iOS"))


def _details_context(visit: Visit, broadcast: Broadcast) -> dict[str, Any]:
    ids = (visit.workspace.pk, broadcast.pk)
    crowd = count_recipients(broadcast)[1]
    places = places_of(*ids)
    return {
        "broadcast": broadcast,
        "mornings": _mornings(broadcast),
        **_variants(broadcast),
        "kinds": machines_by_reason(*ids),
        "time_to_tap": time_to_tap(broadcast),
        "heat": heat_table(
            by_hour_of_week(*ids), clicks.by_hour(*ids), clicks.by_weekday(*ids), in_taps=crowd > 0
        ),
        "tables": tables_of(broadcast),
        "map": places.map,
        "places": [table(title, shares) for title, shares in places.tables],
        "credits": credits_now() if places.tables else [],
        "only_counted": crowd,
    }


def _variants(broadcast: Broadcast) -> dict[str, Any]:
    """Return how several texts did beside each other, and how many got none on purpose."""
    compared = variants_report(broadcast)
    return {
        "compared": compared,
        "compared_words": in_words(compared) if compared else (),
        "held_out": held_out(broadcast) if broadcast.hold_out else 0,
    }


def _mornings(broadcast: Broadcast) -> list[tuple[str, int]]:
    """Return when places open in which somebody waits, and how many; the first of many."""
    if broadcast.state not in UNDER_WAY:
        return []
    openings = who_sleeps(broadcast, timezone.now()).openings[:MOST_MORNINGS]
    return [(local_moment(at, broadcast.workspace.zone), count) for at, count in openings]
