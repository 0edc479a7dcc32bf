"""Changes clicks that are stored: late verdicts, erasure, retention.

Files are immutable, so the files concerned are written anew and swapped in one transaction, which
refuses when one of them was replaced in the meantime; then the new list is gone through again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
from django.db import transaction
from django.utils import timezone

from tapline.clicks import store
from tapline.clicks.columns import COLUMNS, NAMES, empty_value
from tapline.clicks.listing import ListedFile, ListMoved, raise_rewrites, read_list, swap_files
from tapline.clicks.moments import naive
from tapline.clicks.parquet import write_file

# What tells of a person becomes «nothing»; what counts stays, the message's number included.
WITHOUT_PERSON: Mapping[str, str] = {
    column.name: empty_value(column) for column in COLUMNS if column.tells_of_person
}

# Rows that tell of nobody any more are left alone.
TELLS = " or ".join(f"{name} <> {empty}" for name, empty in WITHOUT_PERSON.items())

AFFECTED = """
-- Whose rows of one file change, and how many.
select workspace, broadcast, count(*) from {source} where {where} group by all
"""

# Gives the SQL that reads a file as it shall be; called with the database, source and where.
Reading = Callable[[duckdb.DuckDBPyConnection, str, str], str]


@dataclass(slots=True)
class _Work:
    """One rewriting: which rows, what becomes of them, and what was done so far."""

    where: str
    params: Mapping[str, Any]
    reading: Reading
    done: set[str] = field(default_factory=set)  # names of files that hold no such rows any more
    rows: int = 0


def rewrite(where: str, params: Mapping[str, Any], changes: Mapping[str, str] | None) -> int:
    """Change the clicks that `where` means, in every file that holds some; return how many.

    `changes` gives an SQL expression per column; None drops the rows. Other rows stay as they are.
    """
    return _run(_Work(where, params, lambda _, source, bound: _changed(source, bound, changes)))


def erase_people(contact_ids: Sequence[int], message_ids: Sequence[int]) -> int:
    """Take everything that tells of these contacts, and of the recipients of these messages, out
    of all files; return how many clicks. Totals stay."""
    if not (contact_ids or message_ids):
        return 0
    contacts, messages = store.int_list(contact_ids), store.int_list(message_ids)
    theirs = f"contact in ({contacts}) or message in ({messages})"
    return rewrite(f"({theirs}) and ({TELLS})", {}, WITHOUT_PERSON)


def forget_people_before(moment: dt.datetime) -> int:
    """Empty what tells of people in clicks before `moment`; return how many clicks had any."""
    return rewrite(f"clicked_at < :moment and ({TELLS})", {"moment": naive(moment)}, WITHOUT_PERSON)


def count_people_before(moment: dt.datetime) -> int:
    """Return how many clicks before `moment` still tell of somebody."""
    sql = f"select count(*) from clicks where clicked_at < :moment and ({TELLS})"
    [(count,)] = store.query(sql, {"moment": naive(moment)})
    return int(count)


# --- going through the files ----------------------------------------------------------------------


def _run(work: _Work) -> int:
    """Rewrite file after file until a look at the list finds none left to do.

    Files that ingest or a merge lists meanwhile are in the next look.
    """
    database = store.connect(threads=1, memory="512MB")
    try:
        while waiting := [file for file in read_list() if file.name not in work.done]:
            for file in waiting:
                _rewrite_file(database, file, work)
        return work.rows
    finally:
        database.close()


def _rewrite_file(database: duckdb.DuckDBPyConnection, file: ListedFile, work: _Work) -> None:
    source = store.source([file])
    where = _bind(work)
    found = database.execute(AFFECTED.format(source=source, where=where)).fetchall()
    if found:
        written = write_file(database, store.folder(), work.reading(database, source, where))
        try:
            with transaction.atomic():
                swap_files([file], [written] if written else [], file.level, timezone.now())
                raise_rewrites([(workspace, broadcast) for workspace, broadcast, _ in found])
        except ListMoved:
            if written:
                (store.folder() / written.name).unlink(missing_ok=True)
            return
        work.rows += sum(count for _, _, count in found)
        if written:
            work.done.add(written.name)
    work.done.add(file.name)


def _bind(work: _Work) -> str:
    """Return the condition with its parameters as literals: `copy` takes none."""
    text = work.where
    for name, value in sorted(work.params.items(), reverse=True):
        text = text.replace(f":{name}", _literal(value))
    return text


def _literal(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return f"timestamp '{value:%Y-%m-%d %H:%M:%S.%f}'"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(int(value))


# --- what is read instead -------------------------------------------------------------------------


def _changed(source: str, where: str, changes: Mapping[str, str] | None) -> str:
    if changes is None:
        return f"(select * from {source} where ({where}) is not true)"
    columns = [
        f"case when {where} then {changes[name]} else {name} end as {name}"
        if name in changes
        else name
        for name in NAMES
    ]
    return f"(select {', '.join(columns)} from {source})"
