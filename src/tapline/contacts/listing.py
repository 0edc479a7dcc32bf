"""Which contacts one page of the list shows: found in either direction from a place in it.

A filter may be true of few, or of nobody, among a million. So contacts are looked through in
windows until a page is full or its time is over; then what was found is shown, and the place up to
which was looked is where the next page begins.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from django.db import connection
from django.utils import timezone

from tapline.contacts.models import Contact
from tapline.contacts.phones import BadNumber, normalise
from tapline.contacts.question_sql import question_sql, said_sql
from tapline.contacts.questions import Consented, Group, Question, Tagged
from tapline.contacts.searching import named_sql
from tapline.contacts.segments import find_segment, question_of
from tapline.workspaces.models import Workspace

Order = Literal["added", "taps"]
PER_PAGE = 50
# A page shows what it found within this; 20,000 contacts by name take some 20 ms.
SECONDS_PER_PAGE = 0.15
WINDOW = 20_000
# Of a part of a number, and of a number that nobody needs to have.
FEWEST_DIGITS, FEWEST_OF_WHOLE = 3, 9

ADDED_WINDOW = """
-- Where the next window of a workspace's contacts ends; no row: it is the last one.
select c.id from contacts_contact c
where c.workspace_id = %(workspace)s and c.id {beyond} %(place)s
order by c.id {way} limit 1 offset %(window)s
"""

ADDED = """
-- Those of one window whom the filter lets through, in the order of the list.
select c.id, c.id from contacts_contact c
where c.workspace_id = %(workspace)s and c.id {beyond} %(place)s and c.id {within} %(end)s
  and {filter}
order by c.id {way} limit %(limit)s
"""

# A place in the list of taps is «time/contact».
TAPS_WINDOW = """
-- Where the next window of a workspace's taps ends; no row: it is the last one.
select t.first_human_click_at || '/' || t.contact_id from broadcasts_message t
where t.workspace_id = %(workspace)s and t.first_human_click_at is not null
  and (t.first_human_click_at, t.contact_id) {beyond} (%(time)s, %(contact)s)
order by t.first_human_click_at {way}, t.contact_id {way} limit 1 offset %(window)s
"""

TAPS = """
-- Those who tapped in one window, by their last first tap in a text.
select c.id, t.first_human_click_at || '/' || t.contact_id
from broadcasts_message t cross join contacts_contact c on c.id = t.contact_id
where t.workspace_id = %(workspace)s and t.first_human_click_at is not null
  and (t.first_human_click_at, t.contact_id) {beyond} (%(time)s, %(contact)s)
  and (t.first_human_click_at, t.contact_id) {within} (%(end_time)s, %(end_contact)s)
  and c.workspace_id = %(workspace)s and {filter}
  and not exists (
    select 1 from broadcasts_message later
    where later.contact_id = c.id and +later.workspace_id = %(workspace)s
      and (later.first_human_click_at, later.id) > (t.first_human_click_at, t.id))
order by t.first_human_click_at {way}, t.contact_id {way} limit %(limit)s
"""

BY_NUMBER = """
-- The contact with this number, if the filter lets it through.
select c.id from contacts_contact c where c.workspace_id = %s and c.phone = %s and {filter}
"""

# Before the newest and behind the oldest. (A time that reads as a number would be compared as one.)
FIRST = {"added": str(2**62), "taps": "9999-12-31/0"}
LAST = {"added": "0", "taps": "/0"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which contacts are wanted. Empty: all."""

    search: str = ""  # a number, a part of one, or words of their attributes
    tag: str = ""
    consent: str = ""  # of marketing texts: agreed, not_agreed, opted_out
    segment: int | None = None

    @property
    def is_empty(self) -> bool:
        return self == Filter()


@dataclass(frozen=True, slots=True)
class Listed:
    """One page: contacts in the order of the list, and the places around it.

    `older` and `newer` begin the pages on either side; empty where there is none. With
    `is_unfinished` the page stopped looking before it was full: more may follow.
    """

    ids: list[int]
    older: str
    newer: str
    is_unfinished: bool


def list_page(
    workspace: Workspace,
    wanted: Filter,
    *,
    order: Order = "added",
    older_than: str = "",
    newer_than: str = "",
    per_page: int = PER_PAGE,
    seconds: float | None = SECONDS_PER_PAGE,
) -> Listed:
    """Return a page of the workspace's contacts, the newest first.

    `older_than` and `newer_than` are places that an earlier page told; anything else begins at the
    newest. Raises `BadSegment` and `NotFound` for a segment that is not there.
    """
    condition = filter_sql(workspace, wanted)
    if (phone := _number(workspace, wanted.search)) is not None:
        return _one(workspace, phone, condition)
    goes_back = bool(newer_than) and not older_than
    place = _read_place(order, older_than or newer_than)
    walk = _Walk(workspace, condition, order, goes_back=goes_back and place is not None)
    found, end = walk.look(place, per_page + 1, seconds)
    shown = found[:per_page]
    there_is_more = len(found) > per_page or end is not None
    onward = shown[-1][1] if len(found) > per_page else (end or "")
    if walk.goes_back:
        shown.reverse()
        older = shown[-1][1] if shown else newer_than
        return Listed(_ids(shown), older, onward, len(found) <= per_page and there_is_more)
    newer = shown[0][1] if shown and place is not None else ""
    return Listed(_ids(shown), onward, newer, len(found) <= per_page and there_is_more)


def every_id(workspace: Workspace, wanted: Filter, size: int) -> Iterator[list[int]]:
    """Yield the ids of all contacts whom a filter lets through, the newest first, `size` at most
    at once; nothing is held in between."""
    walk = _Walk(workspace, filter_sql(workspace, wanted), "added", goes_back=False)
    place: str | None = None
    while True:
        found, end = walk.look(place, size, None)
        if found:
            yield _ids(found)
        place = found[-1][1] if len(found) == size else end
        if not place:
            return


def filter_sql(workspace: Workspace, wanted: Filter) -> str:
    """Return a filter as a condition on the contact alias `c`, without parameters."""
    conditions = [_search_sql(workspace, wanted.search)] if wanted.search else []
    asked: list[Any] = []
    if wanted.tag:
        asked.append(Tagged(name=wanted.tag))
    if wanted.consent in ("agreed", "not_agreed", "opted_out"):
        asked.append(Consented(answer=wanted.consent))  # type: ignore[arg-type]
    if asked:
        question = Question(groups=(Group(conditions=tuple(asked)),))
        conditions.append(question_sql(workspace, question, timezone.now()))
    if wanted.segment:
        question = question_of(find_segment(workspace, wanted.segment))
        conditions.append(question_sql(workspace, question, timezone.now()))
    return " and ".join(conditions) or "true"


def _search_sql(workspace: Workspace, search: str) -> str:
    """Return a condition: this number, or these digits in one, or these words of attributes."""
    if (phone := _number(workspace, search)) is not None:
        return f"c.phone = {said_sql(phone)}"
    digits = _digits(search)
    is_part = len(digits) >= FEWEST_DIGITS and not any(map(str.isalpha, search))
    words = named_sql(search)
    return f"(instr(c.phone, '{digits}') > 0 or {words})" if is_part else words


def _number(workspace: Workspace, search: str) -> str | None:
    """Return the whole number that somebody looks for. In many countries a few digits are a
    possible number; so short ones are a part, unless somebody has that very number."""
    try:
        phone = normalise(search, workspace.default_country) if search else None
    except BadNumber:
        return None
    is_whole = search.startswith("+") or len(_digits(search)) >= FEWEST_OF_WHOLE
    known = Contact.objects.in_workspace(workspace).filter(phone=phone)
    return phone if is_whole or (phone and known.exists()) else None


def _digits(search: str) -> str:
    return "".join(each for each in search if each.isascii() and each.isdigit())


def _one(workspace: Workspace, phone: str, condition: str) -> Listed:
    """Return a whole number's one contact: found by its index, wherever in the list it stands."""
    with connection.cursor() as cursor:
        cursor.execute(BY_NUMBER.format(filter=condition), [workspace.pk, phone])
        return Listed([number for (number,) in cursor.fetchall()], "", "", is_unfinished=False)


def _ids(found: list[tuple[int, str]]) -> list[int]:
    return [number for number, _place in found]


def _read_place(order: Order, raw: str) -> str | None:
    """Return a place that an address names, None for what is none."""
    number = raw.rpartition("/")[2] if order == "taps" else raw
    is_one = number.isascii() and number.isdigit() and len(number) <= 20 and len(raw) < 60
    return raw if is_one and (order == "added" or "/" in raw) else None


class _Walk:
    """Looks through a workspace's contacts in one direction, window by window."""

    def __init__(
        self, workspace: Workspace, condition: str, order: Order, *, goes_back: bool
    ) -> None:
        self.goes_back = goes_back
        beyond, within, way = (">", "<=", "asc") if goes_back else ("<", ">=", "desc")
        texts = (ADDED_WINDOW, ADDED) if order == "added" else (TAPS_WINDOW, TAPS)
        words = {"filter": condition, "beyond": beyond, "within": within, "way": way}
        self._window, self._rows = (text.format(**words) for text in texts)
        self._first = LAST[order] if goes_back else FIRST[order]
        self._last = FIRST[order] if goes_back else LAST[order]
        self._values = _added_values if order == "added" else _taps_values
        self._workspace = workspace.pk

    def look(
        self, place: str | None, limit: int, seconds: float | None
    ) -> tuple[list[tuple[int, str]], str | None]:
        """Return (id, place) of up to `limit` contacts beyond `place`, and up to where was looked:
        None where that is the end."""
        began_at = time.monotonic()
        found: list[tuple[int, str]] = []
        at = place or self._first
        while True:
            ends = self._ask(self._window, at, self._last, window=WINDOW - 1)
            end = str(ends[0][0]) if ends else None
            rows = self._ask(self._rows, at, end or self._last, limit=limit - len(found))
            found += [(int(number), str(its)) for number, its in rows]
            is_late = seconds is not None and time.monotonic() - began_at > seconds
            if end is None or len(found) == limit or is_late:
                return found, end
            at = end

    def _ask(self, statement: str, place: str, end: str, **more: int) -> list[tuple[Any, ...]]:
        values = {"workspace": self._workspace, **self._values(place, end), **more}
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def _added_values(place: str, end: str) -> dict[str, Any]:
    return {"place": int(place), "end": int(end)}


def _taps_values(place: str, end: str) -> dict[str, Any]:
    time_, _, contact = place.partition("/")
    end_time, _, end_contact = end.partition("/")
    return {
        "time": time_,
        "contact": int(contact),
        "end_time": end_time,
        "end_contact": int(end_contact),
    }
