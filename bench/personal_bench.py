"""How long a link for each recipient takes, and how long others' writes wait meanwhile.

A destination with a merge field needs a link and a range of its own per recipient.
"""

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

CONTACTS = int(os.environ.get("BENCH_PERSONAL_CONTACTS", "100000"))
LONGEST_WAIT_MS = 100
TEXT = "Hi {{ first_name | there }}: https://www.example.com/menu?for={{ first_name }} STOP to end."


def run() -> list[Figure]:
    """Prepare a broadcast whose text holds a personal link while another connection writes."""
    with fresh_instance():
        broadcast = start_broadcast(make_audience(CONTACTS), TEXT)
        before_mb = peak_mb()
        others = OtherWriter()
        others.start()
        begun, cpu_begun = time.perf_counter(), time.thread_time()
        prepare_fully(broadcast)
        seconds, cpu_seconds = time.perf_counter() - begun, time.thread_time() - cpu_begun
        others.stop()
        check(broadcast.pk)
        per_million = 1_000_000 / CONTACTS
        return [
            seen(
                "a million contacts prepared, a link each",
                seconds * per_million,
                "s",
                f"{CONTACTS:,} prepared",
            ),
            seen("CPU time of a million", cpu_seconds * per_million, "s"),
            at_most("others' writes, slowest", others.percentile_ms(1.0), "ms", LONGEST_WAIT_MS),
            seen("others' writes, 99th percentile", others.percentile_ms(0.99), "ms"),
            seen("memory added at the peak", peak_mb() - before_mb, "MB"),
        ]


def check(broadcast_id: int) -> None:
    """Refuse a figure of work that was not done: every message has a code of its own."""
    from tapline.links.models import CodeRange

    made = CodeRange.objects.filter(template__in_broadcast__broadcast=broadcast_id)
    assert made.values("first_position").distinct().count() == CONTACTS
