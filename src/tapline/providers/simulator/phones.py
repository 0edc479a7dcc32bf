"""Opens a link as a phone does: one real HTTP request from an address of its own.

Whatever host a link names, the request goes to this instance's edge: simulated people never
touch another server. Nothing is followed; the first answer is all that is read.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from tapline.config import parse_address
from tapline.providers.simulator.ledger import DueOpening

ANSWER_SECONDS = 10.0
LONGEST_HEAD_BYTES = 16_384
# Linux: the port is chosen at connect(), so that one address can hold more than 28,000 of them.
IP_BIND_ADDRESS_NO_PORT = 24
ANY_HOST = {"0.0.0.0": "127.0.0.1", "::": "::1", "*": "127.0.0.1"}  # noqa: S104


@dataclass(frozen=True, slots=True)
class Answer:
    """What the edge said. No status: nothing, and `was_sent` says whether it can have seen it."""

    status: int | None
    was_sent: bool


def edge_address(edge_listen: str) -> tuple[str, int]:
    """Return where phones find the edge that listens on `edge_listen` (its first address)."""
    host, port = parse_address(edge_listen.split(",")[0])
    return ANY_HOST.get(host, host), port


async def open_link(opening: DueOpening, edge: tuple[str, int]) -> Answer:
    """Make one request and return its answer. Never raises for what a network can do."""
    was_sent = False
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            with _socket_from(opening.address, edge) as connection:
                loop = asyncio.get_running_loop()
                await loop.sock_connect(connection, edge)
                was_sent = True  # From the first byte on, nobody can know what arrived.
                await loop.sock_sendall(connection, _request(opening))
                return Answer(await _read_status(connection), was_sent)
    except (OSError, TimeoutError):
        return Answer(None, was_sent)


def _socket_from(address: str, edge: tuple[str, int]) -> socket.socket:
    family = socket.AF_INET6 if ":" in edge[0] else socket.AF_INET
    connection = socket.socket(family, socket.SOCK_STREAM)
    connection.setblocking(False)
    if family == socket.AF_INET:
        connection.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        try:
            connection.bind((address, 0))
        except OSError as error:
            # Not Linux: the loopback network has one address there, and all phones share it.
            if error.errno != errno.EADDRNOTAVAIL:
                connection.close()
                raise
    return connection


def _request(opening: DueOpening) -> bytes:
    parts = urlsplit(opening.url)
    target = parts.path or "/"
    if parts.query:
        target += f"?{parts.query}"
    lines = [f"{opening.method} {target} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += [f"{name}: {value}" for name, value in opening.headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


async def _read_status(connection: socket.socket) -> int | None:
    """Return the status once the whole head has come, or None when it breaks off before."""
    loop = asyncio.get_running_loop()
    head = b""
    while b"\r\n\r\n" not in head and len(head) < LONGEST_HEAD_BYTES:
        received = await loop.sock_recv(connection, 4096)
        if not received:
            return None
        head += received
    status = head.split(b" ", 2)[1:2]
    return int(status[0]) if status and status[0].isdigit() else None
