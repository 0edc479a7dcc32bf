"""What a link's page says of the page that it leads to, and looking at that again."""

from __future__ import annotations

import datetime as dt

from django.http import HttpResponse
from django.shortcuts import redirect

from tapline.links.destination_told import told_of
from tapline.links.models import Link
from tapline.links.pages import find_link
from tapline.links.watching import ask, can_be_looked_at
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need

# Whoever presses the button twice gets one look.
JUST_NOW = dt.timedelta(seconds=5)


@inside(Need.RATES)
def show_standing(visit: Visit, link_id: int) -> HttpResponse:
    """Show, as a fragment, how the page that a link leads to was found."""
    return _standing(visit, find_link(visit, link_id))


@inside(Need.EDIT, "POST")
def look_again(visit: Visit, link_id: int) -> HttpResponse:
    """Let a worker look at the page now."""
    link = find_link(visit, link_id)
    ask(visit.workspace, [link.destination], fresh=JUST_NOW)
    if not visit.wants_fragment:
        return redirect("links:show", visit.workspace.pk, link_id)
    return _standing(visit, link)


def _standing(visit: Visit, link: Link) -> HttpResponse:
    context = {
        "link": link,
        "told": told_of(link),
        "can_be_looked_at": can_be_looked_at(link.destination),
    }
    return visit.render("links/_standing.html", context)
