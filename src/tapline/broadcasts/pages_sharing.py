"""Pages on which a report is shared: making and withdrawing links, and what their holders see."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from tapline import config
from tapline.broadcasts.models import Broadcast, ReportShare
from tapline.broadcasts.pages_contents import details_of, figures_of
from tapline.broadcasts.pages_report import audiences_template, find_reported, shares_now
from tapline.broadcasts.sharing import (
    held_shares_of,
    open_share_again,
    share_report,
    shared_report,
    shares_of,
    withdraw_share,
)
from tapline.digits import whole_number
from tapline.web.shown_once import lead_to_secret, take_secret
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need
from tapline.workspaces.audit import names_of_actors

# Days that a link opens its report; 0: until it is withdrawn.
LASTS: dict[int, str | Promise] = {
    7: gettext_lazy("a week"),
    30: gettext_lazy("30 days"),
    90: gettext_lazy("90 days"),
    0: gettext_lazy("until it is withdrawn"),
}
USUAL_LAST = 30


@inside(Need.EDIT, "GET", "HEAD", "POST")
def show(visit: Visit, broadcast_id: int) -> HttpResponse:
    """Show the links that open a report; a POST makes one, which the page shows once."""
    broadcast = find_reported(visit, broadcast_id)
    if visit.request.method != "POST":
        return _page(visit, broadcast, take_secret(visit.request))
    _share, token = share_report(broadcast, expires_at=_expiry(visit), actor=visit.actor)
    address = config.current().web_url.rstrip("/") + reverse("shared-report", args=[token])
    return lead_to_secret(visit.request, visit.request.path, address)


@inside(Need.EDIT, "POST")
def withdraw(visit: Visit, broadcast_id: int, share_id: int) -> HttpResponse:
    """Let one link open nothing any more."""
    broadcast = find_reported(visit, broadcast_id)
    share = get_object_or_404(ReportShare, pk=share_id, broadcast=broadcast)
    withdraw_share(share, actor=visit.actor)
    return redirect("broadcasts:sharing", visit.workspace.pk, broadcast.pk)


@inside(Need.EDIT, "POST")
def open_again(visit: Visit, broadcast_id: int, share_id: int) -> HttpResponse:
    """Open one link that a restore closed."""
    broadcast = find_reported(visit, broadcast_id)
    share = get_object_or_404(ReportShare, pk=share_id, broadcast=broadcast)
    open_share_again(share, actor=visit.actor)
    return redirect("broadcasts:sharing", visit.workspace.pk, broadcast.pk)


@require_safe
def read(request: HttpRequest, token: str) -> HttpResponse:
    """Show a shared report to whoever holds its link; any other token is nothing."""
    broadcast = _shared_or_404(token)
    context = figures_of(broadcast, recent_taps=False) | details_of(broadcast, closely=False)
    return _to_strangers(request, token, "broadcasts/shared.html", context)


@require_safe
def read_audiences(request: HttpRequest, token: str) -> HttpResponse:
    """Show, as a fragment, which tags and segments tapped: those with people enough to hide in."""
    broadcast = _shared_or_404(token)
    context = {"broadcast": broadcast, "shares": shares_now(broadcast).for_strangers()}
    return _to_strangers(request, token, audiences_template(request), context)


def _shared_or_404(token: str) -> Broadcast:
    broadcast = shared_report(token)
    if broadcast is None:
        raise Http404
    return broadcast


def _to_strangers(
    request: HttpRequest, token: str, template: str, context: dict[str, Any]
) -> HttpResponse:
    # Nobody is signed in here, even if they are elsewhere: the page shows what a stranger sees.
    workspace = context["broadcast"].workspace
    context |= {
        "workspace": workspace,
        "shared_token": token,
        "is_shared": True,
        "user": AnonymousUser(),
    }
    with timezone.override(ZoneInfo(workspace.zone)):
        answer = render(request, template, context)
    # The address is the key: neither pages opened from here nor search engines may learn it.
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return answer


def _page(visit: Visit, broadcast: Broadcast, new_address: str) -> HttpResponse:
    shares, held = list(shares_of(broadcast)), list(held_shares_of(broadcast))
    names = names_of_actors(each.created_by for each in (*shares, *held))
    context = {
        "room": "broadcasts",
        "broadcast": broadcast,
        "shares": [(each, names[each.created_by]) for each in shares],
        "held": [(each, names[each.created_by]) for each in held],
        "new_address": new_address,
        "lasts": LASTS.items(),
        "usual_last": USUAL_LAST,
    }
    return visit.render("broadcasts/sharing.html", context)


def _expiry(visit: Visit) -> dt.datetime | None:
    days = whole_number(visit.form("days"))
    if days not in LASTS:
        days = USUAL_LAST
    return timezone.now() + dt.timedelta(days=days) if days else None
