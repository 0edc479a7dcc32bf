"""Which stretches of a broadcast's time a look goes through: those in which something can change.

Texts that are sent one by one are one broadcast that never ends. Its time is cut into spans,
counted from its first opening, and an opening is judged beside those of its own span and of the one
before. So what is said of it does not change any more when its span is over, but for receipts and
for lines of the log that come late; and judging everything afresh, span by span, comes to the same.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from tapline.clicks import store
from tapline.clicks.listing import ListedFile
from tapline.clicks.moments import naive

# Receipts come up to three days after their text (providers keep texts no longer), and of the
# openings of an ordinary broadcast hardly any comes later.
SPAN = dt.timedelta(days=3)
EVER = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

FIRST_AND_NEWEST = """
-- When a broadcast's first opening was, and its newest. (Not one of a clock that goes wrong.)
select min(clicked_at), max(case when clicked_at <= :now then clicked_at end)
from clicks
where workspace = :workspace and broadcast = :broadcast
"""

SPANS = """
-- In which spans a broadcast was opened since a moment, counted from its first opening.
select distinct (epoch_us(clicked_at) - epoch_us(cast(:first as timestamp))) // :span_us
from clicks
where workspace = :workspace and broadcast = :broadcast and clicked_at >= :since
order by all
"""


class Span(NamedTuple):
    """One span: its openings are judged, beside those of the time before it. UTC without a zone, as
    in click files; `until` does not belong to it."""

    read_from: dt.datetime
    judged_from: dt.datetime
    until: dt.datetime

    def touches(self, file: ListedFile) -> bool:
        """Say whether a file can hold openings that are read."""
        return naive(file.last_at) >= self.read_from and naive(file.first_at) < self.until


def spans_of(
    workspace_id: int, broadcast_id: int, since: dt.datetime | None, now: dt.datetime
) -> list[Span]:
    """Return the spans of a broadcast in which something can be said otherwise, oldest first.

    `since`: the oldest opening that is new, None where there is none. Receipts may have come for
    openings up to a span older than the newest.
    """
    wanted = {"workspace": workspace_id, "broadcast": broadcast_id}
    [(first, newest)] = store.query(FIRST_AND_NEWEST, wanted | {"now": naive(now)})
    if first is None:
        return []
    recent = (newest or first) - SPAN
    begin = _number(min(recent, naive(since)) if since else recent, first)
    params = wanted | {"first": first, "span_us": SPAN // dt.timedelta(microseconds=1)}
    rows = store.query(SPANS, params | {"since": first + begin * SPAN})
    return [_span(int(number), first) for (number,) in rows]


def _number(moment: dt.datetime, first: dt.datetime) -> int:
    return max(0, (moment - first) // SPAN)


def _span(number: int, first: dt.datetime) -> Span:
    begin = first + number * SPAN
    return Span(begin - SPAN, begin, begin + SPAN)
