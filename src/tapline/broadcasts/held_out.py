"""What people did who got nothing on purpose, beside those who got the text: since it began, and
elsewhere than in it.

Chance divided them, so that what differs is what the text did. Of a large broadcast the first of
both are compared, by position, which chance divided just as well.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from tapline.broadcasts.models import Broadcast
from tapline.broadcasts.reasons import HELD_OUT
from tapline.contacts.doings import REACHED_STATES
from tapline.intervals import Sample, range_of_difference

# Of each: with 200 texts to everybody a look takes 0.2 s. Messages are walked in the order of their
# positions.
MOST_COMPARED = 1_000
MOST_WALKED = 50_000

COUNT = """
-- Of one broadcast's first people of one kind: how many there are, and how many of them wrote,
-- tapped in another text, or said no to such texts since a moment.
select count(*),
  coalesce(sum(case when exists (
    select 1 from replies_reply r where r.contact_id = m.contact_id and r.received_at >= %(since)s
  ) then 1 else 0 end), 0),
  coalesce(sum(case when exists (
    select 1 from broadcasts_message o where o.contact_id = m.contact_id
      and +o.broadcast_id <> %(broadcast)s and o.first_human_click_at >= %(since)s
  ) then 1 else 0 end), 0),
  coalesce(sum(case when exists (
    select 1 from contacts_consent n where n.contact_id = m.contact_id
      and n.purpose = %(purpose)s and not n.given and n.at >= %(since)s
  ) then 1 else 0 end), 0)
from (
  select contact_id from broadcasts_message
  where broadcast_id = %(broadcast)s and workspace_id = %(workspace)s
    and position < %(walked)s and contact_id is not null and {kind}
  order by position limit %(most)s
) m
"""
KINDS = {
    "held_out": f"state = 'cancelled' and error_code = '{HELD_OUT}'",
    "texted": f"state in {REACHED_STATES}",
}
DOINGS = (
    gettext_lazy("Wrote to you"),
    gettext_lazy("Tapped in another text"),
    gettext_lazy("Opted out"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that both may have done. `more`: which of them surely did it more, or empty."""

    words: str | Promise
    held_out: Sample
    texted: Sample

    @property
    def more(self) -> str:
        difference = range_of_difference(self.held_out, self.texted)
        if difference.low > 0:
            return "texted"
        return "held_out" if difference.high < 0 else ""


@dataclass(frozen=True, slots=True)
class Compared:
    """Those who got nothing beside those who got the text."""

    held_out: int
    texted: int
    lines: Sequence[Line]


def compare_held_out(broadcast: Broadcast) -> Compared | None:
    """Return what both did since the broadcast began; None before there are some of each."""
    if broadcast.started_at is None or not broadcast.hold_out:
        return None
    held_out, texted = (_count(broadcast, kind, broadcast.started_at) for kind in KINDS)
    if not (held_out[0] and texted[0]):
        return None
    lines = [
        Line(words=words, held_out=Sample(mine, held_out[0]), texted=Sample(theirs, texted[0]))
        for words, mine, theirs in zip(DOINGS, held_out[1:], texted[1:], strict=True)
    ]
    return Compared(held_out[0], texted[0], lines)


def _count(broadcast: Broadcast, kind: str, since: dt.datetime) -> list[int]:
    values: dict[str, int | str] = {
        "broadcast": broadcast.pk,
        "workspace": broadcast.workspace_id,
        "purpose": broadcast.purpose,
        "since": str(connection.ops.adapt_datetimefield_value(since)),
        "walked": MOST_WALKED,
        "most": MOST_COMPARED,
    }
    with connection.cursor() as cursor:
        cursor.execute(COUNT.format(kind=KINDS[kind]), values)
        return [int(number) for number in cursor.fetchone()]
