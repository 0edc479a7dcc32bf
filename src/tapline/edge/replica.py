"""The edge's own copy of what it needs to answer: filled by the parent, kept on disk.

Each refresh is one LMDB transaction: children see all of a change or nothing of it, also when a
new epoch replaces everything. What is on disk serves while the control database is away.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

import lmdb

from tapline.edge import rows
from tapline.edge.scrubbing import scrub_steps
from tapline.edge.source import Source

# Address space, not memory or disk: the file grows with what is in it.
FIRST_MAP_BYTES = 1024 * 1024 * 1024
MOST_READERS = 512
_UNREADABLE = (lmdb.InvalidError, lmdb.CorruptedError, lmdb.VersionMismatchError)


class Replica:
    """The writing side; one process (the edge's parent) at a time."""

    def __init__(self, directory: Path, *, map_bytes: int = FIRST_MAP_BYTES) -> None:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._map_bytes = max(map_bytes, _file_bytes(directory) * 2)
        self._scrubbing: Iterator[None] | None = None
        try:
            self._env = self._open(directory)
        except _UNREADABLE:
            # It holds nothing that the control database does not hold: begin it anew.
            for name in ("data.mdb", "lock.mdb"):
                (directory / name).unlink(missing_ok=True)
            self._env = self._open(directory)
        self._env.reader_check()
        with self._env.begin() as txn:
            if txn.get(rows.SCRUB_KEY) is not None:  # The edge was stopped before it was done.
                self._scrubbing = scrub_steps(self._env)

    def _open(self, directory: Path) -> lmdb.Environment:
        return lmdb.open(
            str(directory), map_size=self._map_bytes, max_readers=MOST_READERS, mode=0o600
        )

    def close(self) -> None:
        self._env.close()

    def forget_dead_readers(self) -> int:
        """Free the slots of children that died reading, whose snapshots would keep the file
        growing. Returns how many there were."""
        return int(self._env.reader_check())

    def scrub(self) -> bool:
        """Do a small step of overwriting, if somebody's destination was emptied since the last was
        done; say whether there was anything to do."""
        if self._scrubbing is None:
            return False
        try:
            next(self._scrubbing)
        except StopIteration:
            self._scrubbing = None
            with self._env.begin(write=True) as txn:
                txn.delete(rows.SCRUB_KEY)
        except lmdb.MapFullError:
            self._grow()
            self._scrubbing = scrub_steps(self._env)
        return True

    def _grow(self) -> None:
        """Make room for more; children notice the new size at their next transaction."""
        self._map_bytes *= 2
        self._env.set_mapsize(self._map_bytes)

    def change(self) -> int:
        """Return the last change that is in; 0 when the replica is new."""
        with self._env.begin() as txn:
            return int(txn.get(rows.CHANGE_KEY, b"0"))

    def serves(self, host: str) -> bool:
        """Say whether a workspace has proved `host` (lower-case, no port)."""
        key = rows.domain_key(host)
        if len(key) > rows.LONGEST_KEY_BYTES:
            return False
        with self._env.begin() as txn:
            return txn.get(key) is not None

    def refresh(self, source: Source) -> bool:
        """Bring the replica up to date; say whether anything changed.

        Raises `ControlDatabaseAway`; the replica stays as it was then.
        """
        while True:
            try:
                with source.snapshot():
                    return self._copy(source)
            except lmdb.MapFullError:
                self._grow()  # Nothing was kept.

    def _copy(self, source: Source) -> bool:
        state = source.state()
        if state is None:
            return False
        instance, change = state
        with self._env.begin(write=True) as txn:
            is_same = txn.get(rows.INSTANCE_KEY) == instance
            since = int(txn.get(rows.CHANGE_KEY, b"0")) if is_same else -1
            if since == change:
                txn.abort()
                return False
            if not is_same:
                txn.drop(self._env.open_db(txn=txn), delete=False)
            has_erased = _copy_rows(txn, source, since)
            if has_erased:
                txn.put(rows.SCRUB_KEY, b"")
            txn.put(rows.INSTANCE_KEY, instance)
            txn.put(rows.CHANGE_KEY, str(change).encode())
        if has_erased:
            self._scrubbing = scrub_steps(self._env)
        return True


def _copy_rows(txn: lmdb.Transaction, source: Source, since: int) -> bool:
    """Copy what changed; say whether a link lost its destination because its person was erased."""
    cursor = txn.cursor()
    if source.domains_changed(since):
        _replace_domains(txn, source.domains())
    erased: list[bytes] = []
    cursor.putmulti(_noting_erased(source.links(since), erased))
    cursor.putmulti(source.ranges(since))
    for key, value in chain(source.aliases(since), source.cards(since)):
        if value is None:
            txn.delete(key)
        else:
            txn.put(key, value)
    return bool(erased)


def _noting_erased(
    links: Iterable[tuple[bytes, bytes]], erased: list[bytes]
) -> Iterator[tuple[bytes, bytes]]:
    """Pass links on, and note the keys of those without a destination."""
    for key, value in links:
        if len(value) == rows.BARE_LINK_BYTES:
            erased.append(key)
        yield key, value


def _replace_domains(txn: lmdb.Transaction, domains: list[rows.DomainRow]) -> None:
    """Write all domains anew: they are few, and one may have changed its host."""
    cursor = txn.cursor()
    while cursor.set_range(rows.DOMAIN) and bytes(cursor.key()[:1]) == rows.DOMAIN:
        cursor.delete()
    for domain in domains:
        txn.put(rows.domain_key(domain.host), rows.pack_domain(domain))


def _file_bytes(directory: Path) -> int:
    with contextlib.suppress(FileNotFoundError):
        return (directory / "data.mdb").stat().st_size
    return 0
