"""How one link was opened: by people, by machines, and over time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tapline.clicks.evidence import Verdict
from tapline.clicks.listing import ListedFile
from tapline.clicks.moments import aware
from tapline.clicks.reports import MinuteCount
from tapline.clicks.slices import count_in_bitmaps
from tapline.clicks.store import find_files, query, with_files

TOTALS = """
-- Openings of one link by verdict: the messages behind them, those that belong to no message of
-- their own, requests, and when the first and the last came.
select
    verdict,
    count(distinct case when message > 0 then message end) as messages,
    sum(case when message > 0 then 0 else 1 end) as nameless,
    count(*) as openings,
    sum(requests) as requests,
    min(minute) as first_minute,
    max(minute) as last_minute
from clicks
where workspace = :workspace and broadcast = :broadcast and link = :link
group by verdict
"""

BY_TIME = """
-- Human clicks on one link per minute or hour (UTC), oldest first.
select {moment} as moment, sum(human) as taps
from clicks
where workspace = :workspace and broadcast = :broadcast and link = :link and human = 1
group by moment
order by moment
"""
MINUTE = "minute"
HOUR = "minute - extract(minute from minute) * interval '1' minute"
# So long a chart shows minutes or a few of them; a longer one is drawn in hours, and asks for no
# more lines than that.
MINUTES_WITHIN = dt.timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class LinkOpenings:
    """How one link was opened. `nameless_taps` are those of `taps` that name no recipient: on an
    alias, or by people who are only counted. `requests` holds what was not a person's."""

    people: int
    taps: int
    nameless_taps: int
    last_tap: dt.datetime | None
    requests: Mapping[str, int]
    times: list[MinuteCount]


def openings_of_link(workspace_id: int, broadcast_id: int, link_id: int) -> LinkOpenings:
    """Return how a link was opened; `broadcast_id` is 0 for one that no text of ours held.

    The broadcast is what keeps the question small: only files that hold its clicks are read.
    """
    wanted = {"workspace": workspace_id, "broadcast": broadcast_id, "link": link_id}
    return with_files(lambda: _read(wanted))


def _read(wanted: Mapping[str, Any]) -> LinkOpenings:
    """Ask the same files everything: those that are listed meanwhile hold other messages."""
    files = find_files(wanted)
    totals = query(count_in_bitmaps(TOTALS, files, wanted), wanted, files=files)
    found = {row[0]: row[1:] for row in totals}
    people, nameless, taps, _requests, first, last = found.pop(
        Verdict.HUMAN, (0, 0, 0, 0, None, None)
    )
    return LinkOpenings(
        people=people,
        taps=taps,
        nameless_taps=int(nameless),
        last_tap=last and aware(last),
        requests={verdict: int(row[3]) for verdict, row in found.items()},
        times=_times(wanted, last - first, files) if taps else [],
    )


def _times(
    wanted: Mapping[str, Any], span: dt.timedelta, files: Sequence[ListedFile]
) -> list[MinuteCount]:
    sql = BY_TIME.format(moment=MINUTE if span < MINUTES_WITHIN else HOUR)
    rows = query(sql, wanted, files=files)
    return [MinuteCount(aware(moment), int(taps)) for moment, taps in rows]
