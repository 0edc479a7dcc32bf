"""Which of the picked messages may leave now, and from which number, within every number's caps."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence

from tapline.broadcasts.channels import Channel, assign
from tapline.broadcasts.models import Message
from tapline.broadcasts.pacing import free_turns, left_today, use_turns
from tapline.broadcasts.rendering import Rendered


def choose_turns(
    channels: Sequence[Channel], picked: Sequence[int], now: dt.datetime
) -> dict[int, Channel]:
    """Return the picked messages that may leave at `now`, in their order, with their numbers.

    Call it inside the transaction that leases them. A number that has sent its day's count hands
    its people to the others of its pool until tomorrow.
    """
    if len(channels) == 1:
        return dict.fromkeys(picked[: free_turns(channels[0], len(picked), now)], channels[0])
    open_today = [each for each in channels if left_today(each, now) != 0]
    if not open_today:
        return {}
    phones = dict(Message.objects.filter(id__in=picked).values_list("id", "phone"))
    turns = Counter({each: free_turns(each, len(picked), now) for each in open_today})
    chosen: dict[int, Channel] = {}
    for number in picked:
        channel = assign(phones.get(number, ""), open_today)
        if turns[channel] > 0:
            turns[channel] -= 1
            chosen[number] = channel
    return chosen


def within_day(
    rendered: Sequence[Rendered], leased: Mapping[int, Channel], now: dt.datetime
) -> list[Rendered]:
    """Return what the daily caps still allow, now that the parts are known. A turn has paid for
    the first part of each already."""
    left = {
        channel: left + sum(leased[each.id] == channel for each in rendered)
        for channel in set(leased.values())
        if (left := left_today(channel, now)) is not None
    }
    allowed: list[Rendered] = []
    for each in rendered:
        channel = leased[each.id]
        if channel in left:
            if left[channel] < each.parts:
                continue
            left[channel] -= each.parts
        allowed.append(each)
    return allowed


def use_more_turns(
    submitted: Sequence[Rendered], leased: Mapping[int, Channel], now: dt.datetime
) -> None:
    """Count the parts beyond the first, which the lease has counted."""
    more: Counter[Channel] = Counter()
    for each in submitted:
        more[leased[each.id]] += each.parts - 1
    for channel, parts in more.items():
        use_turns(channel, parts, now)
