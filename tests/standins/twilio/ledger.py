"""What the stand-in took, what became of it, and every webhook that it posted: one SQLite file.

The process writes it, a test reads it (`open_ledger`) while the process runs or after it was
killed. What is in the file is what Twilio would have sent and billed.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tapline.texts.parts import count_parts
from tests.standins.twilio.words import SETTLED, Message

SCHEMA = """
create table if not exists messages (
    id integer primary key,
    sid text not null unique,
    direction text not null,
    sender text,
    recipient text not null,
    service_sid text,
    text text not null,
    media text not null,
    parts integer not null,
    status text not null,
    error_code integer,
    status_callback text,
    validity_seconds integer not null,
    form text not null,  -- the request as it came
    created_at real not null,
    sent_at real,
    updated_at real not null
);
create index if not exists messages_by_recipient on messages (recipient, id);
create index if not exists messages_unsettled on messages (id)
    where direction = 'outbound-api' and status not in ('delivered', 'undelivered', 'failed');

-- Requests for texts that were not taken, and all that something befell.
create table if not exists incidents (
    id integer primary key,
    at real not null,
    recipient text not null,
    status integer,  -- null: no answer
    code integer,
    fault text not null
);

create table if not exists hooks (
    id integer primary key,
    kind text not null,  -- status, inbound
    sid text not null,
    word text not null,
    posted_at real not null,
    answered_at real not null,
    status integer,  -- null: no answer
    failure text not null,
    body text not null
);
create index if not exists hooks_by_sid on hooks (sid);

create table if not exists opt_outs (
    recipient text not null,
    sender text not null,
    at real not null,
    primary key (recipient, sender)
);
"""

COLUMNS = (
    "sid, direction, sender, recipient, service_sid, text, media, parts, status, error_code,"
    " created_at, sent_at, updated_at"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One text as it is taken. `form` is the whole request."""

    sender: str | None
    to: str
    service_sid: str | None
    text: str
    media: Sequence[str]
    status: str
    status_callback: str | None
    validity_seconds: int
    form: dict[str, list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The filters of a list. `before` is the number below which the page begins."""

    to: str | None = None
    sender: str | None = None
    since: float | None = None
    until: float | None = None
    before: int | None = None
    limit: int = 50


class Ledger:
    """The process's own memory. Every method that writes has committed when it returns."""

    def __init__(self, path: Path, account_sid: str) -> None:
        self._account_sid = account_sid
        self._db = sqlite3.connect(path, isolation_level=None)
        # A killed process loses nothing by it: what was written is with the system.
        self._db.execute("pragma journal_mode=wal")
        self._db.execute("pragma synchronous=off")
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        self._db.close()

    def clear(self) -> None:
        """Forget everything."""
        for table in ("messages", "incidents", "hooks", "opt_outs"):
            self._db.execute(f"delete from {table}")

    def take(self, taken: Taken, *, now: float) -> int:
        """Record a text to be sent and return its number."""
        sid = ("MM" if taken.media else "SM") + secrets.token_hex(16)
        return self._add(
            sid=sid,
            direction="outbound-api",
            sender=taken.sender,
            recipient=taken.to,
            service_sid=taken.service_sid,
            text=taken.text,
            media=json.dumps(list(taken.media)),
            status=taken.status,
            status_callback=taken.status_callback,
            validity_seconds=taken.validity_seconds,
            form=json.dumps(taken.form),
            now=now,
        )

    def receive(self, *, sender: str, to: str, text: str, now: float) -> str:
        """Record a text that somebody sent to one of the numbers and return its sid."""
        sid = "SM" + secrets.token_hex(16)
        self._add(
            sid=sid,
            direction="inbound",
            sender=sender,
            recipient=to,
            service_sid=None,
            text=text,
            media="[]",
            status="received",
            status_callback=None,
            validity_seconds=0,
            form="{}",
            now=now,
        )
        return sid

    def _add(self, *, now: float, **values: Any) -> int:
        values |= {"parts": count_parts(values["text"]), "now": now}
        cursor = self._db.execute(
            "insert into messages (sid, direction, sender, recipient, service_sid, text, media,"
            " parts, status, status_callback, validity_seconds, form, created_at, updated_at)"
            " values (:sid, :direction, :sender, :recipient, :service_sid, :text, :media,"
            " :parts, :status, :status_callback, :validity_seconds, :form, :now, :now)",
            values,
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def move(
        self, number: int, status: str, *, now: float, error: int | None = None, sender: str = ""
    ) -> None:
        """Bring a message to its next status; `sender` is set once it is chosen."""
        self._db.execute(
            "update messages set status = ?1, error_code = ?2, updated_at = ?3,"
            " sent_at = case when ?1 = 'sent' then ?3 else sent_at end,"
            " sender = coalesce(nullif(?4, ''), sender) where id = ?5",
            [status, error, now, sender, number],
        )

    def message(self, number: int) -> Message:
        """Return one message by its number."""
        row = self._db.execute(f"select {COLUMNS} from messages where id = ?", [number]).fetchone()
        return self._as_message(row)

    def number_of(self, sid: str) -> int | None:
        """Return the number of the message with that sid."""
        row = self._db.execute("select id from messages where sid = ?", [sid]).fetchone()
        return None if row is None else int(row[0])

    def callback_of(self, number: int) -> tuple[str | None, int]:
        """Return where a message's receipts go, and its validity."""
        row = self._db.execute(
            "select status_callback, validity_seconds from messages where id = ?", [number]
        ).fetchone()
        return row[0], int(row[1])

    def unsettled(self) -> list[int]:
        """Return the messages that a restart goes on with."""
        rows = self._db.execute(
            "select id from messages where direction = 'outbound-api'"
            " and status not in ('delivered', 'undelivered', 'failed') order by id"
        )
        return [number for (number,) in rows]

    def list(self, wanted: Wanted) -> list[Message]:
        """Return a page of messages, the newest first."""
        rows = self._db.execute(
            f"select {COLUMNS} from messages where (:to is null or recipient = :to)"
            " and (:sender is null or sender = :sender)"
            " and (:since is null or coalesce(sent_at, created_at) >= :since)"
            " and (:until is null or coalesce(sent_at, created_at) <= :until)"
            " and (:before is null or id < :before) order by id desc limit :limit",
            {
                "to": wanted.to,
                "sender": wanted.sender,
                "since": wanted.since,
                "until": wanted.until,
                "before": wanted.before,
                "limit": wanted.limit,
            },
        )
        return [self._as_message(row) for row in rows]

    def note_incident(
        self, *, recipient: str, status: int | None, code: int | None, fault: str, now: float
    ) -> None:
        """Record a request that was refused, or that something befell."""
        self._db.execute(
            "insert into incidents (at, recipient, status, code, fault) values (?, ?, ?, ?, ?)",
            [now, recipient, status, code, fault],
        )

    def note_hook(
        self,
        *,
        kind: str,
        sid: str,
        word: str,
        posted_at: float,
        answered_at: float,
        status: int | None,
        failure: str,
        body: str,
    ) -> None:
        """Record one post of a webhook and what came of it."""
        self._db.execute(
            "insert into hooks (kind, sid, word, posted_at, answered_at, status, failure, body)"
            " values (?, ?, ?, ?, ?, ?, ?, ?)",
            [kind, sid, word, posted_at, answered_at, status, failure, body],
        )

    def opt_out(self, recipient: str, senders: Sequence[str], *, now: float) -> None:
        """Let nothing more go from these senders to a recipient."""
        self._db.executemany(
            "insert or ignore into opt_outs (recipient, sender, at) values (?, ?, ?)",
            [(recipient, sender, now) for sender in senders],
        )

    def opt_in(self, recipient: str, senders: Sequence[str]) -> None:
        """Take an opt-out back."""
        self._db.executemany(
            "delete from opt_outs where recipient = ? and sender = ?",
            [(recipient, sender) for sender in senders],
        )

    def has_opted_out(self, recipient: str, senders: Sequence[str]) -> bool:
        """Say whether a recipient wants nothing from any of these senders."""
        row = self._db.execute(
            "select 1 from opt_outs where recipient = ?"
            " and sender in (select value from json_each(?))",
            [recipient, json.dumps(list(senders))],
        ).fetchone()
        return row is not None

    def _as_message(self, row: Sequence[Any]) -> Message:
        sid, direction, sender, to, service, text, media, parts, status, error, *times = row
        created_at, sent_at, updated_at = times
        return Message(
            sid=sid,
            account_sid=self._account_sid,
            direction=direction,
            sender=sender,
            to=to,
            service_sid=service,
            text=text,
            media=len(json.loads(media)),
            parts=parts,
            status=status,
            error_code=error,
            created_at=created_at,
            sent_at=sent_at,
            updated_at=updated_at,
        )


@dataclass(frozen=True, slots=True)
class Reader:
    """The questions that tests and measurements ask of a ledger, from another process."""

    path: Path

    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Return the rows of any question."""
        db = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=30)
        try:
            return db.execute(sql, parameters).fetchall()
        finally:
            db.close()

    def count(self, condition: str = "true", *parameters: Any) -> int:
        """Return how many texts were taken for which `condition` holds."""
        sql = f"select count(*) from messages where direction = 'outbound-api' and {condition}"
        return int(self.rows(sql, *parameters)[0][0])

    def sent_twice(self) -> list[tuple[str, str, int]]:
        """Return number, text and how often, of what was taken more than once."""
        rows = self.rows(
            "select recipient, text, count(*) from messages where direction = 'outbound-api'"
            " group by recipient, text having count(*) > 1"
        )
        return [(to, text, times) for to, text, times in rows]

    def taken_after(self, recipient: str, at: float) -> list[str]:
        """Return the texts that were taken for a number after a moment."""
        rows = self.rows(
            "select text from messages where direction = 'outbound-api' and recipient = ?"
            " and created_at > ?",
            recipient,
            at,
        )
        return [text for (text,) in rows]

    def faults(self) -> dict[str, int]:
        """Return how often each fault befell a request."""
        return dict(
            self.rows("select fault, count(*) from incidents where fault <> '' group by fault")
        )

    def is_settled(self) -> bool:
        """Say whether every text that was taken has come to its end."""
        ends = ", ".join(f"'{word}'" for word in SETTLED)
        return not self.count(f"status not in ({ends})")
