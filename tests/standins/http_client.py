"""Posts forms over kept connections, cheaply: a stand-in must not be what a measurement measures.

The failures that it tells apart are those of Twilio's connection overrides: `ct` (no connection),
`rt` (connected, and no answer in time or at all), else the answer's own status.
Source: twilio.com/docs/usage/webhooks/webhooks-connection-overrides
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

import httptools

CONNECT_SECONDS, READ_SECONDS = 5.0, 15.0


@dataclass(frozen=True, slots=True)
class Posted:
    """What came of one request: a status and a body, or the name of a failure."""

    status: int | None
    failure: str = ""
    body: bytes = b""


class Poster:
    """A pool of at most `connections` to each host."""

    def __init__(self, connections: int = 32) -> None:
        self._idle: dict[tuple[str, int], list[_Exchange]] = defaultdict(list)
        self._free = asyncio.Semaphore(connections)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Posted:
        """Post once; never raises for what a network or a server can do."""
        parts = urlsplit(url)
        place = (parts.hostname or "", parts.port or 80)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        async with self._free:
            exchange = await self._connection(place)
            if exchange is None:
                return Posted(None, "ct")
            posted = await exchange.post(_head(place, target, body, headers) + body)
            if exchange.is_open:
                self._idle[place].append(exchange)
            return posted

    async def _connection(self, place: tuple[str, int]) -> _Exchange | None:
        idle = self._idle[place]
        while idle:
            if (exchange := idle.pop()).is_open:
                return exchange
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, protocol = await loop.create_connection(_Exchange, *place)
        except (OSError, TimeoutError):
            return None
        return protocol

    def close(self) -> None:
        """Close what is open and idle."""
        for exchanges in self._idle.values():
            for exchange in exchanges:
                exchange.close()


class _Exchange(asyncio.Protocol):
    """One connection with at most one request under way."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Posted] | None = None

    @property
    def is_open(self) -> bool:
        return self._transport is not None

    async def post(self, wire: bytes) -> Posted:
        assert self._transport is not None
        self._parser = httptools.HttpResponseParser(self)
        self._body = bytearray()
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(wire)
        try:
            async with asyncio.timeout(READ_SECONDS):
                return await self._answer
        except TimeoutError:
            self.close()
            return Posted(None, "rt")

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's are no subclass of asyncio's.
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, _: Exception | None) -> None:
        self._transport = None
        self._end(Posted(None, "rt"))

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.close()
            self._end(Posted(None, "rt"))

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        if not self._parser.should_keep_alive():
            self.close()
        self._end(Posted(self._parser.get_status_code(), "", bytes(self._body)))

    def _end(self, posted: Posted) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(posted)


def _head(place: tuple[str, int], target: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    lines = [f"POST {target} HTTP/1.1", f"Host: {place[0]}:{place[1]}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode("latin-1")
