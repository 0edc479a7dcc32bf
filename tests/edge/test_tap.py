"""A fault of our own leaves nobody waiting."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tapline.addresses import Client, proxy_trust
from tapline.edge import answers
from tapline.edge.counters import Counter, Counters
from tapline.edge.domain_pages import DomainPages
from tapline.edge.heads import Head
from tapline.edge.lookup import Lookup
from tapline.edge.replica import Replica
from tapline.edge.samples import Samples
from tapline.edge.tap import Exchange, Taps


class Queue:
    """Counts how often it was told that an answer is ready."""

    def __init__(self) -> None:
        self.told = 0

    def send_ready(self) -> None:
        self.told += 1


def test_taps_are_told_when_the_replica_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Replica(tmp_path / "replica").close()
    counters = Counters.create(1)
    queue = Queue()

    async def take() -> Exchange:
        loop = asyncio.get_running_loop()
        lookup = Lookup(tmp_path / "replica", b"k" * 32, loop.call_soon)
        lookup.close()  # every look-up fails from now on
        trust = proxy_trust("", "")
        pages = DomainPages(None)
        samples = Samples.create(1).part(0)
        log_dir = tmp_path / "log"
        taps = Taps(lookup, trust, counters.row(0), log_dir, lambda: None, pages, samples)
        peer = Client("127.0.0.1", "127.0.0.0/24")
        exchange = Exchange("GET", "BCDFGHJK", Head(b"a", {}), peer, queue, b"\r\n")
        taps.take(exchange)
        await asyncio.sleep(0.01)
        await taps.writer.close()
        return exchange

    exchange = asyncio.run(take())

    assert exchange.answer is answers.UNAVAILABLE
    assert queue.told == 1
    assert counters.total(Counter.FAILED) == 1
    assert "Traceback" in capsys.readouterr().err
