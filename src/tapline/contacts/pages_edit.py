"""The page on which somebody changes what is known about one contact."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect

from tapline.contacts.columns import attribute_name
from tapline.contacts.editing import Details, change_contact
from tapline.contacts.fields import known_fields
from tapline.contacts.models import Contact
from tapline.contacts.upserting import BadContact
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need

ATTRIBUTE = "attribute."
# Of the attributes that others have and this one lacks, so many are offered.
OFFERED = 8


@inside(Need.EDIT, "GET", "HEAD", "POST")
def change(visit: Visit, contact_id: int) -> HttpResponse:
    """Ask what is known about a contact, and keep it."""
    contact = get_object_or_404(Contact.objects.in_workspace(visit.workspace), pk=contact_id)
    filled, error = _stored(visit, contact), None
    if visit.request.method == "POST":
        filled = _typed(visit)
        try:
            change_contact(visit.workspace, contact.pk, _details(filled), actor=visit.actor)
            return redirect("contacts:show", visit.workspace.pk, contact.pk)
        except BadContact as refusal:
            error = refusal
    context = {"room": "contacts", "contact": contact, "filled": filled, "error": error}
    return visit.render("contacts/contact_edit.html", context, status=422 if error else 200)


def _stored(visit: Visit, contact: Contact) -> dict[str, Any]:
    """Return what the form shows first: what is known, and what others have."""
    lacks = [name for name in known_fields(visit.workspace) if name not in contact.attributes]
    tags = contact.tags.order_by("name").values_list("name", flat=True)
    return {
        "attributes": {**contact.attributes, **dict.fromkeys(lacks[:OFFERED], "")},
        "language": contact.language,
        "zone": contact.zone,
        "tags": ", ".join(tags),
    }


def _typed(visit: Visit) -> dict[str, Any]:
    names = [name for name in visit.request.POST if name.startswith(ATTRIBUTE)]
    return {
        "attributes": {name.removeprefix(ATTRIBUTE): visit.form(name) for name in names},
        **{name: visit.form(name) for name in ("language", "zone", "tags", "name", "value")},
    }


def _details(filled: dict[str, Any]) -> Details:
    attributes = {name: value or None for name, value in filled["attributes"].items()}
    if filled["name"] or filled["value"]:
        attributes[attribute_name(filled["name"])] = filled["value"] or None
    tags = dict.fromkeys(tag.strip() for tag in filled["tags"].split(",") if tag.strip())
    return Details(
        attributes=attributes,
        language=filled["language"],
        zone=filled["zone"],
        tags=tuple(tags),
    )
