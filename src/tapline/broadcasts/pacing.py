"""How many texts a sender number may hand over now, in parts a second and parts a day.

A rate is kept as one moment per number: when everything it handed over so far is paid for. Workers
share it through the database, so two of them do not send twice as fast. How many parts a text has
is known when it is rendered: a turn pays for one, and the rest is paid when it is handed over.
"""

from __future__ import annotations

import datetime as dt

from tapline.broadcasts.channels import Channel
from tapline.broadcasts.models import SenderPace
from tapline.providers.use import count_parts_on, day_in, parts_on


def free_turns(channel: Channel, wanted: int, now: dt.datetime) -> int:
    """Return how many of `wanted` texts may leave from a number now.

    An idle number may send one second's worth (at least one text) at once. Call it, and
    `use_turns` for those that are really leased, inside the transaction that leases them.
    """
    left = left_today(channel, now)
    wanted = wanted if left is None else min(wanted, left)
    rate = channel.parts_per_second
    free_at = _free_at(channel, now)
    if rate <= 0:
        return wanted if free_at <= now else 0
    idle_seconds = (now - free_at).total_seconds()
    return min(wanted, max(0, int(idle_seconds * rate)))


def use_turns(channel: Channel, parts: int, now: dt.datetime) -> None:
    """Count `parts` as left from a number."""
    if parts <= 0:
        return
    if channel.parts_per_second > 0:
        spent = dt.timedelta(seconds=parts / channel.parts_per_second)
        _set_free_at(channel, _free_at(channel, now) + spent)
    if channel.sender is not None:
        count_parts_on(channel.sender, day_in(channel.day_zone, now), parts)


def rest(channel: Channel, until: dt.datetime) -> None:
    """Let nothing leave from a number before `until`: its queue at the provider is full."""
    known = SenderPace.objects.filter(number=channel.key).first()
    if known is None or known.free_at < until:
        _set_free_at(channel, until)


def left_today(channel: Channel, now: dt.datetime) -> int | None:
    """Return how many parts may still leave from a number today; None where nothing limits it."""
    if channel.sender is None or not channel.parts_per_day:
        return None
    used = parts_on(channel.sender, day_in(channel.day_zone, now))
    return max(0, channel.parts_per_day - used)


def _free_at(channel: Channel, now: dt.datetime) -> dt.datetime:
    """Return when the number is free, but no longer ago than what it may save up."""
    rate = channel.parts_per_second
    most_saved = dt.timedelta(seconds=max(1.0, 1.0 / rate) if rate > 0 else 0)
    pace = SenderPace.objects.filter(number=channel.key).first()
    return max(pace.free_at, now - most_saved) if pace else now - most_saved


def _set_free_at(channel: Channel, free_at: dt.datetime) -> None:
    SenderPace.objects.update_or_create(number=channel.key, defaults={"free_at": free_at})
