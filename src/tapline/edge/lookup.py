"""How a child finds what a request asks for in the replica: host → domain, code → link.

A read transaction lives for one turn of the event loop. Domains and links that were read are kept
until the replica changes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, TypeVar

import lmdb
import msgspec

from tapline.cards import CardPage, card_page
from tapline.codes.bulk import TurnDecoder
from tapline.codes.capacity import capacity
from tapline.codes.ff1 import CodeCipher
from tapline.codes.keys import generation_key
from tapline.edge import rows
from tapline.edge.answers import Answer, RedirectParts, fallback, home, redirect_parts, robots
from tapline.edge.replica import MOST_READERS

MOST_KEPT = 4096
# From so many on it is faster to decode codes together (`python -m bench codes`), at most so many.
MANY_CODES = 12
DECODED_TOGETHER = 256

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(slots=True)
class KnownDomain:
    """A domain that may serve, with the generations that were needed so far, by length."""

    row: rows.DomainRow
    fallback: Answer
    home: Answer
    robots: Answer
    generations: dict[int, list[_Generation]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KnownLink:
    """A link, and its answer made ready; `parts` is None where its destination is not safe."""

    id: int
    is_stopped: bool
    expires_us: int
    parts: RedirectParts | None
    card: CardPage | None = None


class Found(msgspec.Struct, frozen=True, gc=False):
    """What a path leads to. `link` is None where the serial may have been handed out but the
    replica does not hold it."""

    generation: int  # 0: an alias
    serial: int  # -1: an alias
    position: int
    link: KnownLink | None


class _Range(NamedTuple):
    """Serials `first … end - 1` lead to one link."""

    first: int
    end: int
    to_position: int  # what a serial lacks to its position
    link: KnownLink | None


class _Ranges(NamedTuple):
    """The ranges of one generation and length that were read, sorted."""

    firsts: list[int]
    ranges: list[_Range]


class _Generation:
    """The codes of one length in one key generation of a domain."""

    __slots__ = ("_cipher", "_decoder", "limit", "number", "prefix")

    def __init__(self, number: int, key: bytes, prefix: bytes, length: int) -> None:
        self.number = number
        self.prefix = prefix  # of its ranges' keys
        self.limit = capacity(length)  # Guesses decrypt to serials far beyond.
        self._cipher = CodeCipher(key, length)
        self._decoder: TurnDecoder | None = None

    def decode(self, codes: list[str]) -> list[int]:
        """Return the serials of codes of this length: in bulk, where that is faster."""
        if len(codes) < MANY_CODES:
            return [self._cipher.decode(code) for code in codes]
        if self._decoder is None:
            self._decoder = TurnDecoder(self._cipher.ff1, self._cipher.length, DECODED_TOGETHER)
        return self._decoder.decode(codes)


class Lookup:
    """The reading side of the replica, for one child."""

    def __init__(
        self, directory: Path, codes_key: bytes, call_soon: Callable[[Callable[[], None]], object]
    ) -> None:
        self._env = lmdb.open(
            str(directory), readonly=True, max_readers=MOST_READERS, max_spare_txns=2
        )
        self._codes_key = codes_key
        self._call_soon = call_soon
        self._txn: lmdb.Transaction | None = None
        self._snapshot = -1
        self._domains: dict[bytes, KnownDomain | None] = {}  # by `Host` header
        self._links: dict[int, KnownLink | None] = {}
        self._cards: dict[int, CardPage | None] = {}
        self._ranges: dict[bytes, _Ranges] = {}  # by prefix

    def domain(self, host: bytes) -> KnownDomain | None:
        """Return the proved domain that a `Host` header names, or None."""
        txn = self._txn or self._begin()
        if host in self._domains:
            return self._domains[host]
        key = rows.domain_key(host_of(host))
        value = txn.get(key) if len(key) <= rows.LONGEST_KEY_BYTES else None
        row = rows.read_domain(value) if value else None
        known = _known_domain(row) if row else None
        if len(host) <= rows.LONGEST_KEY_BYTES:
            _keep(self._domains, host, known)
        return known

    def codes(self, domain: KnownDomain, codes: list[str]) -> list[Found | None]:
        """Return what each code leads to, or None for a mere guess; all have one length.

        A code has at most one generation in which it was handed out, so the first that knows it
        is right; guesses decrypt to serials far beyond what a domain ever hands out.
        """
        length = len(codes[0])
        found: list[Found | None] = [None] * len(codes)
        for generation in domain.generations.get(length) or self._generations(domain, length):
            number, prefix, limit = generation.number, generation.prefix, generation.limit
            known = self._ranges.get(prefix)
            if known is None:
                self._ranges[prefix] = known = _Ranges([], [])
            firsts, ranges = known
            for at, serial in enumerate(generation.decode(codes)):
                if serial >= limit:
                    continue
                before = found[at]
                if before is not None and before.link is not None:
                    continue
                # The range that begins last before or at the serial, if it reaches it.
                index = bisect_right(firsts, serial) - 1
                if index >= 0 and serial < ranges[index].end:
                    reached: _Range | None = ranges[index]
                else:
                    reached = self._read_range(prefix, serial, known)
                if reached is not None:
                    position = serial + reached.to_position
                    found[at] = Found(number, serial, position, reached.link)
                elif before is None:
                    found[at] = Found(number, serial, -1, None)
        return found

    def alias(self, domain: KnownDomain, path: str) -> Found | None:
        """Return what the alias `path` (any case, no leading slash) leads to, or None."""
        key = rows.alias_key(domain.row.id, path.lower())
        if len(key) > rows.LONGEST_KEY_BYTES:
            return None
        value = (self._txn or self._begin()).get(key)
        link = self._link(rows.read_alias(bytes(value))) if value else None
        return Found(0, -1, -1, link) if link else None

    def end_turn(self) -> None:
        """Let go of the snapshot, so that the next turn sees what is new."""
        if self._txn is not None:
            self._txn.abort()
            self._txn = None

    def close(self) -> None:
        self.end_turn()
        self._env.close()

    def _begin(self) -> lmdb.Transaction:
        try:
            txn = self._env.begin()
        except lmdb.MapResizedError:
            self._env.set_mapsize(0)  # Takes over the size that the parent has chosen.
            txn = self._env.begin()
        if txn.id() != self._snapshot:
            self._snapshot = txn.id()
            self._domains.clear()
            self._links.clear()
            self._cards.clear()
            self._ranges.clear()
        self._txn = txn
        self._call_soon(self.end_turn)
        return txn

    def _read_range(self, prefix: bytes, serial: int, known: _Ranges) -> _Range | None:
        """Read the range that holds `serial`, and keep it unless it is of one code only."""
        cursor = (self._txn or self._begin()).cursor()
        there = cursor.set_range(prefix + (serial + 1).to_bytes(8, "big"))
        if not (cursor.prev() if there else cursor.last()):
            return None
        key, value = cursor.item()
        if key[:-8] != prefix:
            return None
        (first,) = rows.first_serial_of(key[-8:])
        count, link, first_position = rows.read_range(value)
        if serial >= first + count:
            return None
        read = _Range(first, first + count, first_position - first, self._link(link))
        if count > 1 and len(known.firsts) < MOST_KEPT:
            at = bisect_right(known.firsts, first)
            known.firsts.insert(at, first)
            known.ranges.insert(at, read)
        return read

    def _link(self, link: int) -> KnownLink | None:
        if link in self._links:
            return self._links[link]
        value = (self._txn or self._begin()).get(rows.link_key(link))
        known = self._known_link(link, rows.read_link(bytes(value))) if value else None
        _keep(self._links, link, known)
        return known

    def _known_link(self, link: int, row: rows.LinkRow) -> KnownLink:
        parts = redirect_parts(row.destination)
        card = self._card(row.card) if row.card else None
        return KnownLink(link, row.is_stopped, row.expires_us, parts, card)

    def _card(self, link: int) -> CardPage | None:
        """Return the card of a link, or of a template whose personal links have it."""
        if link not in self._cards:
            value = (self._txn or self._begin()).get(rows.card_key(link))
            page = card_page(rows.read_card(bytes(value))) if value else None
            _keep(self._cards, link, page)
        return self._cards[link]

    def _generations(self, domain: KnownDomain, length: int) -> list[_Generation]:
        row = domain.row
        domain.generations[length] = [
            _Generation(
                number,
                generation_key(self._codes_key, row.id, key_id),
                rows.range_prefix(row.id, number, length),
                length,
            )
            for number, key_id in row.generations
        ]
        return domain.generations[length]


def host_of(header: bytes) -> str:
    """Return the host of a `Host` header: lower-case, no port, no final dot; "" for no ASCII."""
    if not header.isascii():
        return ""
    host = header.decode().strip().lower()
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0].removesuffix(".")


def _known_domain(row: rows.DomainRow) -> KnownDomain:
    return KnownDomain(
        row,
        fallback(row.fallback_url),
        home(row.host, row.brand_name, row.home_url, row.fallback_url),
        robots(row.robots),
    )


def _keep(kept: dict[Key, Value], key: Key, value: Value) -> None:
    """Remember within bounds: strangers choose the keys."""
    if len(kept) >= MOST_KEPT:
        kept.clear()
    kept[key] = value
