"""A whole Tapline on free ports and a folder of its own, as an operator would start it.

Used by the tests that need real processes and by measurements.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pysqlite3

from tests.migrated import begin_instance

START_SECONDS = 120  # Ten where a machine has nothing else to do.


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(condition: Callable[[], Any], *, seconds: float, what: str) -> None:
    """Poll until `condition` holds; raises `TimeoutError` with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:g} s: {what}")
        time.sleep(0.05)


@dataclass(slots=True)
class RunningTapline:
    """One instance under `tapline up`. `environment` holds its settings."""

    data_dir: Path
    environment: dict[str, str]
    edge_port: int
    web_port: int
    simulator_port: int
    admin_port: int
    log: Path
    up: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Start `tapline up` and wait until links and pages are answered."""
        with self.log.open("ab") as log:
            self.up = subprocess.Popen(
                [sys.executable, "-m", "tapline", "up"],
                env=self.environment,
                stderr=log,
                stdout=log,
            )
        wait_for(self.is_serving, seconds=START_SECONDS, what=f"tapline up serves; see {self.log}")

    def is_serving(self) -> bool:
        """Say whether edge, pages and simulator answer."""
        ports = (self.edge_port, self.web_port, self.simulator_port)
        return all(_answers(port) for port in ports)

    def stop(self) -> None:
        """Stop it as Ctrl-C does."""
        if self.up is not None and self.up.poll() is None:
            self.up.terminate()
            self.up.wait(30)

    def run(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run one `tapline` command on this instance; fails when it fails."""
        return subprocess.run(
            [sys.executable, "-m", "tapline", *arguments],
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=True,
        )

    def run_json(self, *arguments: str) -> Any:
        """Run one command with `--json` and return what it printed."""
        return json.loads(self.run(*arguments, "--json").stdout)

    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Return rows of the control database."""
        with pysqlite3.connect(f"file:{self.control_database}?mode=ro", uri=True, timeout=30) as db:
            rows: list[tuple[Any, ...]] = db.execute(sql, parameters).fetchall()
        db.close()
        return rows

    @property
    def control_database(self) -> Path:
        return self.data_dir / "control.sqlite3"

    def truth(self, tag: str) -> dict[str, Any]:
        """Return the simulator's own counts for one broadcast."""
        status, body = self.get(self.simulator_port, f"/truth?tag={quote(tag)}")
        assert status == 200, body
        truth: dict[str, Any] = json.loads(body)
        return truth

    def get(self, port: int, path: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
        """Return status and body of one GET on loopback."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", path, headers={"Host": "localhost", **(headers or {})})
            response = connection.getresponse()
            return response.status, response.read().decode(errors="replace")
        finally:
            connection.close()

    def processes(self) -> dict[str, list[int]]:
        """Return the process ids by name: up, edge, edge child, web, worker clicks, …"""
        assert self.up is not None
        found: dict[str, list[int]] = {"up": [self.up.pid]}
        for pid in _descendants(self.up.pid):
            found.setdefault(_name(pid), []).append(pid)
        return found

    def kill(self, name: str) -> bool:
        """Send `kill -9` to the first process of that name; say whether there was one."""
        pids = self.processes().get(name, [])
        if not pids:
            return False
        try:
            os.kill(pids[0], signal.SIGKILL)
        except ProcessLookupError:
            return False
        if name == "up":
            assert self.up is not None
            self.up.wait()
        return True


@contextmanager
def running_tapline(data_dir: Path, **settings: str) -> Iterator[RunningTapline]:
    """Run a fresh instance below `data_dir`; `settings` are TAPLINE_ variables without prefix."""
    edge, web, simulator, admin = (free_port() for _ in range(4))
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TAPLINE_")},
        "TAPLINE_DATA_DIR": str(data_dir),
        "TAPLINE_EDGE_LISTEN": f"127.0.0.1:{edge}",
        "TAPLINE_EDGE_ADMIN_LISTEN": f"127.0.0.1:{admin}",
        "TAPLINE_WEB_LISTEN": f"127.0.0.1:{web}",
        "TAPLINE_WEB_URL": f"http://127.0.0.1:{web}",
        "TAPLINE_SIMULATOR_LISTEN": f"127.0.0.1:{simulator}",
        "TAPLINE_DNS_SERVERS": "127.0.0.1:1",  # Nobody listens: no test asks a real name server.
        "TAPLINE_DNS_SECONDS": "1",
        **{f"TAPLINE_{name.upper()}": value for name, value in settings.items()},
    }
    begin_instance(data_dir)
    tapline = RunningTapline(
        data_dir, environment, edge, web, simulator, admin, data_dir / "up.log"
    )
    try:
        tapline.start()
        yield tapline
    finally:
        tapline.stop()


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def _descendants(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [found for child in children for found in (int(child), *_descendants(int(child)))]


def _name(pid: int) -> str:
    """Return what a process of ours is: the words behind `-m tapline`, or "edge child"."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return "gone"
    if "tapline" in words:
        return " ".join(words[words.index("tapline") + 1 :]).strip()
    return "edge child" if any("tapline.edge" in word for word in words) else words[0]
