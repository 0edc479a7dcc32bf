"""The last page before a broadcast goes out, and what can be done until it has."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from tapline.broadcasts.composing import CHANGEABLE, BadBroadcast
from tapline.broadcasts.confirming import in_words, make_plan
from tapline.broadcasts.lifecycle import schedule, start, unschedule
from tapline.broadcasts.models import Broadcast
from tapline.broadcasts.pages import find_broadcast
from tapline.broadcasts.pictures import pictures_of
from tapline.broadcasts.reading import fingerprint
from tapline.broadcasts.trials import MOST_TESTERS, send_test, testers
from tapline.broadcasts.wordings import texts_of
from tapline.contacts.phones import mask
from tapline.digits import whole_number
from tapline.errors import TaplineError
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need


@inside(Need.EDIT, "GET", "HEAD", "POST")
def confirm(visit: Visit, broadcast_id: int) -> HttpResponse:
    """Show when it goes out and, below, what will happen; a POST lets it happen."""
    broadcast = find_broadcast(visit, broadcast_id)
    if broadcast.state not in CHANGEABLE:
        return redirect("broadcasts:show", visit.workspace.pk, broadcast_id)
    if visit.request.method != "POST":
        at = _asked(visit, broadcast)
        is_past = at is None and bool(visit.request.GET.get("at"))
        context = {"room": "broadcasts", "broadcast": broadcast, "at": at, "is_past": is_past}
        return visit.render("broadcasts/confirm.html", context)
    at, read = _time(visit.form("at"), visit.workspace.zone), visit.form("fingerprint")
    if at is None:
        start(broadcast, actor=visit.actor, fingerprint=read)
    else:
        schedule(broadcast, at, actor=visit.actor, fingerprint=read)
    return redirect("broadcasts:show", visit.workspace.pk, broadcast_id)


@inside(Need.EDIT)
def show_plan(visit: Visit, broadcast_id: int) -> HttpResponse:
    """Show, as a fragment for htmx, what will happen. A large audience is counted piece by piece;
    the button comes with the whole count."""
    broadcast = find_broadcast(visit, broadcast_id)
    typed = visit.request.GET.get("at", "")
    at = _time(typed, visit.workspace.zone)
    plan = make_plan(broadcast, at)
    context = {
        "room": "broadcasts",
        "broadcast": broadcast,
        "is_past": at is None and bool(typed),
        "plan": plan,
        "lines": in_words(plan) if plan.counted.is_whole else [],
        "fingerprint": fingerprint(broadcast),
        "at": at,
        "address": f"{reverse('broadcasts:plan', args=[visit.workspace.pk, broadcast_id])}"
        f"?{urlencode({'at': typed})}",
    }
    name = "_plan" if visit.wants_fragment else "confirm"
    return visit.render(f"broadcasts/{name}.html", context)


@inside(Need.EDIT, "POST")
def take_back(visit: Visit, broadcast_id: int) -> HttpResponse:
    """Make a scheduled broadcast a draft again."""
    unschedule(find_broadcast(visit, broadcast_id), actor=visit.actor)
    return redirect("broadcasts:show", visit.workspace.pk, broadcast_id)


@inside(Need.EDIT, "GET", "HEAD", "POST")
def test(visit: Visit, broadcast_id: int) -> HttpResponse:
    """Send every text of a draft to some of one's own people."""
    broadcast = find_broadcast(visit, broadcast_id)
    if visit.request.method != "POST":
        return _test_page(visit, broadcast)
    chosen = [whole_number(each) for each in visit.request.POST.getlist("contact")]
    try:
        sent = send_test(broadcast, list(filter(None, chosen)), actor=visit.actor)
    except TaplineError as error:
        return _test_page(visit, broadcast, error)
    return redirect("broadcasts:show", visit.workspace.pk, sent[0].pk)


def _test_page(
    visit: Visit, broadcast: Broadcast, error: TaplineError | None = None
) -> HttpResponse:
    people = [(each, mask(each.phone)) for each in testers(visit.workspace)[:MOST_TESTERS]]
    context = {
        "room": "broadcasts",
        "broadcast": broadcast,
        "people": people,
        "texts": texts_of(broadcast),
        "pictures": pictures_of(broadcast),
        "error": error,
    }
    return visit.render("broadcasts/test.html", context, status=422 if error else 200)


def _asked(visit: Visit, broadcast: Broadcast) -> dt.datetime | None:
    """Return the time that is asked for; at first the one that it is scheduled for."""
    if "at" in visit.request.GET:
        return _time(visit.request.GET["at"], visit.workspace.zone)
    later = broadcast.scheduled_at
    return later if later and later > timezone.now() else None


def _time(raw: str, zone: str) -> dt.datetime | None:
    """Return a moment by the clock of `zone`; None, «now», for nothing and for what is past."""
    try:
        moment = dt.datetime.fromisoformat(raw).replace(tzinfo=ZoneInfo(zone)) if raw else None
    except ValueError as error:
        raise BadBroadcast(
            _("The time cannot be read."),
            why=_("It needs a day and an hour, like 2030-05-01T09:30."),
            do=_("Choose when to send."),
        ) from error
    # In UTC: an hour that clocks leave out in spring is then told as the one that it is.
    return moment.astimezone(dt.UTC) if moment and moment > timezone.now() else None
