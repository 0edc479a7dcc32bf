"""What the home of a workspace shows: taps as they happen, how broadcasts went, what needs you."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from tapline.broadcasts.models import Broadcast, BroadcastState
from tapline.broadcasts.pages_contents import describe_tap
from tapline.broadcasts.rates import Went, latest
from tapline.broadcasts.sharing import held_shares_in
from tapline.clicks.newest import RecentClick, newest_taps
from tapline.instance.models import Instance
from tapline.links.destination_told import alarms
from tapline.links.models import Domain, Link
from tapline.links.watching import failing
from tapline.replies.threads import count_waiting
from tapline.web.attention import Facts, items
from tapline.web.edge_health import ask_edge
from tapline.web.visits import Visit, inside
from tapline.welcome.steps import steps
from tapline.workspaces.access import Need

# Enough to know what is usual; the page shows the first few.
LOOKED_AT, SHOWN = 12, 5
TAPS_SHOWN = 10
TAPS_SINCE = dt.timedelta(days=7)
# Taps come in by themselves: often while somebody tapped lately, seldom when it is quiet.
LIVELY_FOR = dt.timedelta(hours=1)
LIVELY_SECONDS, CALM_SECONDS = 2, 15
RATES_SECONDS, SLOW_SECONDS = 10, 120


@dataclass(frozen=True, slots=True)
class Tap:
    """One line of the taps: «iPhone, Safari, 2 s ago», and on what."""

    id: str
    words: str
    what: str
    broadcast_id: int


@dataclass(frozen=True, slots=True)
class Bar:
    """One broadcast's click rate, as a part of the whole row (0 to 100)."""

    went: Went
    length: float
    length_high: float


@inside(Need.RATES)
def home(visit: Visit) -> HttpResponse:
    """Show how things stand, and what needs somebody."""
    went = latest(visit.workspace, LOOKED_AT)
    context = {
        "room": "home",
        "steps": steps(visit.workspace, visit.access),
        "items": items(_facts(visit, went)),
        **_rates_context(visit, went),
        **_taps_context(visit),
    }
    return visit.render("web/home.html", context)


@inside(Need.RATES)
def show_rates(visit: Visit) -> HttpResponse:
    """Show, as a fragment, the click rates of the latest broadcasts."""
    went = latest(visit.workspace, SHOWN)
    return visit.render("web/_rates.html", _rates_context(visit, went))


@inside(Need.PEOPLE)
def show_taps(visit: Visit) -> HttpResponse:
    """Show, as a fragment, the newest taps."""
    return visit.render("web/_taps.html", _taps_context(visit))


def bars(went: list[Went]) -> list[Bar]:
    """Return the rates as bars; a row is everybody whom the texts reached."""
    return [Bar(each, (each.rate or 0) * 100, (each.rate_high or 0) * 100) for each in went]


def _facts(visit: Visit, went: list[Went]) -> Facts:
    """Look up what `attention` goes by, as far as this person could do something about it."""
    workspace, manages = visit.workspace, visit.access.manages
    return Facts(
        workspace_id=workspace.pk,
        now=timezone.now(),
        latest=went,
        failing=alarms(failing(workspace)) if visit.access.edits else (),
        waiting=count_waiting(workspace) if visit.access.edits else None,
        edge=ask_edge() if manages else None,
        is_edge_known=manages,
        domains=_proved_domains(visit) if manages else (),
        paused=_stopped(visit) if visit.access.edits else (),
        **_restored(visit),
        is_key_exported=not manages or bool(workspace.sample) or is_key_exported(),
    )


def _restored(visit: Visit) -> dict[str, Any]:
    """Return what a restore left to decide about; nothing where there never was one."""
    access, workspace = visit.access, visit.workspace
    restored_at = Instance.objects.values_list("restored_at", flat=True).first()
    if restored_at is None or not access.edits:
        return {}
    held = workspace.api_keys.filter(revoked_at=None, held_at__isnull=False)
    return {
        "restored_at": restored_at if access.owns else None,
        "held_keys": held.count() if access.manages else 0,
        "held_shares": list(held_shares_in(workspace).values_list("broadcast_id", flat=True)),
    }


def is_key_exported() -> bool:
    """Say whether the instance's master key lies somewhere else, too."""
    return Instance.objects.filter(key_exported_at__isnull=False).exists()


def _proved_domains(visit: Visit) -> list[Domain]:
    own = Domain.objects.filter(workspace=visit.workspace, deleted_at=None)
    return list(own.filter(proved_at__isnull=False).order_by("id"))


def _stopped(visit: Visit) -> list[Broadcast]:
    paused = Broadcast.objects.filter(workspace=visit.workspace, state=BroadcastState.PAUSED)
    return list(paused.exclude(pause_reason="").order_by("-id")[:SHOWN])


def _has_drafts(visit: Visit) -> bool:
    return Broadcast.objects.filter(workspace=visit.workspace).exists()


def _rates_context(visit: Visit, went: list[Went]) -> dict[str, Any]:
    now = timezone.now()
    is_lively = any(now - each.started_at < LIVELY_FOR for each in went)
    return {
        "bars": bars(went[:SHOWN]),
        "has_written": bool(went) or _has_drafts(visit),
        "rates_seconds": RATES_SECONDS if is_lively else SLOW_SECONDS,
    }


def _taps_context(visit: Visit) -> dict[str, Any]:
    """Return what the list of taps shows; from above one sees no single taps."""
    if not visit.access.sees_people:
        return {"taps": [], "live_seconds": 0}
    now = timezone.now()
    found = newest_taps(visit.workspace.pk, now - TAPS_SINCE, TAPS_SHOWN)
    is_lively = bool(found) and now - found[0].clicked_at < LIVELY_FOR
    return {
        "taps": _in_words(found, now),
        "live_seconds": LIVELY_SECONDS if is_lively or not found else CALM_SECONDS,
    }


def _in_words(found: list[RecentClick], now: dt.datetime) -> list[Tap]:
    broadcasts = Broadcast.objects.in_bulk({each.broadcast for each in found if each.broadcast})
    links = Link.objects.in_bulk({each.link for each in found if not each.broadcast})
    return [
        Tap(each.id, describe_tap(each, now), _what(each, broadcasts, links), each.broadcast)
        for each in found
    ]


def _what(tap: RecentClick, broadcasts: dict[int, Broadcast], links: dict[int, Link]) -> str:
    """Return what was tapped: the name of its broadcast, else of its link."""
    if broadcast := broadcasts.get(tap.broadcast):
        return broadcast.title
    link = links.get(tap.link)
    return (link.name or link.destination) if link else _("a link that is gone")
