"""What a report says, whoever reads it: what its templates are filled with."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tapline.broadcasts.breakdowns import heat_table, table, tables_of, time_to_tap
from tapline.broadcasts.crowds import count_recipients, count_tappers
from tapline.broadcasts.models import Broadcast, BroadcastState
from tapline.broadcasts.night import who_sleeps
from tapline.broadcasts.pages_funnel import funnel
from tapline.broadcasts.pages_openings import machines_by_reason
from tapline.broadcasts.pages_places import credits_now, places_of
from tapline.broadcasts.reports import Report, build_report
from tapline.broadcasts.timeline import chart_points, for_reading, timeline
from tapline.broadcasts.variant_words import in_words
from tapline.broadcasts.variants import held_out, variants_report
from tapline.clicks import reports as clicks
from tapline.clicks.heat import by_hour_of_week
from tapline.clicks.newest import RecentClick, recent_clicks
from tapline.hours.words import local_moment
from tapline.numerals import grouped
from tapline.web.templatetags.tapline import seconds_ago

RECENT_TAPS = 12
MOST_MORNINGS = 12
UNDER_WAY = (BroadcastState.PREPARING, BroadcastState.SENDING, BroadcastState.PAUSED)


@dataclass(frozen=True, slots=True)
class RecentTap:
    """One line of the newest taps: «iPhone, Safari, 2 s ago»."""

    words: str
    by_person: bool


def figures_of(broadcast: Broadcast, *, recent_taps: bool) -> dict[str, Any]:
    """Return what changes by the second: figures, chart and, if asked for, the newest taps."""
    ids = (broadcast.workspace_id, broadcast.pk)
    zone = broadcast.workspace.zone
    report = build_report(broadcast)
    taps = timeline(clicks.by_minute(*ids), zone)
    recent = recent_clicks(*ids, limit=RECENT_TAPS) if recent_taps else []
    now = timezone.now()
    return {
        "broadcast": broadcast,
        "report": report,
        "asleep": asleep_in_words(report, zone),
        "funnel": funnel(report),
        "timeline": taps,
        "points": json.dumps(chart_points(taps)),
        "taps_lines": for_reading(taps, zone).moments(zone),
        "recent": [RecentTap(describe_tap(each, now), each.verdict == "human") for each in recent],
    }


def details_of(broadcast: Broadcast, *, closely: bool = True) -> dict[str, Any]:
    """Return how taps divide; with `closely`, also by what tells of people: city, network, and
    addresses that one person alone was sent."""
    ids = (broadcast.workspace_id, broadcast.pk)
    crowd = count_recipients(broadcast)[1]
    places = places_of(*ids, closely=closely)
    return {
        "broadcast": broadcast,
        "mornings": _mornings(broadcast),
        **_variants(broadcast),
        "kinds": machines_by_reason(*ids),
        "time_to_tap": time_to_tap(broadcast),
        "heat": heat_table(
            by_hour_of_week(*ids), clicks.by_hour(*ids), clicks.by_weekday(*ids), in_taps=crowd > 0
        ),
        "tables": tables_of(broadcast, closely=closely),
        "map": places.map,
        "places": [table(title, shares) for title, shares in places.tables],
        "credits": credits_now() if places.tables else [],
        "only_counted": crowd,
        "people_who_tapped": count_tappers(broadcast) or 1,
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


def describe_tap(click: RecentClick, now: dt.datetime) -> str:
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
