"""What a workspace's home says about clicks: the newest taps, and how its latest broadcasts went.

Unlike a report's questions these read no broadcast into memory: home is opened often, and by
everybody, and must not drive out the reports that somebody is looking at.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from tapline.clicks.listing import read_list
from tapline.clicks.reports import RecentClick, newest
from tapline.clicks.store import find_files, int_list, query, with_files

NEWEST = """
-- The newest taps by people in one workspace, whatever their links are in.
select id, clicked_at, message, contact, link, verdict, device, os, browser, app, device_kind,
    broadcast
from clicks
where workspace = :workspace and human = 1 and clicked_at >= :since
order by clicked_at desc, id desc
limit :limit
"""

OF_LINK = """
-- The newest openings of one link, machines included.
select id, clicked_at, message, contact, link, verdict, device, os, browser, app, device_kind,
    broadcast
from clicks
where workspace = :workspace and link = :link
order by clicked_at desc, id desc
limit :limit
"""

OPENINGS = """
-- How some broadcasts were opened: messages that a person tapped or perhaps did, requests by
-- people, and those by machines.
select
    broadcast,
    count(distinct case when message > 0 and case when verdict = 'unknown' then 1 else human end = 1
        then message end) as perhaps,
    sum(case when human = 1 then requests else 0 end) as by_people,
    sum(case when verdict in ('preview', 'scanner', 'prefetch', 'tool') then requests else 0 end)
        as by_machines
from clicks
where workspace = :workspace and broadcast in ({broadcasts}) and message <> 0
group by broadcast
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Openings:
    """How one broadcast was opened. `perhaps`: messages that a person tapped, or perhaps did."""

    perhaps: int = 0
    by_people: int = 0
    by_machines: int = 0


def newest_taps(workspace_id: int, since: dt.datetime, limit: int = 20) -> list[RecentClick]:
    """Return the newest taps by people in a workspace since a moment, the last first."""
    moment = since.astimezone(dt.UTC).replace(tzinfo=None)
    params = {"workspace": workspace_id, "since": moment, "limit": limit}
    return with_files(
        lambda: newest(NEWEST, params, [f for f in find_files(params) if f.last_at >= since])
    )


def taps_of_link(workspace_id: int, link_id: int, limit: int) -> list[RecentClick]:
    """Return the newest openings of one link of a workspace, the last first."""
    params = {"workspace": workspace_id, "link": link_id, "limit": limit}
    return with_files(lambda: newest(OF_LINK, params, find_files(params)))


def openings_of(workspace_id: int, broadcast_ids: Sequence[int]) -> dict[int, Openings]:
    """Return how each of a few broadcasts was opened; those that nobody opened are missing."""
    wanted = {(workspace_id, each) for each in broadcast_ids}
    sql = OPENINGS.format(broadcasts=int_list(broadcast_ids))

    def read() -> list[tuple[int, int, int, int]]:
        files = [file for file in read_list() if not wanted.isdisjoint(file.contents)]
        return query(sql, {"workspace": workspace_id}, files=files)

    return {
        broadcast: Openings(perhaps=perhaps, by_people=int(people), by_machines=int(machines))
        for broadcast, perhaps, people, machines in with_files(read)
    }
