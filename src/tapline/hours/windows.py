"""When a place is open: the hours that every rule for it allows, as moments in time. Pure.

A place may be uncertain. Then it is several candidates, each a rule in a zone, and it is open only
while all of them are: nobody is texted at night, whichever of them they live in.
"""

from __future__ import annotations

import datetime as dt
import functools
import zoneinfo
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tapline.hours.holidays import is_holiday

# (opens, closes) in minutes after midnight, local time; None: closed all day.
Span: TypeAlias = tuple[int, int] | None
DAY_MINUTES = 24 * 60
# No place is closed for longer: holidays at the turn of a year take less. A place without an
# opening in that time has none at all.
LOOK_AHEAD_DAYS = 10


@dataclass(frozen=True, slots=True)
class Week:
    """The open hours of each weekday, Monday first, and the holidays on which nothing opens."""

    days: tuple[Span, ...]
    holidays: str = ""

    def on(self, day: dt.date) -> Span:
        """Return the open hours of a date."""
        if self.holidays and is_holiday(self.holidays, day):
            return None
        return self.days[day.weekday()]


ALWAYS = Week(days=((0, DAY_MINUTES),) * 7)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One place where a recipient may live: its zone, and every rule that holds there."""

    zone: str
    weeks: tuple[Week, ...]


@dataclass(frozen=True, slots=True, order=True)
class Opening:
    """A stretch of time, aware UTC, during which texts may arrive; `closes_at` is not in it."""

    opens_at: dt.datetime
    closes_at: dt.datetime


def opening_at(candidates: Sequence[Candidate], at: dt.datetime) -> Opening | None:
    """Return the opening that `at` lies in; None while the place is closed."""
    return next((each for each in _openings(candidates, at) if each.opens_at <= at), None)


def next_opening(candidates: Sequence[Candidate], at: dt.datetime) -> Opening | None:
    """Return the first opening that begins after `at`; None where there is none in ten days."""
    return next((each for each in _openings(candidates, at) if each.opens_at > at), None)


def _openings(candidates: Sequence[Candidate], at: dt.datetime) -> list[Opening]:
    """Return the openings that end after `at`, oldest first."""
    if not candidates:
        return []
    first = at.astimezone(dt.UTC).date() - dt.timedelta(days=1)
    lists = [_of_candidate(each, first) for each in dict.fromkeys(candidates)]
    shared = functools.reduce(_intersect, lists)
    return [each for each in shared if each.closes_at > at]


@functools.lru_cache(maxsize=4096)
def _of_candidate(candidate: Candidate, first: dt.date) -> tuple[Opening, ...]:
    lists = [_of_week(week, candidate.zone, first) for week in candidate.weeks]
    return functools.reduce(_intersect, lists)


@functools.lru_cache(maxsize=4096)
def _of_week(week: Week, zone: str, first: dt.date) -> tuple[Opening, ...]:
    # A local day may begin a day before or after the UTC day of the same date.
    dates = (first + dt.timedelta(days=days) for days in range(-1, LOOK_AHEAD_DAYS + 2))
    found = (_on_day(day, week.on(day), zone) for day in dates)
    return tuple(_joined(each for each in found if each is not None))


def _on_day(day: dt.date, span: Span, zone: str) -> Opening | None:
    """Return a local day's opening. A time that clocks skip or repeat is taken the strict way:
    the later one opens, the earlier one closes."""
    if span is None:
        return None
    opens_at, closes_at = max(_moments(day, span[0], zone)), min(_moments(day, span[1], zone))
    return Opening(opens_at, closes_at) if opens_at < closes_at else None


def _moments(day: dt.date, minutes: int, zone: str) -> tuple[dt.datetime, dt.datetime]:
    """Return both readings of a local time; they differ only when clocks change."""
    days, rest = divmod(minutes, DAY_MINUTES)
    local = dt.datetime.combine(day + dt.timedelta(days=days), dt.time(rest // 60, rest % 60))
    aware = local.replace(tzinfo=zoneinfo.ZoneInfo(zone))
    return aware.astimezone(dt.UTC), aware.replace(fold=1).astimezone(dt.UTC)


def _joined(openings: Iterable[Opening]) -> list[Opening]:
    """Return openings with those that touch made one: midnight closes nothing."""
    joined: list[Opening] = []
    for each in openings:
        if joined and each.opens_at <= joined[-1].closes_at:
            last = joined.pop()
            each = Opening(last.opens_at, max(last.closes_at, each.closes_at))
        joined.append(each)
    return joined


def _intersect(ours: Sequence[Opening], theirs: Sequence[Opening]) -> tuple[Opening, ...]:
    """Return the time that is in both sorted lists."""
    shared: list[Opening] = []
    mine = other = 0
    while mine < len(ours) and other < len(theirs):
        opens_at = max(ours[mine].opens_at, theirs[other].opens_at)
        closes_at = min(ours[mine].closes_at, theirs[other].closes_at)
        if opens_at < closes_at:
            shared.append(Opening(opens_at, closes_at))
        if ours[mine].closes_at < theirs[other].closes_at:
            mine += 1
        else:
            other += 1
    return tuple(shared)
