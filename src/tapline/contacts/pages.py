"""Pages about contacts: the list, and one person.

Phone numbers are never in an address: searching posts, and contacts are known by their id.
"""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from tapline.contacts.consent import opt_out
from tapline.contacts.models import Contact, Purpose, Suppression
from tapline.contacts.pages_import import imports_of
from tapline.contacts.pages_place import tell_place, tell_texts
from tapline.contacts.phones import BadNumber, normalise
from tapline.contacts.roles import ContactRole, change_role, role_of
from tapline.contacts.searching import named
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need

PER_PAGE = 100
IMPORTS_SHOWN = 10


@inside(Need.PEOPLE, "GET", "HEAD", "POST")
def list_contacts(visit: Visit) -> HttpResponse:
    """Show the contacts, newest first, or those that a posted search finds."""
    search = visit.form("search")
    found: QuerySet[Contact] = Contact.objects.in_workspace(visit.workspace)
    if search:
        found = _matching(found, search, visit.workspace.default_country)
    before = visit.request.GET.get("before", "")
    if before.isdigit() and len(before) < 12:
        found = found.filter(pk__lt=int(before))
    shown = list(found.prefetch_related("tags").order_by("-pk")[: PER_PAGE + 1])
    context = {
        "room": "contacts",
        "search": search,
        "contacts": shown[:PER_PAGE],
        "before": shown[PER_PAGE - 1].pk if len(shown) > PER_PAGE and not search else None,
        "imports": imports_of(visit.workspace)[:IMPORTS_SHOWN],
    }
    return visit.render("contacts/list.html", context)


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


def _matching(found: QuerySet[Contact], search: str, default_country: str) -> QuerySet[Contact]:
    """Return the contacts with this number, else those whose attributes hold these words."""
    try:
        return found.filter(phone=normalise(search, default_country))
    except BadNumber:
        return found.filter(named(search))
