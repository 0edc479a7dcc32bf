"""Pages about contacts: the list, and one person.

Phone numbers are never in an address: searching posts, and contacts are known by their id.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from tapline.broadcasts.models import MessageState
from tapline.contacts.consent import opt_out
from tapline.contacts.history import read_history
from tapline.contacts.marks import read_mark
from tapline.contacts.models import Contact, Purpose, Suppression
from tapline.contacts.pages_place import places_then, tell_place, tell_texts
from tapline.contacts.roles import ContactRole, change_role, role_of
from tapline.contacts.telling import moment_in_words, way_in_words
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need

WAITING = (MessageState.PENDING, MessageState.LEASED)
WAITING_SHOWN = 20


@inside(Need.PEOPLE)
def show(visit: Visit, contact_id: int) -> HttpResponse:
    """Show one person: what is known, what they agreed to, what they were sent."""
    contact = _find(visit, contact_id)
    scopes = visit.workspace.ancestor_ids
    textable = Contact.objects.in_workspace(visit.workspace).filter(pk=contact.pk)
    context = {
        "room": "contacts",
        "contact": contact,
        "place": tell_place(contact, timezone.now()),
        "role": role_of(contact),
        "roles": ContactRole.choices,
        "purposes": [
            (words, textable.textable(purpose).exists()) for purpose, words in Purpose.choices
        ],
        "history": _history(contact, visit.request.GET.get("before", "")),
        "is_older": "before" in visit.request.GET,
        "suppressions": [
            (way_in_words(stop.reason), moment_in_words(stop.at, visit.workspace.zone))
            for stop in Suppression.objects.filter(
                phone_hash=contact.phone_hash, scope__in=scopes, lifted_at=None
            )
        ],
        "waiting": tell_texts(
            contact,
            contact.message_set.filter(state__in=WAITING)
            .select_related("broadcast")
            .order_by("-id")[:WAITING_SHOWN],
        ),
    }
    return visit.render("contacts/contact.html", context)


@inside(Need.EDIT, "POST")
def stop(visit: Visit, contact_id: int) -> HttpResponse:
    """Record that this person wants no more texts from this workspace and those below."""
    opt_out(
        _find(visit, contact_id).phone,
        scope=visit.workspace,
        reason="page",
        at=timezone.now(),
        by=visit.actor,
    )
    return redirect("contacts:show", visit.workspace.pk, contact_id)


@inside(Need.EDIT, "POST")
def set_role(visit: Visit, contact_id: int) -> HttpResponse:
    """Say whether this is a recipient, one of the sender's own people, or a seed contact."""
    contact, role = _find(visit, contact_id), visit.form("role")
    if role in ContactRole.values:
        change_role(visit.workspace, contact.pk, ContactRole(role), actor=visit.actor)
    return redirect("contacts:show", visit.workspace.pk, contact_id)


def _history(contact: Contact, before: str) -> dict[str, Any]:
    """Return a page of what happened by days on the workspace's clock, each moment with its time
    there and the place that a text's hour went by."""
    history = read_history(contact, read_mark(before))
    places = places_then(contact, [moment.place for moment in history.moments])
    zone = ZoneInfo(contact.workspace.zone)
    told = [
        (moment.at.astimezone(zone), moment, place)
        for moment, place in zip(history.moments, places, strict=True)
    ]
    days = [(day, list(each)) for day, each in groupby(told, key=lambda one: one[0].date())]
    return {"days": days, "older": history.older}


def _find(visit: Visit, contact_id: int) -> Contact:
    return get_object_or_404(Contact.objects.in_workspace(visit.workspace), pk=contact_id)
