"""The report of one link: who opened it, and when."""

from __future__ import annotations

import json

from django.http import HttpResponse
from django.utils.translation import gettext as _

from tapline.broadcasts.models import BroadcastLink
from tapline.broadcasts.timeline import chart_points, for_reading, timeline
from tapline.clicks.of_link import LinkOpenings, openings_of_link
from tapline.links.pages import find_link
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need


@inside(Need.RATES)
def show_link_report(visit: Visit, link_id: int) -> HttpResponse:
    """Show how one link was opened; its own page takes this one's figures in."""
    link = find_link(visit, link_id)
    held = BroadcastLink.objects.filter(link=link).select_related("broadcast").first()
    openings = openings_of_link(visit.workspace.pk, held.broadcast_id if held else 0, link.pk)
    taps = timeline(openings.times, visit.workspace.zone)
    lines = for_reading(taps, visit.workspace.zone)
    context = {
        "room": "links",
        "link": link,
        "broadcast": held.broadcast if held else None,
        "openings": openings,
        "others": others(openings),
        "points": json.dumps(chart_points(taps)),
        "step_seconds": taps.step_seconds,
        "taps_lines": lines.moments(visit.workspace.zone),
    }
    return visit.render("broadcasts/link.html", context)


def others(openings: LinkOpenings) -> list[tuple[str, int]]:
    """Return (what opened the link, how often) for whatever did and was no person."""
    words = {
        "preview": _("Link previews"),
        "scanner": _("Security scanners"),
        "prefetch": _("Browsers loading ahead"),
        "tool": _("Programs"),
        "operator": _("Your own tests"),
        "unknown": _("Not certain"),
    }
    counts = [(said, openings.requests.get(verdict, 0)) for verdict, said in words.items()]
    return [(said, count) for said, count in counts if count]
