"""How two broadcasts stand side by side, and whether one did better than the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tapline.broadcasts.models import Broadcast
from tapline.broadcasts.reports import Report, build_report
from tapline.clicks import reports as clicks
from tapline.intervals import Range, Sample, range_of, range_of_difference

# Fewer texts than these on either side say nothing.
FEWEST_TEXTS = 50


class Outcome(StrEnum):
    """What can be said of the second beside the first."""

    BETTER = "better"
    WORSE = "worse"
    ALIKE = "alike"
    TOO_FEW = "too_few"


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: its report, its rate with its range, and shares of the same by each span."""

    broadcast: Broadcast
    report: Report
    sample: Sample
    range: Range
    in_time: list[float]  # shares of those who tapped, by when, added up; empty: not known

    @property
    def cost_per_person(self) -> float | None:
        """Return what each person who tapped cost; None where nobody did or it cost nothing."""
        people = self.report.human_clickers
        return float(self.report.cost) / people if people and self.report.cost else None


@dataclass(frozen=True, slots=True)
class Difference:
    """How far the second's rate lies above the first's, as seen, and likely between."""

    seen: float
    likely: Range
    outcome: Outcome


def side_of(broadcast: Broadcast) -> Side:
    """Return what is compared of one broadcast."""
    report = build_report(broadcast)
    base = report.delivered if report.rate_base == "delivered" else report.sent
    sample = Sample(report.human_clickers, base - report.only_counted_base)
    counts = [count for _, count in clicks.time_to_tap(broadcast.workspace_id, broadcast.pk)]
    return Side(broadcast, report, sample, range_of(sample), shares_so_far(counts))


def difference(one: Sample, other: Sample) -> Difference:
    """Return how the second stands beside the first."""
    likely = range_of_difference(one, other)
    return Difference(other.rate - one.rate, likely, _outcome(one, other, likely))


def shares_so_far(counts: Sequence[int]) -> list[float]:
    """Return which share of all is counted up to each place; nothing where nobody is."""
    total = sum(counts)
    return [sum(counts[: place + 1]) / total for place in range(len(counts))] if total else []


def _outcome(one: Sample, other: Sample, likely: Range) -> Outcome:
    if min(one.of, other.of) < FEWEST_TEXTS:
        return Outcome.TOO_FEW
    if likely.low > 0:
        return Outcome.BETTER
    return Outcome.WORSE if likely.high < 0 else Outcome.ALIKE
