"""A whole Tapline for the demo: free ports, its own folder, `tapline up` as a child process."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tapline import config
from tapline.config import Config, parse_address, variable
from tapline.errors import TaplineError
from tapline.processes import die_with_parent

LISTENERS = ("edge_listen", "edge_admin_listen", "web_listen", "simulator_listen")
READY_SECONDS = 60.0
STOP_SECONDS = 30.0
POLL_SECONDS = 0.1
LOG_LINES_SHOWN = 15
EVERY_INTERFACE = "0.0.0.0"  # noqa: S104  # asked for by --lan


class DidNotStart(TaplineError):
    """`tapline up` ended or did not answer in time."""


class NoLanAddress(TaplineError):
    """This machine has no address that a phone in the same network could reach."""


@dataclass(frozen=True, slots=True)
class Instance:
    """A running instance and its settings."""

    settings: Config
    log: Path
    up: subprocess.Popen[bytes]

    def is_serving(self) -> bool:
        """Say whether links, pages and the simulator answer."""
        return (
            _status(self.settings.edge_admin_listen, "/-/health") == 200
            and _status(self.settings.simulator_listen, "/health") == 200
            and _status(self.settings.web_listen, "/") is not None
        )


@contextmanager
def demo_folder(data: Path | None) -> Iterator[Path]:
    """Give the folder that was asked for, else a fresh one that is removed at the end."""
    if data is not None:
        data.mkdir(parents=True, exist_ok=True)
        yield data.resolve()
        return
    folder = Path(tempfile.mkdtemp(prefix="tapline-demo-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def demo_environment(folder: Path, *, speed: float, lan: bool) -> dict[str, str]:
    """Return the TAPLINE_ variables of the demo: the usual ports, or free ones where those are
    taken; with `lan` the edge answers on every interface."""
    wanted = config.load(os.environ)
    listens = {name: _free_address(getattr(wanted, name)) for name in LISTENERS}
    if lan:
        _, port = parse_address(listens["edge_listen"])
        listens["edge_listen"] = f"{EVERY_INTERFACE}:{port}"
    values = {
        **listens,
        "data_dir": str(folder),
        "web_url": f"http://{listens['web_listen']}",
        "simulator_speed": str(speed),
        # The page behind its links is an example's: that nobody reaches it is no alarm.
        "destination_minutes": "0",
    }
    return {variable(name): value for name, value in values.items()}


@contextmanager
def running(environment: Mapping[str, str]) -> Iterator[Instance]:
    """Run `tapline up` in `environment` until the block ends, also by Ctrl-C.

    Raises `DidNotStart` when it does not answer within a minute.
    """
    settings = config.load(environment)
    log = settings.data_dir / "up.log"
    with log.open("ab") as output:
        up = subprocess.Popen(
            [sys.executable, "-m", "tapline", "up"],
            env=environment,
            stdout=output,
            stderr=output,
            preexec_fn=partial(die_with_parent, os.getpid()),
        )
    instance = Instance(settings, log, up)
    try:
        _wait_until_ready(instance)
        yield instance
    finally:
        _stop(up)


def lan_address() -> str:
    """Return this machine's address in its local network; raises `NoLanAddress`.

    Connecting a datagram socket sends nothing: it only asks which way a packet would leave. The
    target is an address that documentation uses (RFC 5737).
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        address = ""
        with contextlib.suppress(OSError):
            probe.connect(("192.0.2.1", 9))
            address = str(probe.getsockname()[0])
    if not address or address.startswith("127."):
        raise NoLanAddress(
            "There is no network that your phone could reach this machine by.",
            why="The machine has no address besides its own loopback.",
            do="Join the Wi-Fi that your phone is in and try again, or run the demo without --lan.",
        )
    return address


def _free_address(listen: str) -> str:
    """Return `listen`, with another port where its own is taken."""
    host, port = parse_address(listen.split(",")[0])
    for candidate in (port, 0):
        with contextlib.suppress(OSError), socket.create_server((host, candidate)) as probe:
            return f"{host}:{probe.getsockname()[1]}"
    raise DidNotStart(
        f"Nothing can listen on {host}.",
        why="The system gives no port of that address.",
        do="Set the TAPLINE_…_LISTEN variables to an address of this machine, or unset them.",
    )


def _wait_until_ready(instance: Instance) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not instance.is_serving():
        if instance.up.poll() is not None:
            raise _did_not_start(instance, f"It ended with code {instance.up.returncode}.")
        if time.monotonic() > deadline:
            raise _did_not_start(instance, f"It did not answer within {READY_SECONDS:g} seconds.")
        time.sleep(POLL_SECONDS)


def _did_not_start(instance: Instance, reason: str) -> DidNotStart:
    lines = instance.log.read_text(encoding="utf-8", errors="replace").splitlines()
    told = "\n    ".join(lines[-LOG_LINES_SHOWN:])
    return DidNotStart(
        "Tapline did not start for the demo.",
        why=f"{reason} It last said:\n    {told}",
        do="Mend what it says, or run `tapline demo --data DIR` to keep the whole log.",
    )


def _stop(up: subprocess.Popen[bytes]) -> None:
    if up.poll() is None:
        up.terminate()
    try:
        up.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        up.kill()
        up.wait()


def _status(address: str, path: str) -> int | None:
    """Return the status of one GET, or None where nobody answers."""
    connection = http.client.HTTPConnection(address, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
