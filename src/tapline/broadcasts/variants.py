"""How the variants of a broadcast did beside each other, and who got nothing on purpose."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from tapline.broadcasts.models import Broadcast, BroadcastState, MessageTally
from tapline.broadcasts.reasons import HELD_OUT
from tapline.broadcasts.samples import sample_of
from tapline.broadcasts.variant_odds import Group, Outcome, compare, sure_z
from tapline.broadcasts.wordings import letter, texts_of, wordings_of
from tapline.clicks.reports import summarise, unclear_messages
from tapline.intervals import range_of

# Most people who tap do so within a day; then the taps that come change little.
TAPS_COME_FOR = dt.timedelta(days=1)
# More than these are not told apart by variant one by one; so many are never unclear.
MOST_UNCLEAR = 50_000

UNCLEAR_BY_VARIANT = """
-- Of messages that somebody or something unclear opened and no person: how many of each variant.
select m.variant, count(*)
from json_each(%s) wanted join broadcasts_message m on m.id = wanted.value
where m.variant is not null and m.first_human_click_at is null
group by 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One text and what became of it. Rates are fractions from 0 to 1."""

    letter: str
    text: str
    share: int  # per cent of those who get a text
    people: int  # that the rate is about: delivered, or sent where no receipts came
    tapped: int
    perhaps: int  # of whom an opening could be a person's or a machine's
    rate: float
    surely_from: float  # where the rate of everybody surely is, by those who got it
    surely_to: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantReport:
    """All variants beside each other. `is_over`: few taps are still to come."""

    variants: tuple[Variant, ...]
    outcome: Outcome
    is_over: bool

    def as_dict(self) -> dict[str, Any]:
        """Return the comparison as the API tells it."""
        outcome = self.outcome
        return {
            "variants": [asdict(each) for each in self.variants],
            "outcome": outcome.kind,
            "best": self.variants[outcome.best].letter,
            "difference_from": outcome.difference.low,
            "difference_to": outcome.difference.high,
            "more_needed": outcome.more_needed,
            "is_over": self.is_over,
        }


def variants_report(broadcast: Broadcast, now: dt.datetime | None = None) -> VariantReport | None:
    """Return how the variants did; None where a broadcast has one text."""
    if not broadcast.variants:
        return None
    groups = _groups(broadcast, len(broadcast.variants) + 1)
    is_over = _is_over(broadcast, now or timezone.now())
    z = sure_z(is_over, len(groups))
    shares = wordings_of(broadcast).shares
    return VariantReport(
        variants=tuple(
            _told(place, text, shares[place], groups[place], z)
            for place, text in enumerate(texts_of(broadcast))
        ),
        outcome=compare(groups, is_over=is_over),
        is_over=is_over,
    )


def held_out(broadcast: Broadcast) -> int:
    """Return how many of a broadcast's audience got nothing on purpose."""
    rows = MessageTally.objects.filter(broadcast=broadcast, error_code=HELD_OUT)
    return int(rows.aggregate(count=Sum("count"))["count"] or 0)


def _told(place: int, text: str, share: int, group: Group, z: float) -> Variant:
    sure = range_of(group.sample, z=z)
    return Variant(
        letter=letter(place),
        text=text,
        share=share,
        people=group.people,
        tapped=group.tapped,
        perhaps=group.perhaps,
        rate=group.rate,
        surely_from=sure.low,
        surely_to=sure.high,
    )


def _groups(broadcast: Broadcast, count: int) -> list[Group]:
    """Return what the tallies say of each variant. Who is only counted is in none: nobody can say
    whether they tapped."""
    whole = list(MessageTally.objects.filter(broadcast=broadcast, count__gt=0))
    samples = [
        sample_of([each for each in whole if each.variant == n], whole) for n in range(count)
    ]
    perhaps = _perhaps(broadcast)
    return [
        Group(people=sample.of, tapped=sample.hits, perhaps=perhaps[n])
        for n, sample in enumerate(samples)
    ]


def _perhaps(broadcast: Broadcast) -> Counter[int]:
    """Return, by variant, how many messages somebody or something unclear opened, and no person."""
    ids = (broadcast.workspace_id, broadcast.pk)
    if not summarise(*ids).unknown_only_messages:
        return Counter()
    messages = unclear_messages(*ids)[:MOST_UNCLEAR]
    with connection.cursor() as cursor:
        cursor.execute(UNCLEAR_BY_VARIANT, [json.dumps(messages)])
        return Counter(dict(cursor.fetchall()))


def _is_over(broadcast: Broadcast, now: dt.datetime) -> bool:
    ended = broadcast.finished_at
    has_ended = broadcast.state in (BroadcastState.SENT, BroadcastState.CANCELLED)
    return has_ended and ended is not None and now - ended > TAPS_COME_FOR
