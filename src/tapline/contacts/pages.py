"""Pages about contacts: the list, and one person.

Phone numbers are never in an address: searching posts, and contacts are known by their id.
"""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from tapline.contacts.consent import opt_out
from tapline.contacts.models import Contact, Purpose, Suppression
from tapline.contacts.pages_place import tell_place, tell_texts
from tapline.contacts.roles import ContactRole, change_role, role_of
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need

PER_PAGE = 100
IMPORTS_SHOWN = 10


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
        "consents": contact.consents.select_related("wording", "scope").order_by("-at", "-id"),
        "suppressions": Suppression.objects.filter(
            phone_hash=contact.phone_hash, scope__in=scopes, lifted_at=None
        ),
        "texts": tell_texts(
            contact, contact.message_set.select_related("broadcast").order_by("-id")[:PER_PAGE]
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


def _find(visit: Visit, contact_id: int) -> Contact:
    return get_object_or_404(Contact.objects.in_workspace(visit.workspace), pk=contact_id)
