"""One broadcast's clicks in memory, in the form in which questions about them are cheap.

Words (device, browser …) are codes, and of each person the first click within each group is
marked, so that a question groups small numbers and adds up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from tapline.clicks import columns, store
from tapline.clicks.evidence import Verdict
from tapline.clicks.firsts import mark_firsts
from tapline.clicks.listing import ListedFile

# What reports about one broadcast ask for. A row takes about 80 bytes.
COLUMNS = (
    "minute",
    "hour_local",
    "weekday_local",
    "link",
    "message",
    "human",
    "verdict",
    "requests",
    "seconds_since_delivery",
    "device_kind",
    "device",
    "os",
    "browser",
    "country",
    "region",
    "city",
    "network_name",
)
WORDS = (
    *("device_kind", "device", "os", "browser"),
    *("country", "region", "city", "network_name"),
)

# How people can be told apart. Each has a bit in the column `first`: set in one click of each
# person, or of each person and value.
EVERYBODY, PERHAPS = "everybody", "perhaps"
HOUR_OF_WEEK = "hour_of_week"
DIVISIONS = ("link", "hour_local", "weekday_local", HOUR_OF_WEEK, *WORDS)
# Divisions that are no column, but made of several.
_MADE_OF = {HOUR_OF_WEEK: f"weekday_local * 24 + hour_local as {HOUR_OF_WEEK}"}
_BITS = {name: 1 << place for place, name in enumerate((EVERYBODY, PERHAPS, *DIVISIONS))}

_KINDS = {column.name: column.kind for column in columns.COLUMNS} | {
    **dict.fromkeys(WORDS, "INTEGER"),
    # Comparing and grouping the few words of an enum is three times as fast as of texts.
    "verdict": "enum (" + ", ".join(f"'{verdict}'" for verdict in Verdict) + ")",
    "first": "USMALLINT",
}
# The group of clicks that no person made for sure.
NOBODY = np.int8(-1)  # of a type that widens every other as little as it can

FIND_CORRECTED = """
-- Whose clicks were corrected since: a correction has a new number, and keeps the earlier verdict.
select distinct message from {source}
where workspace = $workspace and broadcast = $broadcast and sequence > $after
  and earlier_verdict <> ''
order by message
"""

NEW = """
-- New clicks of one broadcast.
select * from {fresh}
where workspace = $workspace and broadcast = $broadcast and sequence > $after
"""

NEW_AND_ANEW = """
-- New clicks of one broadcast, and all of those messages of which some were corrected.
select * from {fresh}
where workspace = $workspace and broadcast = $broadcast and sequence > $after
  and message not in ({corrected})
union all
select * from {listed}
where workspace = $workspace and broadcast = $broadcast and message in ({corrected})
"""

GATHER = """
-- Few clicks, to be read from here more than once.
create temp table gathered as select {columns} from ({clicks})
"""

FIND_WORDS = """
-- The words in some clicks.
select distinct unnest({lists}) from ({clicks})
"""

READ = """
-- Clicks with words as codes: a join takes half the time of making texts.
create temp table fresh as
select {columns}
from ({clicks}) clicks {joins}
"""

TO_MARK = f"""
-- What decides about marks: who, whether a person or perhaps one, and in which groups.
select message, human, verdict = 'unknown' as is_unknown,
    {", ".join(_MADE_OF.get(name, name) for name in DIVISIONS)}
from {{table}}
"""

KNOWN = """
-- Marked clicks of people who have new ones.
where first <> 0 and message in (select message from fresh)
"""


class SliceTable:
    """The table of one broadcast. Used by one thread at a time."""

    def __init__(self, name: str, workspace: int, broadcast: int) -> None:
        self._name = name
        self._of = {"workspace": workspace, "broadcast": broadcast}
        self._words: list[str] = []

    def clear(self) -> None:
        """Make the table anew, without rows."""
        kinds = ", ".join(f"{name} {_KINDS[name]}" for name in (*COLUMNS, "first"))
        cursor = store.database().cursor()
        cursor.execute(f"create or replace table {self._name} ({kinds})")
        cursor.execute(f"create or replace table {self._name}_words (word text, code integer)")
        self._words = []

    def drop(self) -> None:
        """Remove the table; `clear` makes it again."""
        cursor = store.database().cursor()
        cursor.execute(f"drop table if exists {self._name}")
        cursor.execute(f"drop table if exists {self._name}_words")

    def count(self) -> int:
        """Return how many clicks are in the table."""
        with store.database().cursor() as cursor:
            found = cursor.execute(f"select count(*) from {self._name}").fetchone()
        return int(found[0]) if found else 0

    def corrected(self, files: Sequence[ListedFile], after: int) -> list[int]:
        """Return the messages of which `files` hold clicks that were corrected with a sequence
        above `after`, ascending; those of nobody are 0 and below."""
        sql = FIND_CORRECTED.format(source=store.source(files))
        with store.database().cursor() as cursor:
            rows = cursor.execute(sql, self._of | {"after": after}).fetchall()
        return [message for (message,) in rows]

    def append(
        self,
        fresh: Sequence[ListedFile],
        after: int,
        corrected: Sequence[int] = (),
        listed: Sequence[ListedFile] = (),
    ) -> int:
        """Add the clicks of the files `fresh` with a sequence above `after`, and read those of the
        messages `corrected` anew from all that are `listed`; return how many were read."""
        wanted = self._of | {"after": after}
        clicks = _clicks(fresh, corrected, listed)
        with store.database().cursor() as cursor:
            if corrected:
                messages = store.int_list(corrected)
                cursor.execute(f"delete from {self._name} where message in ({messages})")
                cursor.execute(GATHER.format(columns=", ".join(COLUMNS), clicks=clicks), wanted)
                clicks, wanted = "select * from gathered", {}
            self._learn_words(cursor, clicks, wanted)
            cursor.execute(self._read(clicks), wanted)
            first = self._mark(cursor)
            cursor.register("marks", {"first": first})
            cursor.execute(
                f"insert into {self._name} select fresh.*, marks.first"
                " from fresh positional join marks"
            )
        return len(first)

    @property
    def source(self) -> str:
        """The table expression behind the view `clicks`."""
        of = ", ".join(f"{value} as {name}" for name, value in self._of.items())
        return f"(select {of}, * from {self._name})"

    def word(self, code: int) -> str:
        """Return the word that a column of `WORDS` means."""
        return self._words[code]

    def _learn_words(
        self, cursor: duckdb.DuckDBPyConnection, clicks: str, wanted: dict[str, Any]
    ) -> None:
        lists = " || ".join(f"coalesce(list(distinct {name}), [])" for name in WORDS)
        found = cursor.execute(FIND_WORDS.format(lists=lists, clicks=clicks), wanted).fetchall()
        new = sorted({word for (word,) in found}.difference(self._words))
        codes = range(len(self._words), len(self._words) + len(new))
        self._words += new
        cursor.execute(
            f"insert into {self._name}_words select unnest($words), unnest($codes)",
            {"words": new, "codes": list(codes)},
        )

    def _read(self, clicks: str) -> str:
        joins = " ".join(
            f"join {self._name}_words {name}_word on {name}_word.word = clicks.{name}"
            for name in WORDS
        )
        columns = ", ".join(_as_read(name) for name in COLUMNS)
        return READ.format(columns=columns, clicks=clicks, joins=joins)

    def _mark(self, cursor: duckdb.DuckDBPyConnection) -> NDArray[np.uint16]:
        """Return the column `first` of the table `fresh`."""
        known = cursor.execute(TO_MARK.format(table=self._name) + KNOWN).fetchnumpy()
        fresh = cursor.execute(TO_MARK.format(table="fresh")).fetchnumpy()
        is_perhaps = (fresh["human"] == 1) | fresh["is_unknown"]
        rows = np.flatnonzero(is_perhaps & (fresh["message"] > 0))
        bits = _mark_all({name: np.concatenate([known[name], fresh[name][rows]]) for name in known})
        first = np.zeros(len(fresh["message"]), np.uint16)
        first[rows] = bits[len(known["message"]) :]
        return first


def people_bit(division: str) -> int:
    """Return the bit of `first` by which people are counted within a division."""
    return _BITS[division]


def _clicks(
    fresh: Sequence[ListedFile], corrected: Sequence[int], listed: Sequence[ListedFile]
) -> str:
    """Return the question for what is to be read."""
    if not corrected:
        return NEW.format(fresh=store.source(fresh))
    return NEW_AND_ANEW.format(
        fresh=store.source(fresh),
        listed=store.source(listed),
        corrected=store.int_list(corrected),
    )


def _as_read(name: str) -> str:
    """Return how a column is read from files."""
    if name == "verdict":
        return f"cast(verdict as {_KINDS[name]}) as verdict"
    return f"{name}_word.code as {name}" if name in WORDS else name


def _mark_all(clicks: dict[str, NDArray[Any]]) -> NDArray[np.uint16]:
    """Return the bits of clicks that people made, or perhaps did."""
    human = clicks["human"] == 1
    groupings = {EVERYBODY: human, PERHAPS: np.zeros(len(human), np.uint8)} | {
        name: np.where(human, clicks[name], NOBODY) for name in DIVISIONS
    }
    bits = np.zeros(len(human), np.uint16)
    marks = mark_firsts(clicks["message"], list(groupings.values()))
    for name, firsts in zip(groupings, marks, strict=True):
        bits |= (firsts if name == PERHAPS else firsts & human) * np.uint16(_BITS[name])
    return bits
