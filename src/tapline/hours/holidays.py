"""Which dates are public holidays, for the calendars that rules name. Pure arithmetic."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Iterator

MONDAY, THURSDAY, SATURDAY = 0, 3, 5


def is_holiday(calendar: str, day: dt.date) -> bool:
    """Say whether a date is a holiday in one of `CALENDARS`; raises `KeyError` for others."""
    return day in _holidays(calendar, day.year)


@functools.lru_cache(maxsize=256)
def _holidays(calendar: str, year: int) -> frozenset[dt.date]:
    # The holiday of a year may be kept on the last day of the year before.
    return frozenset(
        day for each in (year, year + 1) for day in CALENDARS[calendar](each) if day.year == year
    )


def easter(year: int) -> dt.date:
    """Return Easter Sunday. Source: the anonymous Gregorian computus (Meeus, chapter 8)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e, f = b // 4, b % 4, (b + 8) // 25
    g = (b - f + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    ell = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * ell) // 451
    month, day = divmod(h + ell - 7 * m + 114, 31)
    return dt.date(year, month, day + 1)


def _france(year: int) -> Iterator[dt.date]:
    """Code du travail, article L3133-1."""
    yield from (dt.date(year, *each) for each in ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15)))
    yield from (dt.date(year, *each) for each in ((11, 1), (11, 11), (12, 25)))
    yield from (easter(year) + dt.timedelta(days=days) for days in (1, 39, 50))


def _spain(year: int) -> Iterator[dt.date]:
    """The days that are kept all over Spain; regions and towns have more."""
    yield from (dt.date(year, *each) for each in ((1, 1), (1, 6), (5, 1), (8, 15), (10, 12)))
    yield from (dt.date(year, *each) for each in ((11, 1), (12, 6), (12, 8), (12, 25)))
    yield easter(year) - dt.timedelta(days=2)


def _australia(year: int) -> Iterator[dt.date]:
    """The national days, and those kept instead of one that falls on a weekend."""
    for month, day in ((1, 1), (1, 26), (4, 25), (12, 25), (12, 26)):
        date = dt.date(year, month, day)
        yield date
        if date.weekday() >= SATURDAY:  # Christmas pushes Boxing Day on, so two days.
            yield from (date + dt.timedelta(days=days) for days in (1, 2))
    yield from (easter(year) + dt.timedelta(days=days) for days in (-2, -1, 1))


def _united_states(year: int) -> Iterator[dt.date]:
    """5 U.S.C. 6103, with the days on which a weekend's holiday is kept instead."""
    for month, day in ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25)):
        date = dt.date(year, month, day)
        yield date
        if date.weekday() >= SATURDAY:
            yield date + dt.timedelta(days=-1 if date.weekday() == SATURDAY else 1)
    for month, weekday, count in ((1, MONDAY, 3), (2, MONDAY, 3), (9, MONDAY, 1), (10, MONDAY, 2)):
        yield _nth(year, month, weekday, count)
    yield _nth(year, 11, THURSDAY, 4)
    yield _nth(year, 6, MONDAY, 1) - dt.timedelta(days=7)  # the last Monday of May


def _nth(year: int, month: int, weekday: int, count: int) -> dt.date:
    first = dt.date(year, month, 1)
    return first + dt.timedelta(days=(weekday - first.weekday()) % 7 + 7 * (count - 1))


CALENDARS: dict[str, Callable[[int], Iterator[dt.date]]] = {
    "FR": _france,
    "ES": _spain,
    "AU": _australia,
    "US": _united_states,
}
