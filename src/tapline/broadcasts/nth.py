"""Which contact is recipient n of a broadcast: who may be texted, in the order of their ids.

In a large workspace the counts of the audience say where to begin (`counting`), and what is looked
through at once is bounded: who lies too far behind is found when the count came there.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from django.db import connection

from tapline.broadcasts.audience import audience_sql
from tapline.broadcasts.models import AudienceCount, Broadcast
from tapline.broadcasts.picking import ALL, CHUNK, is_large, question_key
from tapline.broadcasts.wordings import Wordings
from tapline.contacts.consent import textable_sql

SECONDS_PER_LOOK = 0.1
IDS_PER_STEP = 2_000

NTH = """
-- The n-th of some contacts of the audience who may be texted, in the order in which they get it.
select c.id, c.phone, c.attributes, c.language
from contacts_contact c
where {chunk} and {audience} and {textable}
order by c.id
limit 1 offset %(n)s
"""

COUNT = """
-- How many of them may be texted.
select count(*) from contacts_contact c where {chunk} and {audience} and {textable}
"""

LAST = "select max(id) from contacts_contact"

# id, number, attributes (JSON), language
Found: TypeAlias = tuple[int, str, str, str]


def nth_recipient(broadcast: Broadcast, wordings: Wordings, n: int) -> Found | None:
    """Return recipient `n` from 0; None past the end, or too far behind to be found at once."""
    among = _Among(broadcast)
    if not is_large(broadcast.workspace):
        return among.nth(ALL, {"n": n})
    after, skipped = _nearest_mark(broadcast, wordings, n)
    last, until = _last_id(), time.monotonic() + SECONDS_PER_LOOK
    while after < last and time.monotonic() < until:
        bounds = {"after": after, "end": after + IDS_PER_STEP}
        if found := among.nth(CHUNK, {**bounds, "n": n - skipped}):
            return found
        skipped += among.count(CHUNK, bounds)
        after += IDS_PER_STEP
    return None


def _nearest_mark(broadcast: Broadcast, wordings: Wordings, n: int) -> tuple[int, int]:
    """Return the last contact id up to which is known how many may be texted, no more than n."""
    mine = AudienceCount.objects.filter(workspace=broadcast.workspace)
    kept = mine.filter(key=question_key(broadcast, wordings)).values_list("marks").first()
    marks: Sequence[Sequence[int]] = kept[0] if kept else []
    before = [(after, textable) for after, textable in marks if textable <= n]
    return max(before, default=(0, 0))


def _last_id() -> int:
    with connection.cursor() as cursor:
        cursor.execute(LAST)
        return int(cursor.fetchone()[0] or 0)


class _Among:
    """Those of an audience who may be texted; who that is, is worked out once for all steps."""

    def __init__(self, broadcast: Broadcast) -> None:
        self._workspace = broadcast.workspace_id
        self._made_of = {
            "audience": audience_sql(broadcast.workspace, broadcast.audience),
            "textable": textable_sql(broadcast.workspace, broadcast.purpose),
        }

    def nth(self, chunk: str, values: Mapping[str, int]) -> Found | None:
        found: Found | None = self._row(NTH, chunk, values)
        return found

    def count(self, chunk: str, values: Mapping[str, int]) -> int:
        return int(self._row(COUNT, chunk, values)[0])

    def _row(self, statement: str, chunk: str, values: Mapping[str, int]) -> Any:
        with connection.cursor() as cursor:
            made = statement.format(chunk=chunk, **self._made_of)
            cursor.execute(made, {"workspace": self._workspace, **values})
            return cursor.fetchone()
