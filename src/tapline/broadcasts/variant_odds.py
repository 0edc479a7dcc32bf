"""Whether one variant of a broadcast does better than another, and how sure that is. Pure.

Differences of two rates get Newcombe's interval, made of Wilson's for each of them: it holds for
few people and for rates near zero too, where the textbook's does not. Sources: R. G. Newcombe,
«Interval estimation for the difference between independent proportions», Statistics in Medicine 17
(1998), 873–890, method 10; E. B. Wilson, JASA 22 (1927), 209–212. Several pairs at once share the
chance of being wrong (Bonferroni).

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
from typing import NamedTuple

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
    def rate(self) -> float:
        return self.tapped / self.people if self.people else 0.0

    def with_perhaps(self) -> Group:
        """Return the group as it is if all unclear openings were people's."""
        return Group(self.people, min(self.people, self.tapped + self.perhaps))


class Interval(NamedTuple):
    """From where to where a value surely is."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a comparison says. `best`: the group with the highest rate (the first of equals).
    `difference`: to the next best, in points from -1 to 1. `more_needed`: how many more recipients
    each variant needs to tell the difference seen now; None where there is none to tell."""

    kind: Kind
    best: int
    difference: Interval
    more_needed: int | None = None


def compare(groups: Sequence[Group], *, is_over: bool) -> Outcome:
    """Return what is known about two or more variants. Never raises for two groups or more."""
    order = sorted(range(len(groups)), key=lambda place: (-groups[place].rate, place))
    best, second = order[0], order[1]
    z = _z(SURE if is_over else SURE_WHILE_RUNNING, math.comb(len(groups), 2))
    difference = difference_interval(groups[best], groups[second], z)
    kind = _kind(groups, best, z)
    early = kind == Kind.EARLY
    more = more_needed(groups[best], groups[second], z) if early else None
    return Outcome(kind=kind, best=best, difference=difference, more_needed=more)


def _kind(groups: Sequence[Group], best: int, z: float) -> Kind:
    if min(each.people for each in groups) < LEAST_PEOPLE:
        return Kind.EARLY
    others = [each for place, each in enumerate(groups) if place != best]
    if all(difference_interval(groups[best], each, z).low > 0 for each in others):
        # At worst none of its own unclear openings was a person, and all of the others' were.
        worst = (difference_interval(groups[best], each.with_perhaps(), z) for each in others)
        return Kind.BETTER if all(each.low > 0 for each in worst) else Kind.UNCLEAR
    pairs = [difference_interval(one, other, z) for one, other in combinations(groups, 2)]
    is_small = all(max(-each.low, each.high) < SMALLEST_OF_USE for each in pairs)
    return Kind.ALIKE if is_small else Kind.EARLY


def rate_interval(group: Group, z: float) -> Interval:
    """Return between which rates a group's true one surely is (Wilson's score interval)."""
    if not group.people:
        return Interval(0.0, 1.0)
    n, rate = group.people, group.rate
    middle = rate + z * z / (2 * n)
    spread = z * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low, high = (middle - spread) / scale, (middle + spread) / scale
    # What was seen is always inside; rounding must not say otherwise.
    return Interval(min(max(0.0, low), rate), max(min(1.0, high), rate))


def difference_interval(one: Group, other: Group, z: float) -> Interval:
    """Return between which values the difference of two true rates surely is (Newcombe)."""
    first, second = rate_interval(one, z), rate_interval(other, z)
    difference = one.rate - other.rate
    return Interval(
        difference - math.hypot(one.rate - first.low, second.high - other.rate),
        difference + math.hypot(first.high - one.rate, other.rate - second.low),
    )


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
    """Return how many standard errors an interval of `compare` spans to each side."""
    return _z(SURE if is_over else SURE_WHILE_RUNNING, math.comb(groups, 2))


def _z(sure: float, pairs: int) -> float:
    return NormalDist().inv_cdf(1 - (1 - sure) / (2 * max(1, pairs)))
