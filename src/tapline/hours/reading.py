"""How people write the hours of a week: «Mon–Sat 9:00–21:00, Sun 12:00–21:00». Pure.

The same words on pages, on the command line, in the API and in the database, so that an entry in
the audit can be read by whoever looks at it. `words.describe_week` writes them.
"""

from __future__ import annotations

import functools
import re

from tapline.errors import TaplineError
from tapline.hours.windows import DAY_MINUTES, Span, Week

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
NO_HOLIDAYS = "no public holidays"

_PIECE = re.compile(r"(?P<days>[a-z][a-z ]*?(?: ?- ?[a-z]+)?) (?P<hours>closed|\d.*)")
_HOURS = re.compile(r"(\d{1,2})(?::(\d\d))? ?- ?(\d{1,2})(?::(\d\d))?")


class BadHours(TaplineError):
    """These hours cannot be kept."""


@functools.lru_cache(maxsize=1024)
def read_week(text: str, calendar: str = "") -> Week:
    """Return the week that `text` says; days that it does not name are closed.

    `calendar` is what «no public holidays» means there (`holidays.CALENDARS`); without one those
    words are refused. Raises `BadHours`.
    """
    days: dict[int, Span] = {}
    holidays = ""
    for piece in text.lower().replace("–", "-").split(","):
        words = " ".join(piece.split())
        if words == NO_HOLIDAYS and calendar:
            holidays = calendar
            continue
        for day, span in _read_piece(words):
            if day in days:
                raise _unreadable(f"It says twice what holds on {DAYS[day].title()}.")
            days[day] = span
    if not any(days.values()):
        raise BadHours(
            "These hours never open.",
            why="No text could ever leave.",
            do="Leave at least one day open.",
        )
    return Week(tuple(days.get(day) for day in range(7)), holidays)


def _read_piece(words: str) -> list[tuple[int, Span]]:
    if found := _PIECE.fullmatch(words):
        span = None if found["hours"] == "closed" else _read_span(found["hours"])
        return [(day, span) for day in _read_days(found["days"])]
    if _HOURS.fullmatch(words):  # Hours alone: the same every day.
        return [(day, _read_span(words)) for day in range(7)]
    raise _unreadable(f"«{words}» is no day with its hours.")


def _read_days(words: str) -> list[int]:
    if words in ("every day", "daily"):
        return list(range(7))
    first, _, last = (part.strip() for part in words.partition("-"))
    days = list(range(_day(first), _day(last or first) + 1))
    if not days:
        raise _unreadable(f"«{words}»: a week begins on Monday.")
    return days


def _day(word: str) -> int:
    found = [number for number, name in enumerate(DAYS) if name.startswith(word)]
    if len(found) != 1:
        raise _unreadable(f"«{word}» is no day of the week.")
    return found[0]


def _read_span(words: str) -> Span:
    found = _HOURS.fullmatch(words)
    if found is None:
        raise _unreadable(f"«{words}» is no time to open and to close.")
    opens, opens_past, closes, closes_past = (int(each or 0) for each in found.groups())
    span = opens * 60 + opens_past, closes * 60 + closes_past
    if max(opens_past, closes_past) > 59 or not span[0] < span[1] <= DAY_MINUTES:
        raise _unreadable(f"«{words}»: a day opens before it closes, at 24:00 at the latest.")
    return span


def _unreadable(why: str) -> BadHours:
    return BadHours(
        "These hours cannot be read.",
        why=why,
        do="Write them like: Mon–Sat 9:00–21:00, Sun 12:00–21:00. Days left out are closed.",
    )
