"""Counters that children write and the parent reads: shared memory, one row per child, no locks.

A row has one writer, so a plain store of eight aligned bytes is enough; the parent adds the rows
up. A restarted child goes on in the row of the one that died, so that totals never fall.
"""

from __future__ import annotations

import mmap
import os
from bisect import bisect_left
from enum import IntEnum

_VALUE_BYTES = 8
_ROW_VALUES = 64


class Counter(IntEnum):
    """What is counted, at its place in a row. Answers first, in the order metrics show them."""

    REDIRECT = 0
    EXPIRED = 1
    DISABLED = 2
    UNRESOLVED = 3
    UNKNOWN = 4
    UNKNOWN_HOST = 5
    HOME = 6
    ROBOTS = 7
    METHOD_NOT_ALLOWED = 8
    REFUSED = 9
    TIMED_OUT = 10
    FAILED = 11
    WELL_KNOWN = 12
    FAVICON = 13
    CARD = 14
    # Not answers: what happened on the way.
    FOLDED = 16
    SLOWED = 17
    CONNECTIONS_REFUSED = 18
    CONNECTIONS = 19
    LOG_WRITTEN = 20
    LOG_LOST = 21
    LOG_SYNCS = 22
    LOG_SYNC_MICROSECONDS = 23
    LOG_FAILING = 24
    TLS_FAILURES = 25
    TAP_MICROSECONDS = 26


ANSWERS = tuple(Counter(value) for value in range(Counter.CARD + 1))

# Taps by how long they waited for their answer: so many values of a row, from this place on, one
# for each bound and one for what is above the last.
TAP_SECONDS_AT = 32
TAP_SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0)


class Counters:
    """The shared table. The parent makes it with `create`, children open it by its descriptor."""

    def __init__(self, descriptor: int, children: int) -> None:
        self.descriptor = descriptor
        self.children = children
        size = children * _ROW_VALUES * _VALUE_BYTES
        self._values = memoryview(mmap.mmap(descriptor, size)).cast("q")

    @classmethod
    def create(cls, children: int) -> Counters:
        descriptor = os.memfd_create("tapline-edge-counters")
        os.ftruncate(descriptor, children * _ROW_VALUES * _VALUE_BYTES)
        return cls(descriptor, children)

    def row(self, child: int) -> memoryview:
        """Return the values of one child, to be indexed by `Counter`."""
        return self._values[child * _ROW_VALUES : (child + 1) * _ROW_VALUES]

    def total(self, counter: Counter) -> int:
        return sum(self.row(child)[counter] for child in range(self.children))

    def most(self, counter: Counter) -> int:
        """Return the largest value that any child has."""
        return max(self.row(child)[counter] for child in range(self.children))

    def tap_seconds(self) -> list[int]:
        """Return how many taps waited up to each bound of `TAP_SECONDS`, and longer."""
        places = range(TAP_SECONDS_AT, TAP_SECONDS_AT + len(TAP_SECONDS) + 1)
        return [sum(self.row(child)[at] for child in range(self.children)) for at in places]


def count_taps(row: memoryview, taps: int, seconds: float) -> None:
    """Note in a child's row that so many taps waited so long for their answers."""
    row[TAP_SECONDS_AT + bisect_left(TAP_SECONDS, seconds)] += taps
    row[Counter.TAP_MICROSECONDS] += int(taps * seconds * 1e6)
