"""Who of an audience would get a broadcast at once, who would wait for their morning, and who would
get none: told before it is sent, by counting places, not people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import connection

from tapline.broadcasts.audience import audience_sql
from tapline.broadcasts.capping import cap_since, too_often_sql
from tapline.broadcasts.models import AtNight, Broadcast
from tapline.broadcasts.night import Waiting, in_order, keeps_hours, least_left
from tapline.broadcasts.reach import Reach
from tapline.contacts.consent import textable_sql
from tapline.hours.clues import make_tables, place_sql
from tapline.hours.deciding import policy_of
from tapline.hours.policy import Moment, Policy, look

COUNT_CONTACTS = """
-- How many contacts the audience has.
select count(*) from contacts_contact c where c.workspace_id = %(workspace)s and {audience}
"""

COUNT_BY_PLACE = """
-- Those of the audience who may be texted, by place and by whether they had enough texts lately.
select {place}, {too_often}, count(*)
from contacts_contact c
where c.workspace_id = %(workspace)s and {audience} and {textable}
group by 1, 2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What would become of an audience at a moment. Who of the `textable` is in none of `at_once`,
    `too_often` and `asleep` gets no text for a reason of the text's own."""

    contacts: int
    textable: int
    too_often: int
    at_once: int
    asleep: tuple[Waiting, ...]  # by opening; empty where the broadcast's texts leave at any hour
    closing: tuple[tuple[dt.timedelta, int], ...]  # of the others: how long theirs stays open
    gives_up_at: dt.datetime
    skips: bool  # those asleep are left out
    unsure: int  # of those asleep: their place may be one of several

    @property
    def getting(self) -> int:
        """How many get a text, at once or when their place opens, should that be ever."""
        return self.at_once + sum(each.count for each in self.asleep)

    @property
    def never(self) -> int:
        """How many live where nothing opens within ten days."""
        return sum(each.count for each in self.asleep if each.opens_at is None)

    @property
    def too_late(self) -> int:
        """How many would wait until the broadcast gives up."""
        return 0 if self.skips else sum(each.count for each in self.asleep if self._is_late(each))

    @property
    def waiting(self) -> tuple[Waiting, ...]:
        """Those who would wait and get their text, the earliest opening first."""
        if self.skips:
            return ()
        return tuple(each for each in self.asleep if not self._is_late(each))

    def _is_late(self, each: Waiting) -> bool:
        return each.opens_at is None or each.opens_at >= self.gives_up_at


def look_ahead(broadcast: Broadcast, now: dt.datetime) -> Forecast:
    """Return what would become of a broadcast that starts at `now`, or when it is scheduled.

    Two passes over the audience: about two seconds for a million contacts, four where places or a
    cap are to be looked at.
    """
    at = max(now, broadcast.scheduled_at or now)
    sleeps = keeps_hours(broadcast, policy_of(broadcast.workspace))
    contacts, rows = _count(broadcast, at, by_place=sleeps)
    counts: dict[str, int] = {}
    for place, had_enough, count in rows:
        if not had_enough:
            counts[place] = counts.get(place, 0) + count
    textable = sum(count for _place, _had_enough, count in rows)
    too_often = textable - sum(counts.values())
    return _forecast(
        broadcast, now, counts, contacts=contacts, textable=textable, too_often=too_often
    )


def forecast(broadcast: Broadcast, now: dt.datetime, reach: Reach) -> Forecast:
    """Return what would become of an audience, or of a part of it, that was counted."""
    return _forecast(
        broadcast,
        now,
        reach.places,
        contacts=reach.contacts,
        textable=reach.textable,
        too_often=reach.left_out["too_often"],
    )


def _forecast(
    broadcast: Broadcast,
    now: dt.datetime,
    places: Mapping[str, int],
    *,
    contacts: int,
    textable: int,
    too_often: int,
) -> Forecast:
    """Return what would become of them; `places` says how many get a text where."""
    at = max(now, broadcast.scheduled_at or now)
    policy = policy_of(broadcast.workspace)
    sleeps = keeps_hours(broadcast, policy)
    moment = _look(broadcast, policy, places, at) if sleeps else Moment({}, {}, at)
    asleep = in_order(Waiting(key, places[key], opens) for key, opens in moment.opens_at.items())
    return Forecast(
        contacts=contacts,
        textable=textable,
        too_often=too_often,
        at_once=sum(places.values()) - sum(each.count for each in asleep),
        asleep=asleep,
        closing=tuple((end - at, places[key]) for key, end in moment.closes_at.items()),
        gives_up_at=at + dt.timedelta(hours=broadcast.give_up_hours),
        skips=broadcast.at_night == AtNight.SKIP,
        unsure=sum(each.count for each in asleep if _is_unsure(policy, each.place)),
    )


def _look(broadcast: Broadcast, policy: Policy, keys: Iterable[str], at: dt.datetime) -> Moment:
    return look(policy.for_texts(broadcast.purpose), list(keys), at, least_left(broadcast))


def _is_unsure(policy: Policy, key: str) -> bool:
    return len(policy.place(key).spots) > 1


def _count(
    broadcast: Broadcast, at: dt.datetime, *, by_place: bool
) -> tuple[int, list[tuple[str, bool, int]]]:
    workspace = broadcast.workspace
    audience = audience_sql(workspace, broadcast.audience)
    values = {"workspace": workspace.pk, "cap_since": cap_since(broadcast, at)}
    by = COUNT_BY_PLACE.format(
        place=f"coalesce({place_sql('c')}, '')" if by_place else "''",
        too_often=too_often_sql(broadcast, "c.id"),
        audience=audience,
        textable=textable_sql(workspace, broadcast.purpose),
    )
    with connection.cursor() as cursor:
        make_tables(cursor)
        cursor.execute(COUNT_CONTACTS.format(audience=audience), values)
        (contacts,) = cursor.fetchone()
        cursor.execute(by, values)
        return contacts, list(cursor.fetchall())
