"""How a provider that takes one text a request is given hundreds: several at once, and no longer
when it cannot take them.

A round ends early after some troubles in a row: what was not begun surely did not leave, so it
waits, and few texts are in doubt when a provider goes down.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from typing import TypeVar

from tapline.digits import whole_number
from tapline.providers.base import Answer, Asked, Found, Outgoing, Refused, Unsure

# After this long a round begins no request any more.
BEGIN_SECONDS = 12.0
TROUBLES_IN_A_ROW = 10
LONGEST_RETRY_AFTER_SECONDS = 3_600.0

T = TypeVar("T")


class Round:
    """One round of requests, `connections` at once."""

    def __init__(self, connections: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._connections, self._monotonic = connections, monotonic
        self._ends_at = monotonic() + BEGIN_SECONDS
        self._troubles = 0
        self._stopped = False
        self._lock = threading.Lock()

    def run(self, batch: Sequence[Outgoing], send: Callable[[Outgoing], Answer]) -> list[Answer]:
        """Return one answer for each text; those that were not begun may be sent later."""

        def one(text: Outgoing) -> Answer:
            if self._is_over():
                return Refused(reference=text.reference, code="not_begun", text="", can_retry=True)
            answer = send(text)
            self._count(
                isinstance(answer, Unsure) or (isinstance(answer, Refused) and answer.can_retry),
                at_once=isinstance(answer, Refused) and answer.stops,
            )
            return answer

        return self._in_threads(one, batch)

    def ask(
        self, asked: Sequence[Asked], find: Callable[[Asked], Found | None]
    ) -> list[tuple[Asked, Found | None]]:
        """Return what was found of each text; None for what was not asked, or not answered."""

        def one(each: Asked) -> tuple[Asked, Found | None]:
            if self._is_over():
                return each, None
            found = find(each)
            self._count(found is None)
            return each, found

        return self._in_threads(one, asked)

    def _in_threads(self, work: Callable[..., T], items: Sequence[object]) -> list[T]:
        threads = min(self._connections, len(items))
        if threads <= 1:
            return [work(item) for item in items]
        with ThreadPoolExecutor(threads, thread_name_prefix="hand-over") as pool:
            return list(pool.map(work, items))

    def _is_over(self) -> bool:
        return self._stopped or self._monotonic() >= self._ends_at

    def _count(self, is_trouble: bool, *, at_once: bool = False) -> None:
        with self._lock:
            self._troubles = self._troubles + 1 if is_trouble else 0
            self._stopped |= at_once or self._troubles >= TROUBLES_IN_A_ROW


def seconds_until(header: str | None, now: dt.datetime) -> float | None:
    """Return the seconds in a `Retry-After` header, which may hold a date (RFC 9110, 10.2.3)."""
    if not header:
        return None
    if (whole := whole_number(header.strip())) is not None:
        return min(float(whole), LONGEST_RETRY_AFTER_SECONDS)
    try:
        seconds = (parsedate_to_datetime(header) - now).total_seconds()
    except (TypeError, ValueError):
        return None
    return min(max(0.0, seconds), LONGEST_RETRY_AFTER_SECONDS)
