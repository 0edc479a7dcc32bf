"""How an audience is counted before its broadcast is sent: piece by piece, each a short read.

A small workspace is counted at once. Of a large one each look at the page counts for a tenth of a
second and keeps how far it came, so that nobody waits, leaving the page loses nothing, and whoever
comes back finds the count. Who gets a text is decided by what preparing itself asks (`picking`).
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import connection
from django.utils import timezone

from tapline.broadcasts.capping import cap_since
from tapline.broadcasts.composing import sample_url
from tapline.broadcasts.models import AudienceCount, Broadcast
from tapline.broadcasts.picking import (
    ALL,
    CHUNK,
    REASON,
    attribute_sql,
    conditions,
    is_large,
    question_key,
)
from tapline.broadcasts.reach import Reach, read_reach
from tapline.broadcasts.reasons import HELD_OUT
from tapline.broadcasts.wordings import (
    Wordings,
    is_held_out_sql,
    texts_of,
    variant_sql,
    wordings_of,
)
from tapline.hours.clues import make_tables
from tapline.links.domains import domain_for
from tapline.providers.prices import TELLING_DIGITS, country_of
from tapline.texts.parts import count_parts
from tapline.texts.personal import render_message

# Counted in one statement, some 20 ms with a text to render for each.
CONTACTS_PER_CHUNK = 5_000
SECONDS_PER_LOOK = 0.1
# A whole count is shown again for so long; then people may have come, gone and opted out.
FRESH_FOR = dt.timedelta(minutes=10)
KEPT_FOR = dt.timedelta(days=1)

IDS = """
-- Between which ids all contacts lie, whosever they are: two steps into the table. (Asked for both
-- in one question, SQLite would read all of it.)
select (select min(id) from contacts_contact), (select max(id) from contacts_contact)
"""

CHUNK_END = """
-- The last contact id of the next chunk; null when all were looked at. By id alone, so that a
-- chunk is bounded work however rare the workspace's contacts are.
select max(id) from (
  select id from contacts_contact where id > %s and id <= %s order by id limit %s)
"""

COUNT = f"""
-- What would become of some contacts of the audience; of those who get a text, what tells their
-- texts apart. The reason is found once for each (materialized), not once for each column.
with told as materialized (
  select c.id, coalesce({REASON}, case when {{held_out}} then '{HELD_OUT}' end) as reason
  from contacts_contact c
  where {{chunk}} and {{audience}})
select told.reason,
  case when told.reason is null then substr(c.phone, 1, %(digits)s) end,
  case when told.reason is null then coalesce({{place}}, '') end,
  case when told.reason is null then coalesce({{variant}}, 0) end,
  case when told.reason is null then {{values}} end,
  count(*)
from told join contacts_contact c on c.id = told.id
group by 1, 2, 3, 4, 5
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What was counted until `at`: this `share` of the workspace's contacts, 1 for all of them."""

    reach: Reach
    share: float
    at: dt.datetime

    @property
    def is_whole(self) -> bool:
        return self.share == 1

    @property
    def percent(self) -> int:
        return int(self.share * 100)


@dataclass(frozen=True, slots=True)
class _Group:
    """Contacts whose texts are alike. `reason`: they get none."""

    reason: str | None
    prefix: str
    place: str
    variant: int
    values: str  # JSON: the merge fields', in their order
    count: int


def count_audience(
    broadcast: Broadcast,
    *,
    with_text: bool,
    now: dt.datetime | None = None,
    seconds: float | None = None,
) -> Counted:
    """Return the counts of a broadcast's audience, as far as `seconds` more of counting lead
    (`SECONDS_PER_LOOK`).

    `with_text` counts the parts of every text as well: a different question for each text, so not
    one to ask of a large workspace while somebody types. The broadcast may be unsaved. Raises
    `BadAudience` and what `compile_text` raises.
    """
    now = now or timezone.now()
    question = _Question(broadcast, with_text, now)
    kept = _kept(broadcast, question.key, now)
    if kept is None:
        return Counted(reach=question.ask(ALL, {}), share=1, at=now)
    if kept.finished_at is None:
        _count_for(kept, question, SECONDS_PER_LOOK if seconds is None else seconds)
        _keep(kept)
    return Counted(reach=read_reach(kept.counts), share=_share(kept), at=kept.finished_at or now)


def count_again(broadcast: Broadcast, *, with_text: bool) -> None:
    """Forget what was counted of a broadcast's audience, so that the next look begins anew."""
    key = _Question(broadcast, with_text, timezone.now()).key
    AudienceCount.objects.filter(workspace=broadcast.workspace, key=key).delete()


class _Question:
    """What is asked about each chunk of contacts, made once."""

    def __init__(self, broadcast: Broadcast, with_text: bool, now: dt.datetime) -> None:
        self._wordings = wordings_of(broadcast)
        self._short = sample_url(broadcast.domain or domain_for(broadcast.workspace))
        self._with_text = with_text
        self._fields = _fields(self._wordings) if with_text else []
        made_of = {
            **conditions(broadcast, self._wordings),
            "held_out": is_held_out_sql(self._wordings, broadcast.token),
            "variant": variant_sql(self._wordings, broadcast.token),
        }
        values = [f"coalesce({attribute_sql(name)}, '')" for name in self._fields]
        made_of = {**made_of, "values": f"json_array({', '.join(values)})"}
        self._statements = {chunk: COUNT.format(chunk=chunk, **made_of) for chunk in (ALL, CHUNK)}
        self._values = {
            "workspace": broadcast.workspace_id,
            "digits": TELLING_DIGITS,
            "cap_since": cap_since(broadcast, now),
        }
        about_text = f"{len(self._short)} {texts_of(broadcast)}" if with_text else ""
        self.key = question_key(broadcast, self._wordings, about_text)

    def ask(self, chunk: str, bounds: Mapping[str, int]) -> Reach:
        """Return the counts of the contacts in a chunk."""
        with connection.cursor() as cursor:
            make_tables(cursor)
            cursor.execute(self._statements[chunk], {**self._values, **bounds})
            return self._summed(_Group(*row) for row in cursor.fetchall())

    def _summed(self, groups: Iterable[_Group]) -> Reach:
        reach = Reach()
        for each in groups:
            if each.reason is not None:
                reach.left_out[each.reason] += each.count
                continue
            country = country_of(each.prefix) or "?"
            reach.countries[country] += each.count
            reach.places[each.place] += each.count
            if self._with_text:
                parts = self._parts(each)
                reach.parts[parts] += each.count
                reach.country_parts[country] += parts * each.count
        return reach

    def _parts(self, group: _Group) -> int:
        values = (str(value) for value in json.loads(group.values))
        attributes = dict(zip(self._fields, values, strict=True))
        template = self._wordings.templates[group.variant]
        short = [self._short] * len(template.urls)
        return count_parts(render_message(template, attributes, short))


def _fields(wordings: Wordings) -> list[str]:
    """Return the attributes that tell texts apart; those in links only do not."""
    return sorted(frozenset().union(*(each.fields_in_text for each in wordings.templates)))


def _kept(broadcast: Broadcast, key: str, now: dt.datetime) -> AudienceCount | None:
    """Return the count that is under way or fresh, or a new one; None where all are counted at
    once."""
    mine = AudienceCount.objects.filter(workspace=broadcast.workspace)
    kept = mine.filter(key=key).first()
    if kept is not None and now - (kept.finished_at or kept.started_at) < FRESH_FOR:
        return kept
    if not is_large(broadcast.workspace):
        return None
    with connection.cursor() as cursor:
        cursor.execute(IDS)
        first, last = cursor.fetchone()
    AudienceCount.objects.filter(started_at__lt=now - KEPT_FOR).delete()
    begin = {"first_contact": first, "counted_to": first - 1, "last_contact": last}
    fresh = {**begin, "counts": {}, "marks": [], "started_at": now, "finished_at": None}
    return mine.update_or_create(workspace=broadcast.workspace, key=key, defaults=fresh)[0]


def _share(kept: AudienceCount) -> float:
    if kept.finished_at is not None:
        return 1
    ids = kept.last_contact - kept.first_contact + 1
    return min(0.99, (kept.counted_to - kept.first_contact + 1) / ids)


def _count_for(kept: AudienceCount, question: _Question, seconds: float) -> None:
    until = time.monotonic() + seconds
    while kept.finished_at is None:
        _count_on(kept, question)
        if time.monotonic() > until:
            return


def _count_on(kept: AudienceCount, question: _Question) -> None:
    """Count the next chunk, in memory."""
    with connection.cursor() as cursor:
        cursor.execute(CHUNK_END, [kept.counted_to, kept.last_contact, CONTACTS_PER_CHUNK])
        (end,) = cursor.fetchone()
    if end is None:
        kept.finished_at = timezone.now()
        return
    reach = read_reach(kept.counts)
    reach.add(question.ask(CHUNK, {"after": kept.counted_to, "end": end}))
    kept.counts, kept.counted_to = reach.as_json(), end


def _keep(kept: AudienceCount) -> None:
    """Store how far it came, unless somebody else's look came further."""
    kept.marks.append([kept.counted_to, read_reach(kept.counts).textable])
    further = AudienceCount.objects.filter(pk=kept.pk, counted_to__lte=kept.counted_to)
    further.update(
        counts=kept.counts,
        marks=kept.marks,
        counted_to=kept.counted_to,
        finished_at=kept.finished_at,
    )
