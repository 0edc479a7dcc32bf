"""How many texts may have been opened by machines that nobody can tell from people.

A security app that opens one link, later, by the phone's own browser and from its own address looks
like its owner. Rules cannot catch it, but seed contacts can measure how often it happens: nobody
taps their links. Until enough of them got texts an assumption stands in (decision 141).
"""

from __future__ import annotations

import datetime as dt
import functools
import math
from dataclasses import dataclass

import numpy as np
from django.db import connection, transaction
from django.utils import timezone

from tapline import config
from tapline.clicks import store
from tapline.clicks.models import SeedOpening
from tapline.clicks.rules import LOOKALIKE

# The assumption weighs as much as so many seed contacts.
ASSUMED_WEIGHT = 100.0
# The share is at most what is told in so many of all cases.
CERTAINTY = 0.95
STEPS = 20_000
MEASURED = dt.timedelta(days=365)

MEASURE = """
-- How many seed contacts of one workspace got texts since a moment, and, added up over them, which
-- share of its texts was opened by something that only their role tells from a person. Tests count
-- for nothing. (Cross joins keep the order: from the few seed contacts to their texts.)
select count(*), coalesce(sum(1.0 * opened / texts), 0)
from (
    select c.id, count(*) as texts, count(s.id) as opened
    from contacts_contact c
    cross join broadcasts_message m on m.contact_id = c.id
    cross join broadcasts_broadcast b on b.id = m.broadcast_id
    left join clicks_seedopening s on s.message_id = m.id and s.workspace_id = c.workspace_id
    where c.workspace_id = %s and c.is_canary
      and m.workspace_id = c.workspace_id and m.submitted_at >= %s
      and m.state in ('accepted', 'delivered') and not b.is_test
    group by c.id
)
"""

OPENED = """
-- Which texts to seed contacts were opened by what looked like a person.
select distinct message from clicks
where workspace = :workspace and broadcast = :broadcast and reasons = :reason
order by message
"""


@dataclass(frozen=True, slots=True)
class Lookalikes:
    """What is known of machines that look like people. Shares lie between 0 and 1."""

    seeds: int  # seed contacts that got texts
    opened: float  # of those, as they had their texts opened: half the texts of one are 0.5
    assumed: float  # the share of texts that is expected before any seed contact tells

    @property
    def most(self) -> float:
        """The share of the texts that nobody tapped which such machines opened, at most."""
        return upper_share(*self._cases)

    def people_at_least(self, people: int, texts: int) -> int:
        """Return how many of the `people` that `texts` seem to have brought are certain.

        Lookalikes are among the texts that no person opened: those that seem so, and theirs.
        """
        untapped = max(texts - people, 0)
        found = upper_count(untapped, *self._cases)
        return max(0, people - upper_count(untapped + found, *self._cases))

    @property
    def _cases(self) -> tuple[float, float]:
        """How many seed contacts spoke for lookalikes and against, with what is assumed."""
        assumed = self.assumed * ASSUMED_WEIGHT
        return assumed + self.opened, ASSUMED_WEIGHT - assumed + max(self.seeds - self.opened, 0)


def measure(workspace_id: int) -> Lookalikes:
    """Return what the seed contacts of a workspace tell: a few look-ups for each of them."""
    with connection.cursor() as cursor:
        cursor.execute(MEASURE, [workspace_id, timezone.now() - MEASURED])
        seeds, opened = cursor.fetchone()
    return Lookalikes(seeds, float(opened), config.current().lookalike_percent / 100)


def note_seed_openings(workspace_id: int, broadcast_id: int) -> None:
    """Note which texts to seed contacts of one broadcast lookalikes opened, as stored now."""
    of = {"workspace_id": workspace_id, "broadcast_id": broadcast_id}
    wanted = {"workspace": workspace_id, "broadcast": broadcast_id, "reason": LOOKALIKE}
    opened = [message for (message,) in store.query(OPENED, wanted)]
    noted = SeedOpening.objects.filter(**of)
    if set(noted.values_list("message_id", flat=True)) == set(opened):
        return
    with transaction.atomic():
        noted.delete()
        SeedOpening.objects.bulk_create(SeedOpening(message_id=each, **of) for each in opened)


@functools.lru_cache
def upper_share(yes: float, no: float) -> float:
    """Return what a share is at most, with `CERTAINTY`, after so many cases for and against it.

    The quantile of the Beta distribution with these two numbers. Over the angle whose squared sine
    the share is, its density has no poles but at `yes` or `no` below a half, which the midpoints
    of steps keep away from.
    """
    if yes <= 0:
        return 0.0
    if no <= 0:
        return 1.0
    angle = (np.arange(STEPS) + 0.5) * (math.pi / 2 / STEPS)
    density = (2 * yes - 1) * np.log(np.sin(angle)) + (2 * no - 1) * np.log(np.cos(angle))
    below = np.cumsum(np.exp(density - density.max()))
    return float(np.sin(angle[np.searchsorted(below, CERTAINTY * below[-1])]) ** 2)


@functools.lru_cache
def upper_count(texts: int, yes: float, no: float) -> int:
    """Return how many of so many texts are of a kind at most, with `CERTAINTY`, after so many cases
    for and against it: the quantile of the beta-binomial distribution."""
    if yes <= 0 or not texts:
        return 0
    if no <= 0:
        return texts
    count = np.arange(min(texts, math.ceil(2 * upper_share(yes, no) * texts) + 100))
    # Whole numbers first: a very small `no` added to many texts would be rounded away.
    others = no + (texts - count - 1)
    steps = np.log((texts - count) * (yes + count) / ((count + 1) * others))
    none = _log_beta(yes, no + texts) - _log_beta(yes, no)
    chances = np.exp(none + np.r_[0, np.cumsum(steps)])
    return min(int(np.searchsorted(np.cumsum(chances), CERTAINTY)), texts)


def _log_beta(one: float, other: float) -> float:
    return math.lgamma(one) + math.lgamma(other) - math.lgamma(one + other)
