"""Why openings of one broadcast count as what they do: all of them by reason, and one text's each.

Every question names the workspace. People who are only counted share one code, and their openings
are nobody's: they are in the counts, and in no list.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tapline.clicks import store
from tapline.clicks.listing import read_list
from tapline.clicks.store import query

BY_REASON = """
-- Requests to one broadcast's links that no person made for sure, by verdict and reasons.
select verdict, reasons, sum(requests) as requests
from clicks
where workspace = :workspace and broadcast = :broadcast and human = 0 and message <> 0
group by verdict, reasons
order by requests desc, verdict, reasons
"""

OF_MESSAGE = """
-- The openings of one text, oldest first.
select
    clicked_at, verdict, reasons, earlier_verdict, requests, link,
    device_kind, device, os, browser, app, country, region, city, network_name
from clicks
where workspace = :workspace and broadcast = :broadcast and message = :message and message > 0
order by clicked_at, id
limit :limit
"""

OF_MESSAGES = """
-- The first openings of some texts of one person, each text's oldest first. (Files are chosen by
-- broadcast. Each further column costs: what is not shown is not read, and of openings at the same
-- microsecond any may come first.)
select
    message, clicked_at, verdict, reasons, earlier_verdict, requests, link,
    device_kind, device, os, browser, app, country, region, city, network_name
from clicks
where workspace = :workspace and message in ({messages}) and message > 0
qualify row_number() over (partition by message order by clicked_at) <= :limit
order by message, clicked_at
"""


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """How many requests count as `verdict` for these reasons."""

    verdict: str
    reasons: str
    requests: int


@dataclass(frozen=True, slots=True)
class Opening:
    """One request to a link of a text. Texts are empty where nothing is known."""

    clicked_at: dt.datetime
    verdict: str
    reasons: str
    earlier_verdict: str  # what was said before it was corrected
    requests: int  # more than 1: repeats that the log folded into one
    link: int
    device_kind: str
    device: str
    os: str
    browser: str
    app: str
    country: str
    region: str
    city: str
    network_name: str


def by_reason(workspace_id: int, broadcast_id: int) -> list[ReasonCount]:
    """Return how machines and uncertain openings divide by reason, the most first."""
    rows = query(BY_REASON, {"workspace": workspace_id, "broadcast": broadcast_id})
    return [ReasonCount(verdict, reasons, int(count)) for verdict, reasons, count in rows]


def of_message(workspace_id: int, broadcast_id: int, message_id: int, limit: int) -> list[Opening]:
    """Return the first openings of one text, oldest first; machines' too."""
    wanted = {"workspace": workspace_id, "broadcast": broadcast_id}
    rows = query(OF_MESSAGE, wanted | {"message": message_id, "limit": limit})
    return [Opening(row[0].replace(tzinfo=dt.UTC), *row[1:]) for row in rows]


def of_messages(
    workspace_id: int, messages: Mapping[int, int], limit: int
) -> dict[int, list[Opening]]:
    """Return the first openings of some texts (message → broadcast), machines' too; texts that
    nothing opened are left out. Reads the files of those broadcasts alone."""
    if not messages:
        return {}
    broadcasts = set(messages.values())
    sql = OF_MESSAGES.format(messages=store.int_list(sorted(messages)))
    wanted = {"workspace": workspace_id, "limit": limit}

    def read() -> list[tuple[Any, ...]]:
        files = [
            file
            for file in read_list()
            if any(file.may_hold(workspace_id, broadcast) for broadcast in broadcasts)
        ]
        return store.query(sql, wanted, files=files)

    found: dict[int, list[Opening]] = {}
    for message, at, *rest in store.with_files(read):
        found.setdefault(message, []).append(Opening(at.replace(tzinfo=dt.UTC), *rest))
    return found
