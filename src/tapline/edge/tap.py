"""What one request gets: which link it asks for, what is written down, and which answer leaves.

Between socket and answer stand three files: `connection.py` (HTTP), this one, and
`clicklog/writer.py` (the disk). Rows come from `lookup.py`, bytes from `answers.py`.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol
from urllib.parse import unquote

import msgspec

from tapline.addresses import NOBODY, Client, ProxyTrust
from tapline.clicklog import record as log
from tapline.clicklog.record import (
    Record,
    encode_line,
    line_of_code,
    link_part,
    opening_part,
)
from tapline.clicklog.writer import SegmentWriter
from tapline.codes.alphabet import is_code
from tapline.edge import answers
from tapline.edge.answers import Answer
from tapline.edge.counters import Counter, count_taps
from tapline.edge.domain_pages import DomainPages
from tapline.edge.heads import Head
from tapline.edge.limits import (
    CROWD_TAPS_PER_MINUTE,
    SLOWED_SECONDS,
    TAPS_PER_MINUTE,
    GuessLimit,
    RepeatLimit,
)
from tapline.edge.lookup import Found, KnownDomain, Lookup, host_of
from tapline.edge.samples import SampleTaker
from tapline.previewers import is_previewer

# How long a tap waits for a link that may be on its way to the replica, and how often it looks.
UNRESOLVED_SECONDS = 0.5
LOOK_AGAIN_SECONDS = 0.02
# So many requests are answered together at most, for the sake of those that need no disk.
MOST_GATHERED = 512
# Below this many at a time nothing is saved by deciding them together, and their records are better
# ready when the disk is: at 8 connections the median tap took 1.8 ms so, 2.4 ms gathered.
FEW_TOGETHER = 16

LINK_METHODS = ("GET", "HEAD")

_OUTCOME_COUNTERS = {
    log.REDIRECT: Counter.REDIRECT,
    log.CARD: Counter.CARD,
    log.EXPIRED: Counter.EXPIRED,
    log.DISABLED: Counter.DISABLED,
    log.UNRESOLVED: Counter.UNRESOLVED,
}


class AnswerQueue(Protocol):
    """A connection, as seen from its requests: it sends answers in their order."""

    def send_ready(self) -> None: ...


class Exchange(msgspec.Struct, gc=False):
    """One request, and its answer's place in the queue of its connection. It leaves that queue
    when its answer does, so the garbage collector need not look for cycles."""

    method: str
    path: str  # see `path_of`
    head: Head
    peer: Client
    queue: AnswerQueue
    ending: bytes  # of the answer's head: perhaps a `Connection` line, then none
    answer: Answer | None = None
    since: float = 0.0  # when it, or one that it waits together with, came in

    def send(self, answer: Answer) -> None:
        self.answer = answer
        self.queue.send_ready()


# What waits for a record: an answer; None where the record counts repeats that were answered.
Settling = tuple[Exchange, Answer] | None


class Taps:
    """Answers requests. One per child."""

    def __init__(
        self,
        lookup: Lookup,
        trust: ProxyTrust,
        counters: memoryview,
        click_log_dir: Path,
        ring_parent: Callable[[], None],
        pages: DomainPages,
        samples: SampleTaker,
    ) -> None:
        self._lookup = lookup
        self._pages = pages
        self._samples = samples
        self._trust = trust
        self._counters = counters
        self.writer = SegmentWriter[Settling](click_log_dir, self._send_settled)
        self._ring_parent = ring_parent
        self._guesses = GuessLimit()
        self._repeats = RepeatLimit()
        self._folded: dict[tuple[str, str, str], Record] = {}
        self._gathered: list[Exchange] = []
        self._gathering_since = 0.0
        self._is_scheduled = False
        self._settled_together = 0
        self._loop = asyncio.get_running_loop()

    def take(self, exchange: Exchange) -> None:
        """Answer one request, when its record is on disk.

        Under load requests gather while the disk is busy, since no record could be written anyway:
        decrypting many codes at once costs a tenth each (`python -m bench edge`).
        """
        gathered = self._gathered
        if not gathered:
            self._gathering_since = time.monotonic()
        exchange.since = self._gathering_since
        gathered.append(exchange)
        if not self._is_scheduled and (
            not self.writer.is_busy
            or self._settled_together < FEW_TOGETHER
            or len(gathered) >= MOST_GATHERED
        ):
            self._answer_soon()

    def begin_minute(self) -> None:
        """Forget the last minute's counts, and write down what was folded in it."""
        self._guesses.begin_minute()
        self._repeats.begin_minute()
        self._samples.begin_minute()
        folded, self._folded = self._folded, {}
        for repeated in folded.values():
            self.writer.append(encode_line(repeated), None)

    def _answer_soon(self) -> None:
        """At the end of this turn of the loop, so that all that came in together goes together."""
        self._is_scheduled = True
        self._loop.call_soon(self._answer_gathered)

    def _send_settled(self, batch: list[Settling]) -> None:
        """Let the answers of one batch leave: their records are on disk, or counted as lost."""
        self._settled_together = len(batch)
        now, since, count = time.monotonic(), 0.0, 0
        for settling in batch:
            if settling is None:
                continue
            exchange, answer = settling
            exchange.answer = answer
            exchange.queue.send_ready()
            if exchange.since != since:  # Those that gathered together are counted together.
                count_taps(self._counters, count, now - since)
                since, count = exchange.since, 0
            count += 1
        count_taps(self._counters, count, now - since)
        if self._gathered and not self._is_scheduled:
            self._answer_soon()

    def _answer_gathered(self) -> None:
        gathered, self._gathered, self._is_scheduled = self._gathered, [], False
        try:
            self._answer(gathered)
        except Exception:  # noqa: BLE001  # The outermost loop: nobody may wait for ever.
            traceback.print_exc()
            for exchange in gathered:
                if exchange.answer is None:
                    self._send(exchange, answers.UNAVAILABLE, Counter.FAILED)

    def _answer(self, gathered: list[Exchange]) -> None:
        coded: dict[tuple[bytes, int], list[Exchange]] = {}
        host, length, alike = b"", 0, gathered  # of the request before
        for exchange in gathered:
            path = exchange.path
            if exchange.method not in LINK_METHODS or not is_code(path):
                self._answer_other(exchange)
                continue
            if len(path) != length or exchange.head.host != host:
                host, length = exchange.head.host, len(path)
                alike = coded.setdefault((host, length), [])
            alike.append(exchange)
        for (host, _), exchanges in coded.items():
            domain = self._lookup.domain(host)
            if domain is None:
                for exchange in exchanges:
                    self._refuse(exchange, answers.NOT_FOUND, Counter.UNKNOWN_HOST)
            else:
                self._settle_codes(domain, exchanges)

    def _answer_other(self, exchange: Exchange) -> None:
        """Answer a request that asks for no code: for a page, perhaps, or by an alias."""
        path, domain = exchange.path, self._lookup.domain(exchange.head.host)
        if exchange.method not in LINK_METHODS:
            self._refuse(exchange, answers.METHOD_NOT_ALLOWED, Counter.METHOD_NOT_ALLOWED)
        elif not path.isalnum() and (page := self._pages.find(path, domain)):
            self._send(exchange, *page)
        elif domain is None:
            self._refuse(exchange, answers.NOT_FOUND, Counter.UNKNOWN_HOST)
        else:
            self._settle_alias(exchange, domain)

    def _settle_codes(self, domain: KnownDomain, exchanges: list[Exchange]) -> None:
        """Settle requests whose paths are codes of one length, or look like such."""
        all_found = self._lookup.codes(domain, [exchange.path for exchange in exchanges])
        moment = _moment(domain)
        for exchange, found in zip(exchanges, all_found, strict=True):
            if found is None:
                self._settle_alias(exchange, domain)
            elif found.link is None:
                self._ring_parent()
                self._look_again(exchange, self._loop.time() + UNRESOLVED_SECONDS)
            else:
                self._settle(exchange, domain, found, moment)

    def _settle_alias(self, exchange: Exchange, domain: KnownDomain) -> None:
        found = self._lookup.alias(domain, exchange.path)
        if found is None:
            self._refuse_guess(exchange, domain)
        else:
            self._settle(exchange, domain, found, _moment(domain))

    def _look_again(self, exchange: Exchange, deadline: float) -> None:
        """Settle a tap whose link the replica did not hold, once it does or time is up."""
        domain = self._lookup.domain(exchange.head.host)
        if domain is None:  # Its domain was taken away meanwhile.
            self._send(exchange, answers.NOT_FOUND, Counter.UNKNOWN_HOST)
            return
        [found] = self._lookup.codes(domain, [exchange.path])
        if found is None:
            self._settle_alias(exchange, domain)
        elif found.link is None and self._loop.time() < deadline:
            self._loop.call_later(LOOK_AGAIN_SECONDS, self._look_again, exchange, deadline)
        else:
            self._settle(exchange, domain, found, _moment(domain))

    def _settle(
        self, exchange: Exchange, domain: KnownDomain, found: Found, moment: _Moment
    ) -> None:
        """Write down a tap that leads to a link, or may have; answer it when that is on disk."""
        path, head, client = exchange.path, exchange.head, exchange.peer
        outcome, answer = _judge(domain, path, found, moment.now_us, head.agent)
        self._counters[_OUTCOME_COUNTERS[outcome]] += 1
        if self._trust.networks:
            client = self._trust.client(client, head.headers)
        limit, network = TAPS_PER_MINUTE, client.network
        if found.position < 0 <= found.serial:  # Perhaps of somebody who is only counted.
            limit, client = CROWD_TAPS_PER_MINUTE, NOBODY
        if self._repeats.exceeds(path, network, limit):
            seen = _record(exchange, domain, found, outcome, answer.status, moment, client)
            self._fold(seen, network)
            exchange.send(answer)
        elif found.generation and head.line_part:
            link = found.link.id if found.link else 0
            line = line_of_code(
                moment.opening,
                path,
                found.serial,
                found.position,
                link_part(found.generation, link, outcome, answer.status, exchange.method),
                client.address,
                head.line_part,
            )
            self.writer.append(line.encode(), (exchange, answer))
        else:
            seen = _record(exchange, domain, found, outcome, answer.status, moment, client)
            self.writer.append(encode_line(seen), (exchange, answer))

    def _fold(self, seen: Record, network: str) -> None:
        """Count a repeat. Its record follows at the end of the minute."""
        self._counters[Counter.FOLDED] += 1
        repeated = self._folded.setdefault((seen.path, network, seen.method), seen)
        if repeated is not seen:
            repeated.count += 1

    def _refuse_guess(self, exchange: Exchange, domain: KnownDomain) -> None:
        """Answer a path that leads nowhere; slowly where one network asks for many."""
        self._counters[Counter.UNKNOWN] += 1
        if self._guesses.slows(self._sample(exchange, Counter.UNKNOWN).network):
            self._counters[Counter.SLOWED] += 1
            self._loop.call_later(SLOWED_SECONDS, exchange.send, domain.fallback)
        else:
            exchange.send(domain.fallback)

    def _refuse(self, exchange: Exchange, answer: Answer, counter: Counter) -> None:
        self._sample(exchange, counter)
        self._send(exchange, answer, counter)

    def _sample(self, exchange: Exchange, reason: Counter) -> Client:
        """Take a request that leads nowhere into the sample; return who asked."""
        head = exchange.head
        client = self._trust.client(exchange.peer, head.headers)
        self._samples.take(
            reason,
            method=exchange.method,
            host=host_of(head.host),
            path=exchange.path,
            network=client.network,
            agent=head.agent,
        )
        return client

    def _send(self, exchange: Exchange, answer: Answer, counter: Counter) -> None:
        self._counters[counter] += 1
        exchange.send(answer)


class _Moment(NamedTuple):
    """When some taps of one domain are answered, and how their lines begin."""

    now_us: int
    opening: str


def _moment(domain: KnownDomain) -> _Moment:
    now_us = time.time_ns() // 1000
    return _Moment(now_us, opening_part(now_us, domain.row.host, domain.row.id))


def _record(
    exchange: Exchange,
    domain: KnownDomain,
    found: Found,
    outcome: str,
    status: int,
    moment: _Moment,
    client: Client,
) -> Record:
    head = exchange.head
    return Record(
        time_us=moment.now_us,
        host=domain.row.host,
        domain=domain.row.id,
        path=exchange.path,
        generation=found.generation,
        serial=found.serial,
        link=found.link.id if found.link else 0,
        position=found.position,
        outcome=outcome,
        status=status,
        method=exchange.method,
        address=client.address,
        agent=head.agent,
        headers=head.kept,
    )


def path_of(target: bytes) -> str:
    """Return the path without slashes at its ends and without its query, percent-decoded.

    Bytes that are no UTF-8 become U+FFFD, which no code or alias holds.
    """
    path = target.partition(b"?")[0].partition(b"#")[0].strip(b"/")
    if b"%" not in path:
        return path.decode("utf-8", "replace")
    return unquote(path.decode("utf-8", "replace"), errors="replace").strip("/")


def _judge(
    domain: KnownDomain, path: str, found: Found, now_us: int, agent: str
) -> tuple[str, Answer]:
    """Return the outcome and the answer of a tap whose code or alias was found."""
    link = found.link
    if link is None:
        return log.UNRESOLVED, domain.fallback
    if link.is_stopped or link.parts is None:
        return log.DISABLED, domain.fallback
    if 0 < link.expires_us <= now_us:
        return log.EXPIRED, domain.fallback
    if link.card is not None and is_previewer(agent):
        return log.CARD, answers.card(link.card, link.parts.location(path))
    return log.REDIRECT, link.parts.answer(path)
