from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable

import pytest

from tapline.providers.simulator.agents import IPHONES
from tapline.providers.simulator.ledger import DueOpening
from tapline.providers.simulator.phones import Answer, edge_address, open_link

OPENING = DueOpening(
    1, "GET", "https://go.example.com/BCDFGHJK?x=1", IPHONES[0].headers, "127.99.8.7"
)
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def open_at(handler: Handler, opening: DueOpening = OPENING) -> Answer:
    """Return what a phone makes of an edge that answers as `handler` does."""

    async def run() -> Answer:
        server = await asyncio.start_server(handler, "127.0.0.1", 0)
        async with server:
            return await open_link(opening, server.sockets[0].getsockname())

    return asyncio.run(run())


def test_a_phone_asks_as_its_browser_does_from_its_own_address() -> None:
    seen: list[tuple[bytes, str]] = []

    async def edge(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        seen.append((head, writer.get_extra_info("peername")[0]))
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: https://example.com/\r\n\r\n")
        writer.close()

    assert open_at(edge) == Answer(302, True)
    ((head, address),) = seen
    lines = head.decode().splitlines()
    assert lines[0] == "GET /BCDFGHJK?x=1 HTTP/1.1"
    assert "Host: go.example.com" in lines
    assert f"User-Agent: {dict(IPHONES[0].headers)['User-Agent']}" in lines
    assert address == "127.99.8.7"


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 302 Fou", b"nonsense\r\n\r\n"])
def test_a_connection_that_breaks_leaves_it_open_what_arrived(answer: bytes) -> None:
    async def edge(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    assert open_at(edge) == Answer(None, True)


def test_an_edge_that_is_down_has_seen_nothing() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = unused.getsockname()

        assert asyncio.run(open_link(OPENING, address)) == Answer(None, False)


@pytest.mark.parametrize(
    ("listen", "address"),
    [
        ("127.0.0.1:8080", ("127.0.0.1", 8080)),
        ("0.0.0.0:80,[::]:80", ("127.0.0.1", 80)),
        ("[::]:8080", ("::1", 8080)),
        ("192.0.2.7:8080", ("192.0.2.7", 8080)),
    ],
)
def test_phones_find_the_edge_where_it_listens(listen: str, address: tuple[str, int]) -> None:
    assert edge_address(listen) == address
