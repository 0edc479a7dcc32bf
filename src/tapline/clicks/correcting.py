"""Corrects what was said of clicks: rows, messages' first human clicks, and whoever was told.

A corrected row keeps its id, gets a new number in the feed, so that programs which read it before
read it again, and keeps the verdict that it had. Numbers are given while ingest waits, in the
transaction that lists the new file, so that no reader of the feed can miss one.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import msgspec
from django.db import connection, transaction
from django.utils import timezone

from tapline.clicks import store
from tapline.clicks.columns import NAMES
from tapline.clicks.first_clicks import set_waiting
from tapline.clicks.ingest import Overtaken, claim_sequences, ingest_paused
from tapline.clicks.listing import ListedFile, ListMoved, ensure_counter, swap_files
from tapline.clicks.models import WaitingRecount
from tapline.clicks.moments import aware
from tapline.clicks.parquet import write_file
from tapline.clicks.rules import RULES_VERSION
from tapline.turns import Turns

MOST_PER_TURN = 2_000

HERE = """
-- Which of the changes are to rows of one file, numbered where the feed shall tell of them.
create or replace temp table here as
select c.id, c.message, c.new_verdict, c.new_reasons,
    f.verdict <> c.new_verdict or f.reasons <> c.new_reasons as is_news,
    (f.verdict = 'human') <> (c.new_verdict = 'human') as moves_person,
    sum(case when f.verdict <> c.new_verdict or f.reasons <> c.new_reasons then 1 else 0 end)
        over (order by f.sequence rows unbounded preceding) - 1 as number
from {source} f join changes c using (id)
where f.verdict <> c.new_verdict or f.reasons <> c.new_reasons or f.rules_version <> {version}
"""

# What becomes of a row that is in `here`; the others stay as they are.
CORRECTED = {
    "sequence": "case when h.is_news then {first} + h.number else f.sequence end",
    "human": "cast(h.new_verdict = 'human' as utinyint)",
    "verdict": "h.new_verdict",
    "reasons": "h.new_reasons",
    "rules_version": "{version}",
    "earlier_verdict": "case when h.is_news then f.verdict else f.earlier_verdict end",
    "earlier_rules_version": (
        "case when h.is_news then f.rules_version else f.earlier_rules_version end"
    ),
}

FIRST_HUMAN_CLICKS = """
-- The first human click of some messages.
select message, min(clicked_at) from clicks
where human = 1 and message in ({messages})
group by message
"""

SET_FIRST_CLICK = "update broadcasts_message set first_human_click_at = %s where id = %s"


def change_verdicts(
    database: duckdb.DuckDBPyConnection, workspace_id: int, broadcast_id: int
) -> int:
    """Correct the rows that the table `changes` of `database` names; return how many there were.

    Killed at any point it leaves each file corrected or not, and goes on with the next look.
    """
    corrected, again = 0, True
    while again:  # until the list holds nothing to correct: files may be merged meanwhile
        again = False
        for file in store.find_files({"workspace": workspace_id, "broadcast": broadcast_id}):
            rows = _correct_file(database, file)
            again = again or rows != 0
            corrected += rows or 0
    finish_recounts()
    return corrected


def finish_recounts() -> None:
    """Find the first human clicks of messages whose clicks were corrected, few at a time."""
    for waiting in WaitingRecount.objects.order_by("id"):
        with _turns.take():
            _recount(msgspec.json.decode(waiting.messages))
            waiting.delete()


def _correct_file(database: duckdb.DuckDBPyConnection, file: ListedFile) -> int | None:
    """Write a file anew with its rows corrected; return how many rows, None when somebody else
    replaced the file meanwhile."""
    source = store.source([file])
    database.execute(HERE.format(source=source, version=RULES_VERSION))
    rows, news = _count(database)
    if not rows:
        return 0
    with ingest_paused():
        set_waiting(_turns)  # News of first clicks from before must not come after ours.
        first = ensure_counter().next_sequence
        written = write_file(database, store.folder(), _corrected(source, first))
        assert written is not None
        try:
            with transaction.atomic():
                claim_sequences(first, news)
                swap_files([file], [written], file.level, timezone.now())
                _note_recounts(database)
        except (ListMoved, Overtaken):  # Surely not listed; what replaced it is in the next look.
            (store.folder() / written.name).unlink(missing_ok=True)
            return None
    return rows


def _count(database: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """Return how many rows are to be written otherwise, and of how many the feed shall tell."""
    sql = "select count(*), count(*) filter (is_news) from here"
    rows, news = database.execute(sql).fetchone() or (0, 0)
    return int(rows), int(news)


def _corrected(source: str, first: int) -> str:
    columns = [
        f"case when h.id is null then f.{name} else"
        f" {CORRECTED[name].format(first=first, version=RULES_VERSION)} end as {name}"
        if name in CORRECTED
        else f"f.{name}"
        for name in NAMES
    ]
    return f"(select {', '.join(columns)} from {source} f left join here h using (id))"


def _note_recounts(database: duckdb.DuckDBPyConnection) -> None:
    rows = database.execute(
        "select distinct message from here where moves_person and message > 0 order by message"
    ).fetchall()
    messages = [message for (message,) in rows]
    WaitingRecount.objects.bulk_create(
        WaitingRecount(messages=msgspec.json.encode(messages[at : at + MOST_PER_TURN]).decode())
        for at in range(0, len(messages), MOST_PER_TURN)
    )


def _recount(messages: Sequence[int]) -> None:
    """Inside the caller's transaction, so that no ingest can list an earlier click in between."""
    as_database = connection.ops.adapt_datetimefield_value
    sql = FIRST_HUMAN_CLICKS.format(messages=store.int_list(messages))
    first = {message: aware(moment) for message, moment in store.query(sql)}
    with connection.cursor() as cursor:
        cursor.executemany(
            SET_FIRST_CLICK, [(as_database(first.get(message)), message) for message in messages]
        )


_turns = Turns()
