"""The simulator's process: a provider's HTTP interface on loopback, and the engine behind it.

POST /messages                 hand texts in: {"messages": [{"reference", "to", "from", "text",
                               "validity_seconds", "tag"}], "give_up_at"?}
GET  /messages?reference=…     what became of them; repeat `reference` for several
GET  /truth?tag=…              what truly happened to one tag's messages
GET  /health                   answers when the ledger is open
"""

from __future__ import annotations

import re
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import parse_qs

import msgspec
import uvicorn

from tapline.config import Config, parse_address
from tapline.errors import TaplineError
from tapline.instance.keys import Purpose, derive, load_or_create_master_key
from tapline.providers.simulator.engine import Engine, Surroundings
from tapline.providers.simulator.ledger import Ledger
from tapline.providers.simulator.people import Fate, fate_of
from tapline.providers.simulator.phones import edge_address
from tapline.providers.simulator.scenarios.fates import fate_in, find_scenario
from tapline.providers.simulator.scenarios.scenario import Scenario
from tapline.providers.simulator.truth import tell_truth
from tapline.providers.simulator.wire import REJECTED, Known, KnownMessages, Submission, Submitted
from tapline.texts.links import find_links

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

LARGEST_BODY_BYTES = 16 * 1024 * 1024
STOP_SECONDS = 10
E164 = re.compile(r"\+[1-9][0-9]{6,14}")


class PortTaken(TaplineError):
    """The simulator's address is in use."""


class _TooLate(Exception):
    """The caller stopped waiting before its texts were recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Which people answer, and how fast their time runs. No scenario: the everyday ones."""

    seed: int
    speed: float
    scenario: Scenario | None = None

    def fate_of(self, number: str, turn: int, urls: Sequence[str]) -> Fate:
        """Return what becomes of the text number `turn` (from 0) to `number`."""
        if self.scenario is None:
            return fate_of(self.seed, number, turn, urls)
        return fate_in(self.scenario, self.seed, number, turn, urls)


class Simulator:
    """The ASGI application. One per process: its ledger belongs to it alone."""

    def __init__(self, ledger: Ledger, engine: Engine, people: People) -> None:
        self._ledger, self._engine, self._people = ledger, engine, people

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        status, answer = await self._answer(scope, receive)
        body = msgspec.json.encode(answer)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._engine.start()
                await send({"type": "lifespan.startup.complete"})
            else:
                await self._engine.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, object]:
        query = parse_qs(scope["query_string"].decode("latin-1"))
        match scope["method"], scope["path"]:
            case "POST", "/messages":
                return await self._accept(await _read_body(receive))
            case "GET", "/messages":
                return 200, await self._look_up(query.get("reference", []))
            case "GET", "/truth":
                tag = query.get("tag", [""])[0]
                return 200, await self._in_ledger(tell_truth, self._ledger, tag, now=time.time())
            case "GET", "/health":
                return 200, {"status": "ok"}
        return 404, {"error": "There is no such page. See docs/simulator.md for those there are."}

    async def _accept(self, body: bytes | None) -> tuple[int, object]:
        if body is None:
            return 413, {"error": f"At most {LARGEST_BODY_BYTES} bytes are taken at once."}
        try:
            submission = msgspec.json.decode(body, type=Submission)
            answers = await self._in_ledger(self._accept_now, submission)
        except msgspec.DecodeError as error:
            return 400, {"error": f"The body is not a list of messages: {error}."}
        except _TooLate:
            return 408, {"error": "The caller had stopped waiting; nothing was accepted."}
        self._engine.wake()
        return 200, KnownMessages(answers)

    def _accept_now(self, submission: Submission) -> list[Known]:
        """Runs in the ledger's thread: then no look-up falls between the check and the record."""
        now = time.time()
        if submission.give_up_at is not None and now >= submission.give_up_at:
            raise _TooLate
        good = [message for message in submission.messages if E164.fullmatch(message.to)]
        bad = [message for message in submission.messages if not E164.fullmatch(message.to)]
        turns = self._turns_of(good)
        fated = [(message, self._fate_of(message, next(turns[message.to]))) for message in good]
        accepted = self._ledger.accept(fated, now=now, speed=self._people.speed)
        return [*accepted, *(_rejected(message) for message in bad)]

    def _turns_of(self, messages: Sequence[Submitted]) -> dict[str, Iterator[int]]:
        """Return for each number how many texts it has had, counting on from there."""
        numbers = {message.to for message in messages}
        return {number: count(self._ledger.count_texts_to(number)) for number in numbers}

    def _fate_of(self, message: Submitted, turn: int) -> Fate:
        urls = [link.url for link in find_links(message.text)]
        fate = self._people.fate_of(message.to, turn, urls)
        if fate.settled_after_seconds <= message.validity_seconds * self._people.speed:
            return fate
        return Fate(
            message.validity_seconds * self._people.speed, "30036", "Its validity period ended."
        )

    async def _look_up(self, references: list[str]) -> KnownMessages:
        now = time.time()
        return KnownMessages(await self._in_ledger(self._ledger.look_up, references, now=now))

    @property
    def _in_ledger(self) -> Callable[..., Awaitable[Any]]:
        return self._engine.in_ledger


def serve(config: Config) -> None:
    """Run the simulator until SIGTERM or Ctrl-C; raises `PortTaken` and `BadScenario`."""
    name = config.simulator_scenario
    people = People(
        seed=config.simulator_seed,
        speed=config.simulator_speed,
        scenario=find_scenario(name) if name else None,
    )
    listener = _listen(config.simulator_listen)
    master = load_or_create_master_key(config.master_key_path)
    surroundings = Surroundings(
        web_url=config.web_url,
        edge=edge_address(config.edge_listen),
        key=derive(master, Purpose.SIMULATOR),
    )
    ledger = Ledger(config.simulator_dir)
    simulator = Simulator(ledger, Engine(ledger, surroundings), people)
    settings = uvicorn.Config(
        simulator,
        log_level="warning",
        lifespan="on",
        ws="none",
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    host, port = listener.getsockname()[:2]
    print(f"The simulator answers on http://{host}:{port}", file=sys.stderr, flush=True)  # noqa: T201
    uvicorn.Server(settings).run(sockets=[listener])


def _listen(address: str) -> socket.socket:
    host, port = parse_address(address)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        raise PortTaken(
            f"The simulator cannot listen on {address}.",
            why=f"The system says: {error.strerror}.",
            do="Stop what uses that port, or set TAPLINE_SIMULATOR_LISTEN to another one.",
        ) from error


async def _read_body(receive: Receive) -> bytes | None:
    """Return the whole body, or None when it is larger than is taken."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > LARGEST_BODY_BYTES:
            return None
        if not message.get("more_body"):
            return bytes(body)


def _rejected(message: Submitted) -> Known:
    return Known(message.reference, "", REJECTED, "21211", "That is no phone number in E.164.")
