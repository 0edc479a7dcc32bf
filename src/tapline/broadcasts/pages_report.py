"""The report of one broadcast, and its fragments that renew themselves."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone

from tapline.broadcasts.audience_shares import Shares, count_shares
from tapline.broadcasts.held_out import compare_held_out
from tapline.broadcasts.models import Broadcast
from tapline.broadcasts.news import news_mark
from tapline.broadcasts.pages_contents import details_of, figures_of
from tapline.broadcasts.pages_destinations import failing_links
from tapline.broadcasts.pictures import pictures_of
from tapline.broadcasts.reports import build_report
from tapline.web.errors import wants_fragment
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need

# So often an open report asks whether there is news; it is drawn anew where there is.
LIVE_EVERY, DETAILS_EVERY = "700ms", "10s"


def report_page(visit: Visit, broadcast: Broadcast) -> HttpResponse:
    """Show the whole report; its fragments renew themselves."""
    mark = news_mark(broadcast, timezone.now())  # Before the figures: nothing new is missed.
    context = figures_of(broadcast, recent_taps=visit.access.sees_people) | details_of(broadcast)
    context |= {
        "room": "broadcasts",
        "pictures": pictures_of(broadcast),
        "mark": mark,
        "failing": failing_links(broadcast),
        "live_every": LIVE_EVERY,
        "details_every": DETAILS_EVERY,
    }
    return visit.render("broadcasts/report.html", context)


@inside(Need.RATES)
def show_live(visit: Visit, broadcast_id: int) -> HttpResponse:
    """Show, as a fragment, what changes by the second: figures, chart, newest taps; nothing (204)
    to whoever has seen it."""
    broadcast = find_reported(visit, broadcast_id)
    mark = news_mark(broadcast, timezone.now())
    if visit.request.GET.get("mark") == mark:
        return HttpResponse(status=204)
    context = figures_of(broadcast, recent_taps=visit.access.sees_people)
    return visit.render("broadcasts/_live.html", context | {"mark": mark})


@inside(Need.RATES)
def show_details(visit: Visit, broadcast_id: int) -> HttpResponse:
    """Show, as a fragment, how taps divide: by link, device, system, browser, place and hour."""
    broadcast = find_reported(visit, broadcast_id)
    return visit.render("broadcasts/_details.html", details_of(broadcast))


@inside(Need.RATES)
def show_audiences(visit: Visit, broadcast_id: int) -> HttpResponse:
    """Show, as a fragment, which tags and segments tapped, and go on counting them."""
    broadcast = find_reported(visit, broadcast_id)
    context = {"broadcast": broadcast, "shares": shares_now(broadcast), "room": "broadcasts"}
    return visit.render(audiences_template(visit.request), context)


def shares_now(broadcast: Broadcast) -> Shares:
    """Return the shares of tags and segments, after one more look."""
    return count_shares(broadcast, build_report(broadcast).rate_base, timezone.now())


def audiences_template(request: HttpRequest) -> str:
    """Return the fragment for htmx, and a page of its own for whoever has no script."""
    is_fragment = wants_fragment(request)
    return "broadcasts/_audiences.html" if is_fragment else "broadcasts/audiences.html"


@inside(Need.PEOPLE)
def show_held_out(visit: Visit, broadcast_id: int) -> HttpResponse:
    """Show, as a fragment for htmx, what those did who got nothing on purpose, and the others."""
    broadcast = find_reported(visit, broadcast_id)
    context = {
        "room": "broadcasts",
        "broadcast": broadcast,
        "compared": compare_held_out(broadcast),
    }
    name = "_held_out" if visit.wants_fragment else "held_out"
    return visit.render(f"broadcasts/{name}.html", context)


def find_reported(visit: Visit, broadcast_id: int) -> Broadcast:
    """Return a broadcast of the visited workspace; any other is not there."""
    found = Broadcast.objects.select_related("workspace")
    return get_object_or_404(found, pk=broadcast_id, workspace=visit.workspace)
