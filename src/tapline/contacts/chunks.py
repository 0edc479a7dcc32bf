"""How one chunk of imported rows reaches the control database, in one short transaction."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from tapline.contacts.consent import IMPORT, keep_wording
from tapline.contacts.models import ContactImport, Tag
from tapline.contacts.rows import ImportedRow
from tapline.workspaces.models import Workspace

UPSERT_CONTACT = """
-- One contact of the file. What the file leaves empty stays as it was.
insert into contacts_contact (
  workspace_id, phone, phone_hash, attributes, language, zone, is_staff, imported_by_id,
  created_at, updated_at)
values (
  %(workspace)s, %(phone)s, %(phone_hash)s, %(attributes)s, %(language)s, %(zone)s, false,
  %(import)s, %(now)s, %(now)s)
on conflict (workspace_id, phone) do update set
  attributes = json_patch(contacts_contact.attributes, excluded.attributes),
  language = coalesce(nullif(excluded.language, ''), contacts_contact.language),
  zone = coalesce(nullif(excluded.zone, ''), contacts_contact.zone),
  imported_by_id = excluded.imported_by_id,
  updated_at = excluded.updated_at
"""

CONTACT_IDS = """
-- Which of these numbers the workspace knows, and as which contact.
select contact.phone, contact.id
from json_each(%s) wanted
join contacts_contact contact on contact.workspace_id = %s and contact.phone = wanted.value
"""

ADD_ANSWER = """
-- One yes, unless the ledger holds it already: then this file, or its beginning, came in before.
insert into contacts_consent (
  contact_id, scope_id, purpose, given, wording_id, source, evidence, at, recorded_at, recorded_by)
select
  %(contact)s, %(scope)s, %(purpose)s, true, %(wording)s, %(source)s, %(evidence)s, %(at)s,
  %(now)s, %(by)s
where not exists (
  select 1 from contacts_consent known
  where known.contact_id = %(contact)s and known.purpose = %(purpose)s and known.at = %(at)s
    and known.scope_id = %(scope)s and known.given and known.wording_id = %(wording)s)
"""

ADD_TAG = """
-- One tag on one contact.
insert into contacts_tag_contacts (tag_id, contact_id) values (%s, %s) on conflict do nothing
"""


class ChunkWriter:
    """Writes the chunks of one import. Remembers which numbers the file had, to tell duplicates."""

    def __init__(
        self, workspace: Workspace, running: ContactImport | None, purpose: str, *, by: str
    ) -> None:
        self._workspace = workspace
        self._import = running
        self._purpose = purpose
        self._by = by
        self._seen: set[int] = set()  # about 70 bytes a number; strings would take twice that
        self._tags: dict[str, int] = {}
        self._wordings: dict[str, int] = {}

    def count(self, rows: Sequence[ImportedRow]) -> tuple[int, int, int]:
        """Return how many contacts these rows create, update, and how many repeat a number."""
        fresh = [row.phone for row in rows if self._is_first(row.phone)]
        updated = len(self._ids(fresh))
        return len(fresh) - updated, updated, len(rows) - len(fresh)

    def write(self, rows: Sequence[ImportedRow]) -> tuple[int, int, int, float]:
        """Write a chunk; return what `count` says, and for how long it held the writer (seconds).

        The writer belongs to others until all values are at hand.
        """
        self._make_tags(rows)
        self._make_wordings(rows)
        counts = self.count(rows)
        contacts = self._contact_values(rows)
        with transaction.atomic():
            began = time.perf_counter()
            with connection.cursor() as cursor:
                cursor.executemany(UPSERT_CONTACT, contacts)
                ids = self._ids({row.phone for row in rows})
                if answers := self._answer_values(rows, ids):
                    cursor.executemany(ADD_ANSWER, answers)
                if tags := self._tag_values(rows, ids):
                    cursor.executemany(ADD_TAG, tags)
        return *counts, time.perf_counter() - began

    def _is_first(self, phone: str) -> bool:
        number = int(phone[1:])
        if number in self._seen:
            return False
        self._seen.add(number)
        return True

    def _ids(self, phones: Iterable[str]) -> dict[str, int]:
        with connection.cursor() as cursor:
            cursor.execute(CONTACT_IDS, [json.dumps(list(phones)), self._workspace.pk])
            return dict(cursor.fetchall())

    def _contact_values(self, rows: Sequence[ImportedRow]) -> list[dict[str, Any]]:
        now = _stored(timezone.now())
        common = {
            "workspace": self._workspace.pk,
            "import": self._import.pk if self._import else None,
            "now": now,
        }
        return [
            common
            | {
                "phone": row.phone,
                "phone_hash": row.phone_hash,
                "attributes": row.attributes,
                "language": row.language,
                "zone": row.zone,
            }
            for row in rows
        ]

    def _answer_values(
        self, rows: Sequence[ImportedRow], ids: dict[str, int]
    ) -> list[dict[str, Any]]:
        common = {
            "scope": self._workspace.pk,
            "purpose": self._purpose,
            "source": IMPORT,
            "now": _stored(timezone.now()),
            "by": self._by,
        }
        file = self._import.file_name if self._import else ""
        return [
            common
            | {
                "contact": ids[row.phone],
                "wording": self._wordings[row.answer.wording],
                "at": _stored(row.answer.at),
                "evidence": json.dumps(
                    {"how": row.answer.how, "file": file, "line": row.line}, ensure_ascii=False
                ),
            }
            for row in rows
            if row.answer
        ]

    def _tag_values(
        self, rows: Sequence[ImportedRow], ids: dict[str, int]
    ) -> list[tuple[int, int]]:
        return [(self._tags[name], ids[row.phone]) for row in rows for name in row.tags]

    def _make_tags(self, rows: Sequence[ImportedRow]) -> None:
        for name in {name for row in rows for name in row.tags} - self._tags.keys():
            tag, _ = Tag.objects.get_or_create(workspace=self._workspace, name=name)
            self._tags[name] = tag.pk

    def _make_wordings(self, rows: Sequence[ImportedRow]) -> None:
        for text in {row.answer.wording for row in rows if row.answer} - self._wordings.keys():
            if wording := keep_wording(text):
                self._wordings[text] = wording.pk


def _stored(at: datetime) -> str:
    """Return a time as Django's models keep it in this database."""
    return str(connection.ops.adapt_datetimefield_value(at))
