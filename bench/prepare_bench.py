"""How long preparing a broadcast to a million contacts takes, and how long others' writes wait."""

from __future__ import annotations

import os
import time

from bench.audience import (
    OtherWriter,
    fresh_instance,
    make_audience,
    peak_mb,
    prepare_fully,
    start_broadcast,
)
from bench.figures import Figure, at_most, seen

CONTACTS = int(os.environ.get("BENCH_CONTACTS", "1000000"))
SECONDS_FOR_A_MILLION = 30
LONGEST_WAIT_MS = 100
# Flat: what preparing adds must not grow with the audience. SQLite's page cache may fill up.
MOST_ADDED_MB = 150


def run() -> list[Figure]:
    """Prepare one broadcast while another connection writes all the time."""
    with fresh_instance():
        broadcast = start_broadcast(make_audience(CONTACTS))
        before_mb = peak_mb()
        others = OtherWriter()
        others.start()
        begun = time.perf_counter()
        prepare_fully(broadcast)
        seconds = time.perf_counter() - begun
        others.stop()
        assert broadcast.next_position == CONTACTS, broadcast.next_position
        return [
            at_most(
                "a million contacts prepared",
                seconds * 1_000_000 / CONTACTS,
                "s",
                SECONDS_FOR_A_MILLION,
                f"{CONTACTS:,} prepared",
            ),
            at_most("others' writes, slowest", others.percentile_ms(1.0), "ms", LONGEST_WAIT_MS),
            seen("others' writes, 99th percentile", others.percentile_ms(0.99), "ms"),
            at_most("memory added at the peak", peak_mb() - before_mb, "MB", MOST_ADDED_MB),
        ]
