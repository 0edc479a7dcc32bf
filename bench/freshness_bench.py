"""How long a tap takes to reach the report, at 1,000 taps a second, quiet and while a million are
being prepared and sent.

A whole instance runs as an operator starts it. Taps go to the edge over real sockets, each code
once; the report is asked again and again, and the n-th tap is in it when it counts n.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.running import RunningTapline, running_tapline

from bench.audience import make_audience, prepare_fully, start_broadcast
from bench.figures import Figure, at_most, seen

if TYPE_CHECKING:
    from tapline.broadcasts.models import Broadcast

TAPS_PER_SECOND = 1_000
QUIET_SECONDS = int(os.environ.get("BENCH_SECONDS", "20"))
# Long enough that a million are prepared and many of them handed over within it.
BUSY_SECONDS = 4 * QUIET_SECONDS
CONTACTS = int(os.environ.get("BENCH_CONTACTS", "1000000"))
CONNECTIONS = 16
P99_SECONDS = 1.5
LOOK_SECONDS = 0.05
PATIENCE_SECONDS = 60
# Many different phones, as behind a carrier's address: a thousand equal ones would be one machine.
LOOKS = 400
REQUEST = (
    "GET /{code} HTTP/1.1\r\nHost: localhost\r\n"
    "User-Agent: Mozilla/5.0 (iPhone; CPU iPhone OS 18_{look} like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/18.{look} Mobile/15E148 Safari/604.1\r\n"
    "Accept: text/html\r\nAccept-Language: en\r\n\r\n"
)


def run() -> list[Figure]:
    """Tap one broadcast's links in a quiet instance, then in one that prepares and sends."""
    with (
        tempfile.TemporaryDirectory(prefix="tapline-bench-freshness-") as folder,
        # Simulated people are slower than this bench: every tap is one of ours.
        running_tapline(Path(folder) / "data", simulator_speed="0.001") as tapline,
    ):
        os.environ.update(tapline.environment)
        from tapline.cli import set_up_django

        set_up_django()
        from tapline.broadcasts.lifecycle import pause

        workspace = make_audience(CONTACTS)
        tapped = start_broadcast(workspace)
        prepare_fully(tapped)
        pause(tapped, actor="bench")
        quiet = QUIET_SECONDS * TAPS_PER_SECOND
        codes = _codes(tapped, quiet + BUSY_SECONDS * TAPS_PER_SECOND)
        figures = _figures("quiet", _measure(tapline, tapped, codes[:quiet], 0))
        other = start_broadcast(workspace)
        figures += _figures("while sending", _measure(tapline, tapped, codes[quiet:], quiet))
        other.refresh_from_db()
        figures.append(seen("prepared meanwhile", other.next_position, "messages"))
        figures.append(seen("handed over meanwhile", _handed_over(other), "messages"))
        return figures


@dataclass
class Watcher(threading.Thread):
    """Asks the report again and again; notes when it counted how much."""

    broadcast: Broadcast
    wanted: int
    seen: list[tuple[float, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        from tapline.clicks.reports import summarise

        deadline = time.monotonic() + BUSY_SECONDS + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            counted = summarise(self.broadcast.workspace_id, self.broadcast.pk).human_clicks
            self.seen.append((time.monotonic(), counted))
            if counted >= self.wanted:
                return
            time.sleep(LOOK_SECONDS)


def _measure(
    tapline: RunningTapline, broadcast: Broadcast, codes: list[str], before: int
) -> list[float]:
    """Tap every code at the given pace; return each tap's delay until the report counted it."""
    watcher = Watcher(broadcast, before + len(codes))
    watcher.start()
    answered = sorted(asyncio.run(_tap_all(tapline.edge_port, codes)))
    watcher.join()
    delays, looks = [], iter(watcher.seen)
    at, counted = next(looks)
    for number, answered_at in enumerate(answered, before + 1):
        while counted < number:
            at, counted = next(looks, (float("inf"), number))
        delays.append(max(0.0, at - answered_at))
    return delays


async def _tap_all(port: int, codes: list[str]) -> list[float]:
    """Return when each tap was answered."""
    begun = time.monotonic()
    shares = [codes[start::CONNECTIONS] for start in range(CONNECTIONS)]
    times = await asyncio.gather(*(_tap_share(port, share, begun) for share in shares))
    return [at for share in times for at in share]


async def _tap_share(port: int, codes: list[str], begun: float) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    times = []
    for number, code in enumerate(codes):
        due = begun + number * CONNECTIONS / TAPS_PER_SECOND
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        writer.write(REQUEST.format(code=code, look=number % LOOKS).encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 302"), head
        times.append(time.monotonic())
    writer.close()
    await writer.wait_closed()
    return times


def _figures(name: str, delays: list[float]) -> list[Figure]:
    ordered = sorted(delays)
    return [
        at_most(f"tap to report, {name}, p99", ordered[int(0.99 * len(ordered))], "s", P99_SECONDS),
        seen(f"tap to report, {name}, p50", ordered[len(ordered) // 2], "s"),
    ]


def _codes(broadcast: Broadcast, count: int) -> list[str]:
    from tapline.links.codebook import load_codebook

    link = broadcast.links.get().link_id
    return load_codebook([link]).codes(link, range(count))


def _handed_over(broadcast: Broadcast) -> int:
    waiting = ("pending", "leased")
    return broadcast.messages.exclude(state__in=waiting).count()
