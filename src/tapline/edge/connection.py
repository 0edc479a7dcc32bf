"""One connection: HTTP in, answers out in the order of their requests."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any, cast

import httptools

from tapline.addresses import Client, network_of, normal_address
from tapline.edge import answers
from tapline.edge.answers import Answer
from tapline.edge.counters import Counter
from tapline.edge.heads import Head
from tapline.edge.tap import Exchange, Taps, path_of

LONGEST_TARGET_BYTES = 8 * 1024
LONGEST_HEADERS_BYTES = 32 * 1024
LONGEST_BODY_BYTES = 64 * 1024
MOST_HEADERS = 100
# Heads that are remembered, and how long one may be: some 20 MB when strangers fill it.
MOST_HEADS = 4096
LONGEST_HEAD_BYTES = 2048
# Requests of one connection that wait for their answers before no more are read.
MOST_PENDING = 64
IDLE_SECONDS = 30.0
# After a refusal we read on for a moment without looking: closing with bytes unread would make the
# kernel send a reset, and the client would never see why.
LINGER_SECONDS = 2.0

# Where the path of a plain `GET /path HTTP/1.1` begins, and where it ends at the latest.
_PATH_AT, _PATH_END = len(b"GET /"), len(b"GET /") + 32

_NOBODY = Client("0.0.0.0", network_of("0.0.0.0"))  # noqa: S104  # an address to write down

# What ends the head of an answer.
_END = answers.END_OF_HEAD
_CLOSE = b"Connection: close\r\n\r\n"
_KEEP_ALIVE = b"Connection: keep-alive\r\n\r\n"


@dataclass(slots=True)
class Desk:
    """What all connections of one child share. `now` and `date_line` are renewed every second."""

    taps: Taps
    counters: memoryview
    most_connections: int
    most_per_network: int
    request_seconds: float
    # What stood behind the path, from ` HTTP/1.1` to the empty line, in a GET without body that the
    # parser has passed. The same bytes mean the same again, so they skip the parser: that
    # halves the time per tap (`python -m bench edge`). Not behind proxies: each tap's lines differ.
    heads: dict[bytes, Head]
    remembers_heads: bool
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
        self.heads.clear()
        for connection in list(self.open):
            connection.close_when_answered()


class Connection(asyncio.Protocol):
    """Reads requests and writes answers. The parser calls the methods that begin with `on_`."""

    __slots__ = (
        "_body_bytes",
        "_chunk",
        "_desk",
        "_fed_bytes",
        "_headers",
        "_is_ending",
        "_is_paused",
        "_is_refused",
        "_network",
        "_parser",
        "_peer",
        "_pending",
        "_since",
        "_target",
        "_transport",
        "on_header",
    )

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._headers: dict[bytes, bytes] = {}
        # Called for every header: a method of C spares a Python call each. Of a name that comes
        # twice the last value counts; two hosts are refused in `data_received`.
        self.on_header = self._headers.__setitem__
        self._parser = httptools.HttpRequestParser(self)
        self._pending: deque[Exchange] = deque()
        self._transport: asyncio.Transport | None = None
        self._network = ""
        self._peer = _NOBODY
        self._target = self._chunk = b""
        self._fed_bytes = self._body_bytes = 0  # of the request being read
        self._is_ending = False  # no further request is read
        self._is_refused = False
        self._is_paused = False
        self._since = desk.now  # the beginning of the request being read, or of idleness

    # --- from the event loop ---------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        peername: Any = transport.get_extra_info("peername")
        address = normal_address(peername[0]) if peername else None
        if address is not None:
            self._peer = Client(address, network_of(address))
        desk, self._network = self._desk, self._peer.network
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
        if not self._fed_bytes:
            desk = self._desk
            self._since = desk.now
            # A plain GET whose header lines are known: nearly every tap, hence no further calls.
            end = data.find(b" ", _PATH_AT, _PATH_END)
            head = desk.heads.get(data[end:])
            path = data[_PATH_AT:end]
            if head is not None and path.isalnum() and data.startswith(b"GET /"):
                self._take(Exchange("GET", path.decode(), head, self._peer, self, _END))
                return
            self._chunk = data
        self._fed_bytes += len(data)
        if data.count(b"ost:") > 1 and _has_two_hosts(data):
            self._refuse(answers.BAD_REQUEST)
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # The request itself is answered; what follows would be another protocol.
            self._is_ending = True
        except httptools.HttpParserError:
            self._refuse(answers.BAD_REQUEST)
        if self._fed_bytes > LONGEST_HEADERS_BYTES and not self._body_bytes:
            self._refuse(answers.HEADERS_TOO_LARGE if self._headers else answers.URI_TOO_LONG)

    def eof_received(self) -> bool:
        """Keep the writing side open while answers are pending."""
        self.close_when_answered()
        return bool(self._pending)

    def pause_writing(self) -> None:
        """The client does not read: take nothing more from it."""
        self._pause()

    def resume_writing(self) -> None:
        self._read_on()

    # --- from the parser -------------------------------------------------------------------------

    def on_url(self, part: bytes) -> None:
        self._target = self._target + part if self._target else part

    def on_body(self, part: bytes) -> None:
        self._body_bytes += len(part)
        if self._body_bytes > LONGEST_BODY_BYTES:
            self._refuse(answers.BODY_TOO_LARGE)

    def on_message_complete(self) -> None:
        if self._is_ending:
            return
        headers, target = self._headers.copy(), self._target
        if self._fed_bytes > LONGEST_TARGET_BYTES or len(headers) > MOST_HEADERS:
            refusal = _refusal_for_size(target, headers)
            if refusal is not None:
                self._refuse(refusal)
                return
        parser = self._parser
        version = parser.get_http_version()
        host = headers.get(b"Host") or headers.get(b"host") or _any_spelling(headers, b"host")
        if host is None and version != "1.0":
            self._refuse(answers.BAD_REQUEST)
            return
        if target[:1] != b"/":
            host, target = _authority_and_path(target, host)
        ending = _END
        if not parser.should_keep_alive() or self._desk.is_stopping:
            self._is_ending, ending = True, _CLOSE
        elif version == "1.0":
            ending = _KEEP_ALIVE
        method, head = parser.get_method().decode(), Head(host or b"", headers)
        if method == "GET" and ending is _END:
            self._remember(head)
        self._begin_request()
        self._take(Exchange(method, path_of(target), head, self._peer, self, ending))

    def _remember(self, head: Head) -> None:
        """Keep a head that came in one piece with its request, and nothing else."""
        heads, chunk = self._desk.heads, self._chunk
        is_whole = self._fed_bytes == len(chunk) and chunk.find(b"\r\n\r\n") == len(chunk) - 4
        if not self._desk.remembers_heads or not is_whole or self._parser.should_upgrade():
            return
        rest = chunk[chunk.find(b" ", _PATH_AT, _PATH_END) :]
        is_plain = chunk.startswith(b"GET /") and rest.startswith(b" HTTP/1.1\r\n")
        if is_plain and len(rest) <= LONGEST_HEAD_BYTES:
            if len(heads) >= MOST_HEADS:
                heads.clear()
            heads[rest] = head

    def _take(self, exchange: Exchange) -> None:
        pending = self._pending
        pending.append(exchange)
        if len(pending) >= MOST_PENDING:
            self._pause()
        self._desk.taps.take(exchange)

    # --- answers ---------------------------------------------------------------------------------

    def send_ready(self) -> None:
        """Write all answers that are ready and whose predecessors have left, in one write."""
        pending, transport, desk = self._pending, self._transport, self._desk
        if transport is None:
            pending.clear()
            return
        ready = b""
        while pending and (answer := pending[0].answer) is not None:
            exchange = pending.popleft()
            if exchange.ending is not _END:
                ready += answer.head + desk.date_line + exchange.ending
            else:
                ready += answer.whole_head(desk.date_line)
            if answer.body and exchange.method != "HEAD":
                ready += answer.body
        if ready:
            transport.write(ready)
            self._since = desk.now
        if not pending:
            self._rest(transport)

    def _rest(self, transport: asyncio.Transport) -> None:
        """Go on or end, when all that was asked is answered."""
        if self._is_refused and transport.can_write_eof():
            transport.write_eof()
        elif self._is_ending:
            transport.close()
        elif self._is_paused:
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
        self._target = self._chunk = b""
        self._headers.clear()
        self._fed_bytes = self._body_bytes = 0

    def _pause(self) -> None:
        if self._transport is not None and not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()

    def _read_on(self) -> None:
        if self._transport is not None and self._is_paused and not self._transport.is_closing():
            self._is_paused = False
            self._transport.resume_reading()

    def _refuse(self, answer: Answer, *, counted: bool = False) -> None:
        """Answer what cannot be read on, after what was asked before; then close."""
        if self._is_ending:
            return
        self._is_ending = self._is_refused = True
        if not counted:
            self._desk.counters[Counter.REFUSED] += 1
        exchange = Exchange("", "", _NO_HEAD, self._peer, self, _CLOSE)
        self._pending.append(exchange)
        exchange.send(answer)


_NO_HEAD = Head(b"", {})


def _has_two_hosts(data: bytes) -> bool:
    """Say whether a request names its host twice, which must be refused (RFC 9112, 3.2)."""
    return any(head.lower().count(b"\nhost:") > 1 for head in data.split(b"\r\n\r\n"))


def _any_spelling(headers: dict[bytes, bytes], wanted: bytes) -> bytes | None:
    return next((value for name, value in headers.items() if name.lower() == wanted), None)


def _refusal_for_size(target: bytes, headers: dict[bytes, bytes]) -> Answer | None:
    if len(target) > LONGEST_TARGET_BYTES:
        return answers.URI_TOO_LONG
    size = sum(len(name) + len(value) for name, value in headers.items())
    if size > LONGEST_HEADERS_BYTES or len(headers) > MOST_HEADERS:
        return answers.HEADERS_TOO_LARGE
    return None


def _authority_and_path(target: bytes, host: bytes | None) -> tuple[bytes | None, bytes]:
    """Return host and path of a target in absolute form; its host counts then (RFC 9112, 3.2.2)."""
    scheme, mark, rest = target.partition(b"://")
    if not mark or scheme.lower() not in (b"http", b"https"):
        return host, b"/"
    authority, _, path = rest.partition(b"/")
    return authority, b"/" + path
