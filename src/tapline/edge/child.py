"""One serving child: `python -m tapline.edge.child`, started by the edge's parent.

What it may know (the codes key among it) comes by standard input, never by arguments or the
environment. It opens the replica and the click log, and never the control database.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from pathlib import Path

import msgspec
import uvloop

from tapline.addresses import proxy_trust
from tapline.edge.certificates import Certificates, Pair
from tapline.edge.connection import Connection, Desk
from tapline.edge.counters import Counter, Counters
from tapline.edge.domain_pages import DomainPages
from tapline.edge.lookup import Lookup
from tapline.edge.samples import Samples
from tapline.edge.tap import Taps
from tapline.processes import die_with_parent

BACKLOG = 4096
STOP_SECONDS = 10.0
MINUTE_SECONDS = 60
READY, RING = b"r", b"?"


class TLS(msgspec.Struct, frozen=True):
    """Which addresses speak TLS, and with which files; "" for what is not set."""

    listen: list[tuple[str, int]]
    certificate: str
    key: str
    folder: str

    def certificates(self) -> Certificates:
        """Read the files."""
        default = Pair(Path(self.certificate), Path(self.key)) if self.certificate else None
        return Certificates(default, Path(self.folder) if self.folder else None)


class ChildSetup(msgspec.Struct, kw_only=True):
    """All that a child is told."""

    number: int
    parent: int  # process id
    listen: list[tuple[str, int]]
    tls: TLS | None
    codes_key: bytes
    replica_dir: str
    click_log_dir: str
    challenge_dir: str
    client_address_header: str
    trusted_proxies: str
    most_connections: int
    most_per_network: int
    request_seconds: float
    children: int
    counters_descriptor: int
    samples_descriptor: int
    bell_descriptor: int


def main() -> None:
    """Serve until SIGTERM, or until the parent dies."""
    setup = msgspec.json.decode(sys.stdin.buffer.read(), type=ChildSetup)
    die_with_parent(setup.parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # The terminal's Ctrl-C is for the parent.
    uvloop.run(Child(setup).serve())


class Child:
    """The objects of one child and their life."""

    def __init__(self, setup: ChildSetup) -> None:
        self._setup = setup
        self._bell = socket.socket(fileno=setup.bell_descriptor)
        self._bell.setblocking(False)
        self._counters = Counters(setup.counters_descriptor, setup.children).row(setup.number)
        # A predecessor may have died with this row: counts go on from there, gauges from zero.
        self._counted_before = self._counters.tolist()
        self._counters[Counter.CONNECTIONS] = 0
        self._certificates = setup.tls.certificates() if setup.tls else None
        self._stopping = asyncio.Event()

    async def serve(self) -> None:
        loop, setup = asyncio.get_running_loop(), self._setup
        loop.add_signal_handler(signal.SIGTERM, self._stopping.set)
        lookup = Lookup(Path(setup.replica_dir), setup.codes_key, loop.call_soon)
        trust = proxy_trust(setup.client_address_header, setup.trusted_proxies)
        pages = DomainPages(Path(setup.challenge_dir) if setup.challenge_dir else None)
        samples = Samples(setup.samples_descriptor, setup.children).part(setup.number)
        click_log_dir = Path(setup.click_log_dir)
        taps = Taps(lookup, trust, self._counters, click_log_dir, self._ring, pages, samples)
        desk = Desk(
            taps,
            self._counters,
            setup.most_connections,
            setup.most_per_network,
            setup.request_seconds,
            {},
            remembers_heads=not trust.networks,
        )
        servers = await self._listen(desk)
        self._bell.send(READY)
        await self._tick_until_stopped(desk, taps)
        for server in servers:
            server.close()
        desk.stop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                while desk.open:
                    await asyncio.sleep(0.01)
        taps.begin_minute()
        await taps.writer.close()
        self._count_log(taps)
        lookup.close()

    async def _tick_until_stopped(self, desk: Desk, taps: Taps) -> None:
        seconds = 0
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), 1.0)
            seconds += 1
            desk.tick()
            self._count_log(taps)
            if seconds % MINUTE_SECONDS == 0:
                taps.begin_minute()
            if self._certificates:
                self._counters[Counter.TLS_FAILURES] = self._certificates.refresh()

    async def _listen(self, desk: Desk) -> list[asyncio.Server]:
        loop, tls = asyncio.get_running_loop(), self._setup.tls
        plain = [(address, None) for address in self._setup.listen]
        secure = []
        if tls and self._certificates:
            context = self._certificates.server_context()
            secure = [(address, context) for address in tls.listen]
        return [
            await loop.create_server(
                lambda: Connection(desk),
                sock=shared_socket(host, port),
                backlog=BACKLOG,
                ssl=context,
                ssl_handshake_timeout=10.0 if context else None,
            )
            for (host, port), context in [*plain, *secure]
        ]

    def _ring(self) -> None:
        """Ask the parent to look for news now."""
        with contextlib.suppress(OSError):  # Full: it has been rung for already.
            self._bell.send(RING)

    def _count_log(self, taps: Taps) -> None:
        stats, counters, before = taps.writer.stats, self._counters, self._counted_before
        if stats.last_error and not counters[Counter.LOG_FAILING]:
            print(f"click log: {stats.last_error}; taps are answered all the same", file=sys.stderr)  # noqa: T201
        counters[Counter.LOG_WRITTEN] = before[Counter.LOG_WRITTEN] + stats.written
        counters[Counter.LOG_LOST] = before[Counter.LOG_LOST] + stats.lost
        counters[Counter.LOG_SYNCS] = before[Counter.LOG_SYNCS] + stats.syncs
        counters[Counter.LOG_SYNC_MICROSECONDS] = before[Counter.LOG_SYNC_MICROSECONDS] + int(
            stats.sync_seconds * 1e6
        )
        counters[Counter.LOG_FAILING] = bool(stats.last_error)


def shared_socket(host: str, port: int) -> socket.socket:
    """Return a bound socket whose port several processes of ours share; raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if family == socket.AF_INET6:
        # So that 0.0.0.0 and [::] can be listened on side by side.
        bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    try:
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound


if __name__ == "__main__":
    main()
