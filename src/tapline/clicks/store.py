"""Questions about clicks: DuckDB in this process over the Parquet files that the list names.

There is no DuckDB database file: each thread has a cursor of one in-memory connection, and on it
the view `clicks` over just those files that can hold what the question names.
"""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from tapline import config
from tapline.clicks.columns import COLUMNS, NAMES, empty_value
from tapline.clicks.listing import ListedFile, forget_list, read_list

T = TypeVar("T")

_NAMED = re.compile(r"(?<![:\w]):([a-z_]\w*)")


def query(
    sql: str, params: Mapping[str, Any] | None = None, *, files: Sequence[ListedFile] | None = None
) -> list[tuple[Any, ...]]:
    """Return the rows that `sql` finds in the view `clicks`; parameters are written `:name`.

    Without `files`, parameters named `workspace` and `broadcast` choose them: such a parameter
    must be a condition on the column of that name. Times are UTC without a zone.
    """
    params = params or {}
    if files is not None:
        return run(sql, params, source(files))
    return with_files(lambda: run(sql, params, source(find_files(params))))


def with_files(read: Callable[[], T]) -> T:
    """Return what `read` finds in the listed files; asked again when one was just deleted.

    That file was delisted an hour ago, and the list knows its successor.
    """
    try:
        return read()
    except duckdb.IOException:
        forget_list()
        return read()


def run(sql: str, params: Mapping[str, Any], clicks: str) -> list[tuple[Any, ...]]:
    """Return the rows that `sql` finds when `clicks` is the table expression behind the view."""
    cursor = _local.cursor
    if cursor is None:
        cursor = _local.cursor = database().cursor()
    if clicks != _local.shown:
        _local.shown = ""  # Should the next line fail, the view is made again.
        cursor.execute(f"create or replace temp view clicks as select * from {clicks}")
        _local.shown = clicks
    text, bound = translate(sql, params)
    return cursor.execute(text, bound).fetchall()


def find_files(params: Mapping[str, Any]) -> list[ListedFile]:
    """Return the listed files that can hold rows of `workspace` and `broadcast` in `params`."""
    workspace, broadcast = params.get("workspace"), params.get("broadcast")
    return [file for file in read_list() if file.may_hold(workspace, broadcast)]


def connect(*, threads: int, memory: str) -> duckdb.DuckDBPyConnection:
    """Return an in-memory DuckDB that downloads nothing and spills into the store's own folder."""
    database = duckdb.connect(
        ":memory:",
        config={
            "threads": threads,
            "memory_limit": memory,
            "temp_directory": str(folder() / "spill"),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )
    # Files never change under their name, so their footers need reading only once.
    database.execute("set parquet_metadata_cache = true")
    return database


def folder() -> Path:
    """Return the folder that holds the click files."""
    return config.current().click_store_dir


def source(files: Sequence[ListedFile]) -> str:
    """Return the table expression over `files`: every column, also when there are none."""
    if not files:
        nothing = ", ".join(f"cast(null as {column.kind}) as {column.name}" for column in COLUMNS)
        return f"(select {nothing} where false)"
    versions = sorted({file.columns_version for file in files})
    parts = [
        _reading([file for file in files if file.columns_version == version], version)
        for version in versions
    ]
    if len(parts) == 1:
        return parts[0]
    names = ", ".join(NAMES)
    return "(" + " union all ".join(f"select {names} from {part}" for part in parts) + ")"


def _reading(files: Sequence[ListedFile], version: int) -> str:
    """Return the table expression over files that hold the columns of one version."""
    names = ", ".join("'" + str(folder() / file.name).replace("'", "''") + "'" for file in files)
    read = f"read_parquet([{names}])"
    if all(column.since <= version for column in COLUMNS):
        return read
    columns = (
        column.name if column.since <= version else f"{empty_value(column)} as {column.name}"
        for column in COLUMNS
    )
    return f"(select {', '.join(columns)} from {read})"


def translate(sql: str, params: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return `sql` with DuckDB's `$name` for `:name`, and only the parameters that it names."""
    names = set(_NAMED.findall(sql))
    return _NAMED.sub(r"$\1", sql), {name: params[name] for name in names}


# No row has it in any column: -1 is the message of people who are only counted.
NO_ID = -(2**62)


def int_list(values: Sequence[int]) -> str:
    """Return integers as the inside of `in (…)`; an empty list matches no id."""
    return ", ".join(str(int(value)) for value in values) or str(NO_ID)


@functools.cache
def database() -> duckdb.DuckDBPyConnection:
    """Return this process's database for reports; each thread takes a cursor of its own."""
    settings = config.current()
    return connect(threads=settings.report_threads, memory=settings.report_memory)


class _Local(threading.local):
    """One thread's cursor, and the files that its view `clicks` shows."""

    cursor: duckdb.DuckDBPyConnection | None = None
    shown: str = ""


_local = _Local()
