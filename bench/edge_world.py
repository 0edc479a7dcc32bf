"""What the edge's bench measures on: an edge with many links, nginx, wrk, and their CPU time."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tests.edge.control import NOW, ControlDatabase, RunningEdge, eventually, make_control_database
from tests.running import free_port

HOST = "go.example.com"
DESTINATION = "https://www.example.com/summer/menu?utm_source=sms&utm_campaign=summer"
SHARED_LINKS, RANGE_CODES = 10, 1_000_000
SINGLE_LINKS = 1_000_000
SERVER_CORE, LOAD_CORE = 0, 1
LOAD_SCRIPT = Path(__file__).with_name("edge_load.lua")

SINGLES = """
-- A million personal links, each with a range of one, after the serials of the shared ones.
with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < :count)
insert into links_link (workspace_id, domain_id, kind, name, destination, created_at, change)
select :workspace, :domain, 'personal', '', 'https://www.example.com/p/' || n, :now, 1 from numbers
"""

SINGLE_RANGES = """
insert into links_coderange
    (generation_id, domain_id, length, first, count, link_id, first_position, change)
select generation.id, link.domain_id, 8, :first + link.id, 1, link.id, 0, :change
from links_link link
join links_keygeneration generation on generation.domain_id = link.domain_id
where link.kind = 'personal'
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What one run of wrk saw, and what it cost the server."""

    requests: int
    seconds: float
    p50_ms: float
    cpu_seconds: float

    @property
    def per_cpu_second(self) -> float:
        return self.requests / self.cpu_seconds


def fill(data_dir: Path) -> ControlDatabase:
    """Make a control database with 10 million codes on ten links and a million single links."""
    control = make_control_database(data_dir)
    domain = control.domain(HOST)
    for number in range(SHARED_LINKS):
        link = control.link(domain, DESTINATION)
        control.hand_out(domain, link, number * RANGE_CODES, RANGE_CODES)
    control.connection.execute("begin")
    control.connection.execute(
        SINGLES,
        {"count": SINGLE_LINKS, "workspace": control.workspace, "domain": domain, "now": NOW},
    )
    control.connection.execute(SINGLE_RANGES, {"first": SHARED_LINKS * RANGE_CODES, "change": 1})
    control.connection.execute("commit")
    return control


def write_codes(control: ControlDatabase, path: Path, count: int) -> None:
    """Write `count` codes drawn from the shared links' ten million, none twice."""
    live = SHARED_LINKS * RANGE_CODES
    serials = np.random.default_rng(1).permutation(live)[:count].astype(np.int64)
    path.write_bytes(control.cipher(1).encode_many(serials).tobytes())


@contextmanager
def serving_edge(data_dir: Path) -> Iterator[RunningEdge]:
    """Run an edge with one child on the server's core, its replica filled."""
    edge = RunningEdge(data_dir, {"TAPLINE_EDGE_LISTEN": "127.0.0.1:0"}).start()
    try:
        pin(edge_pids(edge), SERVER_CORE)
        eventually(lambda: edge.health()["replica"]["change"] > 1, "the replica is full", 180)
        yield edge
    finally:
        edge.stop()


@contextmanager
def serving_nginx(folder: Path) -> Iterator[tuple[list[int], int]]:
    """Run nginx with one worker that answers every path with one redirect, without a log."""
    port = free_port()
    folder.mkdir()
    (folder / "nginx.conf").write_text(f"""
        daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log crit;
        events {{ worker_connections 2048; }}
        http {{
          access_log off; keepalive_requests 1000000000;
          server {{ listen 127.0.0.1:{port}; return 302 "{DESTINATION}"; }}
        }}
    """)
    command = ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: len(children_of(process.pid)) == 1, "nginx serves")
        pids = [process.pid, *children_of(process.pid)]
        pin(pids, SERVER_CORE)
        time.sleep(0.2)
        yield pids, port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def put_load(
    port: int, pids: Sequence[int], codes: Path, first: int, *, connections: int, seconds: int
) -> Load:
    """Ask for codes from number `first` on, over so many connections, for so long."""
    before = cpu_seconds(pids)
    run = subprocess.run(
        [
            *("taskset", "-c", str(LOAD_CORE), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s"),
            *("--latency", "-s", str(LOAD_SCRIPT), f"http://127.0.0.1:{port}"),
            *("--", str(codes), str(first), HOST),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    spent = cpu_seconds(pids) - before
    assert "Non-2xx" not in run.stdout, run.stdout
    assert "Socket errors" not in run.stdout, run.stdout
    requests = int(_found(r"(\d+) requests in", run.stdout))
    p50 = _milliseconds(_found(r"(?m)^\s+50%\s+(\S+)", run.stdout))
    return Load(requests, seconds, p50, spent)


def edge_pids(edge: RunningEdge) -> list[int]:
    assert edge.process is not None
    return [edge.process.pid, *edge.children()]


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def pin(pids: Sequence[int], core: int) -> None:
    """Let all threads of these processes run on one core only."""
    for pid in pids:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), {core})


def cpu_seconds(pids: Sequence[int]) -> float:
    """Return the user and system time that these processes have used."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])  # utime, stime; source: proc(5)
    return ticks / os.sysconf("SC_CLK_TCK")


def anonymous_megabytes(pid: int) -> float:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(_found(r"Anonymous:\s+(\d+) kB", rollup)) / 1024


def missing_programs() -> list[str]:
    return [name for name in ("nginx", "wrk", "taskset") if shutil.which(name) is None]


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match, text
    return match[1]


def _milliseconds(text: str) -> float:
    number = float(text.rstrip("mus"))
    return number / 1000 if text.endswith("us") else number * (1 if text.endswith("ms") else 1000)
