"""Kills processes at random moments while a broadcast is sent and tapped, and counts what is left.

Used by the test of that promise and by `python -m bench crash`.
"""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pysqlite3

from tests.running import RunningTapline, running_tapline, wait_for

MESSAGES = 4_000
# Slow enough that sending lasts through the kills.
MESSAGES_PER_SECOND = 40
TAPS_PER_MESSAGE = 15
# How often each process is killed: 50 in all. What answers taps or moves messages, the most.
KILLS = {
    "edge child": 14,
    "edge": 8,
    "worker sending": 11,
    "worker clicks": 11,
    "web": 4,
    "up": 2,
}
LONGEST_PAUSE_SECONDS = 1.2
# Only what was sent to many is tapped. Some people answer STOP meanwhile, which is confirmed: such
# notices belong to a broadcast of their own, hold no link, and go on for as long as people write.
NAME = "Menu"
SENT_TEXTS = f"""
select message.position, message.text from broadcasts_message message
join broadcasts_broadcast broadcast on broadcast.id = message.broadcast_id
where broadcast.name = '{NAME}' and message.text <> ''
"""
STATES = f"""
select message.state, count(*) from broadcasts_message message
join broadcasts_broadcast broadcast on broadcast.id = message.broadcast_id
where broadcast.name = '{NAME}'
group by message.state
"""
UNSETTLED = """
select count(*) from broadcasts_message
where state in ('pending', 'leased', 'submitted', 'unknown')
"""


@dataclass
class Tapper:
    """Taps the links of messages as they are sent, each tap under an agent of its own."""

    tapline: RunningTapline
    answered: list[str] = field(default_factory=list)  # the agents that got their 302
    taps: int = 0
    tapped: set[int] = field(default_factory=set)  # positions
    stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self.stopping.is_set():
            for position, code in self._newly_sent():
                self.tapped.add(position)
                for _ in range(TAPS_PER_MESSAGE):
                    self._tap_until_answered(code)
            self.stopping.wait(0.05)

    def _tap_until_answered(self, code: str) -> None:
        while not self.stopping.is_set():
            self.taps += 1
            if self._tap(code, f"Mozilla/5.0 (iPhone; crash test) tap/{self.taps}"):
                return
            self.stopping.wait(0.02)

    def _newly_sent(self) -> list[tuple[int, str]]:
        try:
            rows = self.tapline.rows(SENT_TEXTS)
        except pysqlite3.OperationalError:
            return []  # A writer was killed just now and its successor is mending the database.
        new = [row for row in rows if row[0] not in self.tapped][:20]
        return [(position, text.split("http://localhost:")[1].split()[0]) for position, text in new]

    def _tap(self, link: str, agent: str) -> bool:
        path = link.partition("/")[2]
        connection = http.client.HTTPConnection("127.0.0.1", self.tapline.edge_port, timeout=5)
        try:
            connection.request(
                "GET", f"/{path}", headers={"Host": "localhost", "User-Agent": agent}
            )
            is_answered = connection.getresponse().status == 302
        except (OSError, http.client.HTTPException):
            return False  # The edge was killed under this tap: nothing is promised of it.
        finally:
            connection.close()
        if is_answered:
            self.answered.append(agent)
        return is_answered


@dataclass(frozen=True)
class Aftermath:
    """What was promised, and what is there after the kills."""

    killed: dict[str, int]
    answered: set[str]  # agents of taps that got their 302
    stored: Counter[str]  # agents in the click store, with how often each stands there
    states: dict[str, int]  # of messages
    accepted_twice: list[str]  # references that the provider's ledger holds more than once

    @property
    def lost(self) -> set[str]:
        return self.answered - set(self.stored)

    @property
    def doubled(self) -> list[str]:
        return [agent for agent, times in self.stored.items() if times > 1]


def survive_kills(folder: Path, seed: int = 7) -> Aftermath:
    """Run a whole instance below `folder`, kill its processes 50 times, let it come to its end."""
    with running_tapline(
        folder / "data", simulator_speed="600", sender_rate=str(MESSAGES_PER_SECOND)
    ) as tapline:
        start_broadcast(tapline, folder)
        tapper = Tapper(tapline)
        thread = threading.Thread(target=tapper.run)
        thread.start()
        try:
            killed = kill_at_random(tapline, random.Random(seed))
        finally:
            tapper.stopping.set()
            thread.join()
        wait_until_sent(tapline)
        answered = set(tapper.answered)
        with suppress(TimeoutError):  # What is not there by then counts as lost.
            wait_for(
                lambda: answered <= set(stored_agents(tapline)), seconds=60, what="all is stored"
            )
        return Aftermath(
            killed=killed,
            answered=answered,
            stored=Counter(stored_agents(tapline)),
            states=dict(tapline.rows(STATES)),
            accepted_twice=accepted_twice(folder / "data"),
        )


def start_broadcast(tapline: RunningTapline, folder: Path) -> None:
    numbers = [f"+1{area}555{line:04d}" for area in range(201, 241) for line in range(100, 200)]
    contacts = folder / "contacts.csv"
    contacts.write_text("phone\n" + "\n".join(numbers[:MESSAGES]) + "\n")
    text = folder / "text.txt"
    text.write_text("The menu is out: https://example.com/menu Reply STOP to opt out.")
    agreed = ("--agreed-how", "web form", "--agreed-at", "2026-05-01", "--wording", "Text me.")
    tapline.run("contacts", "import", str(contacts), *agreed)
    tapline.run("broadcast", "send", "--name", NAME, "--text", str(text), "--audience", "all")
    wait_for(lambda: sent_so_far(tapline) > 20, seconds=60, what="the broadcast is under way")


def kill_at_random(tapline: RunningTapline, chance: random.Random) -> dict[str, int]:
    """Kill processes in random order with random pauses; return how often each was killed."""
    targets = [name for name, times in KILLS.items() for _ in range(times)]
    chance.shuffle(targets)
    killed: Counter[str] = Counter()
    for name in targets:
        time.sleep(chance.uniform(0.1, LONGEST_PAUSE_SECONDS))
        # A process that was killed a moment ago may not be back yet.
        wait_for(lambda name=name: tapline.kill(name), seconds=60, what=f"{name} runs")  # type: ignore[misc]
        killed[name] += 1
        if name == "up":
            tapline.start()
    return dict(killed)


def wait_until_sent(tapline: RunningTapline) -> None:
    def is_sent() -> bool:
        of_broadcast = f"select state from broadcasts_broadcast where name = '{NAME}'"
        return tapline.rows(of_broadcast) == [("sent",)]

    wait_for(is_sent, seconds=240, what="the broadcast is sent")
    # What answers people who wrote must settle as well, whatever was killed.
    wait_for(lambda: tapline.rows(UNSETTLED) == [(0,)], seconds=60, what="all texts are settled")


def sent_so_far(tapline: RunningTapline) -> int:
    return len(tapline.rows(SENT_TEXTS))


def stored_agents(tapline: RunningTapline) -> list[str]:
    """Return the agent of every stored tap of ours, doubles included."""
    names = tapline.rows("select name from clicks_clickfile where delisted_at is null")
    files = [str(tapline.data_dir / "clicks" / name) for (name,) in names]
    if not files:
        return []
    try:
        rows = duckdb.execute(
            "select agent from read_parquet($files) where agent like '%crash test%'",
            {"files": files},
        ).fetchall()
    except duckdb.IOException:
        return []  # A file was replaced since the list was read; the caller asks again.
    return [agent for (agent,) in rows]


def accepted_twice(data_dir: Path) -> list[str]:
    """Return the references that the simulator's ledger holds more than once."""
    (ledger,) = (data_dir / "simulator").glob("*.sqlite3")
    with pysqlite3.connect(ledger) as db:
        rows = db.execute(
            "select reference from acceptances group by reference having count(*) > 1"
        ).fetchall()
    db.close()
    return [reference for (reference,) in rows]
