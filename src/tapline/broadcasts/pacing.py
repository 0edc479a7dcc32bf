"""How many texts a sender number may hand over now.

A rate is kept as one moment per number: when everything it handed over so far is paid for. Workers
share it through the database, so two of them do not send twice as fast.
"""

from __future__ import annotations

import datetime as dt

from tapline import config
from tapline.broadcasts.models import SenderPace


def free_turns(number: str, wanted: int, now: dt.datetime) -> int:
    """Return how many of `wanted` texts may leave from `number` now.

    An idle number may send one second's worth (at least one text) at once. Call it, and
    `use_turns` for those that are really leased, inside the transaction that leases them.
    """
    rate = config.current().sender_rate
    if rate <= 0:
        return wanted
    idle_seconds = (now - _free_at(number, rate, now)).total_seconds()
    return min(wanted, max(0, int(idle_seconds * rate)))


def use_turns(number: str, count: int, now: dt.datetime) -> None:
    """Count `count` texts as left from `number`."""
    rate = config.current().sender_rate
    if rate > 0 and count:
        free_at = _free_at(number, rate, now) + dt.timedelta(seconds=count / rate)
        SenderPace.objects.update_or_create(number=number, defaults={"free_at": free_at})


def _free_at(number: str, rate: float, now: dt.datetime) -> dt.datetime:
    """Return when the number is free, but no longer ago than what it may save up."""
    most_saved = dt.timedelta(seconds=max(1.0, 1.0 / rate))
    pace = SenderPace.objects.filter(number=number).first()
    return max(pace.free_at, now - most_saved) if pace else now - most_saved
