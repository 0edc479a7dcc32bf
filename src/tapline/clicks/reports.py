"""What reports say about clicks. Every question names the workspace.

People are distinct messages with a human click. Of people who are only counted there are taps
alone: they share one code (message -1), so nobody can say how many they were. The SQL runs
unchanged on any engine that has the view `clicks`: no engine's own functions, no CTEs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tapline.clicks.evidence import Verdict
from tapline.clicks.listing import read_list
from tapline.clicks.moments import aware
from tapline.clicks.slice_table import PERHAPS
from tapline.clicks.slices import query_broadcast
from tapline.clicks.store import int_list, query

PEOPLE = """
-- People who tapped one broadcast's links, their taps, and those of people who are only counted.
select
    count(distinct case when message > 0 then message end) as people,
    sum(case when message > 0 then human else 0 end) as taps,
    sum(case when message < 0 then human else 0 end) as crowd_taps
from clicks
where workspace = :workspace and broadcast = :broadcast and human = 1 and message <> 0
"""

PERHAPS_PEOPLE = """
-- Messages that a person tapped, or perhaps did: the upper end of the rate. (One expression takes
-- half the time of two verdicts to choose from.)
select count(distinct case when message > 0 then message end) as people
from clicks
where workspace = :workspace and broadcast = :broadcast and message > 0
  and case when verdict = 'unknown' then 1 else human end = 1
"""

REQUESTS = """
-- Requests by verdict. Repeats that the log folded into one record count as often as they came.
select verdict, sum(requests) as requests
from clicks
where workspace = :workspace and broadcast = :broadcast and message <> 0
group by verdict
"""

BY_MINUTE = """
-- Human clicks per minute (UTC) of one broadcast, oldest first.
select minute, sum(human) as taps
from clicks
where workspace = :workspace and broadcast = :broadcast and human = 1 and message <> 0
group by minute
order by minute
"""

BY_COLUMN = """
-- People and taps of one broadcast, divided by one column; most people first.
select
    {column},
    count(distinct case when message > 0 then message end) as people,
    sum(human) as taps
from clicks
where workspace = :workspace and broadcast = :broadcast and human = 1 and message <> 0
group by {column}
order by people desc, taps desc, {column}
"""

TIME_TO_TAP = """
-- How many people tapped first within each span after delivery, and of how many it is not known.
select
    sum(case when delay < 60 then 1 else 0 end) as minute_1,
    sum(case when delay >= 60 and delay < 300 then 1 else 0 end) as minutes_5,
    sum(case when delay >= 300 and delay < 900 then 1 else 0 end) as minutes_15,
    sum(case when delay >= 900 and delay < 3600 then 1 else 0 end) as hour_1,
    sum(case when delay >= 3600 and delay < 21600 then 1 else 0 end) as hours_6,
    sum(case when delay >= 21600 and delay < 86400 then 1 else 0 end) as day_1,
    sum(case when delay >= 86400 then 1 else 0 end) as later,
    sum(case when delay is null then 1 else 0 end) as untimed
from (
    select message, min(seconds_since_delivery) as delay
    from clicks
    where workspace = :workspace and broadcast = :broadcast and human = 1 and message > 0
    group by message
) firsts
"""

CLICKERS = """
-- Messages of one broadcast that a person tapped.
select distinct message
from clicks
where workspace = :workspace and broadcast = :broadcast and human = 1 and message > 0
order by message
"""

UNCLEAR = """
-- Messages of one broadcast that somebody or something opened who shows too little to tell.
select distinct message
from clicks
where workspace = :workspace and broadcast = :broadcast and verdict = 'unknown' and message > 0
order by message
"""

TOTALS = """
-- People and taps of each campaign (or offer) of one workspace; people are counted per message.
select
    {column},
    count(distinct case when message > 0 then message end) as people,
    sum(human) as taps
from clicks
where workspace = :workspace and human = 1 and {column} > 0
group by {column}
order by {column}
"""

FEED = """
-- Clicks of some workspaces in the order in which they were listed.
select {columns}
from clicks
where workspace in ({workspaces}) and sequence > :cursor
order by sequence
limit :limit
"""

FEED_COLUMNS: tuple[str, ...] = (
    "sequence",
    "id",
    "clicked_at",
    "workspace",
    "broadcast",
    "campaign",
    "offer",
    "link",
    "message",
    "contact",
    "verdict",
    "reasons",
    "rules_version",
    "earlier_verdict",
    "earlier_rules_version",
    "outcome",
    "requests",
    "seconds_since_submit",
    "seconds_since_delivery",
    "device_kind",
    "device",
    "os",
    "browser",
    "app",
    "country",
    "region",
    "city",
    "network_name",
    "network_kind",
    "network_source",
    "network",
)

MACHINE_VERDICTS: tuple[str, ...] = tuple(item for item in Verdict if item != Verdict.HUMAN)

# The spans of TIME_TO_TAP: upper bounds in seconds, None for no bound.
TIME_SPANS_SECONDS: tuple[int | None, ...] = (60, 300, 900, 3600, 21_600, 86_400, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClickSummary:
    """One broadcast's totals. `unknown_only_messages` widens the click rate to a range."""

    human_clickers: int = 0
    human_clicks: int = 0  # theirs
    only_counted_taps: int = 0  # by people who are only counted
    preview: int = 0
    scanner: int = 0
    prefetch: int = 0
    tool: int = 0
    operator: int = 0
    unknown: int = 0
    unknown_only_messages: int = 0


@dataclass(frozen=True, slots=True)
class MinuteCount:
    """Taps within one minute (UTC)."""

    minute: dt.datetime
    taps: int


@dataclass(frozen=True, slots=True)
class Share:
    """People and taps of one link, device, system, hour …; `value` says of which."""

    value: Any
    people: int
    taps: int


def summarise(workspace_id: int, broadcast_id: int) -> ClickSummary:
    """Return the totals of one broadcast."""
    params = _of(workspace_id, broadcast_id)
    people, taps, crowd_taps = query_broadcast(PEOPLE, params)[0]
    requests = {verdict: int(count) for verdict, count in query_broadcast(REQUESTS, params)}
    perhaps = people
    if "unknown" in requests:  # Most broadcasts have none: they are spared another look.
        perhaps = query_broadcast(PERHAPS_PEOPLE, params, people=PERHAPS)[0][0]
    return ClickSummary(
        human_clickers=people,
        human_clicks=_count(taps),
        only_counted_taps=_count(crowd_taps),
        unknown_only_messages=perhaps - people,
        **{name: requests.get(name, 0) for name in MACHINE_VERDICTS},
    )


def by_minute(workspace_id: int, broadcast_id: int) -> list[MinuteCount]:
    """Return taps per minute, oldest first; minutes without taps are left out."""
    rows = query_broadcast(BY_MINUTE, _of(workspace_id, broadcast_id))
    return [MinuteCount(aware(minute), int(taps)) for minute, taps in rows]


def by_link(workspace_id: int, broadcast_id: int) -> list[Share]:
    """Return people and taps per link id, of personal links per template."""
    return _by("link", workspace_id, broadcast_id)


def by_device(workspace_id: int, broadcast_id: int) -> list[Share]:
    """Return people and taps per device family."""
    return _by("device", workspace_id, broadcast_id)


def by_device_kind(workspace_id: int, broadcast_id: int) -> list[Share]:
    """Return people and taps per kind: phone, tablet, desktop, other."""
    return _by("device_kind", workspace_id, broadcast_id)


def by_os(workspace_id: int, broadcast_id: int) -> list[Share]:
    """Return people and taps per operating system."""
    return _by("os", workspace_id, broadcast_id)


def by_browser(workspace_id: int, broadcast_id: int) -> list[Share]:
    """Return people and taps per browser."""
    return _by("browser", workspace_id, broadcast_id)


def by_country(workspace_id: int, broadcast_id: int) -> list[Share]:
    """Return people and taps per country (ISO 3166); empty where place is unknown."""
    return _by("country", workspace_id, broadcast_id)


def by_region(workspace_id: int, broadcast_id: int) -> list[Share]:
    """Return people and taps per region, its country beside it; empty where it is unknown."""
    return _by("region", workspace_id, broadcast_id)


def by_city(workspace_id: int, broadcast_id: int) -> list[Share]:
    """Return people and taps per city, what it lies in beside it; empty where it is unknown."""
    return _by("city", workspace_id, broadcast_id)


def by_network(workspace_id: int, broadcast_id: int) -> list[Share]:
    """Return people and taps by who runs the network they came from; empty where unknown."""
    return _by("network_name", workspace_id, broadcast_id)


def by_hour(workspace_id: int, broadcast_id: int) -> list[Share]:
    """Return people and taps per hour of the day (0–23) where the people are."""
    return sorted(_by("hour_local", workspace_id, broadcast_id), key=lambda share: share.value)


def by_weekday(workspace_id: int, broadcast_id: int) -> list[Share]:
    """Return people and taps per weekday (0 is Monday) where the people are."""
    return sorted(_by("weekday_local", workspace_id, broadcast_id), key=lambda share: share.value)


def time_to_tap(workspace_id: int, broadcast_id: int) -> list[tuple[int | None, int]]:
    """Return (upper bound in seconds, people) per span between delivery and first tap.

    The last bound is None. Who tapped before any delivery receipt came is left out.
    """
    return first_taps(workspace_id, broadcast_id)[0]


def first_taps(workspace_id: int, broadcast_id: int) -> tuple[list[tuple[int | None, int]], int]:
    """Return `time_to_tap`, and how many people it leaves out."""
    row = query_broadcast(TIME_TO_TAP, _of(workspace_id, broadcast_id))[0]
    *spans, untimed = map(_count, row)
    return list(zip(TIME_SPANS_SECONDS, spans, strict=True)), untimed


def clickers(workspace_id: int, broadcast_id: int) -> list[int]:
    """Return the ids of messages that a person tapped, ascending."""
    return [row[0] for row in query_broadcast(CLICKERS, _of(workspace_id, broadcast_id))]


def unclear_messages(workspace_id: int, broadcast_id: int) -> list[int]:
    """Return the ids of messages with an opening that could be a person's or a machine's, perhaps
    beside others, ascending."""
    return [row[0] for row in query_broadcast(UNCLEAR, _of(workspace_id, broadcast_id))]


def non_clickers(workspace_id: int, broadcast_id: int, message_ids: Sequence[int]) -> list[int]:
    """Return those of `message_ids` that no person tapped, in their order."""
    tapped = set(clickers(workspace_id, broadcast_id))
    return [message for message in message_ids if message not in tapped]


def by_campaign(workspace_id: int) -> list[Share]:
    """Return people and taps per campaign id of one workspace."""
    return _totals("campaign", workspace_id)


def by_offer(workspace_id: int) -> list[Share]:
    """Return people and taps per offer id of one workspace."""
    return _totals("offer", workspace_id)


def feed(
    workspace_ids: Sequence[int], cursor: int = 0, limit: int = 500
) -> tuple[list[dict[str, Any]], int]:
    """Return up to `limit` clicks listed after `cursor`, and the cursor of the last one.

    Each is a dict of `FEED_COLUMNS`. Without new clicks the cursor stays; none is ever skipped:
    numbers are given in the transaction that lists them.
    """
    wanted = set(workspace_ids)
    files = [
        file
        for file in read_list()
        if file.last_sequence > cursor and any(held in wanted for held, _ in file.contents)
    ]
    sql = FEED.format(columns=", ".join(FEED_COLUMNS), workspaces=int_list(workspace_ids))
    rows = query(sql, {"cursor": cursor, "limit": limit}, files=files)
    clicks = [dict(zip(FEED_COLUMNS, row, strict=True)) for row in rows]
    for click in clicks:
        click["clicked_at"] = aware(click["clicked_at"])
    return clicks, clicks[-1]["sequence"] if clicks else cursor


def _by(column: str, workspace_id: int, broadcast_id: int) -> list[Share]:
    sql = BY_COLUMN.format(column=column)
    rows = query_broadcast(sql, _of(workspace_id, broadcast_id), people=column)
    shares = [Share(value, people, int(taps)) for value, people, taps in rows]
    # Once more: where words are kept as codes, equal shares come in the order of these.
    return sorted(shares, key=lambda share: (-share.people, -share.taps, share.value))


def _totals(column: str, workspace_id: int) -> list[Share]:
    rows = query(TOTALS.format(column=column), {"workspace": workspace_id})
    return [Share(value, people, int(taps)) for value, people, taps in rows]


def _of(workspace_id: int, broadcast_id: int) -> dict[str, Any]:
    return {"workspace": workspace_id, "broadcast": broadcast_id}


def _count(value: Any) -> int:
    """Return a sum as a whole number; the sum of no rows is null."""
    return int(value or 0)
