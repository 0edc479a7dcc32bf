"""How many texts a sender number may hand over now.

A rate is kept as one moment per number: when everything it handed over so far is paid for. Workers
share it through the database, so two of them do not send twice as fast.
"""

from __future__ import annotations

import datetime as dt

from tapline import config
from tapline.broadcasts.models import SenderPace


def take_turns(number: str, wanted: int, now: dt.datetime) -> int:
    """Return how many of `wanted` texts may leave from `number` now, and count them as left.

    Call it inside the transaction that leases them. An idle number may send one second's worth
    (at least one text) at once.
    """
    rate = config.current().sender_rate
    if rate <= 0:
        return wanted
    most_saved = dt.timedelta(seconds=max(1.0, 1.0 / rate))
    pace, _ = SenderPace.objects.get_or_create(
        number=number, defaults={"free_at": now - most_saved}
    )
    free_at = max(pace.free_at, now - most_saved)
    count = min(wanted, max(0, int((now - free_at).total_seconds() * rate)))
    if count:
        pace.free_at = free_at + dt.timedelta(seconds=count / rate)
        pace.save(update_fields=["free_at"])
    return count
