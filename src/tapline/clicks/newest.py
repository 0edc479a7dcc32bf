"""The newest clicks: of a workspace, of a broadcast, of one text, of one link.

Unlike a report's questions these read no broadcast into memory. Files are asked newest first until
no other can hold a newer click: while taps come in, that is one small file, however many clicks
there are.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tapline.clicks.listing import ListedFile
from tapline.clicks.moments import aware, naive
from tapline.clicks.store import find_files, query, with_files

NEWEST = """
-- The newest clicks that are what is asked for. (By their own time: one that was corrected comes
-- again in the feed, but did not happen again.)
select id, clicked_at, message, contact, link, verdict, device, os, browser, app, device_kind,
    broadcast
from clicks
where workspace = :workspace and {condition} and clicked_at >= :earliest
order by clicked_at desc, id desc
limit :limit
"""
BY_PEOPLE = "human = 1"
OF_BROADCAST = "broadcast = :broadcast"
OF_MESSAGE = "broadcast = :broadcast and message = :message and message > 0"
OF_SINGLE_LINK = "broadcast = :broadcast and link = :link"

# A file is sorted by time within each broadcast, so of its last hour few rows are read. Small files
# are read whole: asking again costs more.
LARGE_FILE_ROWS = 100_000
SPANS_BACK = (dt.timedelta(hours=1), dt.timedelta(days=1), dt.timedelta(days=30))
LONG_AGO = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class RecentClick:
    """One click as a live list shows it. Ids are 0 where there is nothing."""

    id: str
    clicked_at: dt.datetime
    message: int
    contact: int
    link: int
    verdict: str
    device: str
    os: str
    browser: str
    app: str
    device_kind: str
    broadcast: int = 0


def newest_taps(workspace_id: int, since: dt.datetime, limit: int = 20) -> list[RecentClick]:
    """Return the newest taps by people in a workspace since a moment, the last first."""
    return _newest(BY_PEOPLE, {"workspace": workspace_id, "limit": limit}, since)


def recent_clicks(workspace_id: int, broadcast_id: int, limit: int = 20) -> list[RecentClick]:
    """Return the newest clicks of a broadcast, the last first, machines included."""
    wanted = {"workspace": workspace_id, "broadcast": broadcast_id, "limit": limit}
    return _newest(OF_BROADCAST, wanted)


def clicks_of_message(
    workspace_id: int, broadcast_id: int, message_id: int, limit: int
) -> list[RecentClick]:
    """Return the newest clicks of one text, the last first, machines included."""
    wanted = {"workspace": workspace_id, "broadcast": broadcast_id, "limit": limit}
    return _newest(OF_MESSAGE, wanted | {"message": message_id})


def clicks_of_single_link(workspace_id: int, link_id: int, limit: int) -> list[RecentClick]:
    """Return the newest clicks of a link that no broadcast holds, the last first, machines
    included."""
    wanted = {"workspace": workspace_id, "broadcast": 0, "link": link_id, "limit": limit}
    return _newest(OF_SINGLE_LINK, wanted)


def _newest(
    condition: str, params: Mapping[str, Any], since: dt.datetime = LONG_AGO
) -> list[RecentClick]:
    rows = with_files(lambda: _read(NEWEST.format(condition=condition), params, since))
    return [RecentClick(row[0], aware(row[1]), *row[2:]) for row in rows]


def _read(sql: str, params: Mapping[str, Any], since: dt.datetime) -> list[tuple[Any, ...]]:
    limit = params["limit"]
    found: list[tuple[Any, ...]] = []
    files = [file for file in find_files(params) if file.last_at >= since]
    for file in sorted(files, key=lambda file: file.last_at, reverse=True):
        if len(found) == limit and file.last_at < aware(found[-1][1]):
            break
        found += _read_file(file, sql, params, since)
        found = sorted(found, key=lambda row: (row[1], row[0]), reverse=True)[:limit]
    return found


def _read_file(
    file: ListedFile, sql: str, params: Mapping[str, Any], since: dt.datetime
) -> list[tuple[Any, ...]]:
    """Return the newest rows of one file; of a large one look back no further than need be."""
    spans = SPANS_BACK if file.rows >= LARGE_FILE_ROWS else ()
    for span in spans:
        earliest = file.last_at - span
        if earliest <= since:
            break
        rows = query(sql, {**params, "earliest": naive(earliest)}, files=[file])
        if len(rows) == params["limit"]:
            return rows
    return query(sql, {**params, "earliest": naive(since)}, files=[file])
