"""Looks for traces of a person in everything below a folder, whatever it is and whoever wrote it.

Generic on purpose: every file's bytes, every row of every SQLite table, every row of every Parquet
file, and what is packed inside a value. A feature that is added later is looked through without
being named here.
"""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
from pysqlite3 import dbapi2 as sqlite


def find_traces(folder: Path, traces: Sequence[str]) -> dict[str, set[str]]:
    """Return trace → places that hold it; places are a file's path, and a table after a colon."""
    found: dict[str, set[str]] = {}
    for place, text in _everything(folder):
        for trace in traces:
            if trace.lower() in text:
                found.setdefault(trace, set()).add(place)
    return found


def _everything(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield place and text, lower-case, of all there is below a folder."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        place = str(path.relative_to(folder))
        # Without NUL, so that UTF-16 is read too.
        yield place, path.read_bytes().replace(b"\0", b"").decode("latin-1").lower()
        yield place, path.name.lower()
        if path.suffix == ".sqlite3":
            yield from ((f"{place}:{table}", text) for table, text in _tables(path))
        if path.suffix == ".parquet":
            yield f"{place}:rows", "\n".join(_as_text(row) for row in _parquet(path))


def _tables(path: Path) -> Iterator[tuple[str, str]]:
    with contextlib.closing(sqlite.connect(f"file:{path}?mode=ro", uri=True)) as database:
        names = database.execute("select name from sqlite_master where type = 'table'").fetchall()
        for (name,) in names:
            rows = database.execute(f'select * from "{name}"').fetchall()
            yield name, "\n".join(_as_text(row) for row in rows)


def _parquet(path: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect() as database:
        return database.execute("select * from read_parquet(?)", [str(path)]).fetchall()


def _as_text(row: Sequence[Any]) -> str:
    return " ".join(map(_value, row)).lower()


def _value(value: Any) -> str:
    if isinstance(value, bytes):
        with contextlib.suppress(zlib.error):
            value = zlib.decompress(value)
        return str(value.decode("latin-1"))
    return str(value)
