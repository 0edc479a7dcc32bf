"""How somebody changes what is known about one contact: attributes, language, zone and tags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from tapline.contacts.models import Contact, Tag
from tapline.contacts.rows import BadRow, read_language, read_zone
from tapline.contacts.upserting import (
    BadContact,
    add_tags,
    merge_attributes,
    refuse_bad_attributes,
    refuse_bad_tag,
)
from tapline.workspaces import audit
from tapline.workspaces.models import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What is to be known. Attributes that are not named stay; None removes one."""

    attributes: Mapping[str, str | None]
    language: str
    zone: str
    tags: tuple[str, ...]  # all of them: others are taken off


def change_contact(workspace: Workspace, contact_id: int, said: Details, *, actor: str) -> Contact:
    """Change a contact of `workspace` and write down what changed; the same changes nothing.

    Raises `BadContact` before anything is changed, and `Contact.DoesNotExist`.
    """
    language, zone = _checked(said)
    with transaction.atomic():
        contacts = Contact.objects.in_workspace(workspace).select_for_update()
        contact = contacts.get(pk=contact_id)
        before = _known(contact)
        merge_attributes(contact, said.attributes)
        contact.language, contact.zone = language, zone
        contact.save(update_fields=["attributes", "language", "zone", "updated_at"])
        _set_tags(contact, said.tags)
        _write_down(workspace, contact, before, actor)
    return contact


def _checked(said: Details) -> tuple[str, str]:
    """Return language and zone as they are kept; raises `BadContact` for whatever is wrong."""
    refuse_bad_attributes(said.attributes)
    for name in said.tags:
        refuse_bad_tag(name)
    try:
        return read_language(said.language), read_zone(said.zone)
    except BadRow as error:
        raise BadContact(
            _("The contact was not changed."),
            why=str(error),
            do=_("Correct it, or leave the field empty."),
        ) from error


def _set_tags(contact: Contact, names: tuple[str, ...]) -> None:
    wanted = set(names)
    others = Tag.objects.filter(workspace=contact.workspace_id, contacts=contact)
    contact.tags.remove(*others.exclude(name__in=wanted))
    add_tags(contact, sorted(wanted))


def _known(contact: Contact) -> dict[str, Any]:
    tags = sorted(contact.tags.values_list("name", flat=True))
    return {
        **contact.attributes,
        "language": contact.language,
        "zone": contact.zone,
        "tags": tags,
    }


def _write_down(
    workspace: Workspace, contact: Contact, before: Mapping[str, Any], actor: str
) -> None:
    after = _known(contact)
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    if changed:
        audit.record(
            workspace,
            actor,
            "contact.changed",
            contact,
            before={name: before.get(name) for name in changed},
            after={name: after.get(name) for name in changed},
        )
