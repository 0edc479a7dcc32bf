"""The list of files that count: read by everyone, changed only inside a transaction.

Every change of the list raises its version, so that readers notice it with one small query.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import F

from tapline.clicks.columns import COLUMNS_VERSION
from tapline.clicks.models import ClickCounter, ClickFile, FileContent
from tapline.errors import Conflict

# (workspace, broadcast) → the first and last message; 0, 0 where there is none
Contents = Mapping[tuple[int, int], tuple[int, int]]


RAISE_REWRITES = """
-- Count one more change of a broadcast's listed rows.
insert into clicks_broadcastrewrites (workspace_id, broadcast_id, count) values (%s, %s, 1)
on conflict (workspace_id, broadcast_id) do update set count = clicks_broadcastrewrites.count + 1
"""

VERSIONS = """
-- The version of the list, and how often one broadcast's listed rows were changed.
select list_version, coalesce(
    (select count from clicks_broadcastrewrites where workspace_id = %s and broadcast_id = %s), 0
)
from clicks_clickcounter where id = 1
"""


class ListMoved(Conflict):
    """The list of files is no longer the one that this work began with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenFile:
    """A file that is whole and on disk, and not listed yet."""

    name: str
    rows: int
    size_bytes: int
    first_sequence: int
    last_sequence: int
    first_at: dt.datetime
    last_at: dt.datetime
    contents: Contents


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file that counts, and what it holds."""

    id: int
    name: str
    rows: int
    level: int
    columns_version: int
    first_sequence: int
    last_sequence: int
    first_at: dt.datetime
    last_at: dt.datetime
    contents: Contents

    def may_hold(self, workspace: int | None, broadcast: int | None) -> bool:
        """Say whether rows of this workspace and broadcast can be in the file."""
        return any(
            (workspace is None or workspace == held_workspace)
            and (broadcast is None or broadcast == held_broadcast)
            for held_workspace, held_broadcast in self.contents
        )


def ensure_counter() -> ClickCounter:
    """Return the one counter row, making it in a new instance."""
    return ClickCounter.objects.get_or_create(id=1)[0]


def list_version() -> int:
    """Return the version of the list, 0 in a new instance: equal versions mean equal lists."""
    with connection.cursor() as cursor:
        cursor.execute("select list_version from clicks_clickcounter where id = 1")
        row = cursor.fetchone()
    return row[0] if row else 0


def add_files(written: Iterable[WrittenFile], level: int) -> None:
    """List files. Call it inside a transaction that also calls `raise_version` or a claim."""
    for file in written:
        listed = ClickFile.objects.create(
            name=file.name,
            rows=file.rows,
            size_bytes=file.size_bytes,
            level=level,
            columns_version=COLUMNS_VERSION,
            first_sequence=file.first_sequence,
            last_sequence=file.last_sequence,
            first_at=file.first_at,
            last_at=file.last_at,
        )
        FileContent.objects.bulk_create(
            FileContent(
                file=listed,
                workspace_id=workspace,
                broadcast_id=broadcast,
                first_message=first,
                last_message=last,
            )
            for (workspace, broadcast), (first, last) in sorted(file.contents.items())
        )


def swap_files(
    old: Collection[ListedFile],
    new: Sequence[WrittenFile],
    level: int,
    now: dt.datetime,
) -> None:
    """Put `new` in the place of `old`, inside the caller's transaction.

    Raises `ListMoved` when one of `old` was replaced by somebody else in the meantime.
    """
    delisted = ClickFile.objects.filter(
        id__in=[file.id for file in old], delisted_at__isnull=True
    ).update(delisted_at=now)
    if delisted != len(old):
        raise ListMoved(
            "Some click files were replaced while they were being rewritten.",
            why="Another merge or rewrite was faster.",
            do="Nothing is lost; the work is done again with the new list.",
        )
    add_files(new, level)
    raise_version()


def raise_version() -> None:
    """Tell readers that the list has changed, inside the caller's transaction."""
    ClickCounter.objects.filter(id=1).update(list_version=F("list_version") + 1)


def raise_rewrites(of: Collection[tuple[int, int]]) -> None:
    """Tell readers that rows of some (workspace, broadcast), which they may remember, have changed
    or gone without getting new numbers; inside the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.executemany(RAISE_REWRITES, sorted(of))


def read_list() -> list[ListedFile]:
    """Return the files that count now, oldest clicks first."""
    return _cache.files(list_version())


def tells_of_people(workspace_id: int) -> bool:
    """Say whether any click of a workspace belongs to a message, and so to somebody."""
    held = FileContent.objects.filter(workspace_id=workspace_id, last_message__gt=0)
    return held.filter(file__delisted_at__isnull=True).exists()


def look(workspace_id: int, broadcast_id: int) -> tuple[list[ListedFile], int]:
    """Return the files that count now, and how often the broadcast's listed rows were changed until
    then without getting new numbers.

    Merging changes files, but no rows, and a corrected row has a new number. A rewrite that commits
    during the look may show in the files already and in the number only the next time.
    """
    version, rewrites = _read_versions(workspace_id, broadcast_id)
    return _cache.files(version), rewrites


class _ListCache:
    """The list as it was at one version. Contents of a file never change, so they are read once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._version = -1
        self._files: dict[int, ListedFile] = {}

    def files(self, version: int) -> list[ListedFile]:
        with self._lock:
            if version != self._version:
                self._reload()
                self._version = version
            return list(self._files.values())

    def forget(self) -> None:
        with self._lock:
            self._version = -1
            self._files = {}

    def _reload(self) -> None:
        rows = ClickFile.objects.filter(delisted_at__isnull=True).order_by("first_at", "id")
        known = self._files
        fresh = [row.id for row in rows if row.id not in known]
        contents: dict[int, dict[tuple[int, int], tuple[int, int]]] = {key: {} for key in fresh}
        for held in FileContent.objects.filter(file_id__in=fresh):
            where = held.workspace_id, held.broadcast_id
            contents[held.file_id][where] = held.first_message, held.last_message
        self._files = {row.id: known.get(row.id) or _listed(row, contents) for row in rows}


def forget_list() -> None:
    """Read the list anew at the next call: after a database was replaced, or a file was missing."""
    _cache.forget()


def _read_versions(workspace_id: int, broadcast_id: int) -> tuple[int, int]:
    """Return the list's version and the count of rewrites, both 0 in a new instance.

    By SQL: reports ask this once a question, and the ORM would take 0.7 ms of it.
    """
    with connection.cursor() as cursor:
        cursor.execute(VERSIONS, [workspace_id, broadcast_id])
        return cursor.fetchone() or (0, 0)


def _listed(row: ClickFile, contents: Mapping[int, Contents]) -> ListedFile:
    return ListedFile(
        row.id,
        row.name,
        row.rows,
        row.level,
        row.columns_version,
        row.first_sequence,
        row.last_sequence,
        row.first_at,
        row.last_at,
        contents[row.id],
    )


_cache = _ListCache()
