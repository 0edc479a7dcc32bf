"""How the cells of one row become a contact and its answer, or a reason to refuse the row. Pure."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from tapline.cells import unmarked
from tapline.contacts import columns as field
from tapline.contacts.phones import BadNumber, hash_phone, normalise

MAX_VALUE = 500
MAX_TAG = 80

_ANSWERS = {field.AGREED_HOW, field.AGREED_AT, field.WORDING}
_ROLES = {field.PHONE, field.LANGUAGE, field.ZONE, field.TAGS, *_ANSWERS}
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:[-_][a-z0-9]{2,8})?", re.IGNORECASE)
_TAG_PARTS = re.compile(r"[;,|]")
_MARKS = ("'", "=")
_DATE = re.compile(r"(\d{1,2})([./])(\d{1,2})\2(\d{4})(?:[ ,T]+(\d{1,2}:\d{2}(?::\d{2})?))?")


class Answer(NamedTuple):
    """How, when and to which words a person agreed."""

    how: str
    at: datetime
    wording: str


class ImportedRow(NamedTuple):
    """One contact as the file tells it."""

    line: int
    phone: str
    phone_hash: str
    attributes: str  # a JSON object, cells that are empty left out
    language: str
    zone: str
    tags: tuple[str, ...]
    answer: Answer | None  # None: the file and the importer do not say, so no text goes out


class BadRow(Exception):
    """The row cannot be imported; the text says why."""


class RowReader:
    """Reads the rows of one file. Where columns are is worked out once, not a million times."""

    def __init__(
        self,
        columns: Mapping[str, int],
        *,
        country: str,
        zone: str,  # of dates without one
        tags: tuple[str, ...],
        answer: Answer | None,  # for rows that bring none of their own
        now: datetime,
    ) -> None:
        self._country, self._zone, self._tags, self._now = country, zone, tags, now
        self._default_answer = answer
        self._width = max(columns.values()) + 1
        nowhere = self._width  # an empty cell is put there
        self._phone = columns[field.PHONE]
        self._language = columns.get(field.LANGUAGE, nowhere)
        self._zone_column = columns.get(field.ZONE, nowhere)
        self._tags_column = columns.get(field.TAGS, nowhere)
        self._how = columns.get(field.AGREED_HOW, nowhere)
        self._at = columns.get(field.AGREED_AT, nowhere)
        self._wording = columns.get(field.WORDING, nowhere)
        self._dated_by_row = field.AGREED_AT in columns
        self._told_by_row = not columns.keys().isdisjoint(_ANSWERS)
        # name → column of what becomes an attribute
        self.attributes = [(name, at) for name, at in columns.items() if name not in _ROLES]

    def read(self, line: int, cells: list[str]) -> ImportedRow:
        """Return the contact in `cells`; raises `BadRow`."""
        cells = cells[: self._width] + [""] * (self._width + 1 - min(len(cells), self._width))
        try:
            phone = normalise(cells[self._phone], self._country)
        except BadNumber as error:
            raise BadRow(f"{error.what} {error.why}") from error
        return ImportedRow(
            line,
            phone,
            hash_phone(phone),
            self._read_attributes(cells),
            read_language(cells[self._language]),
            read_zone(cells[self._zone_column]),
            self._tags + _tags(cells[self._tags_column]),
            self._read_answer(cells) if self._told_by_row else self._default_answer,
        )

    def _read_attributes(self, cells: list[str]) -> str:
        values = {}
        for name, at in self.attributes:
            if value := _plain(cells[at]):
                if len(value) > MAX_VALUE:
                    raise BadRow(f"'{name}' has {len(value)} characters; it may have {MAX_VALUE}.")
                values[name] = value
        return msgspec.json.encode(values).decode()

    def _read_answer(self, cells: list[str]) -> Answer | None:
        default = self._default_answer
        how = cells[self._how].strip() or (default.how if default else "")
        wording = cells[self._wording].strip() or (default.wording if default else "")
        if told := cells[self._at].strip():
            at = parse_time(told, self._zone)
        elif default and not self._dated_by_row:
            at = default.at
        else:  # A column of dates says who agreed: an empty cell means that this one did not.
            return None
        if at > self._now:
            raise BadRow(f"'{told}' as the time of agreeing lies in the future.")
        return Answer(how, at, wording) if how and wording else None


@functools.lru_cache(maxsize=10_000)
def parse_time(text: str, zone: str) -> datetime:
    """Return a date or time as people and programs write it, aware; raises `BadRow`."""
    try:
        at = _by_hand(match) if (match := _DATE.fullmatch(text)) else datetime.fromisoformat(text)
    except ValueError as error:
        raise BadRow(f"'{text[:40]}' is no date. Write it like 2026-05-31.") from error
    return at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))


def _by_hand(match: re.Match[str]) -> datetime:
    first, mark, second, year, time = match.groups()
    day, month = int(first), int(second)
    if mark == "/":
        if day <= 12 and month <= 12 and day != month:
            raise BadRow(f"'{match[0]}' can be read as two dates. Write it like 2026-05-31.")
        if month > 12:
            day, month = month, day
    return datetime.fromisoformat(f"{year}-{month:02}-{day:02}T{(time or '00:00').rjust(5, '0')}")


def _plain(cell: str) -> str:
    """Return a cell without what spreadsheets put around it."""
    value = cell.strip()
    if value[:1] not in _MARKS:
        return value
    if value.startswith('="') and value.endswith('"'):
        return value[2:-1].strip()
    return unmarked(value)


@functools.lru_cache(maxsize=1000)
def read_language(cell: str) -> str:
    """Return a language code as it is kept, empty for none; raises `BadRow`."""
    code = cell.strip()
    if code and not _LANGUAGE.fullmatch(code):
        raise BadRow(f"'{code[:40]}' is no language code. Write it like en or pt-BR.")
    return code.replace("_", "-")


@functools.lru_cache(maxsize=1000)
def read_zone(cell: str) -> str:
    """Return the name of a time zone, empty for none; raises `BadRow`."""
    name = cell.strip()
    if name and name not in available_timezones():
        raise BadRow(f"'{name[:40]}' is no time zone. Write it like America/New_York.")
    return name


@functools.lru_cache(maxsize=10_000)
def _tags(cell: str) -> tuple[str, ...]:
    names = tuple(name for part in _TAG_PARTS.split(cell) if (name := part.strip()))
    if bad := next((name for name in names if len(name) > MAX_TAG), None):
        raise BadRow(f"The tag '{bad[:20]}…' is longer than {MAX_TAG} characters.")
    return names
