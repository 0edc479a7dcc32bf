"""Pages on which a broadcast is written, checked and set on its way."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tapline.broadcasts.checking import check
from tapline.broadcasts.composing import (
    CHANGEABLE,
    BadBroadcast,
    create_broadcast,
    preview,
    update_draft,
)
from tapline.broadcasts.drafts import (
    UTM_FIELDS,
    as_unsaved,
    audience_choices,
    describe_audience,
    follow_up,
    read_form,
    save_names,
)
from tapline.broadcasts.lifecycle import cancel, pause, resume, schedule, start
from tapline.broadcasts.models import AtNight, Broadcast, BroadcastKind, BroadcastState
from tapline.broadcasts.pages_report import report_page
from tapline.contacts.models import Purpose
from tapline.errors import TaplineError
from tapline.hours.deciding import policy_of
from tapline.links.domains import usable_domains
from tapline.links.models import Campaign, Offer
from tapline.providers.registry import reaches_people
from tapline.providers.senders import usable_senders
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need

PER_PAGE = 25

ACTIONS: dict[str, Callable[..., Broadcast]] = {
    "start": start,
    "pause": pause,
    "resume": resume,
    "cancel": cancel,
}

NIGHTS = {
    AtNight.WAIT.value: gettext_lazy("they wait for their morning"),
    AtNight.SKIP.value: gettext_lazy("they are left out"),
}


@inside(Need.RATES)
def list_broadcasts(visit: Visit) -> HttpResponse:
    """Show the workspace's broadcasts, newest first."""
    found = Broadcast.objects.filter(workspace=visit.workspace).order_by("-id")
    page = Paginator(found, PER_PAGE).get_page(visit.request.GET.get("page"))
    return visit.render("broadcasts/list.html", {"room": "broadcasts", "page": page})


@inside(Need.EDIT, "GET", "HEAD", "POST")
def compose(visit: Visit, broadcast_id: int | None = None) -> HttpResponse:
    """Write a new broadcast, or go on with a draft."""
    stored = find_broadcast(visit, broadcast_id) if broadcast_id else None
    if stored is not None and stored.state not in CHANGEABLE:
        return redirect("broadcasts:show", visit.workspace.pk, stored.pk)
    if visit.request.method != "POST":
        return _form(visit, stored or _new(visit))
    try:
        saved = _save(visit, stored)
    except TaplineError as error:
        return _form(visit, _posted(visit, stored), error)
    return redirect("broadcasts:show", visit.workspace.pk, saved.pk)


@inside(Need.EDIT, "POST")
def show_preview(visit: Visit) -> HttpResponse:
    """Show, as a fragment, what recipient n gets of the text that is being written."""
    if not visit.form("text"):
        return visit.render("broadcasts/_preview.html", {"is_empty": True})
    draft = as_unsaved(visit.workspace, read_form(visit.workspace, visit.request.POST), None)
    shown = preview(draft, _recipient_number(visit))
    if shown.contact is None and shown.n > 0:  # Past the end: stay at the last one seen.
        shown = preview(draft, shown.n - 1)
    return visit.render("broadcasts/_preview.html", {"preview": shown})


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
        "preview": preview(broadcast) if visit.access.sees_people else None,
        "is_scheduled": broadcast.state == BroadcastState.SCHEDULED,
        "is_simulated": not reaches_people(broadcast.provider),
    }
    return visit.render("broadcasts/draft.html", context)


@inside(Need.EDIT)
def show_findings(visit: Visit, broadcast_id: int) -> HttpResponse:
    """Show, as a fragment, what there is to know before sending; counts the audience."""
    findings = check(find_broadcast(visit, broadcast_id))
    can_send = all(finding.level != "error" for finding in findings)
    context = {"broadcast_id": broadcast_id, "findings": findings, "can_send": can_send}
    return visit.render("broadcasts/_findings.html", context)


@inside(Need.EDIT, "POST")
def act(visit: Visit, broadcast_id: int, action: str) -> HttpResponse:
    """Send, pause, resume or cancel."""
    ACTIONS[action](find_broadcast(visit, broadcast_id), actor=visit.actor)
    return redirect("broadcasts:show", visit.workspace.pk, broadcast_id)


@inside(Need.EDIT, "POST")
def send_later(visit: Visit, broadcast_id: int) -> HttpResponse:
    """Schedule, by the clock of the workspace."""
    broadcast = find_broadcast(visit, broadcast_id)
    schedule(broadcast, _local_time(visit.form("at"), visit.workspace.zone), actor=visit.actor)
    return redirect("broadcasts:show", visit.workspace.pk, broadcast_id)


def find_broadcast(visit: Visit, broadcast_id: int) -> Broadcast:
    """Return a broadcast of the visited workspace; any other is not there."""
    return get_object_or_404(
        Broadcast.objects.select_related("workspace", "domain", "campaign", "offer"),
        pk=broadcast_id,
        workspace=visit.workspace,
    )


def _new(visit: Visit) -> Broadcast:
    """Return an empty broadcast, or one to those of an earlier one whom the address names."""
    earlier = visit.request.GET.get("after", "")
    if not (earlier.isdigit() and len(earlier) < 12):
        policy = policy_of(visit.workspace)
        return Broadcast(
            workspace=visit.workspace,
            at_night=policy.at_night,
            give_up_hours=policy.give_up_hours,
        )
    return follow_up(find_broadcast(visit, int(earlier)), visit.request.GET.get("did", ""))


def _save(visit: Visit, stored: Broadcast | None) -> Broadcast:
    values = read_form(visit.workspace, visit.request.POST)
    with transaction.atomic():
        save_names(values)
        if stored is None:
            return create_broadcast(visit.workspace, actor=visit.actor, **values)
        return update_draft(stored, actor=visit.actor, **values)


def _posted(visit: Visit, stored: Broadcast | None) -> Broadcast:
    """Return what was posted, as far as it can be read, so that nothing has to be typed again."""
    try:
        values: dict[str, Any] = read_form(visit.workspace, visit.request.POST)
    except TaplineError:
        post = visit.request.POST
        values = {"name": post.get("name", ""), "text": post.get("text", "")}
    return as_unsaved(visit.workspace, values, stored)


def _form(visit: Visit, draft: Broadcast, error: TaplineError | None = None) -> HttpResponse:
    above = visit.workspace.ancestor_ids
    context = {
        "room": "broadcasts",
        "broadcast": draft,
        "audiences": list(audience_choices(visit.workspace, draft.audience)),
        "chosen_audience": json.dumps(draft.audience),
        "domains": usable_domains(visit.workspace),
        "campaigns": Campaign.objects.filter(workspace_id__in=above).order_by("name"),
        "offers": Offer.objects.filter(workspace_id__in=above).order_by("name"),
        "purposes": Purpose.choices,
        "nights": NIGHTS.items(),
        "senders": usable_senders(visit.workspace),
        "media": "\n".join(draft.media),
        "utm": [(name, draft.utm.get(name, "")) for name in UTM_FIELDS],
        "error": error,
    }
    return visit.render("broadcasts/compose.html", context, status=422 if error else 200)


def _recipient_number(visit: Visit) -> int:
    """Return which recipient to show: the shown one, one further or one back."""
    shown = visit.form("n")
    step = {"next": 1, "previous": -1}.get(visit.request.GET.get("step", ""), 0)
    return max(0, (int(shown) if shown.isdigit() and len(shown) < 10 else 0) + step)


def _local_time(raw: str, zone: str) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(raw).replace(tzinfo=ZoneInfo(zone))
    except ValueError as error:
        raise BadBroadcast(
            _("The time cannot be read."),
            why=_("It needs a day and an hour, like 2030-05-01T09:30."),
            do=_("Choose when to send."),
        ) from error
