"""How contacts come to be one by one or by a call's thousands, found by their number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from django.db import connection, transaction
from django.utils import timezone

from tapline.contacts.models import Contact, Tag
from tapline.contacts.phones import hash_phone
from tapline.errors import TaplineError
from tapline.workspaces.models import Workspace

# Rows per transaction: an insert of this many holds SQLite's writer for about 30 ms.
CHUNK = 2_000
# Django's limit of parameters in one statement on SQLite is 999.
LOOKED_UP_AT_ONCE = 900

MAX_ATTRIBUTES = 100
MAX_NAME, MAX_VALUE = 60, 500

ENSURE_CONTACT = """
-- Makes a contact of a number that the workspace does not know yet. It has agreed to nothing.
insert into contacts_contact (
  workspace_id, phone, phone_hash, attributes, language, zone, is_staff, created_at, updated_at)
values (%s, %s, %s, '{}', '', '', false, %s, %s)
on conflict (workspace_id, phone) do nothing
"""


class BadContact(TaplineError):
    """The contact's details cannot be kept."""


def ensure_contacts(workspace: Workspace, phones: Iterable[str]) -> dict[str, int]:
    """Return number → contact id for E.164 `phones`, making contacts of the unknown ones.

    Made in chunks: a failure half way leaves contacts that nothing refers to yet.
    """
    wanted = list(dict.fromkeys(phones))
    known = _known(workspace, wanted)
    missing = [phone for phone in wanted if phone not in known]
    for chunk in _chunks(missing, CHUNK):
        _insert(workspace, chunk)
    return known | _known(workspace, missing)


def upsert_contact(
    workspace: Workspace,
    phone: str,
    *,
    attributes: Mapping[str, str | None] | None = None,
    language: str | None = None,
    zone: str | None = None,
    tags: Sequence[str] | None = None,
) -> tuple[Contact, bool]:
    """Return the contact of an E.164 number as it now is, and whether it is new.

    None leaves a detail as it was. Attributes are merged; one set to None is removed. Tags are
    added. Raises `BadContact`.
    """
    refuse_bad_attributes(attributes or {})
    with transaction.atomic():
        is_new = phone not in _known(workspace, [phone])
        contact_id = ensure_contacts(workspace, [phone])[phone]
        contact = Contact.objects.select_for_update().get(pk=contact_id)
        merge_attributes(contact, attributes or {})
        contact.language = contact.language if language is None else language
        contact.zone = contact.zone if zone is None else zone
        contact.save(update_fields=["attributes", "language", "zone", "updated_at"])
        add_tags(contact, tags or [])
    return contact, is_new


def add_tags(contact: Contact, names: Sequence[str]) -> None:
    """Tag a contact; tags that the workspace does not have yet are made. Raises `BadContact`."""
    tag_contacts([contact], names)


def tag_contacts(contacts: Iterable[Contact], names: Sequence[str]) -> None:
    """Tag each contact, as `add_tags` does."""
    by_workspace: dict[int, set[int]] = {}
    for contact in contacts:
        by_workspace.setdefault(contact.workspace_id, set()).add(contact.pk)
    for name in names:
        for workspace_id, numbers in by_workspace.items():
            _tag(workspace_id, name).contacts.add(*numbers)


def remove_tag(contact: Contact, name: str) -> None:
    """Take a tag off a contact; one that it does not have changes nothing."""
    contact.tags.remove(*Tag.objects.filter(workspace=contact.workspace_id, name=name))


def refuse_bad_tag(name: str) -> None:
    """Raise `BadContact` for what cannot be a tag."""
    if not 1 <= len(name) <= 80 or not name.isprintable():
        raise BadContact(
            f"'{name[:80]}' cannot be a tag.",
            why="A tag has 1 to 80 printable characters.",
            do="Choose a shorter word.",
        )


def _tag(workspace_id: int, name: str) -> Tag:
    name = name.strip()
    refuse_bad_tag(name)
    return Tag.objects.get_or_create(workspace_id=workspace_id, name=name)[0]


def _known(workspace: Workspace, phones: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for chunk in _chunks(phones, LOOKED_UP_AT_ONCE):
        rows = Contact.objects.filter(workspace=workspace, phone__in=chunk)
        found.update(rows.values_list("phone", "id"))
    return found


def _insert(workspace: Workspace, phones: Sequence[str]) -> None:
    now = timezone.now()
    rows = [(workspace.pk, phone, hash_phone(phone), now, now) for phone in phones]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(ENSURE_CONTACT, rows)


def _chunks(items: Sequence[str], size: int) -> Iterable[list[str]]:
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


def merge_attributes(contact: Contact, changes: Mapping[str, str | None]) -> None:
    """Change a contact's attributes without saving it; None removes one. Raises `BadContact`."""
    merged = {**contact.attributes, **changes}
    contact.attributes = {name: value for name, value in merged.items() if value is not None}
    if len(contact.attributes) > MAX_ATTRIBUTES:
        raise BadContact(
            f"The contact would have {len(contact.attributes)} attributes.",
            why=f"It may have {MAX_ATTRIBUTES}.",
            do="Remove some by setting them to null.",
        )


def refuse_bad_attributes(attributes: Mapping[str, str | None]) -> None:
    """Raise `BadContact` for names and values that cannot be kept."""
    for name, value in attributes.items():
        if not name.isidentifier() or len(name) > MAX_NAME:
            raise BadContact(
                f"'{name[:MAX_NAME]}' cannot be the name of an attribute.",
                why=f"Merge fields name it; it has up to {MAX_NAME} letters, digits or _.",
                do="Use a name like first_name.",
            )
        if value is not None and (len(value) > MAX_VALUE or "\x00" in value):
            raise BadContact(
                f"The value of '{name}' cannot be kept.",
                why=f"It may have {MAX_VALUE} characters, and no NUL.",
                do="Shorten it.",
            )
