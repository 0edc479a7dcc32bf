"""What the simulator's ledger keeps of a person; see `contacts.keeping`.

It stands for a provider, who keeps what they keep; but this one lies in our own data folder. Its
truth counts rows, so they stay without number, text, address and headers.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from django.utils.translation import gettext_lazy as _

from tapline import config
from tapline.contacts.keeping import Kept, Person

ACCEPTANCES = """
-- What the simulator was given for one number.
select reference, recipient, sender, text, accepted_at from acceptances where recipient = ?
"""

THEIRS = "select id from acceptances where recipient = ?"
OF_BROADCAST = "select id from acceptances where tag = ?"

BLANK_OPENINGS = """
-- An opening that is still to come does not happen: its phone is gone.
update openings set url = '', headers = '[]', address = '', status = coalesce(status, 0)
where acceptance in ({those})
"""

BLANK_REPLIES = """
-- A reply that Tapline has not taken yet is never written.
update replies set text = '', taken_at = coalesce(taken_at, due_at)
where acceptance in ({those})
"""

BLANK_TEXTS = """
-- The receipts of what is forgotten go to nobody.
update acceptances set recipient = '', text = '', receipt_taken_at = coalesce(receipt_taken_at, 0)
where tag = ?
"""

BLANK_ACCEPTANCES = """
-- Last: the others are found by it.
update acceptances set recipient = '', text = '' where recipient = ?
"""


def forget_texts(tags: Iterable[str]) -> None:
    """Forget all texts of some broadcasts, by the tags they were handed over with: their phones
    open, answer and report nothing any more."""
    with _ledger() as ledger:
        if ledger is not None:
            for tag in tags:
                _blank(ledger, BLANK_TEXTS, OF_BROADCAST, tag)


def _find(person: Person) -> list[dict[str, Any]]:
    with _ledger() as ledger:
        rows = ledger.execute(ACCEPTANCES, [person.phone]).fetchall() if ledger else []
    names = ("reference", "recipient", "sender", "text", "accepted_at")
    return [dict(zip(names, row, strict=True)) for row in rows]


def _follow(person: Person) -> None:
    with _ledger() as ledger:
        if ledger is not None:
            _blank(ledger, BLANK_ACCEPTANCES, THEIRS, person.phone)


def _blank(ledger: sqlite3.Connection, acceptances: str, those: str, wanted: str) -> None:
    """Empty the openings and replies of `those` acceptances, and then these themselves."""
    ledger.execute("pragma secure_delete=on")
    ledger.execute("begin immediate")
    for sql in (BLANK_OPENINGS, BLANK_REPLIES, acceptances):
        ledger.execute(sql.format(those=those), [wanted])
    ledger.execute("commit")
    ledger.execute("pragma wal_checkpoint(truncate)")


@contextmanager
def _ledger() -> Iterator[sqlite3.Connection | None]:
    """Open the ledger that the simulator's process writes; None where there is none."""
    path = config.current().simulator_dir / "ledger.sqlite3"
    if not path.exists():
        yield None
        return
    with closing(sqlite3.connect(path, isolation_level=None, timeout=20)) as ledger:
        yield ledger


KEPT = (
    Kept(
        name="simulated_texts",
        files=("simulator",),
        words=_("For trying things out: texts that a simulated provider was given"),
        find=_find,
        erase=lambda person: 0,
        follow=_follow,
    ),
)
