"""In which hours of the week people tapped one broadcast, each by the clock where they are."""

from __future__ import annotations

from dataclasses import dataclass

from tapline.clicks.slice_table import HOUR_OF_WEEK
from tapline.clicks.slices import query_broadcast

BY_HOUR_OF_WEEK = """
-- People and taps of one broadcast by weekday and hour where they are.
select
    weekday_local,
    hour_local,
    count(distinct case when message > 0 then message end) as people,
    sum(human) as taps
from clicks
where workspace = :workspace and broadcast = :broadcast and human = 1 and message <> 0
group by weekday_local, hour_local
order by weekday_local, hour_local
"""


@dataclass(frozen=True, slots=True, order=True)
class HourOfWeek:
    """People and taps within one hour (0–23) of one weekday (0 is Monday)."""

    weekday: int
    hour: int
    people: int
    taps: int


def by_hour_of_week(workspace_id: int, broadcast_id: int) -> list[HourOfWeek]:
    """Return people and taps per weekday and hour; hours without taps are left out."""
    wanted = {"workspace": workspace_id, "broadcast": broadcast_id}
    rows = query_broadcast(BY_HOUR_OF_WEEK, wanted, people=HOUR_OF_WEEK)
    return sorted(HourOfWeek(*map(int, row)) for row in rows)
