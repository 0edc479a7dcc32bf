"""How taps over time are drawn and told: in steps that fit what there is to show. Pure."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from tapline.clicks.reports import MinuteCount

MINUTE, HOUR, DAY = 60, 3_600, 86_400
MONDAY = 4 * DAY  # The first one in unix time: weeks begin on Mondays.
# What people count time in; each divides the next.
STEPS_SECONDS = (MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 6 * HOUR, DAY, 7 * DAY)
# More bars than these cannot be told apart, more lines than these nobody reads.
MOST_BARS = 240
MOST_LINES = 24


@dataclass(frozen=True, slots=True)
class Timeline:
    """Taps per step, oldest first: (unix seconds of its beginning, taps). Steps without taps are
    left out."""

    step_seconds: int
    counts: tuple[tuple[int, int], ...]

    def moments(self, zone: str) -> list[tuple[dt.datetime, int]]:
        """Return the same with each beginning as a time on the clock of `zone`."""
        place = ZoneInfo(zone)
        return [(dt.datetime.fromtimestamp(at, place), taps) for at, taps in self.counts]


def timeline(minutes: Sequence[MinuteCount], zone: str) -> Timeline:
    """Return taps in the finest steps that make no more bars than a chart can show.

    Steps begin at full hours, days and weeks on the clock of `zone`.
    """
    counts = [(int(each.minute.timestamp()), each.taps) for each in minutes]
    return _gathered(counts, zone, MOST_BARS)


def for_reading(taps: Timeline, zone: str) -> Timeline:
    """Return the same taps in steps so coarse that the lines can be read."""
    return _gathered(taps.counts, zone, MOST_LINES)


def choose_step(span_seconds: int, most: int) -> int:
    """Return the finest step, in seconds, that divides a span into fewer than `most`."""
    return next((step for step in STEPS_SECONDS if span_seconds < most * step), STEPS_SECONDS[-1])


def chart_points(taps: Timeline) -> list[tuple[int, int]]:
    """Return (unix seconds, taps) per step, falling to zero at both ends of each gap."""
    step = taps.step_seconds
    points: list[tuple[int, int]] = []
    for at, count in taps.counts:
        if not points or at - points[-1][0] > step:
            if points:
                points.append((points[-1][0] + step, 0))
            if not points or points[-1][0] < at - step:
                points.append((at - step, 0))
        points.append((at, count))
    return points


def _gathered(counts: Sequence[tuple[int, int]], zone: str, most: int) -> Timeline:
    if not counts:
        return Timeline(MINUTE, ())
    step = choose_step(counts[-1][0] - counts[0][0], most)
    shifts = _shifts((at // HOUR for at, _ in counts), ZoneInfo(zone))
    gathered: Counter[int] = Counter()
    for at, taps in counts:
        shift = shifts[at // HOUR]
        gathered[(at + shift) // step * step - shift] += taps
    return Timeline(step, tuple(sorted(gathered.items())))


def _shifts(hours: Iterable[int], place: ZoneInfo) -> dict[int, int]:
    """Return for each hour of unix time how far its clock is ahead of one that began a Monday."""
    found: dict[int, int] = {}
    for hour in set(hours):
        offset = dt.datetime.fromtimestamp(hour * HOUR, place).utcoffset() or dt.timedelta()
        found[hour] = int(offset.total_seconds()) - MONDAY
    return found
