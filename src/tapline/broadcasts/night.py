"""Which waiting messages may leave now: those whose recipient's place is open, for long enough.

A broadcast's recipients live at a few hundred places at most. Python looks which of them are open
and until when; SQL finds the messages there. The places of a moment are kept for some seconds, and
so is how far the waiting messages were looked through: those that are closed are passed over once
until another place opens, not again for every chunk.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from tapline import config
from tapline.broadcasts.channels import parts_per_second
from tapline.broadcasts.models import (
    AtNight,
    Broadcast,
    BroadcastKind,
    BroadcastPlace,
    Message,
    MessageState,
)
from tapline.hours.deciding import policy_of
from tapline.hours.policy import LEAST_LEFT, MARGIN, Moment, Policy, look
from tapline.providers.registry import reaches_people

# Decisions and queues are looked at again after this long.
LOOK_AGAIN = dt.timedelta(seconds=5)
# What came back to wait (refused for now, a lease that ran out) is found after this long at most.
SWEEP_AGAIN = dt.timedelta(seconds=15)
# No queue is longer than what providers keep a text for.
LONGEST_QUEUE = dt.timedelta(hours=10)

_WAITING = """
  where m.broadcast_id = %(broadcast)s and m.state = 'pending'
    and m.state in ('pending', 'leased', 'submitted', 'unknown')"""

NEXT = f"""
-- The next waiting messages of a broadcast.
select m.id, m.position from broadcasts_message m {_WAITING}
order by m.position limit %(count)s
"""

NEXT_OPEN = f"""
-- The next waiting messages at open places, from a position on: by the index alone.
select m.id, m.position from broadcasts_message m {_WAITING}
    and m.position >= %(start)s
    and coalesce(m.place, '') in (select value from json_each(%(open)s))
order by m.position limit %(count)s
"""

WAITING_BY_PLACE = f"""
-- How many wait at each place; by the index alone, 0.2 s for a million.
select coalesce(m.place, ''), count(*) from broadcasts_message m {_WAITING}
group by 1
"""

QUEUED_THERE = """
-- Texts of a sender number that the provider has and has not delivered, where it tells what it did.
select coalesce(sum(t.count), 0)
from broadcasts_broadcast b cross join broadcasts_messagetally t on t.broadcast_id = b.id
where b.state = 'sending' and b.provider = %(provider)s and b.sender_number = %(sender)s
  and t.state = 'accepted'
  and exists (select 1 from broadcasts_messagetally d
              where d.broadcast_id = b.id and d.state = 'delivered' and d.count > 0)
"""

LEAVE_OUT = f"""
-- Waiting messages at closed places that are not to wait (any longer).
update broadcasts_message set state = 'cancelled', error_code = %(reason)s
where state = 'pending' and id in (
  select m.id from broadcasts_message m {_WAITING}
    and coalesce(m.place, '') in (select value from json_each(%(closed)s))
  limit %(count)s)
"""

LEFT_OUT_AT_ONCE = 1_000

COUNT_AGAIN = dt.timedelta(seconds=10)
MOST_ASLEEP = 256
_ASLEEP: dict[int, tuple[dt.datetime, Asleep]] = {}


@dataclass(slots=True)
class _View:
    """How things stood for one broadcast, and how far its waiting messages were looked through."""

    seen_at: dt.datetime
    moment: Moment | None  # None: its texts leave at any hour
    start: int = 0
    rest_until: dt.datetime | None = None

    @property
    def until(self) -> dt.datetime:
        """When to look again."""
        later = self.seen_at + LOOK_AGAIN
        return min(later, self.moment.changes_at) if self.moment else later


@dataclass(slots=True)
class Night:
    """Remembers, per broadcast, which places are open. One per sender."""

    _views: dict[int, _View] = field(default_factory=dict)

    def pick(self, broadcast: Broadcast, count: int, now: dt.datetime) -> list[int]:
        """Return the ids of up to `count` waiting messages that may leave at `now`."""
        view = self._view(broadcast, now)
        values: dict[str, Any] = {"broadcast": broadcast.pk, "count": count}
        if view.moment is None or not view.moment.opens_at:
            return [number for number, _position in _rows(NEXT, values)]
        if view.rest_until is not None and now < view.rest_until:
            return []
        values |= {"start": view.start, "open": json.dumps(list(view.moment.closes_at))}
        found = _rows(NEXT_OPEN, values)
        if found:
            view.start, view.rest_until = found[-1][1] + 1, None
        else:  # Once more from the beginning, after a rest: something may have come back.
            view.start, view.rest_until = 0, min(now + SWEEP_AGAIN, view.moment.changes_at)
        return [number for number, _position in found]

    def send_before(
        self, broadcast: Broadcast, place: str | None, before: dt.datetime, now: dt.datetime
    ) -> dt.datetime:
        """Return `before`, or when the place closes less a margin, whichever is earlier."""
        view = self._view(broadcast, now)
        closes_at = view.moment.closes_at.get(place or "") if view.moment else None
        return min(before, closes_at - MARGIN) if closes_at else before

    def _view(self, broadcast: Broadcast, now: dt.datetime) -> _View:
        known = self._views.get(broadcast.pk)
        if known and known.seen_at <= now < known.until:
            return known
        view = _View(now, how_it_stands(broadcast, now))
        if known and _same_open(known.moment, view.moment):
            view.start, view.rest_until = known.start, known.rest_until
        self._views[broadcast.pk] = view
        return view


def _same_open(before: Moment | None, after: Moment | None) -> bool:
    return bool(before and after and before.closes_at.keys() == after.closes_at.keys())


def keeps_hours(broadcast: Broadcast, policy: Policy) -> bool:
    """Say whether a broadcast's texts wait for open hours at all.

    Answers to what a person just asked do not, unless the workspace decided so: the source stands
    in `hours.rules.ANSWERS_SOURCE`.
    """
    mode = config.current().quiet_hours
    if mode == "off" or (mode == "people" and not reaches_people(broadcast.provider)):
        return False
    if broadcast.kind in (BroadcastKind.ANSWERS, BroadcastKind.NOTICES):
        # An opt-out is confirmed at once, at any hour.
        return broadcast.kind == BroadcastKind.ANSWERS and policy.answers_wait
    return policy.waits(broadcast.purpose)


def waits_until(message: Message, now: dt.datetime) -> dt.datetime | None:
    """Return when the place of a waiting message opens; None where it need not wait for that."""
    policy = policy_of(message.broadcast.workspace)
    if message.state != MessageState.PENDING or not keeps_hours(message.broadcast, policy):
        return None
    policy, key = policy.for_texts(message.broadcast.purpose), message.place or ""
    if policy.is_open(key, now):
        return None
    opening = policy.next_opening(key, now)
    return opening.opens_at if opening else None


def how_it_stands(broadcast: Broadcast, now: dt.datetime) -> Moment | None:
    """Return which of a broadcast's places are open; None where its texts leave at any hour."""
    policy = policy_of(broadcast.workspace)
    if not keeps_hours(broadcast, policy):
        return None
    places = BroadcastPlace.objects.filter(broadcast=broadcast).values_list("place", flat=True)
    return look(policy.for_texts(broadcast.purpose), ["", *places], now, least_left(broadcast))


def least_left(broadcast: Broadcast) -> dt.timedelta:
    """Return how long a place must stay open for a text to be handed over: the least, and as long
    as the provider needs for what it has from this sender number already."""
    rate = parts_per_second(broadcast)
    if rate <= 0:
        return LEAST_LEFT
    values = {"provider": broadcast.provider, "sender": broadcast.sender_number}
    ((queued,),) = _rows(QUEUED_THERE, values)
    return LEAST_LEFT + min(LONGEST_QUEUE, dt.timedelta(seconds=queued / rate))


def leave_out_closed(broadcast: Broadcast, now: dt.datetime) -> int:
    """Leave out some who are not to wait for their morning, or waited long enough; return how
    many. Broadcasts that are not composed here never give up."""
    if broadcast.kind != BroadcastKind.COMPOSED:
        return 0
    reason = "quiet_hours" if broadcast.at_night == AtNight.SKIP else "too_late"
    started_at = broadcast.started_at or now
    if reason == "too_late" and now < started_at + dt.timedelta(hours=broadcast.give_up_hours):
        return 0
    moment = how_it_stands(broadcast, now)
    if moment is None or not moment.opens_at:
        return 0
    values: dict[str, Any] = {
        "broadcast": broadcast.pk,
        "reason": reason,
        "closed": json.dumps(list(moment.opens_at)),
        "count": LEFT_OUT_AT_ONCE,
    }
    with connection.cursor() as cursor:
        cursor.execute(LEAVE_OUT, values)
        left_out: int = cursor.rowcount
    return left_out


@dataclass(frozen=True, slots=True)
class Waiting:
    """Messages at one place that wait for it to open; `opens_at` None: not within ten days."""

    place: str
    count: int
    opens_at: dt.datetime | None


def waiting_for_morning(broadcast: Broadcast, now: dt.datetime) -> tuple[Waiting, ...]:
    """Return who waits at closed places, the earliest opening first."""
    moment = how_it_stands(broadcast, now)
    if moment is None or not moment.opens_at:
        return ()
    counts = _rows(WAITING_BY_PLACE, {"broadcast": broadcast.pk})
    return in_order(Waiting(p, n, moment.opens_at[p]) for p, n in counts if p in moment.opens_at)


def in_order(waiting: Iterable[Waiting]) -> tuple[Waiting, ...]:
    """Return who waits, the earliest opening first and those without one last."""
    latest = dt.datetime.max.replace(tzinfo=dt.UTC)
    return tuple(sorted(waiting, key=lambda each: (each.opens_at or latest, -each.count)))


@dataclass(frozen=True, slots=True)
class Asleep:
    """Who waits for their morning: how many in all, and how many of them from each opening on."""

    count: int = 0
    openings: tuple[tuple[dt.datetime, int], ...] = ()

    @property
    def next_at(self) -> dt.datetime | None:
        return self.openings[0][0] if self.openings else None


def who_sleeps(broadcast: Broadcast, now: dt.datetime) -> Asleep:
    """Return who waits for their morning, as pages tell it: counted anew each ten seconds at most,
    because many look at a report that renews itself each second."""
    known = _ASLEEP.get(broadcast.pk)
    if known is None or not known[0] <= now < known[0] + COUNT_AGAIN:
        if len(_ASLEEP) >= MOST_ASLEEP:
            _ASLEEP.clear()
        known = _ASLEEP[broadcast.pk] = now, _asleep(waiting_for_morning(broadcast, now))
    return known[1]


def _asleep(waiting: Sequence[Waiting]) -> Asleep:
    openings: Counter[dt.datetime] = Counter()
    for each in waiting:
        if each.opens_at is not None:
            openings[each.opens_at] += each.count
    return Asleep(sum(each.count for each in waiting), tuple(sorted(openings.items())))


def _rows(statement: str, values: dict[str, Any]) -> Sequence[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
