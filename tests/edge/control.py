"""A control database as the edge sees it, and a real edge process on it.

The tables are made by the real migrations; rows are written by SQL, as other processes would.
Used by the edge's tests and by its bench.
"""

from __future__ import annotations

import atexit
import functools
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pysqlite3 import dbapi2 as sqlite

from tapline.codes.ff1 import CodeCipher
from tapline.codes.keys import generation_key
from tapline.instance.keys import Purpose, derive, load_or_create_master_key
from tests.migrated import begin_instance
from tests.running import free_port

MAKE_TABLES = """
from tapline.cli import set_up_django
set_up_django()
from tapline.instance.epochs import ensure_instance
from tapline.workspaces.tree import create_workspace
ensure_instance()
create_workspace("Edge tests")
"""

NOW = "2026-01-01 00:00:00"


def eventually(condition: Callable[[], Any], what: str, seconds: float = 10.0) -> None:
    """Poll until `condition` holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.02)


def make_control_database(data_dir: Path) -> ControlDatabase:
    """Make a data folder with the real tables and one workspace in it."""
    data_dir.mkdir(parents=True, exist_ok=True)
    for name in ("control.sqlite3", "master.key"):
        if not (data_dir / name).exists():  # An edge that was started first has made its key.
            shutil.copy(_template() / name, data_dir / name)
    return ControlDatabase(data_dir)


@functools.cache
def _template() -> Path:
    """Return a folder with an instance and its key: once per process, since it takes seconds."""
    folder = tempfile.mkdtemp(prefix="tapline-template-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    begin_instance(Path(folder))
    environment = os.environ | {"TAPLINE_DATA_DIR": folder}
    subprocess.run([sys.executable, "-c", MAKE_TABLES], env=environment, check=True)
    return Path(folder)


class ControlDatabase:
    """Writes what links, domains and aliases are, numbering every change."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.path = data_dir / "control.sqlite3"
        self.connection = sqlite.connect(self.path, isolation_level=None, timeout=10)
        self._codes_key = derive(load_or_create_master_key(data_dir / "master.key"), Purpose.CODES)
        (self.workspace,) = self._row("select id from workspaces_workspace limit 1")

    def change(self, sql: str, *parameters: Any) -> int:
        """Run one statement whose last parameter is the change's number; return the row's id."""
        self.connection.execute("begin immediate")
        try:
            number = self._next_change()
            cursor = self.connection.execute(sql, (*parameters, number))
            self.connection.execute("commit")
        except BaseException:
            self.connection.execute("rollback")
            raise
        return int(cursor.lastrowid or 0)

    def domain(self, host: str, *, fallback: str = "", proved: bool = True) -> int:
        domain = self.change(
            "insert into links_domain (workspace_id, host, base_url, fallback_url, code_length,"
            " proved_at, created_at, change) values (?, ?, ?, ?, 8, ?, ?, ?)",
            *(self.workspace, host, f"http://{host}", fallback, NOW if proved else None, NOW),
        )
        self.generation(domain, 1)
        return domain

    def generation(self, domain: int, number: int) -> None:
        self.change(
            "insert into links_keygeneration (domain_id, number, key_id, epoch, created_at, change)"
            " values (?, ?, ?, 1, ?, ?)",
            *(domain, number, f"key-{domain}-{number}", NOW),
        )

    def link(self, domain: int, destination: str, *, expires_at: str | None = None) -> int:
        return self.change(
            "insert into links_link (workspace_id, domain_id, kind, name, destination, expires_at,"
            " created_at, change) values (?, ?, 'shared', '', ?, ?, ?, ?)",
            *(self.workspace, domain, destination, expires_at, NOW),
        )

    def hand_out(
        self,
        domain: int,
        link: int,
        first: int,
        count: int,
        *,
        generation: int = 1,
        length: int = 8,
        position: int = 0,
    ) -> None:
        """Let serials `first … first + count - 1` lead to the link, from a position on."""
        (generation_id,) = self._row(
            "select id from links_keygeneration where domain_id = ? and number = ?",
            *(domain, generation),
        )
        self.change(
            "insert into links_coderange (generation_id, domain_id, length, first, count, link_id,"
            " first_position, change) values (?, ?, ?, ?, ?, ?, ?, ?)",
            *(generation_id, domain, length, first, count, link, position),
        )

    def alias(self, domain: int, path: str, link: int) -> int:
        return self.change(
            "insert into links_alias (domain_id, path, link_id, change) values (?, ?, ?, ?)",
            *(domain, path, link),
        )

    def cipher(self, domain: int, *, generation: int = 1, length: int = 8) -> CodeCipher:
        key = generation_key(self._codes_key, domain, f"key-{domain}-{generation}")
        return CodeCipher(key, length)

    def code(self, domain: int, serial: int, *, generation: int = 1, length: int = 8) -> str:
        return self.cipher(domain, generation=generation, length=length).encode(serial)

    def _next_change(self) -> int:
        self.connection.execute(
            "insert into links_changecounter (id, value) values (1, 1)"
            " on conflict (id) do update set value = value + 1"
        )
        (value,) = self._row("select value from links_changecounter where id = 1")
        return int(value)

    def _row(self, sql: str, *parameters: Any) -> Any:
        return self.connection.execute(sql, parameters).fetchone()


@dataclass(slots=True)
class RunningEdge:
    """A real `tapline edge` on a data folder."""

    data_dir: Path
    settings: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None
    port: int = 0
    port_v6: int = 0
    tls_port: int = 0
    admin_port: int = 0

    def start(self) -> RunningEdge:
        """Start it and wait until it says that it serves."""
        self.admin_port = free_port()
        environment = os.environ | {
            "TAPLINE_DATA_DIR": str(self.data_dir),
            "TAPLINE_EDGE_LISTEN": "127.0.0.1:0,[::1]:0",
            "TAPLINE_EDGE_ADMIN_LISTEN": f"127.0.0.1:{self.admin_port}",
            "TAPLINE_EDGE_PROCESSES": "1",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tapline", "edge"],
            env=environment | self.settings,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr is not None
        line = ""
        while "answers links on" not in line:
            line = self.process.stderr.readline()
            if not line:
                self.stop()
                raise AssertionError("the edge ended before it served")
        self.port = int(re.findall(r"http://127\.0\.0\.1:(\d+)", line)[0])
        self.port_v6 = int((re.findall(r"http://\[::1\]:(\d+)", line) or ["0"])[0])
        self.tls_port = int((re.findall(r"https://127\.0\.0\.1:(\d+)", line) or ["0"])[0])
        return self

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it; return its exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        code = self.process.wait(20)
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code

    def get(
        self,
        path: str,
        *,
        host: str,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        port: int = 0,
    ) -> http.client.HTTPResponse:
        """Return the answer to one request; its body is read (`.text`)."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=10)
        try:
            connection.request(method, path, headers={"Host": host} | (headers or {}))
            response = connection.getresponse()
            response.text = response.read().decode(errors="replace")  # type: ignore[attr-defined]
            return response
        finally:
            connection.close()

    def talk(self, data: bytes, *, keep_open: bool = False) -> bytes:
        """Send bytes as they are; return all that comes back until the edge closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as client:
            client.sendall(data)
            if not keep_open:
                client.shutdown(socket.SHUT_WR)
            pieces = []
            while piece := client.recv(65536):
                pieces.append(piece)
        return b"".join(pieces)

    def health(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.admin("/-/health"))
        return body

    def metric(self, name: str) -> float:
        """Return one value of `/-/metrics`; `name` with its labels, as Prometheus writes it."""
        for line in self.admin("/-/metrics").splitlines():
            if line.startswith(f"{name} "):
                return float(line.rpartition(" ")[2])
        raise KeyError(name)

    def children(self) -> list[int]:
        """Return the process ids of the serving children."""
        assert self.process is not None
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in path.read_text().split()]

    def admin(self, path: str) -> str:
        """Return what the admin port answers at `path`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.admin_port, timeout=10)
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode()
        finally:
            connection.close()
