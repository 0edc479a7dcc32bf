"""Pages on which a broadcast is written, with what each recipient gets of it."""

from __future__ import annotations

import json

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy

from tapline.broadcasts.composing import CHANGEABLE, create_broadcast, preview, update_draft
from tapline.broadcasts.drafts import (
    UTM_FIELDS,
    as_unsaved,
    audience_choices,
    follow_up,
    read_form,
    read_what_can_be_read,
    save_names,
)
from tapline.broadcasts.models import AtNight, Broadcast
from tapline.broadcasts.pages import find_broadcast
from tapline.contacts.models import Purpose
from tapline.errors import TaplineError
from tapline.hours.deciding import policy_of
from tapline.links.domains import usable_domains
from tapline.links.models import Campaign, Offer
from tapline.providers.senders import usable_senders
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need

NIGHTS = {
    AtNight.WAIT.value: gettext_lazy("they wait for their morning"),
    AtNight.SKIP.value: gettext_lazy("they are left out"),
}


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
    values, _wrong = read_what_can_be_read(visit.workspace, visit.request.POST)
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
