"""Which of several things did best, and whether that can be told at all. Pure.

Things are ranked by the lower end of the range in which their click rate lies, so that a lucky few
do not stand above many. Whether one is better than the average is said only where its whole range
is on one side of it. Of twenty things that are all alike one will seem to differ: a range holds the
true rate in 95 of 100 cases.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tapline.intervals import Range, Sample, dispersion, pooled, range_of

# Fewer texts than these, or a wider range, say nothing that somebody could act on.
FEWEST_TEXTS = 100
WIDEST_RANGE = 0.2


class Standing(StrEnum):
    """How something stands beside the average of all."""

    BETTER = "better"
    ALIKE = "alike"
    WORSE = "worse"
    TOO_FEW = "too_few"


@dataclass(frozen=True, slots=True)
class Group:
    """One thing and what its broadcasts did, a sample each."""

    words: str
    samples: tuple[Sample, ...]
    address: str = ""  # the page about it, where there is one


@dataclass(frozen=True, slots=True)
class Line:
    """One thing in the ranking."""

    group: Group
    sample: Sample
    range: Range
    standing: Standing

    @property
    def broadcasts(self) -> int:
        return len(self.group.samples)


@dataclass(frozen=True, slots=True)
class Ranking:
    """The lines, best first, and the average beside which they stand."""

    lines: list[Line]
    average: float


def rank(groups: Iterable[Group], everything: Sequence[Sample]) -> Ranking:
    """Return the groups that reached anybody, best first; too few to tell come last.

    `everything` is what the average is made of.
    """
    told = [group for group in groups if pooled(group.samples).of]
    average = pooled(everything).rate
    times = dispersion([group.samples for group in told])
    lines = [_line(group, average, times) for group in told]
    return Ranking(sorted(lines, key=_order), average)


def standing_of(sample: Sample, found: Range, average: float) -> Standing:
    """Return how a sample stands whose rate lies in `found`."""
    if sample.of < FEWEST_TEXTS or found.width > WIDEST_RANGE:
        return Standing.TOO_FEW
    if found.low > average:
        return Standing.BETTER
    return Standing.WORSE if found.high < average else Standing.ALIKE


def _line(group: Group, average: float, times: float) -> Line:
    sample = pooled(group.samples)
    found = range_of(sample, times)
    return Line(group, sample, found, standing_of(sample, found, average))


def _order(line: Line) -> tuple[bool, float, int, str]:
    return (
        line.standing == Standing.TOO_FEW,
        -line.range.low,
        -line.sample.of,
        line.group.words,
    )
