"""How long a link for each recipient takes, how long others' writes wait meanwhile, and how fast an
edge takes the links over.

A destination with a merge field needs a link and a range of its own per recipient.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from bench.audience import (
    OtherWriter,
    fresh_instance,
    make_audience,
    peak_mb,
    prepare_fully,
    start_broadcast,
)
from bench.figures import Figure, at_least, at_most, seen

CONTACTS = int(os.environ.get("BENCH_PERSONAL_CONTACTS", "100000"))
SECONDS_FOR_A_MILLION = 120
LONGEST_WAIT_MS = 100
# Flat: SQLite's page cache may fill up, nothing may grow with the audience.
MOST_ADDED_MB = 150
# What preparing makes in a second at its target; an edge that takes fewer falls behind.
LINKS_PER_SECOND = 1_000_000 / SECONDS_FOR_A_MILLION
TEXT = "Hi {{ first_name | there }}: https://www.example.com/menu?for={{ first_name }} STOP to end."


def run() -> list[Figure]:
    """Prepare a broadcast whose text holds a personal link while another connection writes."""
    with fresh_instance() as folder:
        broadcast = start_broadcast(make_audience(CONTACTS), TEXT)
        before_mb = peak_mb()
        others = OtherWriter()
        others.start()
        begun, cpu_begun = time.perf_counter(), time.thread_time()
        prepare_fully(broadcast)
        seconds, cpu_seconds = time.perf_counter() - begun, time.thread_time() - cpu_begun
        others.stop()
        check(broadcast.pk)
        added_mb = peak_mb() - before_mb
        taken_seconds, taken_mb = fill_replica(folder / "replica-of-bench")
        per_million = 1_000_000 / CONTACTS
        return [
            at_most(
                "a million contacts prepared, a link each",
                seconds * per_million,
                "s",
                SECONDS_FOR_A_MILLION,
                f"{CONTACTS:,} prepared",
            ),
            seen("CPU time of a million", cpu_seconds * per_million, "s"),
            at_most("others' writes, slowest", others.percentile_ms(1.0), "ms", LONGEST_WAIT_MS),
            seen("others' writes, 99th percentile", others.percentile_ms(0.99), "ms"),
            at_most("memory added at the peak", added_mb, "MB", MOST_ADDED_MB),
            at_least(
                "links taken over by an edge, all at once",
                CONTACTS / taken_seconds,
                "links/s",
                LINKS_PER_SECOND,
                f"{taken_mb:.0f} MB more at the peak",
            ),
        ]


def fill_replica(folder: Path) -> tuple[float, float]:
    """Copy all links and ranges as an edge's parent does; return the seconds and the megabytes."""
    from tapline import config
    from tapline.edge.replica import Replica
    from tapline.edge.source import Source

    before_mb, begun = peak_mb(), time.perf_counter()
    replica, source = Replica(folder), Source(config.current().control_database)
    assert replica.refresh(source)
    seconds = time.perf_counter() - begun
    source.close()
    replica.close()
    return seconds, peak_mb() - before_mb


def check(broadcast_id: int) -> None:
    """Refuse a figure of work that was not done: every message has a code of its own."""
    from tapline.links.models import CodeRange

    made = CodeRange.objects.filter(template__in_broadcast__broadcast=broadcast_id)
    assert made.values("first_position").distinct().count() == CONTACTS
