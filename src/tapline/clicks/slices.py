"""The broadcasts that somebody is looking at: their clicks in memory, read on with each question.

A report page asks many questions about one broadcast. Reading its files for each of them took
50 ms a question with a million clicks; a slice is read once, and then only what was listed since:
rows are numbered in the order in which they are listed, so everything up to the last number seen
is in the slice, whatever files merging has moved it to. A correction gives its row a new number, so
that the messages concerned are read anew; only erasing and forgetting, and a correction of very
many, make the whole slice be read anew.
"""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tapline.clicks import store
from tapline.clicks.listing import ListedFile, look
from tapline.clicks.slice_table import EVERYBODY, HOUR_OF_WEEK, WORDS, SliceTable, people_bit

# Three of two million clicks are some 400 MB of `report_memory`.
MOST_SLICES = 3
MOST_ROWS_PER_SLICE = 2_000_000
# A bitmap of so many messages takes 1 MB per group and thread.
MOST_BITS = 8_000_000
# More messages than these are not picked out of a slice: it is read anew.
MOST_CORRECTED = 2_000
# Divisions into more groups than some dozens; bitmaps do not pay there.
_MANY_GROUPS = frozenset({HOUR_OF_WEEK, "device", "region", "city", "network_name"})

_DISTINCT_PEOPLE = "count(distinct case when message > 0 then message end)"

COUNT = """
-- How many clicks of one broadcast are new.
select count(*) from clicks
where workspace = :workspace and broadcast = :broadcast and sequence > :after
"""


@dataclass(slots=True)
class _Slice:
    """One broadcast's clicks in a table of the reports' database."""

    table: SliceTable
    workspace: int
    broadcast: int
    rewrites: int = -1  # what `listing.look` said when the rows were read
    last_sequence: int = 0  # every click up to it is in the table
    rows: int = 0
    # Answers since the last click: several people look at one page, and most looks find no news.
    answers: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


def query_broadcast(
    sql: str, params: Mapping[str, Any], *, people: str = EVERYBODY
) -> list[tuple[Any, ...]]:
    """Return the rows that `sql` finds about the `workspace` and `broadcast` in `params`.

    As `store.query`, for questions about the columns of a slice that have no other parameters.
    `people` says which messages distinct ones are counted of: those that a person tapped
    (everybody), those that a person tapped or perhaps did (perhaps), or the former divided by the
    column of that name, which then is the answer's first. Rows come in no order of that column.
    """
    return store.with_files(lambda: _ask(sql, params, people))


def forget_slices() -> None:
    """Drop all slices: their files belong to another instance now."""
    with _lock:
        _slices.clear()


def _ask(sql: str, params: Mapping[str, Any], people: str) -> list[tuple[Any, ...]]:
    workspace, broadcast = params["workspace"], params["broadcast"]
    listed, rewrites = look(workspace, broadcast)
    files = [file for file in listed if file.may_hold(workspace, broadcast)]
    part = _slice_of(workspace, broadcast)
    with part.lock:
        if not _bring_up_to_date(part, files, rewrites):
            by_bitmap = sql if people in _MANY_GROUPS else count_in_bitmaps(sql, files, params)
            return store.run(by_bitmap, params, store.source(files))
        if sql not in part.answers:
            part.answers[sql] = _answer(part, sql, params, people)
        return part.answers[sql]


def _answer(
    part: _Slice, sql: str, params: Mapping[str, Any], people: str
) -> list[tuple[Any, ...]]:
    """Return what the slice says: people are clicks marked as their first, words are codes."""
    # `count(*) filter (where …)` takes half as long again.
    marked = f"coalesce(count_if(first & {people_bit(people)} <> 0), 0)"
    rows = store.run(sql.replace(_DISTINCT_PEOPLE, marked), params, part.table.source)
    if people not in WORDS:
        return rows
    return [(part.table.word(code), *rest) for code, *rest in rows]


def count_in_bitmaps(sql: str, files: Sequence[ListedFile], of: Mapping[str, Any]) -> str:
    """Return `sql` with distinct messages counted in DuckDB's way of counting dense numbers.

    The messages of a broadcast lie close together, so a bitmap of them is small. Measured with a
    million clicks: 15 ms where the hash table of `count(distinct …)` takes 75.
    """
    held = [file.contents[of["workspace"], of["broadcast"]] for file in files]
    last = max((last for _, last in held), default=0)
    first = min((first for first, _ in held if first), default=0)
    if not first or last - first >= MOST_BITS:
        return sql
    people = f"bitstring_agg(case when message > 0 then message end, {first}, {last})"
    bitmap = f"coalesce(bit_count({people}), 0)"
    return sql.replace(_DISTINCT_PEOPLE, bitmap)


def _slice_of(workspace: int, broadcast: int) -> _Slice:
    """Return the broadcast's slice, a new one if need be; the one asked longest ago makes room."""
    key = workspace, broadcast
    with _lock:
        if key not in _slices:
            table = SliceTable(f"slice_{next(_numbers)}", workspace, broadcast)
            _slices[key] = _Slice(table, workspace, broadcast)
        _slices.move_to_end(key)
        if len(_slices) > MOST_SLICES:
            _drop(_slices.popitem(last=False)[1])
        return _slices[key]


def _bring_up_to_date(part: _Slice, files: Sequence[ListedFile], rewrites: int) -> bool:
    """Read what was listed since the last look; False when there is too much to keep."""
    if part.rewrites != rewrites:
        _begin(part, rewrites)
    fresh = _not_read(part, files)
    if not fresh:
        return True
    corrected = part.table.corrected(fresh, part.last_sequence) if part.last_sequence else []
    # Clicks of nobody cannot be told apart by their message.
    if len(corrected) > MOST_CORRECTED or any(message <= 0 for message in corrected[:1]):
        _begin(part, rewrites)
        fresh, corrected = _not_read(part, files), []
    if not _has_room(part, fresh):
        part.answers.clear()
        return False
    _read_on(part, fresh, corrected, files)
    return True


def _begin(part: _Slice, rewrites: int) -> None:
    """Empty a slice, to read it anew."""
    part.table.clear()
    part.rewrites, part.last_sequence, part.rows = rewrites, 0, 0
    part.answers.clear()


def _not_read(part: _Slice, files: Sequence[ListedFile]) -> list[ListedFile]:
    return [file for file in files if file.last_sequence > part.last_sequence]


def _read_on(
    part: _Slice,
    fresh: Sequence[ListedFile],
    corrected: Sequence[int],
    files: Sequence[ListedFile],
) -> None:
    """Add what is new in `fresh`, and read corrected messages anew; a file may be new by another
    broadcast's corrections alone, and then the answers stay."""
    answers, part.answers = part.answers, {}
    new = part.table.append(fresh, part.last_sequence, corrected, files)
    part.last_sequence = max(file.last_sequence for file in fresh)
    part.rows = part.table.count()
    part.answers = {} if new else answers


def _has_room(part: _Slice, fresh: Sequence[ListedFile]) -> bool:
    """Say whether the new clicks fit; they are counted only where the files could hold too many."""
    if part.rows + sum(file.rows for file in fresh) <= MOST_ROWS_PER_SLICE:
        return True
    wanted: dict[str, Any] = {
        "workspace": part.workspace,
        "broadcast": part.broadcast,
        "after": part.last_sequence,
    }
    new: int = store.query(COUNT, wanted, files=fresh)[0][0]
    return part.rows + new <= MOST_ROWS_PER_SLICE


def _drop(part: _Slice) -> None:
    with part.lock:
        part.table.drop()
        part.rewrites = -1  # Whoever still holds it reads it anew.


_lock = threading.Lock()
_slices: OrderedDict[tuple[int, int], _Slice] = OrderedDict()
_numbers = itertools.count(1)
