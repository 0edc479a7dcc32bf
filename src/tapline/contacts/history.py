"""Everything that happened with one contact, in order of time, a page at a time from the newest.

Each room tells what it knows in a source: a few queries by the contact, each bounded by the page.
"""

from __future__ import annotations

import datetime as dt
import enum
import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from tapline.contacts.marks import Mark
from tapline.contacts.models import Contact

MOMENTS_PER_PAGE = 20

Row = TypeVar("Row", bound=Model)


class Kind(enum.IntEnum):
    """What a moment is. Of several at the same time the higher one is told first.

    The four after the first are numbered as in a conversation (`replies.conversation.Kind`).
    """

    ADDED = 0
    REPLY = 1  # they wrote
    ANSWER = 2  # somebody answered, or we did by ourselves
    TEXT = 3  # they got a text that was no answer
    TAP = 4  # they opened a link of ours for the first time
    CONSENT = 5
    OPT_OUT = 6
    IMPORT = 7
    CHANGE = 8  # somebody of the workspace changed what is known


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """One opening of a text's link: by whom, why that is held, on what and where."""

    counts_as: str
    why: str
    facts: str
    is_person: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One thing that happened, in people's words."""

    kind: Kind
    pk: int
    at: dt.datetime
    what: str
    quote: str = ""  # somebody's own words
    facts: tuple[str, ...] = ()
    is_bad: bool = False
    broadcast_id: int | None = None
    broadcast: str = ""
    import_id: int | None = None
    place: str = ""  # of a text: the key of the place that its hour was chosen for
    opened: tuple[Opened, ...] = ()

    @property
    def mark(self) -> Mark:
        return Mark(at=self.at, pk=self.pk, kind=self.kind)


@dataclass(frozen=True, slots=True)
class History:
    """One page, the newest moment first, and where the page of older ones begins."""

    moments: list[Moment]
    older: Mark | None


# Returns at most so many of a contact's newest moments that come before a mark.
Source = Callable[[Contact, Mark | None, int], list[Moment]]
# Adds to the moments of one page what is too dear to look up for those that are left out.
Finish = Callable[[Contact, list[Moment]], list[Moment]]

# Rooms add theirs in their AppConfig.ready.
SOURCES: list[Source] = []
FINISHES: list[Finish] = []


def read_history(
    contact: Contact, before: Mark | None = None, limit: int = MOMENTS_PER_PAGE
) -> History:
    """Return the newest moments of a contact that are older than `before`."""
    found = [moment for source in SOURCES for moment in source(contact, before, limit + 1)]
    newest = heapq.nlargest(limit + 1, found, key=lambda each: (each.at, each.kind, each.pk))
    moments = newest[:limit]
    older = moments[-1].mark if len(newest) > limit else None
    for finish in FINISHES:
        moments = finish(contact, moments)
    return History(moments, older)


def newest_of(
    rows: QuerySet[Row], time: str, kind: int, before: Mark | None, limit: int
) -> Iterable[Row]:
    """Return the newest of `rows` below `before`, in the order of (time, kind, id)."""
    if before is not None:
        older = Q(**{f"{time}__lt": before.at})
        same = Q(**{time: before.at})
        if kind < before.kind:
            older |= same
        elif kind == before.kind:
            older |= same & Q(pk__lt=before.pk)
        rows = rows.filter(older)
    return rows.order_by(f"-{time}", "-pk")[:limit]
