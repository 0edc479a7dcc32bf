"""What contacts, their consent and the audit keep of a person; see `keeping`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.forms.models import model_to_dict
from django.utils.translation import gettext_lazy as _

from tapline.contacts.keeping import Kept, Person
from tapline.contacts.models import Consent, Contact, Suppression
from tapline.contacts.phones import hash_phone
from tapline.contacts.retention import InOrder
from tapline.contacts.uploads import forget_about, own_name, rows_about, uploads_about
from tapline.workspaces.idempotency import forget_answers, kept_answers
from tapline.workspaces.models import AuditEntry


def _contacts(person: Person) -> list[dict[str, Any]]:
    found = Contact.objects.filter(pk__in=person.contact_ids).prefetch_related("tags")
    return [
        model_to_dict(contact, exclude=["phone_hash"])
        | {"created_at": contact.created_at, "tags": [tag.name for tag in contact.tags.all()]}
        for contact in found.order_by("id")
    ]


def _erase_contacts(person: Person) -> int:
    found = Contact.objects.filter(pk__in=person.contact_ids)
    count = found.count()
    found.delete()  # Tags and answers go with it.
    return count


def _answers(person: Person) -> QuerySet[Consent]:
    return Consent.objects.filter(contact__in=person.contact_ids)


def _find_answers(person: Person) -> list[dict[str, Any]]:
    rows = _answers(person).order_by("at", "id")
    return _plain(
        rows, "contact", "purpose", "given", "scope__name", "wording__text", "source", "evidence",
        "at", "recorded_at", "recorded_by",
    )  # fmt: skip


def _find_suppressions(person: Person) -> list[dict[str, Any]]:
    scopes = {*person.workspace.ancestor_ids, *person.workspace_ids}
    rows = Suppression.objects.filter(phone_hash=hash_phone(person.phone), scope__in=scopes)
    return _plain(rows.order_by("at"), "scope__name", "purpose", "reason", "at", "lifted_at")


def _audit(person: Person) -> QuerySet[AuditEntry]:
    """Return what the audit tells of the person: entries that were emptied tell nothing."""
    told = AuditEntry.objects.filter(object_kind="contact", object_id__in=person.contact_ids)
    return told.exclude(before={}, after={})


def _find_audit(person: Person) -> list[dict[str, Any]]:
    return _plain(_audit(person).order_by("at"), "actor", "action", "before", "after", "at")


_TOLD = "before <> '{}' or after <> '{}'"

OLD_AUDIT = InOrder(
    kind="audit",
    next_end="""
-- The last of the next old entries.
with following as (
  select id, at < %(before)s as is_old from workspaces_auditentry
  where id > %(after)s order by id limit %(limit)s)
select coalesce((select min(id) - 1 from following where not is_old),
  (select max(id) from following))
""",
    forget=f"""
-- Who did what and when stays.
update workspaces_auditentry set before = '{{}}', after = '{{}}'
where id > %(after)s and id <= %(end)s and ({_TOLD})
""",
    count=f"""
-- Old entries that still tell from what to what.
select count(*) from workspaces_auditentry
where id > %(after)s and at < %(before)s and ({_TOLD})
""",
)


def _plain(rows: QuerySet[Any], *names: str) -> list[dict[str, Any]]:
    return [dict(row) for row in rows.values(*names)]


def _numbers() -> Iterable[str]:
    phones = Contact.objects.order_by("phone").values_list("phone", flat=True)
    return phones.distinct().iterator(chunk_size=10_000)


def _find_refused(person: Person) -> list[dict[str, Any]]:
    found = rows_about(person.workspace_ids, person.phone)
    return [{"file": path.name, "line": row.line, "cells": row.cells} for path, row in found]


def _find_uploads(person: Person) -> list[dict[str, Any]]:
    found = uploads_about(person.workspace_ids, person.phone)
    return [{"file": own_name(path.name)} for path in found]


def _find_requests(person: Person) -> list[dict[str, Any]]:
    rows = kept_answers(person.workspace_ids, person.phone)
    return [{"id": row.pk, "answered_at": row.created_at} for row in rows]


KEPT = (
    Kept(
        name="contacts",
        tables=("contacts_contact", "contacts_tag_contacts"),
        words=_("Your number, and what was told to us about you: name, language and the like"),
        find=_contacts,
        erase=_erase_contacts,
        numbers=_numbers,
    ),
    Kept(
        name="answers",
        tables=("contacts_consent",),
        words=_("What you agreed to or refused, when, and the words that you were shown"),
        find=_find_answers,
        erase=lambda person: _answers(person).count(),  # The ledger's rows go with their contact.
    ),
    Kept(
        name="suppressions",
        tables=("contacts_suppression", "contacts_erasure"),
        files=("erasures.jsonl",),
        words=_(
            "That you want no texts: kept as a scrambled form of your number, so that it holds"
        ),
        find=_find_suppressions,
        erase=lambda person: 0,
        stays=True,
        kept_for=_("for good, since that is what it is for"),
    ),
    Kept(
        name="audit",
        tables=("workspaces_auditentry",),
        words=_("Which of our people changed what is known about you, and when"),
        find=_find_audit,
        erase=lambda person: _audit(person).update(before={}, after={}),
        retention=OLD_AUDIT.retention("audit_keep_days"),
    ),
    Kept(
        name="refused_rows",
        files=("refused",),
        words=_("Rows of imported files that could not be read"),
        kept_for=_("six days"),
        find=_find_refused,
        erase=lambda person: 0,
        follow=lambda person: forget_about(person.workspace_ids, person.phone),
    ),
    Kept(
        name="uploads",
        files=("uploads",),
        words=_("Lists with your number that wait to be read in"),
        kept_for=_("a day"),
        find=_find_uploads,
        erase=lambda person: 0,
        follow=lambda person: forget_about(person.workspace_ids, person.phone),
    ),
    Kept(
        name="remembered_requests",
        tables=("workspaces_idempotentrequest",),
        words=_("What our other programs asked for that has to do with you"),
        kept_for=_("a day"),
        find=_find_requests,
        erase=lambda person: 0,
        follow=lambda person: forget_answers(person.workspace_ids, person.phone),
    ),
)
