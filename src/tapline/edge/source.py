"""What the replica asks the control database: rows whose `change` is newer than the last seen.

The only place of the edge that reads SQL, and only in the parent. Changes become visible in the
order of their numbers (see links/models.py), so everything up to the counter's value, read in one
snapshot, is all there is up to it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pysqlite3 import dbapi2 as sqlite

from tapline.cards import Card
from tapline.edge import rows
from tapline.errors import TaplineError

BUSY_SECONDS = 1.0

STATE = """
-- Whose data this is, and up to which change it goes.
select instance.uuid, instance.epoch, counter.value
from instance_instance instance, links_changecounter counter
where instance.id = 1 and counter.id = 1
"""

DOMAINS_CHANGED = """
-- Whether any domain or key generation changed.
select exists (select 1 from links_domain where change > :since)
    or exists (select 1 from links_keygeneration where change > :since)
"""

DOMAINS = """
-- Domains that may serve: proved and not deleted; their key generations, newest first.
select domain.id, domain.host, domain.fallback_url, domain.brand_name, domain.home_url,
    domain.robots, generation.number, generation.key_id
from links_domain domain
left join links_keygeneration generation on generation.domain_id = domain.id
where domain.proved_at is not null and domain.deleted_at is null
order by domain.id, generation.number desc
"""

LINKS = """
-- Links; templates too, since their ranges count positions though nobody opens them.
-- A personal link has its template's card.
select link.id, link.disabled_at is not null or link.deleted_at is not null, link.expires_at,
    link.destination, coalesce(card.link_id, 0)
from links_link link
left join links_linkcard card
    on card.link_id = coalesce(link.parent_id, link.id) and card.title <> ''
where link.change > :since
"""

CARDS = """
-- What previews show of links; without a title: no longer anything.
select link_id, title, description, picture from links_linkcard where change > :since
"""

RANGES = """
-- Which serials lead to which link and position.
select code_range.domain_id, generation.number, code_range.length, code_range.first,
    code_range.count, code_range.link_id, code_range.first_position
from links_coderange code_range
join links_keygeneration generation on generation.id = code_range.generation_id
where code_range.change > :since
"""

ALIASES = """
-- Hand-chosen paths, deleted ones first: a path that was given up may serve another link now.
select domain_id, path, link_id, deleted_at is not null
from links_alias
where change > :since
order by deleted_at is null
"""


class ControlDatabaseAway(TaplineError):
    """The control database is missing, busy or not set up yet."""


class Source:
    """A connection to the control database that only reads."""

    def __init__(self, path: Path) -> None:
        """Connect; raises `ControlDatabaseAway`."""
        with _away_as_error(path):
            self._path = path
            self._file = _identity(path)
            # `mode=rw` because a WAL database needs its shared memory file, which readers make
            # too; it makes no database where there is none. `query_only` forbids every write.
            self._connection = sqlite.connect(
                f"{path.resolve().as_uri()}?mode=rw",
                uri=True,
                isolation_level=None,
                timeout=BUSY_SECONDS,
                check_same_thread=False,
            )
            self._connection.execute("pragma query_only = on")
        self._seen_version = -1

    def close(self) -> None:
        self._connection.close()

    def is_same_file(self) -> bool:
        """Say whether the path still names the database that was opened; not after a restore."""
        try:
            return _identity(self._path) == self._file
        except OSError:
            return False

    def has_news(self) -> bool:
        """Say whether anybody committed since the last call: about 10 µs, no table is read."""
        with _away_as_error(self._path):
            (version,) = self._connection.execute("pragma data_version").fetchone()
        is_new, self._seen_version = version != self._seen_version, version
        return bool(is_new)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let all queries inside see the same moment; raises `ControlDatabaseAway`."""
        with _away_as_error(self._path):
            self._connection.execute("begin")
            try:
                yield
            finally:
                self._connection.execute("rollback")

    def state(self) -> tuple[bytes, int] | None:
        """Return the instance's mark (uuid and epoch) and the last change; None before set-up."""
        found = self._connection.execute(STATE).fetchone()
        return (f"{found[0]}/{found[1]}".encode(), found[2]) if found else None

    def domains_changed(self, since: int) -> bool:
        (changed,) = self._connection.execute(DOMAINS_CHANGED, {"since": since}).fetchone()
        return bool(changed)

    def domains(self) -> list[rows.DomainRow]:
        """Return all domains that may serve."""
        found: dict[int, rows.DomainRow] = {}
        for id_, host, fallback_url, *pages, number, key_id in self._connection.execute(DOMAINS):
            row = found.setdefault(id_, rows.DomainRow(id_, host, fallback_url, [], *pages))
            if key_id is not None:
                row.generations.append((number, key_id))
        return list(found.values())

    def links(self, since: int) -> Iterator[tuple[bytes, bytes]]:
        for id_, is_stopped, expires_at, destination, card in self._execute(LINKS, since):
            expires_us = _microseconds(expires_at)
            yield rows.pack_link(id_, bool(is_stopped), expires_us, destination, card)

    def cards(self, since: int) -> Iterator[tuple[bytes, bytes | None]]:
        """Return keys and values of cards; None for one that was taken away."""
        for link, *texts in self._execute(CARDS, since):
            yield rows.card_key(link), rows.pack_card(Card(*texts)) if texts[0] else None

    def ranges(self, since: int) -> Iterator[tuple[bytes, bytes]]:
        for row in self._execute(RANGES, since):
            yield rows.pack_range(*row)

    def aliases(self, since: int) -> Iterator[tuple[bytes, bytes | None]]:
        """Return keys and values of aliases; None for a deleted one."""
        for domain, path, link, is_deleted in self._execute(ALIASES, since):
            key, value = rows.pack_alias(domain, path, link)
            yield key, None if is_deleted else value

    def _execute(self, sql: str, since: int) -> Any:
        return self._connection.execute(sql, {"since": since})


@contextmanager
def _away_as_error(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite.Error, OSError) as error:
        raise ControlDatabaseAway(
            f"The control database {path} cannot be read.",
            why=f"{error}.",
            do="Nothing, if it is being set up: the edge serves what it has and tries again.",
        ) from error


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


def _microseconds(stored: str | None) -> int:
    """Return Django's stored time (UTC, no zone) in µs since 1970; 0 for none."""
    if stored is None:
        return 0
    return int(dt.datetime.fromisoformat(stored).replace(tzinfo=dt.UTC).timestamp() * 1_000_000)
