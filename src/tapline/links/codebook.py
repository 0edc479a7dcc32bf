"""Which code stands for position n of a link: the answer for whole chunks of an audience."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from tapline.codes.ff1 import CodeCipher
from tapline.errors import NotFound
from tapline.links.generations import cipher
from tapline.links.models import Domain

LAST_POSITION = 2**63 - 1

# link, first position, count, first serial, length, domain, key id
_Row = tuple[int, int, int, int, int, int, str]

SHARED_RANGES = """
-- The ranges of some links that touch some positions, oldest first.
select r.link_id, r.first_position, r.count, r.first, r.length, r.domain_id, g.key_id
from links_coderange r join links_keygeneration g on g.id = r.generation_id
where r.link_id in ({links})
  and r.first_position <= %s and r.first_position + r.count > %s
order by r.id
"""

PERSONAL_RANGES = """
-- The ranges of the personal links below some templates, for some positions, oldest first.
select r.template_id, r.first_position, r.count, r.first, r.length, r.domain_id, g.key_id
from links_coderange r join links_keygeneration g on g.id = r.generation_id
where r.template_id in ({links}) and r.first_position <= %s and r.first_position >= %s
order by r.id
"""


class NoCode(NotFound):
    """A position of a link has no code."""


@dataclass(frozen=True, slots=True)
class _Ranges:
    """The ranges of one link, oldest first: one place in each array per range."""

    first_positions: NDArray[np.int64]
    counts: NDArray[np.int64]
    first_serials: NDArray[np.int64]
    ciphers: NDArray[np.int64]  # places in the code book's list of ciphers

    def look_up(self, wanted: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return which range holds each wanted position; -1 where none does, the newest where
        several do."""
        low, high = int(wanted.min()), int(wanted.max())
        starts = np.maximum(self.first_positions, low)
        lengths = np.minimum(self.first_positions + self.counts, high + 1) - starts
        lengths = np.maximum(lengths, 0)
        # One entry per position of every range within the window; later (newer) entries win.
        owners = np.repeat(np.arange(len(lengths)), lengths)
        offsets = np.arange(len(owners)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        owner_at = np.full(high - low + 1, -1)
        owner_at[starts[owners] + offsets - low] = owners
        found: NDArray[np.int64] = owner_at[wanted - low]
        return found


@dataclass(slots=True)
class CodeBook:
    """The codes of some links. It is a snapshot: load another after minting."""

    _ranges: dict[int, _Ranges]
    _ciphers: list[CodeCipher]

    def codes(self, link_id: int, positions: Sequence[int]) -> list[str]:
        """Return the code of each position, in order; of a TEMPLATE, its personal links' codes.

        Where a position was given codes twice it is the newest. Raises `NoCode`.
        """
        wanted = np.asarray(positions, np.int64)
        if not len(wanted):
            return []
        ranges = self._ranges.get(link_id)
        if ranges is None:
            raise _no_code(link_id, int(wanted[0]))
        owners = ranges.look_up(wanted)
        if (owners < 0).any():
            raise _no_code(link_id, int(wanted[owners < 0][0]))
        serials = ranges.first_serials[owners] + wanted - ranges.first_positions[owners]
        return self._encode(serials, ranges.ciphers[owners])

    @staticmethod
    def url(domain: Domain, code: str) -> str:
        """Return the link as it stands in a text."""
        return f"{domain.base_url}/{code}"

    def _encode(self, serials: NDArray[np.int64], ciphers: NDArray[np.int64]) -> list[str]:
        codes = np.empty(len(serials), object)
        for number in np.unique(ciphers).tolist():
            chosen = ciphers == number
            codes[chosen] = self._ciphers[number].encode_many(serials[chosen]).astype(str)
        found: list[str] = codes.tolist()
        return found


def load_codebook(
    link_ids: Sequence[int], *, first_position: int = 0, last_position: int = LAST_POSITION
) -> CodeBook:
    """Return the codes of some links, for the positions from first to last.

    Give the positions where a chunk is all that is wanted: a template has a range per recipient.
    """
    rows: dict[int, list[tuple[int, int, int, int]]] = {}
    ciphers: dict[tuple[int, str, int], int] = {}
    for link, position, count, serial, length, domain, key_id in _read_ranges(
        link_ids, first_position, last_position
    ):
        number = ciphers.setdefault((domain, key_id, length), len(ciphers))
        rows.setdefault(link, []).append((position, count, serial, number))
    ranges = {link: _Ranges(*np.array(found, np.int64).T) for link, found in rows.items()}
    return CodeBook(ranges, [cipher(*key) for key in ciphers])


def _read_ranges(link_ids: Sequence[int], first: int, last: int) -> Iterator[_Row]:
    if not link_ids:
        return
    links = ", ".join(["%s"] * len(link_ids))
    with connection.cursor() as cursor:
        cursor.execute(SHARED_RANGES.format(links=links), [*link_ids, last, first])
        yield from cursor.fetchall()
        cursor.execute(PERSONAL_RANGES.format(links=links), [*link_ids, last, first])
        yield from cursor.fetchall()


def _no_code(link_id: int, position: int) -> NoCode:
    return NoCode(
        f"Position {position} of link {link_id} has no code.",
        why="Codes exist from the moment they are minted, and this one was not.",
        do="Prepare the broadcast again; what is prepared already stays as it is.",
    )
