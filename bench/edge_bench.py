"""How much of nginx's speed the edge has, durable records included; its delay and its memory.

Server and load generator have a core each, which is why this needs two. The edge and nginx take
turns, so that a noisy machine disturbs both alike.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from pathlib import Path

from tests.edge.control import RunningEdge, eventually

from bench.edge_world import (
    Load,
    anonymous_megabytes,
    edge_pids,
    fill,
    missing_programs,
    put_load,
    serving_edge,
    serving_nginx,
    write_codes,
)
from bench.figures import Figure, at_least, at_most, missing, seen

ROUNDS = 5
SECONDS = 4
MOST_PER_SECOND = 150_000
SHARE = "edge, requests per CPU-second against nginx"
DELAY = "edge, p50 at 8 connections"
MEMORY = "edge child, anonymous memory"


def run() -> list[Figure]:
    """Measure; say what is missing where nginx or wrk are not installed."""
    lacking = missing_programs()
    if lacking or (os.cpu_count() or 1) < 2:
        note = f"install {', '.join(lacking)}" if lacking else "needs two cores"
        return [missing(SHARE, "ratio", note), missing(DELAY, "ms", note)]
    with tempfile.TemporaryDirectory(prefix="tapline-bench-edge-") as folder:
        return _measure(Path(folder))


def _measure(folder: Path) -> list[Figure]:
    print("making 10 million live codes and 1 million single links …")
    control = fill(folder / "data")
    codes = folder / "codes"
    write_codes(control, codes, (ROUNDS + 1) * SECONDS * MOST_PER_SECOND)
    with serving_edge(folder / "data") as edge, serving_nginx(folder / "nginx") as (pids, port):
        edges, nginxes = _take_turns(edge, pids, port, codes)
        few = put_load(
            *(edge.port, edge_pids(edge), codes, ROUNDS * SECONDS * MOST_PER_SECOND),
            connections=8,
            seconds=SECONDS,
        )
        _check_all_is_on_disk(edge, [*edges, few])
        memory = anonymous_megabytes(edge.children()[0])
        syncs = edge.metric("tapline_edge_click_log_syncs_total")
        sync_seconds = edge.metric("tapline_edge_click_log_sync_seconds_total")
    ratios = [a.per_cpu_second / b.per_cpu_second for a, b in zip(edges, nginxes, strict=True)]
    spread = f"rounds: {', '.join(f'{ratio:.2f}' for ratio in ratios)}; aim 0.75"
    return [
        at_least(SHARE, statistics.median(ratios), "ratio", 0.45, spread),
        seen("edge", statistics.median(load.per_cpu_second for load in edges), "requests/CPU-s"),
        seen("nginx", statistics.median(load.per_cpu_second for load in nginxes), "requests/CPU-s"),
        at_most(DELAY, few.p50_ms, "ms", 1.0, f"{1000 * sync_seconds / syncs:.2f} ms per sync"),
        at_most(MEMORY, memory, "MB", 120, "10 million live codes, 1 million single links"),
    ]


def _take_turns(
    edge: RunningEdge, nginx_pids: list[int], nginx_port: int, codes: Path
) -> tuple[list[Load], list[Load]]:
    edges, nginxes = [], []
    for number in range(ROUNDS):
        first = number * SECONDS * MOST_PER_SECOND
        load = {"connections": 256, "seconds": SECONDS}
        edges.append(put_load(edge.port, edge_pids(edge), codes, first, **load))
        nginxes.append(put_load(nginx_port, nginx_pids, codes, first, **load))
        print(f"edge {edges[-1].per_cpu_second:,.0f}, nginx {nginxes[-1].per_cpu_second:,.0f}")
    return edges, nginxes


def _check_all_is_on_disk(edge: RunningEdge, loads: list[Load]) -> None:
    """A figure without durable records would be worth nothing."""
    asked = sum(load.requests for load in loads)
    written = "tapline_edge_click_log_records_total"
    eventually(lambda: edge.metric(written) >= asked, "every answer has its record")
    assert edge.metric("tapline_edge_click_log_lost_total") == 0
