"""What one request gets: which link it asks for, what is written down, and which answer leaves.

Between socket and answer stand three files: `connection.py` (HTTP), this one, and
`clicklog/writer.py` (the disk). Rows come from `lookup.py`, bytes from `answers.py`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import NamedTuple, Protocol
from urllib.parse import unquote

from tapline.clicklog import record as log
from tapline.clicklog.record import Record, as_text, encode_line
from tapline.clicklog.writer import SegmentWriter
from tapline.codes.alphabet import is_code
from tapline.edge import answers
from tapline.edge.addresses import ProxyTrust, network_of
from tapline.edge.answers import Answer
from tapline.edge.counters import Counter
from tapline.edge.limits import SLOWED_SECONDS, GuessLimit, TapLimit
from tapline.edge.lookup import Found, KnownDomain, Lookup

# How long a tap waits for a link that may be on its way to the replica, and how often it looks.
UNRESOLVED_SECONDS = 0.5
LOOK_AGAIN_SECONDS = 0.02

# The headers that tell people from machines, as the log names them.
KEPT_HEADERS = (
    *("Sec-Purpose", "Purpose", "X-Moz", "X-Purpose"),
    *("Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest", "Sec-Fetch-User"),
    *("Sec-CH-UA", "Sec-CH-UA-Mobile", "Sec-CH-UA-Platform"),
    *("Accept", "Accept-Language", "Referer", "Via", "From", "X-Requested-With"),
)
# Names as clients spell them: most in one of two ways, so that lower() is hardly ever called.
_KEPT = {
    spelling.encode(): name.lower()
    for name in KEPT_HEADERS
    for spelling in (name, name.lower(), name.title())
}
_OUTCOME_COUNTERS = {
    log.REDIRECT: Counter.REDIRECT,
    log.EXPIRED: Counter.EXPIRED,
    log.DISABLED: Counter.DISABLED,
    log.UNRESOLVED: Counter.UNRESOLVED,
}


class Request(NamedTuple):
    """One request as it was read. `host` is the `Host` header; `target` what stands after GET."""

    method: bytes
    target: bytes
    host: bytes
    headers: list[tuple[bytes, bytes]]
    peer: str


class Waiting(Protocol):
    """Where an answer goes when it may leave."""

    def send(self, answer: Answer) -> None: ...


class Taps:
    """Answers requests. One per child."""

    def __init__(
        self,
        lookup: Lookup,
        trust: ProxyTrust,
        counters: memoryview,
        writer: SegmentWriter[tuple[Waiting, Answer]],
        ring_parent: Callable[[], None],
    ) -> None:
        self._lookup = lookup
        self._trust = trust
        self._counters = counters
        self._writer = writer
        self._ring_parent = ring_parent
        self._guesses = GuessLimit()
        self._taps = TapLimit()
        self._folded: dict[tuple[str, str, str], Record] = {}
        self._loop = asyncio.get_running_loop()

    def take(self, request: Request, waiting: Waiting) -> None:
        """Answer one request through `waiting`, now or when its record is on disk."""
        domain = self._lookup.domain(host_of(request.host))
        if request.method != b"GET" and request.method != b"HEAD":
            return self._send(waiting, answers.METHOD_NOT_ALLOWED, Counter.METHOD_NOT_ALLOWED)
        path = path_of(request.target)
        if path == "robots.txt":
            return self._send(waiting, answers.ROBOTS, Counter.ROBOTS)
        if domain is None:
            return self._send(waiting, answers.NOT_FOUND, Counter.UNKNOWN_HOST)
        if not path:
            return self._send(waiting, answers.fallback(domain.row.fallback_url), Counter.HOME)
        found = self._find(domain, path)
        if found is None:
            return self._refuse_guess(request, domain, waiting)
        if found.link is None:
            self._ring_parent()
            deadline = self._loop.time() + UNRESOLVED_SECONDS
            return self._look_again(request, domain, path, waiting, deadline)
        return self._settle(request, domain, path, found, waiting)

    def begin_minute(self) -> None:
        """Forget the last minute's counts, and write down what was folded in it."""
        self._guesses.begin_minute()
        self._taps.begin_minute()
        folded, self._folded = self._folded, {}
        for repeated in folded.values():
            self._writer.append(encode_line(repeated), _NOBODY)

    def _find(self, domain: KnownDomain, path: str) -> Found | None:
        found = self._lookup.code(domain, path) if is_code(path) else None
        return found or self._lookup.alias(domain, path)

    def _look_again(
        self, request: Request, domain: KnownDomain, path: str, waiting: Waiting, deadline: float
    ) -> None:
        """Settle a tap whose link the replica did not hold, once it does or time is up."""
        found = self._find(self._lookup.domain(domain.row.host) or domain, path)
        if found is None:
            return self._refuse_guess(request, domain, waiting)
        if found.link is None and self._loop.time() < deadline:
            arguments = (request, domain, path, waiting, deadline)
            self._loop.call_later(LOOK_AGAIN_SECONDS, self._look_again, *arguments)
            return None
        return self._settle(request, domain, path, found, waiting)

    def _settle(
        self, request: Request, domain: KnownDomain, path: str, found: Found, waiting: Waiting
    ) -> None:
        """Write down a tap that leads to a link, or may have; answer it when that is on disk."""
        now_us = time.time_ns() // 1000
        outcome, answer = _judge(domain, path, found, now_us)
        seen = self._record(request, domain, path, found, outcome, answer.status, now_us)
        self._counters[_OUTCOME_COUNTERS[outcome]] += 1
        network = network_of(seen.address)
        if self._taps.exceeds(path, network):
            self._fold(seen, network)
            waiting.send(answer)
        else:
            self._writer.append(encode_line(seen), (waiting, answer))

    def _record(
        self,
        request: Request,
        domain: KnownDomain,
        path: str,
        found: Found,
        outcome: str,
        status: int,
        now_us: int,
    ) -> Record:
        kept: dict[str, str] = {}
        agent, hops = b"", []
        for name, value in request.headers:
            known = _KEPT.get(name) or _KEPT.get(name.lower())
            if known:
                kept[known] = as_text(value)
            elif name == b"User-Agent" or name.lower() == b"user-agent":
                agent = value
            elif self._trust.header and name.lower() == self._trust.header:
                hops.append(value)
        return Record(
            time_us=now_us,
            host=domain.row.host,
            domain=domain.row.id,
            path=path,
            generation=found.generation,
            serial=found.serial,
            link=found.link.id if found.link else 0,
            position=found.position,
            outcome=outcome,
            status=status,
            method=request.method.decode(),
            address=self._trust.client_address(request.peer, hops),
            agent=as_text(agent),
            headers=kept,
        )

    def _fold(self, seen: Record, network: str) -> None:
        """Count a repeat. Its record follows at the end of the minute."""
        self._counters[Counter.FOLDED] += 1
        kind = (seen.path, network, seen.method)
        repeated = self._folded.setdefault(kind, seen)
        if repeated is not seen:
            repeated.count += 1

    def _refuse_guess(self, request: Request, domain: KnownDomain, waiting: Waiting) -> None:
        """Answer a path that leads nowhere; slowly where one network asks for many."""
        answer = answers.fallback(domain.row.fallback_url)
        hops = [value for name, value in request.headers if name.lower() == self._trust.header]
        network = network_of(self._trust.client_address(request.peer, hops))
        self._counters[Counter.UNKNOWN] += 1
        if self._guesses.slows(network):
            self._counters[Counter.SLOWED] += 1
            self._loop.call_later(SLOWED_SECONDS, waiting.send, answer)
        else:
            waiting.send(answer)

    def _send(self, waiting: Waiting, answer: Answer, counter: Counter) -> None:
        self._counters[counter] += 1
        waiting.send(answer)


class _Nobody:
    """Waits for the records of folded repeats: their taps were answered already."""

    def send(self, answer: Answer) -> None:
        """Drop it."""


_NOBODY = (_Nobody(), answers.NOT_FOUND)


def host_of(header: bytes) -> str:
    """Return the host of a `Host` header: lower-case, no port, no final dot; "" for no ASCII."""
    if not header.isascii():
        return ""
    host = header.decode().strip().lower()
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0].removesuffix(".")


def path_of(target: bytes) -> str:
    """Return the path without slashes at its ends and without its query, percent-decoded.

    Bytes that are no UTF-8 become U+FFFD, which no code or alias holds.
    """
    path = target.partition(b"?")[0].partition(b"#")[0].strip(b"/")
    if b"%" not in path:
        return path.decode("utf-8", "replace")
    return unquote(path.decode("utf-8", "replace"), errors="replace").strip("/")


def _judge(domain: KnownDomain, path: str, found: Found, now_us: int) -> tuple[str, Answer]:
    """Return the outcome and the answer of a tap whose code or alias was found."""
    link = found.link
    if link is None:
        return log.UNRESOLVED, answers.fallback(domain.row.fallback_url)
    if link.is_stopped or link.parts is None:
        return log.DISABLED, answers.fallback(domain.row.fallback_url)
    if 0 < link.expires_us <= now_us:
        return log.EXPIRED, answers.fallback(domain.row.fallback_url)
    return log.REDIRECT, link.parts.answer(path)
