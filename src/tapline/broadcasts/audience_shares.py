"""How many of a broadcast's recipients with each tag, and in each segment, tapped.

Whoever carries a tag or is in a segment now is counted, whatever the audience was. Counting walks
over all recipients, a tenth of a second with each look at the page, and keeps how far it came:
nobody waits, and leaving the page loses nothing.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.db import connection

from tapline.broadcasts.models import AudienceShares, Broadcast
from tapline.contacts.models import Segment, Tag
from tapline.contacts.questions import BadSegment
from tapline.contacts.segments import question_of, segment_sql, segments_of
from tapline.intervals import Range, Sample, range_of

POSITIONS_PER_CHUNK = 5_000
SECONDS_PER_LOOK = 0.1
FRESH_FOR = dt.timedelta(minutes=10)
MOST_SEGMENTS = 10
# Fewer texts than these say nothing about a group.
FEWEST_TEXTS = 50

# As a report counts it: a tap proves delivery; where no receipt ever came, sent is enough.
_TAPPED = "m.first_human_click_at is not null"
REACHED = {
    "delivered": f"(m.state = 'delivered' or {_TAPPED})",
    "sent": "(m.accepted_at is not null or m.state in ('accepted', 'delivered', 'external')"
    f" or {_TAPPED})",
}

# The plus sign keeps SQLite from looking for all messages of the workspace.
_CHUNK = """m.broadcast_id = %(broadcast)s and +m.workspace_id = %(workspace)s
  and m.position >= %(first)s and m.position < %(end)s and not m.only_counted and {reached}"""

COUNT_TAGS = f"""
-- Of a run of recipients: how many were reached with each tag, and how many of those tapped.
select tagged.tag_id, count(*), sum(case when {_TAPPED} then 1 else 0 end)
from broadcasts_message m
join contacts_tag_contacts tagged on tagged.contact_id = m.contact_id
where {_CHUNK}
group by tagged.tag_id
"""

COUNT_SEGMENTS = f"""
-- Of a run of recipients: how many were reached in each segment, and how many of those tapped.
select {{sums}} from (
  select case when {_TAPPED} then 1 else 0 end as tapped {{conditions}}
  from broadcasts_message m
  left join contacts_contact c on c.id = m.contact_id and c.workspace_id = %(workspace)s
  where {_CHUNK}) told
"""

Counts = dict[str, tuple[int, int]]  # "tag 3", "segment 5" → reached, tapped


@dataclass(frozen=True, slots=True)
class GroupShare:
    """One tag or segment: its recipients who were reached, and how many of them tapped."""

    words: str
    sample: Sample
    range: Range
    tells: bool  # there are enough of them


@dataclass(frozen=True, slots=True)
class Shares:
    """Tags and segments, best first, as `percent` of the recipients have them."""

    tags: list[GroupShare]
    segments: list[GroupShare]
    percent: int
    at: dt.datetime | None  # when they were counted to the end; None: they are not yet

    def for_strangers(self) -> Shares:
        """Return the groups that are large enough to tell of nobody in particular."""
        return replace(
            self,
            tags=[each for each in self.tags if each.tells],
            segments=[each for each in self.segments if each.tells],
        )


def count_shares(
    broadcast: Broadcast, rate_base: str, now: dt.datetime, seconds: float = SECONDS_PER_LOOK
) -> Shares:
    """Return the shares of tags and segments, as far as `seconds` more of counting lead."""
    kept, _made = AudienceShares.objects.get_or_create(broadcast=broadcast)
    if kept.finished_at is not None and now - kept.finished_at > FRESH_FOR:
        kept.counts, kept.counted_to, kept.finished_at = {}, 0, None
    if kept.finished_at is None:
        _count_on(kept, broadcast, REACHED[rate_base], now, seconds)
        kept.save()
    return _told(kept, broadcast)


def count_all_shares(broadcast: Broadcast, rate_base: str, now: dt.datetime) -> Shares:
    """Return the shares counted to the end, in as many looks as that takes."""
    while (shares := count_shares(broadcast, rate_base, now)).at is None:
        pass
    return shares


def _count_on(
    kept: AudienceShares, broadcast: Broadcast, reached: str, now: dt.datetime, seconds: float
) -> None:
    segments = _askable(broadcast, now)
    end, last = time.monotonic() + seconds, broadcast.next_position
    is_first = True  # One chunk at least, so that every look leads on.
    while kept.counted_to < last and (is_first or time.monotonic() < end):
        is_first = False
        until = min(kept.counted_to + POSITIONS_PER_CHUNK, last)
        found = _count_chunk(broadcast, reached, segments, kept.counted_to, until)
        kept.counts = added(_read(kept.counts), found)
        kept.counted_to = until
    if kept.counted_to >= last:
        kept.finished_at = now


def added(counts: Counts, more: Counts) -> Counts:
    """Return the sums of two counts, name by name."""
    names = counts.keys() | more.keys()
    return {
        name: (
            counts.get(name, (0, 0))[0] + more.get(name, (0, 0))[0],
            counts.get(name, (0, 0))[1] + more.get(name, (0, 0))[1],
        )
        for name in names
    }


def _count_chunk(
    broadcast: Broadcast, reached: str, segments: Mapping[int, str], first: int, end: int
) -> Counts:
    values = {
        "broadcast": broadcast.pk,
        "workspace": broadcast.workspace_id,
        "first": first,
        "end": end,
    }
    with connection.cursor() as cursor:
        cursor.execute(COUNT_TAGS.format(reached=reached), values)
        found = {f"tag {tag}": (int(of), int(hits)) for tag, of, hits in cursor.fetchall()}
        if not segments:
            return found
        cursor.execute(_segments_sql(segments, reached), values)
        row = [int(number) for number in cursor.fetchone()]
    pairs = zip(segments, row[::2], row[1::2], strict=True)
    return found | {f"segment {number}": (of, hits) for number, of, hits in pairs}


def _segments_sql(segments: Mapping[int, str], reached: str) -> str:
    columns = [f"in_{number}" for number in segments]
    sums = ", ".join(f"coalesce(sum({c}), 0), coalesce(sum({c} * tapped), 0)" for c in columns)
    conditions = "".join(
        f", case when {condition} then 1 else 0 end as in_{number}"
        for number, condition in segments.items()
    )
    return COUNT_SEGMENTS.format(sums=sums, conditions=conditions, reached=reached)


def _askable(broadcast: Broadcast, now: dt.datetime) -> dict[int, str]:
    """Return segment id → condition on the contact `c`; what no longer can be asked is left out."""
    workspace = broadcast.workspace
    found: dict[int, str] = {}
    for segment in segments_of(workspace)[:MOST_SEGMENTS]:
        try:
            # A percent sign would begin a parameter of the statement around it.
            condition = segment_sql(workspace, question_of(segment), now).replace("%", "%%")
        except BadSegment:
            continue
        found[segment.pk] = condition
    return found


def _told(kept: AudienceShares, broadcast: Broadcast) -> Shares:
    counts = _read(kept.counts)
    tags = Tag.objects.filter(workspace=broadcast.workspace).values_list("pk", "name")
    segments = Segment.objects.filter(workspace=broadcast.workspace).values_list("pk", "name")
    last = broadcast.next_position
    return Shares(
        _named(counts, "tag", list(tags)),
        _named(counts, "segment", list(segments)),
        100 * kept.counted_to // last if last else 100,
        kept.finished_at,
    )


def _named(counts: Counts, kind: str, names: Sequence[tuple[int, str]]) -> list[GroupShare]:
    told = [(name, counts[f"{kind} {pk}"]) for pk, name in names if f"{kind} {pk}" in counts]
    found = [_share(name, Sample(hits=hits, of=of)) for name, (of, hits) in told if of]
    return sorted(found, key=lambda each: (not each.tells, -each.range.low, each.words))


def _share(words: str, sample: Sample) -> GroupShare:
    return GroupShare(words, sample, range_of(sample), sample.of >= FEWEST_TEXTS)


def _read(stored: Mapping[str, Sequence[int]]) -> Counts:
    return {name: (int(pair[0]), int(pair[1])) for name, pair in stored.items()}
