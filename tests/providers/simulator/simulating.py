"""A real simulator process, and a stand-in for the edge and the pages that it talks to."""

from __future__ import annotations

import datetime as dt
import http.client
import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tapline.instance.keys import Purpose, derive, load_or_create_master_key
from tapline.providers.base import Answer, Asked, Found, Outgoing
from tapline.providers.simulator.send import SimulatorProvider
from tapline.providers.simulator.signing import verify
from tapline.providers.simulator.wire import SIGNATURE_HEADER, TIMESTAMP_HEADER


@dataclass(frozen=True)
class Request:
    """One request that the stand-in saw."""

    method: str
    path: str
    address: str
    headers: dict[str, str]


@dataclass
class World:
    """What arrived at the edge and the pages; `pages_are_up` decides whether hooks are taken."""

    key: bytes
    requests: list[Request] = field(default_factory=list)
    posted: list[tuple[str, Any]] = field(default_factory=list)
    pages_are_up: bool = True
    address: str = ""

    def lines(self, kind: str) -> list[dict[str, Any]]:
        """Return all receipts or replies that were taken, repeats included."""
        return [line for _, body in self.posted for line in body.get(kind, [])]


@contextmanager
def world_around(data_dir: Path) -> Iterator[World]:
    """Answer as edge (302) and pages (200) do, on a free port of loopback."""
    master = load_or_create_master_key(data_dir / "master.key")
    world = World(derive(master, Purpose.SIMULATOR))
    server = _Server(("127.0.0.1", 0), _handler(world))
    world.address = f"127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield world
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(http.server.ThreadingHTTPServer):
    request_queue_size = 512
    daemon_threads = True
    block_on_close = False


def _handler(world: World) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            world.requests.append(Request(self.command, self.path, self.client_address[0], headers))
            self._end(302)

        do_HEAD = do_GET  # noqa: N815  # http.server finds its methods by this name

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            verify(
                world.key,
                timestamp=self.headers[TIMESTAMP_HEADER],
                signature=self.headers[SIGNATURE_HEADER],
                body=body,
                now=time.time(),
            )
            if world.pages_are_up:
                world.posted.append((self.path, json.loads(body)))
            self._end(200 if world.pages_are_up else 503)

        def _end(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing: the tests look at `world`."""

    return Handler


@dataclass
class SimulatorProcess:
    """`tapline simulator` on a free port."""

    data_dir: Path
    world: World
    speed: float
    scenario: str = ""
    process: subprocess.Popen[str] = field(init=False)
    url: str = field(init=False)

    def start(self) -> None:
        """Start it and wait until it says where it answers."""
        environment = {
            **{name: value for name, value in os.environ.items() if "TAPLINE" not in name},
            "TAPLINE_DATA_DIR": str(self.data_dir),
            "TAPLINE_EDGE_LISTEN": self.world.address,
            "TAPLINE_WEB_URL": f"http://{self.world.address}",
            "TAPLINE_SIMULATOR_SCENARIO": self.scenario,
        }
        command = ["simulator", "--listen", "127.0.0.1:0", "--speed", str(self.speed)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tapline", *command],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr is not None
        self.url = self.process.stderr.readline().split()[-1]

    def kill(self) -> None:
        """End it without warning, as a power cut does."""
        self.process.send_signal(signal.SIGKILL)
        self._reap()

    def stop(self) -> None:
        """End it as the supervisor does."""
        if self.process.poll() is None:
            self.process.terminate()
        self._reap()

    def _reap(self) -> None:
        self.process.wait(20)
        assert self.process.stderr is not None
        self.process.stderr.close()

    def get(self, path: str) -> Any:
        """Return the JSON that a GET answers."""
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=10)
        try:
            connection.request("GET", path)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def send(self, batch: Sequence[Outgoing]) -> Sequence[Answer]:
        """Hand texts over by the adapter."""
        with closing(SimulatorProvider(self.url)) as adapter:
            return adapter.send(batch)

    def look_up(self, references: Sequence[str]) -> Mapping[str, Found]:
        """Ask for references by the adapter."""
        with closing(SimulatorProvider(self.url)) as adapter:
            return adapter.look_up([_asked(each) for each in references])

    def truth(self, tag: str) -> dict[str, Any]:
        truth: dict[str, Any] = self.get(f"/truth?tag={tag}")
        return truth


@contextmanager
def simulator(
    world: World, data_dir: Path, *, speed: float, scenario: str = ""
) -> Iterator[SimulatorProcess]:
    """Run a simulator process; it is gone at the end."""
    process = SimulatorProcess(data_dir, world, speed, scenario)
    process.start()
    try:
        yield process
    finally:
        process.stop()


def wait_for(condition: Callable[[], Any], what: str, seconds: float = 30) -> None:
    """Poll until `condition` holds; fails with `what`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.05)


def _asked(reference: str) -> Asked:
    return Asked(
        reference=reference, to="", sender="", text="", submitted_at=dt.datetime.now(dt.UTC)
    )
