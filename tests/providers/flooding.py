"""Lets many people write at once through a Twilio stand-in, and looks what became of their texts.

Used by the test of that promise and by `python -m bench inbound`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from tests.providers.enduring import OUR_NUMBER, connect, inbound_url, run_task
from tests.running import RunningTapline, running_tapline, wait_for
from tests.standins.twilio.running import TwilioProcess, running_twilio
from tests.standins.twilio.server import InboundText

# What people write: of twenty texts one is answered by a keyword's link, one by help.
TEXTS = (
    "MENU", "See you at five", "¿A qué hora abren?", "Danke, bis morgen!", "👍", "On my way 🚗",
    "やった", "Is the soup vegan?", "", "merci beaucoup", "HELP", "My name is Ada", "ok", "Tak",
    "please call me", "שלום", "The door is locked", "12", "great", "see https://www.example.com/x",
)  # fmt: skip
ANSWERED = ("MENU", "HELP")
POSTED_TWICE_EACH = 10  # every tenth text comes twice


@dataclass(frozen=True, slots=True)
class Flooded:
    """What became of the texts. Seconds are from the moment at which somebody wrote."""

    written: int
    stored: int
    lost: int  # posts that were answered as taken, and are not stored
    stored_twice: int
    answered: int
    without_answer: int
    refused: dict[str, int]  # how posts were answered that were not taken
    hook_seconds: list[float]  # from each post to its answer
    taken_seconds: list[float]  # until the first post of a text was answered
    answer_seconds: list[float]  # until our answer was with the provider


def flood(folder: Path, *, texts: int, per_second: float, seconds: float) -> Flooded:
    """Run it below `folder`; returns when all is stored and answered, or after `seconds`."""
    with (
        running_twilio(
            folder / "twilio", numbers=(OUR_NUMBER,), delivery_seconds=0.2, connections=400
        ) as twilio,
        running_tapline(folder / "data", outbound_local="1") as tapline,
    ):
        account = connect(tapline, twilio)
        run_task(tapline, "fill", str(texts // 2))
        run_task(tapline, "keyword", "MENU", "The menu: https://www.example.com/menu")
        written = list(people_write(texts))
        twilio.say(written, per_second=per_second, url=inbound_url(tapline, account))
        with suppress(TimeoutError):  # What is missing by then is counted.
            wait_for(lambda: is_over(twilio, written), seconds=seconds, what="all is answered")
        return look(tapline, twilio, written)


def people_write(count: int) -> Iterator[InboundText]:
    """Yield one text each of so many people; the first half of them are contacts."""
    for number, text in enumerate(islice(cycle(TEXTS), count)):
        # Spread, so that contacts and strangers take turns.
        person = number // 2 + (count // 2 if number % 2 else 0)
        times = 2 if number % POSTED_TWICE_EACH == 0 else 1
        yield InboundText(f"+1999{person:07d}", OUR_NUMBER, text, times)


def is_over(twilio: TwilioProcess, written: list[InboundText]) -> bool:
    """Say whether every post was made and every answer that is due has come."""
    posts = twilio.ledger.rows("select count(*) from hooks where kind = 'inbound'")[0][0]
    wanted = sum(text.text in ANSWERED for text in written)
    return bool(posts >= sum(text.times for text in written) and twilio.ledger.count() >= wanted)


def look(tapline: RunningTapline, twilio: TwilioProcess, written: list[InboundText]) -> Flooded:
    """Compare what was written, what is stored, and what was answered."""
    stored = tapline.rows("select count(*), count(distinct provider_id) from replies_reply")[0]
    ours = {sid for (sid,) in tapline.rows("select provider_id from replies_reply")}
    theirs = twilio.ledger.rows("select sid from hooks where kind = 'inbound' and status = 200")
    posts = twilio.ledger.rows(
        "select coalesce(status, failure), answered_at - posted_at from hooks"
        " where kind = 'inbound'"
    )
    taken = twilio.ledger.rows(
        "select min(h.answered_at) - m.created_at from messages m join hooks h on h.sid = m.sid"
        " where m.direction = 'inbound' and h.status = 200 group by m.sid"
    )
    answers = twilio.ledger.rows(
        "select min(o.created_at) - i.created_at from messages i"
        " left join messages o on o.recipient = i.sender and o.direction = 'outbound-api'"
        " where i.direction = 'inbound' and i.text in ('MENU', 'HELP') group by i.sid"
    )
    refused: dict[str, int] = {}
    for status, _ in posts:
        if status != 200:
            refused[str(status)] = refused.get(str(status), 0) + 1
    came = [seconds for (seconds,) in answers if seconds is not None]
    return Flooded(
        written=len(written),
        stored=stored[1],
        lost=len({sid for (sid,) in theirs} - ours),
        stored_twice=stored[0] - stored[1],
        answered=len(came),
        without_answer=sum(text.text in ANSWERED for text in written) - len(came),
        refused=refused,
        hook_seconds=[seconds for _, seconds in posts],
        taken_seconds=[seconds for (seconds,) in taken],
        answer_seconds=came,
    )
