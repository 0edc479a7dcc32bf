"""How one chunk of imported rows reaches the control database, in one short transaction.

The rows go into a temporary table first, which only this connection sees: others may write
meanwhile. The transaction then moves them by three statements, whatever their number.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection
from django.utils import timezone

from tapline.contacts.consent import IMPORT, keep_wording
from tapline.contacts.models import ContactImport, Tag
from tapline.contacts.rows import Answer, ImportedRow
from tapline.turns import Turns
from tapline.workspaces.models import Workspace

TEMPORARY_TABLES = (
    """
create temporary table if not exists imported_row (
  phone text, phone_hash text, attributes text, language text, zone text,
  tag_set integer, agreed_at text, wording_id bigint, evidence text)
""",
    """
create temporary table if not exists imported_tag (
  tag_set integer, tag_id bigint, primary key (tag_set, tag_id)) without rowid
""",
    "delete from imported_row",
    "delete from imported_tag",
)

UPSERT_CONTACTS = """
-- The contacts of a chunk, in the file's order. What the file leaves empty stays as it was.
insert into contacts_contact (
  workspace_id, phone, phone_hash, attributes, language, zone, is_staff, imported_by_id,
  created_at, updated_at)
select
  %(workspace)s, phone, phone_hash, attributes, language, zone, false, %(import)s,
  %(now)s, %(now)s
from imported_row
where true -- without it SQLite takes the conflict clause for a join's
on conflict (workspace_id, phone) do update set
  attributes = json_patch(contacts_contact.attributes, excluded.attributes),
  language = coalesce(nullif(excluded.language, ''), contacts_contact.language),
  zone = coalesce(nullif(excluded.zone, ''), contacts_contact.zone),
  imported_by_id = excluded.imported_by_id,
  updated_at = excluded.updated_at
"""

# The cross joins below fix the order of the join: SQLite, knowing no sizes, walks all contacts.

ADD_ANSWERS = """
-- Each yes that the ledger does not hold yet: the file, or its beginning, may have come in before.
insert into contacts_consent (
  contact_id, scope_id, purpose, given, wording_id, source, evidence, at, recorded_at, recorded_by)
select
  contact.id, %(workspace)s, %(purpose)s, true, imported.wording_id, %(source)s,
  imported.evidence, imported.agreed_at, %(now)s, %(by)s
from imported_row imported
cross join contacts_contact contact
  on contact.workspace_id = %(workspace)s and contact.phone = imported.phone
where imported.agreed_at is not null
  and not exists (
    select 1 from contacts_consent known
    where known.contact_id = contact.id and known.purpose = %(purpose)s
      and known.at = imported.agreed_at and known.scope_id = %(workspace)s
      and known.given and known.wording_id = imported.wording_id)
"""

ADD_TAGS = """
-- The tags of a chunk's contacts; those that they have already stay.
insert into contacts_tag_contacts (tag_id, contact_id)
select tag.tag_id, contact.id
from imported_row imported
cross join contacts_contact contact
  on contact.workspace_id = %(workspace)s and contact.phone = imported.phone
cross join imported_tag tag on tag.tag_set = imported.tag_set
where true
on conflict do nothing
"""

COUNT_KNOWN = """
-- How many of these numbers the workspace knew before this import: one that broke off and is done
-- again meets contacts that it made itself, and tells them as new both times.
select count(*)
from json_each(%(phones)s) wanted
cross join contacts_contact contact
  on contact.workspace_id = %(workspace)s and contact.phone = wanted.value
where not (
  coalesce(contact.imported_by_id, 0) = %(import)s and contact.created_at >= %(began)s)
"""

ADD_ROW = "insert into imported_row values (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
ADD_SET_TAG = "insert into imported_tag values (%s, %s)"

# A passive checkpoint holds up nobody, but one after every chunk, as SQLite does by itself, writes
# the same index pages to the database again and again.
CHUNKS_PER_CHECKPOINT = 20
CHECKPOINT_BY_HAND = "pragma wal_autocheckpoint = 0"
CHECKPOINT_BY_ITSELF = "pragma wal_autocheckpoint = 1000"


@contextmanager
def checkpoints_by_hand() -> Iterator[None]:
    """Leave checkpoints of this connection to `ChunkWriter` while a file is written."""
    with connection.cursor() as cursor:
        cursor.execute(CHECKPOINT_BY_HAND)
        try:
            yield
        finally:
            cursor.execute(CHECKPOINT_BY_ITSELF)


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
        self._turns = Turns()
        self._written = 0
        self._tags: dict[str, int] = {}
        self._wordings: dict[str, int] = {}

    def count(self, rows: Sequence[ImportedRow]) -> tuple[int, int, int]:
        """Return how many contacts these rows create, update, and how many repeat a number."""
        fresh = [row.phone for row in rows if self._is_first(row.phone)]
        updated = self._count_known(fresh)
        return len(fresh) - updated, updated, len(rows) - len(fresh)

    def write(self, rows: Sequence[ImportedRow]) -> tuple[int, int, int, float]:
        """Write a chunk; return what `count` says, and how many seconds it held the writer."""
        counts = self.count(rows)
        self._make_tags(rows)
        self._make_wordings(rows)
        self._fill_temporary_tables(rows)
        with self._turns.take(), connection.cursor() as cursor:
            values = self._common_values()
            cursor.execute(UPSERT_CONTACTS, values)
            cursor.execute(ADD_ANSWERS, values)
            cursor.execute(ADD_TAGS, values)
        self._checkpoint_sometimes()
        return *counts, self._turns.last_seconds

    def _checkpoint_sometimes(self) -> None:
        self._written += 1
        if self._written % CHUNKS_PER_CHECKPOINT == 0 and not connection.in_atomic_block:
            with connection.cursor() as cursor:
                cursor.execute("pragma wal_checkpoint(passive)")

    def _is_first(self, phone: str) -> bool:
        number = int(phone[1:])
        if number in self._seen:
            return False
        self._seen.add(number)
        return True

    def _count_known(self, phones: Iterable[str]) -> int:
        with connection.cursor() as cursor:
            values: dict[str, Any] = {
                "phones": json.dumps(list(phones)),
                "workspace": self._workspace.pk,
                "import": self._import.pk if self._import else -1,
                "began": _stored(self._import.started_at) if self._import else "",
            }
            cursor.execute(COUNT_KNOWN, values)
            return int(cursor.fetchone()[0])

    def _common_values(self) -> dict[str, Any]:
        return {
            "workspace": self._workspace.pk,
            "import": self._import.pk if self._import else None,
            "purpose": self._purpose,
            "source": IMPORT,
            "now": _stored(timezone.now()),
            "by": self._by,
        }

    def _fill_temporary_tables(self, rows: Sequence[ImportedRow]) -> None:
        answered: set[tuple[str, Answer]] = set()
        # Most rows of a file have the same few tags together: a set of them travels once.
        sets = {tags: number for number, tags in enumerate({row.tags for row in rows})}
        values = [(*row[1:6], sets[row.tags], *self._answer_values(row, answered)) for row in rows]
        tags = [(number, self._tags[name]) for names, number in sets.items() for name in set(names)]
        with connection.cursor() as cursor:
            for statement in TEMPORARY_TABLES:
                cursor.execute(statement)
            cursor.executemany(ADD_ROW, values)
            if tags:
                cursor.executemany(ADD_SET_TAG, tags)

    def _answer_values(
        self, row: ImportedRow, answered: set[tuple[str, Answer]]
    ) -> tuple[str | None, int | None, str | None]:
        """Return when, to what and how the person agreed; nothing if this chunk says it already."""
        if row.answer is None or (row.phone, row.answer) in answered:
            return None, None, None
        answered.add((row.phone, row.answer))
        evidence = {
            "how": row.answer.how,
            "file": self._import.file_name if self._import else "",
            "line": row.line,
        }
        return (
            _stored(row.answer.at),
            self._wordings[row.answer.wording],
            msgspec.json.encode(evidence).decode(),
        )

    def _make_tags(self, rows: Sequence[ImportedRow]) -> None:
        for name in {name for row in rows for name in row.tags} - self._tags.keys():
            tag, _ = Tag.objects.get_or_create(workspace=self._workspace, name=name)
            self._tags[name] = tag.pk

    def _make_wordings(self, rows: Sequence[ImportedRow]) -> None:
        for text in {row.answer.wording for row in rows if row.answer} - self._wordings.keys():
            if wording := keep_wording(text):
                self._wordings[text] = wording.pk


@functools.lru_cache(maxsize=1000)
def _stored(at: datetime) -> str:
    """Return a time as Django's models keep it in this database."""
    return str(connection.ops.adapt_datetimefield_value(at))
