"""A small HTTP/1.1 server for stand-ins: fast beside what is measured, and able to be rude.

Frameworks always answer. A provider that takes a text and is then cut off must be played too, so a
handler may return None: the connection is closed without a byte.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import cast

import httptools


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request. Header names are in small letters."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered, as JSON unless `headers` say otherwise."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    def as_bytes(self) -> bytes:
        """Return the answer as it goes over the wire."""
        headers = {"Content-Type": "application/json", **self.headers}
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += [f"Content-Length: {len(self.body)}", "", ""]
        return "\r\n".join(lines).encode("latin-1") + self.body


Handler = Callable[[Request], Awaitable[Answer | None]]


async def serve(handler: Handler, host: str, port: int) -> asyncio.Server:
    """Answer on `host:port` (0: any free port) until the server is closed."""
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: _Connection(handler), host, port, backlog=1024)


class _Connection(asyncio.Protocol):
    """One connection. Requests are answered one after the other: clients here do not pipeline."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._begin()

    def _begin(self) -> None:
        self._url = b""
        self._headers: dict[str, str] = {}
        self._body = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's are no subclass of asyncio's.
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, _: Exception | None) -> None:
        self._transport = None

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._close()

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        path, _, query = self._url.decode("latin-1").partition("?")
        request = Request(
            method=self._parser.get_method().decode(),
            path=path,
            query=query,
            headers=self._headers,
            body=bytes(self._body),
        )
        self._begin()
        task = asyncio.ensure_future(self._answer(request))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, request: Request) -> None:
        answer = await self._handler(request)
        if self._transport is None:
            return
        if answer is None:
            self._transport.abort()
            return
        self._transport.write(answer.as_bytes())
        if request.headers.get("connection", "").lower() == "close":
            self._close()

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()
