"""Sends a broadcast through a Twilio stand-in that misbehaves, kills processes meanwhile, and
compares what both sides say afterwards.

Used by the test of that promise and by `python -m bench twilio`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.running import RunningTapline, running_tapline, wait_for
from tests.standins.twilio.faults import Faults
from tests.standins.twilio.running import ACCOUNT_SID, AUTH_TOKEN, TwilioProcess, running_twilio
from tests.standins.twilio.server import InboundText

OUR_NUMBER = "+12125550100"
# A time-out takes a client as long as its patience; cut sooner, it leaves the same doubt.
FAULTS = Faults(
    seed=3,
    time_out_after_acceptance=0.05,
    hang_seconds=1.0,
    too_many_requests=0.05,
    duplicated=0.05,
    late=0.02,
    late_seconds=3.0,
    reordered=0.05,
)
KILLED = ("worker sending", "web")
# The only texts that may go to somebody who wrote STOP are ours that confirm it.
OF_THE_BROADCAST = "text like 'The menu is out%'"


@dataclass(frozen=True, slots=True)
class Stopped:
    """Somebody who wrote STOP, when it was taken, and what they got of the broadcast after it."""

    phone: str
    taken_at: float
    got: list[str]


@dataclass(frozen=True, slots=True)
class Afterwards:
    """What both sides say in the end."""

    states: dict[str, int]  # of our messages
    taken: int  # texts of the broadcast that the provider took
    sent_twice: list[tuple[str, str, int]]
    unknown_there: int  # messages that we call sent, and that the provider does not have
    unknown_here: int  # texts that the provider has, and that no message of ours knows
    untold: int  # messages that came to their end there, and of whose end we do not know
    stopped: list[Stopped]
    faults: dict[str, int]
    hooks: dict[str, int]  # how the provider's posts were answered
    killed: list[str]
    seconds: float
    hook_seconds: list[float] = field(default_factory=list)

    @property
    def unsettled(self) -> int:
        """Messages without an answer at the end."""
        ends = ("accepted", "delivered", "failed", "cancelled")
        return sum(count for state, count in self.states.items() if state not in ends)


def endure(
    folder: Path,
    *,
    messages: int,
    faults: Faults = FAULTS,
    kills: int = 2,
    stops: int = 10,
    connections: int = 20,
    rate: float = 0.0,
    seconds: float = 600,
) -> Afterwards:
    """Run it below `folder`; returns when the broadcast is sent and all receipts were posted.

    `rate` keeps it to so many texts a second, so that something still waits when STOP comes.
    """
    with (
        running_twilio(
            folder / "twilio",
            numbers=(OUR_NUMBER,),
            handles_opt_outs=False,
            faults=faults,
            queue_seconds=0.3,
            delivery_seconds=1.0,
        ) as twilio,
        running_tapline(folder / "data", outbound_local="1", sender_rate=str(rate)) as tapline,
    ):
        account = connect(tapline, twilio, connections)
        run_task(tapline, "fill", str(messages))
        run_task(tapline, "begin", account["name"], OUR_NUMBER)
        begun = time.monotonic()
        stopped: list[str] = []
        for turn in range(kills):
            due = messages * (turn + 1) // (kills + 1)
            wait_for(
                lambda due=due: twilio.ledger.count() >= due,  # type: ignore[misc]
                seconds=seconds,
                what=f"{due} texts were taken",
            )
            if not stopped:
                stopped = write_stop(tapline, twilio, account, stops)
            for name in KILLED:
                tapline.kill(name)
        wait_until_sent(tapline, seconds)
        taken_in = time.monotonic() - begun
        with suppress(TimeoutError):  # What is not told by then is counted.
            wait_for(
                lambda: twilio.ledger.is_settled() and not untold(tapline, twilio),
                seconds=60,
                what="all ends are known",
            )
        return look(tapline, twilio, stopped, [*KILLED] * kills, taken_in)


def run_task(tapline: RunningTapline, *words: str) -> Any:
    """Run one task of `enduring_tasks` inside an instance and return what it said."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.providers.enduring_tasks", *words],
        env=tapline.environment,
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(run.stdout)


def connect(tapline: RunningTapline, twilio: TwilioProcess, connections: int = 20) -> Any:
    """Let an instance send everything through a stand-in; returns the account's token and name."""
    return run_task(
        tapline, "connect", twilio.url, ACCOUNT_SID, AUTH_TOKEN, OUR_NUMBER, str(connections)
    )


def inbound_url(tapline: RunningTapline, account: Any) -> str:
    """Return where inbound texts are posted."""
    return f"http://127.0.0.1:{tapline.web_port}/hooks/twilio/{account['token']}/inbound"


def write_stop(
    tapline: RunningTapline, twilio: TwilioProcess, account: Any, count: int
) -> list[str]:
    """Let people write STOP, half of whom have had their text and half of whom have not; wait
    until it was taken."""
    had = twilio.ledger.rows("select recipient from messages order by id limit ?", count // 2)
    waiting = tapline.rows(
        "select phone from broadcasts_message where state = 'pending' order by position desc"
        " limit ?",
        count - len(had),
    )
    phones = [phone for (phone,) in [*had, *waiting]]
    texts = [InboundText(phone, OUR_NUMBER, "STOP") for phone in phones]
    twilio.say(texts, url=inbound_url(tapline, account))
    wait_for(lambda: len(taken_at(twilio)) == count, seconds=60, what="every STOP was taken")
    return phones


def taken_at(twilio: TwilioProcess) -> dict[str, float]:
    """Return when our answer to each sender's inbound text arrived there."""
    return dict(
        twilio.ledger.rows(
            "select m.sender, min(h.answered_at) from hooks h join messages m on m.sid = h.sid"
            " where h.kind = 'inbound' and h.status < 300 group by m.sender"
        )
    )


def wait_until_sent(tapline: RunningTapline, seconds: float) -> None:
    """Wait until the broadcast has nothing left to send or to settle."""

    def is_sent() -> bool:
        return tapline.rows("select state from broadcasts_broadcast where kind = 'composed'") == [
            ("sent",)
        ]

    wait_for(is_sent, seconds=seconds, what="the broadcast is sent")


def untold(tapline: RunningTapline, twilio: TwilioProcess) -> int:
    """Return how many messages have an end there that is not known here."""
    ours = states_by_id(tapline)
    ended = twilio.ledger.rows(
        f"select sid from messages where status in ('delivered', 'undelivered', 'failed')"
        f" and {OF_THE_BROADCAST}"
    )
    return sum(ours.get(sid) not in ("delivered", "failed") for (sid,) in ended)


def states_by_id(tapline: RunningTapline) -> dict[str, str]:
    """Return the state of each message that has a provider's id."""
    return dict(
        tapline.rows(
            "select provider_id, m.state from broadcasts_message m"
            " join broadcasts_broadcast b on b.id = m.broadcast_id"
            " where b.kind = 'composed' and provider_id is not null"
        )
    )


def look(
    tapline: RunningTapline,
    twilio: TwilioProcess,
    stopped: Sequence[str],
    killed: list[str],
    seconds: float,
) -> Afterwards:
    """Compare what both sides say."""
    ours = states_by_id(tapline)
    sids = f"select sid from messages where direction = 'outbound-api' and {OF_THE_BROADCAST}"
    theirs = {sid for (sid,) in twilio.ledger.rows(sids)}
    at = taken_at(twilio)
    hooks = twilio.ledger.rows(
        "select coalesce(status, failure), answered_at - posted_at from hooks"
    )
    return Afterwards(
        states=dict(
            tapline.rows(
                "select m.state, count(*) from broadcasts_message m"
                " join broadcasts_broadcast b on b.id = m.broadcast_id"
                " where b.kind = 'composed' group by m.state"
            )
        ),
        taken=len(theirs),
        sent_twice=twilio.ledger.sent_twice(),
        unknown_there=len(set(ours) - theirs),
        unknown_here=len(theirs - set(ours)),
        untold=untold(tapline, twilio),
        stopped=[
            Stopped(phone, at[phone], got_after(twilio, phone, at[phone])) for phone in stopped
        ],
        faults=twilio.ledger.faults(),
        hooks=dict(Counter(str(status) for status, _ in hooks)),
        killed=killed,
        seconds=seconds,
        hook_seconds=[each for _, each in hooks],
    )


def got_after(twilio: TwilioProcess, phone: str, at: float) -> list[str]:
    """Return the texts of the broadcast that a number got after a moment."""
    return [text for text in twilio.ledger.taken_after(phone, at) if text.startswith("The menu")]
