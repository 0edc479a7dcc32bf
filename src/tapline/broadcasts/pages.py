"""Pages on which a broadcast is found, checked and stopped."""

from __future__ import annotations

from collections.abc import Callable

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect

from tapline.broadcasts.checking import check
from tapline.broadcasts.composing import (
    CHANGEABLE,
    Preview,
    preview,
)
from tapline.broadcasts.counting import Counted, count_audience
from tapline.broadcasts.drafts import describe_audience
from tapline.broadcasts.findings import Finding
from tapline.broadcasts.lifecycle import cancel, pause, resume
from tapline.broadcasts.models import Broadcast, BroadcastKind, BroadcastState
from tapline.broadcasts.pages_report import report_page
from tapline.broadcasts.picking import is_large
from tapline.broadcasts.pictures import pictures_of
from tapline.errors import TaplineError
from tapline.hours.words import local_moment
from tapline.providers.registry import reaches_people
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need

PER_PAGE = 25

ACTIONS: dict[str, Callable[..., Broadcast]] = {
    "pause": pause,
    "resume": resume,
    "cancel": cancel,
}


@inside(Need.RATES)
def list_broadcasts(visit: Visit) -> HttpResponse:
    """Show the workspace's broadcasts, newest first."""
    found = Broadcast.objects.filter(workspace=visit.workspace).order_by("-id")
    page = Paginator(found, PER_PAGE).get_page(visit.request.GET.get("page"))
    return visit.render("broadcasts/list.html", {"room": "broadcasts", "page": page})


@inside(Need.RATES)
def show(visit: Visit, broadcast_id: int) -> HttpResponse:
    """Show a draft with its checks, or the report of a broadcast that is on its way."""
    broadcast = find_broadcast(visit, broadcast_id)
    if broadcast.state not in CHANGEABLE or broadcast.kind != BroadcastKind.COMPOSED:
        return report_page(visit, broadcast)
    context = {
        "room": "broadcasts",
        "broadcast": broadcast,
        "audience": describe_audience(visit.workspace, broadcast.audience),
        "preview": _first_text(broadcast) if visit.access.sees_people else None,
        "pictures": pictures_of(broadcast),
        "is_scheduled": broadcast.state == BroadcastState.SCHEDULED,
        "scheduled_for": _local(broadcast),
        "is_simulated": not reaches_people(broadcast.provider),
    }
    return visit.render("broadcasts/draft.html", context)


def _first_text(broadcast: Broadcast) -> Preview | None:
    """Return what the first recipient gets; None of a draft that was kept half-written."""
    try:
        return preview(broadcast)
    except TaplineError:
        return None


@inside(Need.EDIT)
def show_findings(visit: Visit, broadcast_id: int) -> HttpResponse:
    """Show, as a fragment for htmx, what there is to know before sending. A large audience is
    counted piece by piece."""
    broadcast = find_broadcast(visit, broadcast_id)
    counted, findings = _checked(broadcast)
    can_send = all(finding.level != "error" for finding in findings)
    context = {
        "room": "broadcasts",
        "broadcast": broadcast,
        "counted": counted,
        "findings": findings,
        "can_send": can_send,
    }
    name = "_findings" if visit.wants_fragment else "findings"
    return visit.render(f"broadcasts/{name}.html", context)


def _checked(broadcast: Broadcast) -> tuple[Counted | None, list[Finding]]:
    """Return how far the audience is counted and, once it is, what there is to know; None where
    something stands against counting it."""
    try:
        # Where every text is counted in a moment, what they cost is told to the cent.
        counted = count_audience(broadcast, with_text=not is_large(broadcast.workspace))
    except TaplineError:
        return None, check(broadcast)  # It says so among its findings.
    return counted, check(broadcast, counted.reach) if counted.is_whole else []


@inside(Need.EDIT, "POST")
def act(visit: Visit, broadcast_id: int, action: str) -> HttpResponse:
    """Pause, resume or cancel. What goes out is confirmed on a page of its own."""
    ACTIONS[action](find_broadcast(visit, broadcast_id), actor=visit.actor)
    return redirect("broadcasts:show", visit.workspace.pk, broadcast_id)


def find_broadcast(visit: Visit, broadcast_id: int) -> Broadcast:
    """Return a broadcast of the visited workspace; any other is not there."""
    return get_object_or_404(
        Broadcast.objects.select_related("workspace", "domain", "campaign", "offer"),
        pk=broadcast_id,
        workspace=visit.workspace,
    )


def _local(broadcast: Broadcast) -> str:
    at = broadcast.scheduled_at
    return local_moment(at, broadcast.workspace.zone, with_year=True) if at else ""
