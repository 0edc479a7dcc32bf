"""Whether one variant of a broadcast does better than another, and how sure that is. Pure.

Rates and their differences get the ranges of `tapline.intervals`: they hold for few people and for
rates near zero too, where the textbook's do not. Several pairs at once share the chance of being
wrong (Bonferroni).

While taps come in, somebody looks again and again, and each look is one more chance to be fooled:
so until then the interval is one of 99 %, afterwards one of 95 %.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from statistics import NormalDist

from tapline.intervals import Range, Sample, range_of_difference

SURE, SURE_WHILE_RUNNING = 0.95, 0.99
# A difference below one point changes nothing that anybody would do.
SMALLEST_OF_USE = 0.01
# With fewer, those who tap first decide, and they are not like the others.
LEAST_PEOPLE = 30
# Of ten tests of the size told, eight find a difference that is there.
POWER = 0.8


class Kind(StrEnum):
    """BETTER: one is ahead of all others, whoever the unclear openings were. UNCLEAR: one is ahead
    unless these were people. ALIKE: no difference of use is left. EARLY: nobody can tell yet."""

    BETTER = "better"
    UNCLEAR = "unclear"
    ALIKE = "alike"
    EARLY = "early"


@dataclass(frozen=True, slots=True)
class Group:
    """Recipients of one variant: how many got it, how many tapped, and of how many others an
    opening could be a person's or a machine's."""

    people: int
    tapped: int
    perhaps: int = 0

    @property
    def sample(self) -> Sample:
        return Sample(self.tapped, self.people)

    @property
    def rate(self) -> float:
        return self.sample.rate

    def with_perhaps(self) -> Group:
        """Return the group as it is if all unclear openings were people's."""
        return Group(self.people, min(self.people, self.tapped + self.perhaps))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a comparison says. `best`: the group with the highest rate (the first of equals).
    `difference`: to the next best, in points from -1 to 1. `more_needed`: how many more recipients
    each variant needs to tell the difference seen now; None where there is none to tell."""

    kind: Kind
    best: int
    difference: Range
    more_needed: int | None = None


def compare(groups: Sequence[Group], *, is_over: bool) -> Outcome:
    """Return what is known about two or more variants. Never raises for two groups or more."""
    order = sorted(range(len(groups)), key=lambda place: (-groups[place].rate, place))
    best, second = order[0], order[1]
    z = sure_z(is_over, len(groups))
    difference = _lead(groups[best], groups[second], z)
    kind = _kind(groups, best, z)
    early = kind == Kind.EARLY
    more = more_needed(groups[best], groups[second], z) if early else None
    return Outcome(kind=kind, best=best, difference=difference, more_needed=more)


def _kind(groups: Sequence[Group], best: int, z: float) -> Kind:
    if min(each.people for each in groups) < LEAST_PEOPLE:
        return Kind.EARLY
    others = [each for place, each in enumerate(groups) if place != best]
    if all(_lead(groups[best], each, z).low > 0 for each in others):
        # At worst none of its own unclear openings was a person, and all of the others' were.
        worst = (_lead(groups[best], each.with_perhaps(), z) for each in others)
        return Kind.BETTER if all(each.low > 0 for each in worst) else Kind.UNCLEAR
    pairs = [_lead(one, other, z) for one, other in combinations(groups, 2)]
    is_small = all(max(-each.low, each.high) < SMALLEST_OF_USE for each in pairs)
    return Kind.ALIKE if is_small else Kind.EARLY


def _lead(one: Group, other: Group, z: float) -> Range:
    """Return from where to where the true rate of `one` may lie above that of `other`."""
    return range_of_difference(other.sample, one.sample, z)


def more_needed(one: Group, other: Group, z: float) -> int | None:
    """Return how many more recipients each of two variants needs to tell the difference seen now;
    None where none is seen. Source: J. L. Fleiss, «Statistical Methods for Rates and Proportions»,
    the sample size of two proportions."""
    distance = abs(one.rate - other.rate)
    if not one.people or not other.people or not distance:
        return None
    mean = (one.rate + other.rate) / 2
    spread = one.rate * (1 - one.rate) + other.rate * (1 - other.rate)
    power = NormalDist().inv_cdf(POWER)
    root = z * math.sqrt(2 * mean * (1 - mean)) + power * math.sqrt(spread)
    wanted = math.ceil((root / distance) ** 2)
    return max(1, max(LEAST_PEOPLE, wanted) - min(one.people, other.people))


def sure_z(is_over: bool, groups: int) -> float:
    """Return how many standard errors a range of `compare` spans to each side."""
    sure = SURE if is_over else SURE_WHILE_RUNNING
    return NormalDist().inv_cdf(1 - (1 - sure) / (2 * max(1, math.comb(groups, 2))))
