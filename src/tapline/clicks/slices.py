"""The broadcasts that somebody is looking at: their clicks in memory, read on with each question.

A report page asks many questions about one broadcast. Reading its files for each of them took
50 ms a question with a million clicks; a slice is read once, and then only what was listed since:
rows are numbered in the order in which they are listed, so everything up to the last number seen
is in the slice, whatever files merging has moved it to. Only a rewrite makes a slice be read anew.
"""

from __future__ import annotations

import itertools
import re
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tapline.clicks import columns, store
from tapline.clicks.evidence import Verdict
from tapline.clicks.listing import ListedFile, look

# What reports about one broadcast ask for. A row takes about 150 bytes.
COLUMNS = (
    "minute",
    "hour_local",
    "weekday_local",
    "link",
    "message",
    "human",
    "verdict",  # as an enum: comparing and grouping its few words is three times as fast
    "requests",
    "seconds_since_delivery",
    "device_kind",
    "device",
    "os",
    "browser",
)
_KINDS = {column.name: column.kind for column in columns.COLUMNS} | {
    "verdict": "enum (" + ", ".join(f"'{verdict}'" for verdict in Verdict) + ")"
}
# Two broadcasts of a million clicks are some 300 MB of `report_memory`.
MOST_SLICES = 3
MOST_ROWS_PER_SLICE = 2_000_000
# A bitmap of so many messages takes 1 MB per group and thread.
MOST_BITS = 8_000_000

_DISTINCT_MESSAGES = re.compile(r"count\(distinct (message|case when [^()]+ then message end)\)")

COUNT = """
-- How many clicks of one broadcast are new.
select count(*) from clicks
where workspace = :workspace and broadcast = :broadcast and sequence > :after
"""


@dataclass(slots=True)
class _Slice:
    """One broadcast's clicks in a table of the reports' database."""

    table: str
    workspace: int
    broadcast: int
    rewrites: int = -1  # what `listing.look` said when the rows were read
    last_sequence: int = 0  # every click up to it is in the table
    rows: int = 0
    # Answers since the last click: several people look at one page, and most looks find no news.
    answers: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


def query_broadcast(
    sql: str, params: Mapping[str, Any], *, few_groups: bool = False
) -> list[tuple[Any, ...]]:
    """Return the rows that `sql` finds about the `workspace` and `broadcast` in `params`.

    As `store.query`, for questions about the columns named above that have no other parameters.
    `few_groups` says that people are counted in at most some dozens of groups.
    """
    return store.with_files(lambda: _ask(sql, params, few_groups=few_groups))


def count_in_bitmaps(sql: str, files: Sequence[ListedFile], workspace: int, broadcast: int) -> str:
    """Return `sql` with distinct messages counted in DuckDB's way of counting dense numbers.

    The messages of a broadcast lie close together, so a bitmap of them is small. Measured with a
    million clicks: 15 ms where the hash table of `count(distinct …)` takes 75.
    """
    held = [file.contents[workspace, broadcast] for file in files]
    last = max((last for _, last in held), default=0)
    first = min((first for first, _ in held if first), default=0)
    if not first or last - first >= MOST_BITS:
        return sql
    return _DISTINCT_MESSAGES.sub(
        rf"coalesce(bit_count(bitstring_agg(\1, {first}, {last})), 0)", sql
    )


def forget_slices() -> None:
    """Drop all slices: their files belong to another instance now."""
    with _lock:
        _slices.clear()


def _ask(sql: str, params: Mapping[str, Any], *, few_groups: bool) -> list[tuple[Any, ...]]:
    workspace, broadcast = params["workspace"], params["broadcast"]
    listed, rewrites = look()
    files = [file for file in listed if file.may_hold(workspace, broadcast)]
    if few_groups:
        sql = count_in_bitmaps(sql, files, workspace, broadcast)
    part = _slice_of(workspace, broadcast)
    with part.lock:
        if not _bring_up_to_date(part, files, rewrites):
            return store.run(sql, params, store.source(files))
        if sql not in part.answers:
            part.answers[sql] = store.run(sql, params, _source(part))
        return part.answers[sql]


def _slice_of(workspace: int, broadcast: int) -> _Slice:
    """Return the broadcast's slice, a new one if need be; the one asked longest ago makes room."""
    key = workspace, broadcast
    with _lock:
        if key not in _slices:
            _slices[key] = _Slice(f"slice_{next(_numbers)}", workspace, broadcast)
        _slices.move_to_end(key)
        if len(_slices) > MOST_SLICES:
            _drop(_slices.popitem(last=False)[1])
        return _slices[key]


def _bring_up_to_date(part: _Slice, files: Sequence[ListedFile], rewrites: int) -> bool:
    """Read what was listed since the last look; False when there is too much to keep."""
    if part.rewrites != rewrites:
        kinds = ", ".join(f"{name} {_KINDS[name]}" for name in COLUMNS)
        store.database().cursor().execute(f"create or replace table {part.table} ({kinds})")
        part.rewrites, part.last_sequence, part.rows = rewrites, 0, 0
        part.answers.clear()
    fresh = [file for file in files if file.last_sequence > part.last_sequence]
    if not fresh:
        return True
    part.answers.clear()
    wanted: dict[str, Any] = {
        "workspace": part.workspace,
        "broadcast": part.broadcast,
        "after": part.last_sequence,
    }
    new = store.query(COUNT, wanted, files=fresh)[0][0]
    if part.rows + new > MOST_ROWS_PER_SLICE:
        return False
    _append(part, fresh)
    part.last_sequence = max(file.last_sequence for file in fresh)
    part.rows += new
    return True


def _append(part: _Slice, fresh: Sequence[ListedFile]) -> None:
    store.database().cursor().execute(
        f"insert into {part.table} select {', '.join(COLUMNS)} from {store.source(fresh)}"
        " where workspace = ? and broadcast = ? and sequence > ?",
        [part.workspace, part.broadcast, part.last_sequence],
    )


def _source(part: _Slice) -> str:
    return (
        f"(select {part.workspace} as workspace, {part.broadcast} as broadcast, *"
        f" from {part.table})"
    )


def _drop(part: _Slice) -> None:
    with part.lock:
        store.database().cursor().execute(f"drop table if exists {part.table}")
        part.rewrites = -1  # Whoever still holds it reads it anew.


_lock = threading.Lock()
_slices: OrderedDict[tuple[int, int], _Slice] = OrderedDict()
_numbers = itertools.count(1)
