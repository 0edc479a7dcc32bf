"""What is kept of one person: found, exported and erased, wherever it lies; totals stay.

A person is a phone number within a workspace and those below it. Erasing happens in one
transaction of the control database; that transaction also asks for the click files to be
rewritten, which the worker does soon after. An opt-out survives as the number's keyed hash.

Tables of features that stand further right are written by SQL, since they may not be imported
from here and all of it must happen together, or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection, transaction
from django.forms.models import model_to_dict
from django.utils import timezone

from tapline.clicks import rewrite, store
from tapline.contacts.models import Consent, Contact, Suppression
from tapline.contacts.phones import hash_phone
from tapline.errors import NotFound
from tapline.links.changes import next_change
from tapline.workspaces import audit
from tapline.workspaces.models import AuditEntry, Workspace
from tapline.workspaces.tree import descendant_ids

MESSAGES = """
-- A person's messages, also those that lost their contact.
select id, broadcast_id, position, state, phone, text, parts, submitted_at, accepted_at,
  delivered_at, failed_at, error_code, error_text, first_human_click_at
from broadcasts_message
where contact_id in (select value from json_each(%(contacts)s))
  or (phone = %(phone)s and workspace_id in (select value from json_each(%(workspaces)s)))
order by id
"""

REPLIES = """
-- What a person wrote to us.
select id, broadcast_id, phone, text, is_opt_out, received_at
from broadcasts_reply
where contact_id in (select value from json_each(%(contacts)s))
  or (phone = %(phone)s and workspace_id in (select value from json_each(%(workspaces)s)))
order by id
"""

CLICKS = """
-- A person's clicks, machines' included.
select clicked_at, link, broadcast, message, verdict, reasons, device, os, browser, app, network,
  agent, method, path
from clicks
where contact in ({contacts})
order by clicked_at
"""
CLICK_NAMES = (
    "clicked_at", "link", "broadcast", "message", "verdict", "reasons", "device", "os", "browser",
    "app", "network", "agent", "method", "path",
)  # fmt: skip

BLANK_MESSAGES = """
-- The rows stay, so that totals do. A text that was still waiting goes nowhere, a leased one
-- included: the statement that submits it looks at the state again.
update broadcasts_message
set phone = '', text = '', reference = '', error_text = '', contact_id = null,
  leased_by = '',
  state = case when state in ('pending', 'leased') then 'cancelled' else state end
where id in (select value from json_each(%s))
"""

BLANK_REPLIES = """
-- That somebody replied, and whether it was an opt-out, stays.
update broadcasts_reply
set phone = '', text = '', contact_id = null
where id in (select value from json_each(%s))
"""

BLANK_PERSONAL_LINKS = """
-- A destination made for one recipient holds what was merged into it: it leads nowhere any more.
update links_link
set destination = '', disabled_at = coalesce(disabled_at, %s), change = %s
where kind = 'personal' and id in (
  select code.link_id
  from broadcasts_message message
  join broadcasts_broadcastlink sent on sent.broadcast_id = message.broadcast_id
  join links_link personal on personal.parent_id = sent.link_id
  join links_coderange code
    on code.link_id = personal.id and code.first_position = message.position
  where message.id in (select value from json_each(%s)))
"""


class NobodyFound(NotFound):
    """Nothing is kept of this number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """How much of a person was erased or made anonymous."""

    contacts: int
    messages: int
    replies: int
    personal_links: int

    def as_dict(self) -> dict[str, int]:
        """Return the counts as `--json` prints them."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Person:
    """A number and the contacts that have it, in one branch of the tree."""

    workspace: Workspace
    phone: str
    contacts: Sequence[Contact]

    @property
    def contact_ids(self) -> list[int]:
        return [contact.pk for contact in self.contacts]

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Return the rows that `sql` finds of this person."""
        params = {
            "contacts": json.dumps(self.contact_ids),
            "phone": self.phone,
            "workspaces": json.dumps(descendant_ids(self.workspace)),
        }
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def summarise(workspace: Workspace, phone: str) -> dict[str, Any]:
    """Return how much is kept of a person, without showing it; raises `NobodyFound`."""
    person = _find(workspace, phone)
    ids = person.contact_ids
    return {
        "contacts": ids,
        "answers": Consent.objects.filter(contact__in=ids).count(),
        "messages": len(person.rows(MESSAGES)),
        "replies": len(person.rows(REPLIES)),
        "clicks": len(_clicks(person)),
        "opted_out": _suppressions(person).filter(lifted_at=None).exists(),
    }


def export_person(workspace: Workspace, phone: str) -> dict[str, Any]:
    """Return everything kept of a person, as plain values; raises `NobodyFound`."""
    person = _find(workspace, phone)
    return {
        "phone": phone,
        "contacts": [_contact_as_dict(contact) for contact in person.contacts],
        "messages": person.rows(MESSAGES),
        "replies": person.rows(REPLIES),
        "clicks": _clicks(person),
        "suppressions": list(
            _suppressions(person).values("scope__name", "purpose", "reason", "at", "lifted_at")
        ),
        "audit": list(_audit(person).values("actor", "action", "before", "after", "at")),
    }


def erase_person(workspace: Workspace, phone: str, *, by: str) -> Erased:
    """Erase a person from the control database and have the click files follow.

    Waiting texts are stopped. Raises `NobodyFound`, also for somebody erased before.
    """
    with transaction.atomic():
        person = _find(workspace, phone)
        messages = [row["id"] for row in person.rows(MESSAGES)]
        replies = [row["id"] for row in person.rows(REPLIES)]
        links = _blank(messages, replies)
        rewrite.request_erasure(person.contact_ids)
        _forget_in_audit(person, by)
        Contact.objects.filter(pk__in=person.contact_ids).delete()
    return Erased(
        contacts=len(person.contacts),
        messages=len(messages),
        replies=len(replies),
        personal_links=links,
    )


def _find(workspace: Workspace, phone: str) -> _Person:
    contacts = Contact.objects.filter(workspace__in=descendant_ids(workspace), phone=phone)
    person = _Person(workspace=workspace, phone=phone, contacts=list(contacts))
    if not (contacts or person.rows(MESSAGES) or person.rows(REPLIES)):
        raise NobodyFound(
            "Nothing is kept of this number.",
            why=f"No contact, message or reply in '{workspace.name}' and below has it.",
            do="Check the number and the workspace.",
        )
    return person


def _blank(messages: Sequence[int], replies: Sequence[int]) -> int:
    """Empty what messages, replies and personal links tell; return how many links there were."""
    with connection.cursor() as cursor:
        cursor.execute(BLANK_PERSONAL_LINKS, [timezone.now(), next_change(), json.dumps(messages)])
        links = int(cursor.rowcount)
        cursor.execute(BLANK_MESSAGES, [json.dumps(messages)])
        cursor.execute(BLANK_REPLIES, [json.dumps(replies)])
    return links


def _forget_in_audit(person: _Person, by: str) -> None:
    """Empty what the audit says of the person, and note the erasure without the number."""
    _audit(person).update(before={}, after={})
    for contact in person.contacts:
        audit.record(contact.workspace, by, "contact.erased", contact)


def _audit(person: _Person) -> Any:
    return AuditEntry.objects.filter(object_kind="contact", object_id__in=person.contact_ids)


def _suppressions(person: _Person) -> Any:
    return Suppression.objects.filter(
        phone_hash=hash_phone(person.phone),
        scope__in={*person.workspace.ancestor_ids, *descendant_ids(person.workspace)},
    )


def _clicks(person: _Person) -> list[dict[str, Any]]:
    if not person.contacts:
        return []
    rows = store.query(CLICKS.format(contacts=store.int_list(person.contact_ids)))
    return [dict(zip(CLICK_NAMES, row, strict=True)) for row in rows]


def _contact_as_dict(contact: Contact) -> dict[str, Any]:
    kept = model_to_dict(contact, exclude=["phone_hash"])
    answers = contact.consents.order_by("at", "id").values(
        "purpose", "given", "scope__name", "wording__text", "source", "evidence", "at",
        "recorded_at", "recorded_by",
    )  # fmt: skip
    return kept | {
        "created_at": contact.created_at,
        "tags": [tag.name for tag in contact.tags.all()],
        "answers": list(answers),
    }
