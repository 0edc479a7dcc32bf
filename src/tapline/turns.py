"""How bulk work shares the control database's one writer: short turns, and a rest between them.

Whoever waits for SQLite's writer does not queue, but tries again after 1, 2, 5, 10, 15, 20, 25, 25,
25, 50, 50 and then every 100 ms. Work that begins again right after each commit leaves gaps that
all of these tries miss. A rest a little longer than 25 ms is met by one of the first nine, so
others wait for one turn and one step (docs/decisions/012-polite-writers.md).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

REST_SECONDS = 0.027


class Turns:
    """The turns of one piece of bulk work, one after the other."""

    def __init__(self) -> None:
        self._ended_at = float("-inf")
        self.last_seconds = 0.0  # how long the last turn held the writer

    @contextmanager
    def take(self) -> Iterator[None]:
        """Hold the writer for one transaction, at least `REST_SECONDS` after the last turn.

        What the caller did in between, reading or rendering, is part of the rest. So prepare each
        turn's work after the last one, not all of it at once.
        """
        time.sleep(max(0.0, self._ended_at + REST_SECONDS - time.monotonic()))
        began_at = time.monotonic()
        try:
            with transaction.atomic():
                began_at = time.monotonic()  # the writer is ours from here
                yield
        finally:
            self._ended_at = time.monotonic()
            self.last_seconds = self._ended_at - began_at
