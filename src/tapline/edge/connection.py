"""One connection: HTTP in, answers out in the order of their requests."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any, cast

import httptools

from tapline.edge import answers
from tapline.edge.addresses import network_of, normal_address
from tapline.edge.answers import Answer
from tapline.edge.counters import Counter
from tapline.edge.tap import Request, Taps, Waiting

LONGEST_TARGET_BYTES = 8 * 1024
LONGEST_HEADERS_BYTES = 32 * 1024
LONGEST_BODY_BYTES = 64 * 1024
MOST_HEADERS = 100
# Requests of one connection that wait for their answers before no more are read.
MOST_PENDING = 64
IDLE_SECONDS = 30.0
# After a refusal we read on for a moment without looking: closing with bytes unread would make the
# kernel send a reset, and the client would never see why.
LINGER_SECONDS = 2.0

_CLOSE = b"Connection: close\r\n"
_KEEP_ALIVE = b"Connection: keep-alive\r\n"


@dataclass(slots=True)
class Desk:
    """What all connections of one child share. `now` and `date_line` are renewed every second."""

    taps: Taps
    counters: memoryview
    most_connections: int
    most_per_network: int
    request_seconds: float
    now: float = field(default_factory=time.monotonic)
    date_line: bytes = field(default_factory=lambda: answers.date_line(time.time()))
    open: set[Connection] = field(default_factory=set)
    per_network: dict[str, int] = field(default_factory=dict)
    is_stopping: bool = False

    def tick(self) -> None:
        """Renew the clock and close connections that are too slow or idle."""
        self.now = time.monotonic()
        self.date_line = answers.date_line(time.time())
        for connection in list(self.open):
            connection.check_time(self.now)

    def stop(self) -> None:
        """Take no more requests; connections close when their pending answers have left."""
        self.is_stopping = True
        for connection in list(self.open):
            connection.close_when_answered()


class PendingAnswer(Waiting):
    """One request's place in its connection's queue."""

    __slots__ = ("answer", "connection", "has_body", "line")

    def __init__(self, connection: Connection, has_body: bool, line: bytes) -> None:
        self.connection = connection
        self.has_body = has_body
        self.line = line  # a Connection header, or nothing
        self.answer: Answer | None = None

    def send(self, answer: Answer) -> None:
        self.answer = answer
        self.connection.send_ready()


class Connection(asyncio.Protocol):
    """Reads requests and writes answers. The parser calls the methods that begin with `on_`."""

    __slots__ = (
        "_body_bytes",
        "_desk",
        "_fed_bytes",
        "_headers",
        "_headers_done",
        "_is_ending",
        "_is_refused",
        "_network",
        "_parser",
        "_peer",
        "_pending",
        "_since",
        "_target",
        "_transport",
    )

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._parser = httptools.HttpRequestParser(self)
        self._pending: deque[PendingAnswer] = deque()
        self._transport: asyncio.Transport | None = None
        self._target = b""
        self._fed_bytes = 0
        self._network = ""
        self._peer = ""
        self._is_ending = False  # no further request is read
        self._is_refused = False
        self._since = desk.now  # the beginning of the request being read, or of idleness
        self._begin_request()

    # --- from the event loop ---------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        peername: Any = transport.get_extra_info("peername")
        self._peer = normal_address(peername[0]) or "0.0.0.0" if peername else "0.0.0.0"  # noqa: S104  # an address to write down
        desk, self._network = self._desk, network_of(self._peer)
        count = desk.per_network.get(self._network, 0)
        if len(desk.open) >= desk.most_connections or count >= desk.most_per_network:
            desk.counters[Counter.CONNECTIONS_REFUSED] += 1
            self._transport.abort()
            return
        desk.open.add(self)
        desk.per_network[self._network] = count + 1
        desk.counters[Counter.CONNECTIONS] = len(desk.open)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport, self._is_ending = None, True
        desk = self._desk
        if self not in desk.open:
            return
        desk.open.discard(self)
        desk.counters[Counter.CONNECTIONS] = len(desk.open)
        desk.per_network[self._network] -= 1
        if not desk.per_network[self._network]:
            del desk.per_network[self._network]

    def data_received(self, data: bytes) -> None:
        if self._is_ending:
            return
        self._fed_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # The request itself was answered; what follows would be another protocol.
            self._is_ending = True
        except httptools.HttpParserError:
            self._refuse(answers.BAD_REQUEST)
        if not self._headers_done and self._fed_bytes > LONGEST_HEADERS_BYTES:
            self._refuse(self._too_large())

    def eof_received(self) -> bool:
        """Keep the writing side open while answers are pending."""
        self.close_when_answered()
        return bool(self._pending)

    def pause_writing(self) -> None:
        """The client does not read: take nothing more from it."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._read_on()

    # --- from the parser -------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._since = self._desk.now

    def on_url(self, part: bytes) -> None:
        self._target = self._target + part if self._target else part

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        self._headers_done = True
        if self._fed_bytes > LONGEST_TARGET_BYTES or len(self._headers) > MOST_HEADERS:
            self._check_sizes()

    def on_body(self, part: bytes) -> None:
        self._body_bytes += len(part)
        if self._body_bytes > LONGEST_BODY_BYTES:
            self._refuse(answers.BODY_TOO_LARGE)

    def on_message_complete(self) -> None:
        if self._is_ending:
            return
        parser, headers = self._parser, self._headers
        method, version = parser.get_method(), parser.get_http_version()
        hosts = [value for name, value in headers if len(name) == 4 and name.lower() == b"host"]
        if len(hosts) != 1 and (hosts or version != "1.0"):
            self._refuse(answers.BAD_REQUEST)
            return
        host = hosts[0] if hosts else b""
        target = self._target
        if target[:1] != b"/":
            host, target = _authority_and_path(target, host)
        line = b""
        if not parser.should_keep_alive() or self._desk.is_stopping:
            self._is_ending, line = True, _CLOSE
        elif version == "1.0":
            line = _KEEP_ALIVE
        pending = PendingAnswer(self, method != b"HEAD", line)
        self._pending.append(pending)
        if len(self._pending) >= MOST_PENDING and self._transport is not None:
            self._transport.pause_reading()
        request = Request(method, target, host, headers, self._peer)
        self._begin_request()
        self._desk.taps.take(request, pending)

    # --- answers ---------------------------------------------------------------------------------

    def send_ready(self) -> None:
        """Write all answers that are ready and whose predecessors have left, in one write."""
        pending, transport = self._pending, self._transport
        if transport is None:
            pending.clear()
            return
        date_line, pieces = self._desk.date_line, []
        while pending and (answer := pending[0].answer) is not None:
            done = pending.popleft()
            pieces.append(answer.to_bytes(date_line, closes=done.line, has_body=done.has_body))
        if pieces:
            transport.write(pieces[0] if len(pieces) == 1 else b"".join(pieces))
            self._since = self._desk.now
        if not pending:
            if self._is_refused and transport.can_write_eof():
                transport.write_eof()
            elif self._is_ending:
                transport.close()
            else:
                self._read_on()

    def close_when_answered(self) -> None:
        self._is_ending = True
        if not self._pending and self._transport is not None:
            self._transport.close()

    def check_time(self, now: float) -> None:
        """Close when the client has been silent for too long; 408 in the middle of a request."""
        transport = self._transport
        if transport is None:
            return
        waited = now - self._since
        if transport.get_write_buffer_size():
            if waited > IDLE_SECONDS:
                transport.abort()  # It does not take its answers.
        elif self._pending:
            return  # It waits for us.
        elif self._is_refused:
            if waited > LINGER_SECONDS:
                transport.abort()
        elif self._fed_bytes and waited > self._desk.request_seconds:
            self._desk.counters[Counter.TIMED_OUT] += 1
            self._refuse(answers.TIMED_OUT, counted=True)
        elif waited > IDLE_SECONDS:
            transport.close()

    # --- helpers ---------------------------------------------------------------------------------

    def _begin_request(self) -> None:
        self._target = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._headers_done = False
        self._fed_bytes = self._body_bytes = 0

    def _read_on(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def _check_sizes(self) -> None:
        size = sum(len(name) + len(value) for name, value in self._headers)
        if len(self._target) > LONGEST_TARGET_BYTES:
            self._refuse(answers.URI_TOO_LONG)
        elif size > LONGEST_HEADERS_BYTES or len(self._headers) > MOST_HEADERS:
            self._refuse(answers.HEADERS_TOO_LARGE)

    def _too_large(self) -> Answer:
        return answers.HEADERS_TOO_LARGE if self._headers else answers.URI_TOO_LONG

    def _refuse(self, answer: Answer, *, counted: bool = False) -> None:
        """Answer what cannot be read on, after what was asked before; then close."""
        if self._is_ending:
            return
        self._is_ending = self._is_refused = True
        if not counted:
            self._desk.counters[Counter.REFUSED] += 1
        pending = PendingAnswer(self, has_body=True, line=_CLOSE)
        self._pending.append(pending)
        pending.send(answer)


def _authority_and_path(target: bytes, host: bytes) -> tuple[bytes, bytes]:
    """Return host and path of a target in absolute form; its host counts then (RFC 9112, 3.2.2)."""
    scheme, mark, rest = target.partition(b"://")
    if not mark or scheme.lower() not in (b"http", b"https"):
        return host, b"/"
    authority, _, path = rest.partition(b"/")
    return authority, b"/" + path
