"""What the simulator accepted and what became of it, on disk before it is told to anybody.

One SQLite file (WAL, `synchronous=FULL`). Everything that is still to happen is a row with the
time when it is due, written in the transaction that accepted the message: a killed simulator
goes on where it was. Not safe for use by several threads at once: its process has one for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tapline.sqlite import use_safe_sqlite

use_safe_sqlite()

import sqlite3  # noqa: E402  # the mended one

from tapline.providers.simulator.agents import Headers  # noqa: E402
from tapline.providers.simulator.people import Fate, Opening  # noqa: E402
from tapline.providers.simulator.wire import (  # noqa: E402
    ACCEPTED,
    DELIVERED,
    UNDELIVERED,
    Known,
    ReceiptLine,
    ReplyLine,
    Submitted,
)

# After so many tries without an answer nobody taps any more.
MOST_ATTEMPTS = 50

SCHEMA = """
-- The one row that names this ledger: its ids never meet those of another ledger's messages.
create table if not exists ledger (name text not null);
insert into ledger (name) select lower(hex(randomblob(5))) where not exists (select * from ledger);

-- One row per acceptance, also for a second one of the same reference: that is how texts that
-- were sent twice come to light. `settles_at`: when it is delivered, or fails with `error_code`.
create table if not exists acceptances (
    id integer primary key,
    reference text not null,
    tag text not null,
    recipient text not null,
    sender text not null,
    text text not null,
    accepted_at real not null,
    settles_at real not null,
    error_code text not null,
    error_text text not null,
    receipt_taken_at real,  -- when Tapline took the receipt; null: still to be posted
    media text not null default '[]'  -- addresses of its pictures
);
create index if not exists acceptances_by_reference on acceptances (reference);
create index if not exists acceptances_by_tag on acceptances (tag);
create index if not exists acceptances_by_recipient on acceptances (recipient);
create index if not exists receipts_due on acceptances (settles_at) where receipt_taken_at is null;

-- `begun_at` is set before the request leaves, `status` once the edge has answered. A row that
-- has begun and has no status when the simulator starts was cut off: nobody can know whether the
-- request arrived, so it is counted in `unsure` and made again.
create table if not exists openings (
    id integer primary key,
    acceptance integer not null references acceptances (id),
    kind text not null,
    opener text not null,
    method text not null,
    url text not null,
    headers text not null,
    address text not null,
    due_at real not null,
    begun_at real,
    attempts integer not null default 0,
    unsure integer not null default 0,
    status integer  -- of the edge's answer; 0: given up
);
create index if not exists openings_due on openings (due_at) where status is null;
create index if not exists openings_by_acceptance on openings (acceptance);

create table if not exists replies (
    id integer primary key,
    acceptance integer not null references acceptances (id),
    text text not null,
    due_at real not null,
    taken_at real
);
create index if not exists replies_due on replies (due_at) where taken_at is null;
create index if not exists replies_by_acceptance on replies (acceptance);
"""


@dataclass(frozen=True, slots=True)
class DueOpening:
    """One request to make now."""

    id: int
    method: str
    url: str
    headers: Headers
    address: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one request. No status: no answer; then `retry_at` says when to try again."""

    id: int
    status: int | None
    was_sent: bool  # False: the edge cannot have seen it
    retry_at: float


class Ledger:
    """The simulator's memory. Every method that writes has committed when it returns."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(
            folder / "ledger.sqlite3", isolation_level=None, check_same_thread=False, timeout=20
        )
        self._db.execute("pragma journal_mode=wal")
        self._db.execute("pragma synchronous=full")
        self._db.execute("pragma secure_delete=on")  # People may be erased from it: see kept.py.
        self._db.executescript(SCHEMA)
        self._add_media()
        self._name = str(self._db.execute("select name from ledger").fetchone()[0])
        self._recover()

    def close(self) -> None:
        self._db.close()

    def accept(
        self, messages: Sequence[tuple[Submitted, Fate]], *, now: float, speed: float
    ) -> list[Known]:
        """Record messages with all that will become of them; return what the caller is told."""
        answers = []
        with self._transaction():
            for message, fate in messages:
                answers.append(self._accept_one(message, fate, now, speed))
        return answers

    def count_texts_to(self, number: str) -> int:
        """Return how many texts to `number` were accepted so far."""
        row = self._db.execute("select count(*) from acceptances where recipient = ?", [number])
        return int(row.fetchone()[0])

    def look_up(self, references: Iterable[str], *, now: float) -> list[Known]:
        """Return what is known about references, the first acceptance of each."""
        rows = self._db.execute(
            "select id, reference, settles_at, error_code, error_text from acceptances"
            " where id in (select min(id) from acceptances where reference in"
            " (select value from json_each(?)) group by reference)",
            [msgspec.json.encode(list(references)).decode()],
        )
        return [
            Known(
                reference,
                self._message_id(number),
                _status(error_code) if settles_at <= now else ACCEPTED,
                error_code if settles_at <= now else "",
                error_text if settles_at <= now else "",
            )
            for number, reference, settles_at, error_code, error_text in rows
        ]

    def due_receipts(self, *, now: float, limit: int) -> list[ReceiptLine]:
        """Return receipts that Tapline has not taken yet, oldest first."""
        rows = self._db.execute(
            "select id, reference, settles_at, error_code, error_text from acceptances"
            " where receipt_taken_at is null and settles_at <= ? order by settles_at limit ?",
            [now, limit],
        )
        return [
            ReceiptLine(self._message_id(number), reference, _status(code), at, code, words)
            for number, reference, at, code, words in rows
        ]

    def receipts_taken(self, receipts: Sequence[ReceiptLine], *, now: float) -> None:
        """Remember that Tapline took these receipts."""
        with self._transaction():
            self._db.executemany(
                "update acceptances set receipt_taken_at = ? where id = ?",
                [(now, _row_id(receipt.id)) for receipt in receipts],
            )

    def due_replies(self, *, now: float, limit: int) -> list[ReplyLine]:
        """Return replies that Tapline has not taken yet, oldest first."""
        rows = self._db.execute(
            "select replies.id, recipient, sender, replies.text, due_at from replies"
            " join acceptances on acceptances.id = replies.acceptance"
            " where taken_at is null and due_at <= ? order by due_at limit ?",
            [now, limit],
        )
        return [
            ReplyLine(self._reply_id(number), recipient, sender, text, at)
            for number, recipient, sender, text, at in rows
        ]

    def replies_taken(self, replies: Sequence[ReplyLine], *, now: float) -> None:
        """Remember that Tapline took these replies."""
        with self._transaction():
            self._db.executemany(
                "update replies set taken_at = ? where id = ?",
                [(now, _row_id(reply.id)) for reply in replies],
            )

    def begin_openings(self, *, now: float, limit: int) -> list[DueOpening]:
        """Return openings that are due and none of whose requests is under way, marked as begun."""
        with self._transaction():
            rows = self._db.execute(
                "update openings set begun_at = ?1, attempts = attempts + 1 where id in"
                " (select id from openings where status is null and begun_at is null"
                "  and due_at <= ?1 order by due_at limit ?2)"
                " returning id, method, url, headers, address",
                [now, limit],
            ).fetchall()
        return [
            DueOpening(number, method, url, _decode_headers(headers), address)
            for number, method, url, headers, address in rows
        ]

    def finish_openings(self, outcomes: Iterable[Outcome]) -> None:
        """Record answers; a request without one is due again, until patience ends."""
        with self._transaction():
            self._db.executemany(
                "update openings set begun_at = null, unsure = unsure + :unsure, due_at = :due_at,"
                " status = case when :status is null and attempts >= :most then 0 else :status end"
                " where id = :id",
                [
                    {
                        "id": item.id,
                        "status": item.status,
                        "unsure": int(item.status is None and item.was_sent),
                        "due_at": item.retry_at,
                        "most": MOST_ATTEMPTS,
                    }
                    for item in outcomes
                ],
            )

    def next_receipt_at(self) -> float | None:
        """Return when the next receipt is due (Unix seconds), or None when there is none."""
        return self._earliest("settles_at", "acceptances where receipt_taken_at is null")

    def next_opening_at(self) -> float | None:
        """Return when the next opening is due that is not under way."""
        return self._earliest("due_at", "openings where status is null and begun_at is null")

    def next_reply_at(self) -> float | None:
        """Return when the next reply is due."""
        return self._earliest("due_at", "replies where taken_at is null")

    def query(self, sql: str, parameters: dict[str, object]) -> list[tuple[object, ...]]:
        """Return the rows of a question that only reads; `truth.py` asks."""
        return list(self._db.execute(sql, parameters))

    def _accept_one(self, message: Submitted, fate: Fate, now: float, speed: float) -> Known:
        settles_at = now + fate.settled_after_seconds / speed
        cursor = self._db.execute(
            "insert into acceptances (reference, tag, recipient, sender, text, accepted_at,"
            " settles_at, error_code, error_text, media) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                message.reference,
                message.tag,
                message.to,
                message.sender,
                message.text,
                now,
                settles_at,
                fate.error_code,
                fate.error_text,
                msgspec.json.encode(message.media).decode(),
            ],
        )
        number = cursor.lastrowid
        assert number is not None
        self._db.executemany(
            "insert into openings (acceptance, kind, opener, method, url, headers, address, due_at)"
            " values (?, ?, ?, ?, ?, ?, ?, ?)",
            [_opening_row(number, opening, now, speed) for opening in fate.openings],
        )
        if fate.reply:
            self._db.execute(
                "insert into replies (acceptance, text, due_at) values (?, ?, ?)",
                [number, fate.reply.text, now + fate.reply.after_seconds / speed],
            )
        return Known(message.reference, self._message_id(number), ACCEPTED)

    def _earliest(self, column: str, source: str) -> float | None:
        row = self._db.execute(
            f"select {column} from {source} order by {column} limit 1"
        ).fetchone()
        return None if row is None else float(row[0])

    def _add_media(self) -> None:
        """Give a ledger of before texts had pictures their column."""
        if "media" not in [row[1] for row in self._db.execute("pragma table_info(acceptances)")]:
            self._db.execute("alter table acceptances add column media text not null default '[]'")

    def _recover(self) -> None:
        """Make openings due again that a crash cut off; see the schema."""
        with self._transaction():
            self._db.execute(
                "update openings set unsure = unsure + 1, begun_at = null"
                " where status is null and begun_at is not null"
            )

    def _transaction(self) -> _Transaction:
        return _Transaction(self._db)

    def _message_id(self, number: int) -> str:
        return f"sim-{self._name}-{number}"

    def _reply_id(self, number: int) -> str:
        return f"simreply-{self._name}-{number}"


class _Transaction:
    """`begin immediate … commit`, rolled back on an error."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("begin immediate")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._db.execute("commit" if kind is None else "rollback")


def _opening_row(acceptance: int, opening: Opening, now: float, speed: float) -> tuple[object, ...]:
    opener = opening.opener
    return (
        acceptance,
        opener.kind.value,
        opener.name,
        opener.method,
        opening.url,
        msgspec.json.encode(opener.headers).decode(),
        opening.address,
        now + opening.after_seconds / speed,
    )


def _decode_headers(text: str) -> Headers:
    return msgspec.json.decode(text, type=tuple[tuple[str, str], ...])


def _row_id(public_id: str) -> int:
    return int(public_id.rpartition("-")[2])


def _status(error_code: str) -> str:
    return UNDELIVERED if error_code else DELIVERED
