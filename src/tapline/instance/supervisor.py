"""Keeps a set of processes alive: starts them, restarts those that die, stops them all together.

A child dies with its supervisor (the kernel sends it SIGTERM), so a killed supervisor leaves
nothing behind that would fight with the next one over ports and leases.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import click

from tapline.errors import TaplineError
from tapline.processes import die_with_parent

POLL_SECONDS = 0.1
STOP_SECONDS = 15.0
FIRST_DELAY_SECONDS = 0.1
LONGEST_DELAY_SECONDS = 5.0
# A process that lived this long was healthy: its next restart is immediate again.
HEALTHY_SECONDS = 10.0


class AlreadyRunning(TaplineError):
    """Another `tapline up` works on the same data folder."""


@dataclass(slots=True, kw_only=True)
class Child:
    """One supervised process and the patience left with it."""

    name: str
    arguments: Sequence[str]  # of the `tapline` command
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    delay_seconds: float = FIRST_DELAY_SECONDS
    start_again_at: float = 0.0
    restarts: int = 0


def tell(line: str) -> None:
    """Say one line to the operator, on standard error."""
    click.echo(line, err=True)


@dataclass(slots=True)
class Supervisor:
    """Runs children until it is told to stop. Use it from the main thread: the kernel ties a
    child's life to the thread that started it."""

    children: list[Child]
    say: Callable[[str], None] = tell
    stopping: bool = field(default=False, init=False)

    def run(self) -> None:
        """Keep the children alive until SIGTERM or SIGINT, then stop them."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stop())
        try:
            while not self.stopping:
                self.tend(time.monotonic())
                time.sleep(POLL_SECONDS)
        finally:
            self._stop_children()

    def stop(self) -> None:
        """Ask `run` to end; it stops the children first."""
        self.stopping = True

    def tend(self, now: float) -> None:
        """Start what should run and does not."""
        for child in self.children:
            if child.process is not None and child.process.poll() is not None:
                self._note_death(child, now)
            if child.process is None and now >= child.start_again_at:
                child.process = _start(child.arguments)
                child.started_at = now

    def _note_death(self, child: Child, now: float) -> None:
        assert child.process is not None
        if now - child.started_at >= HEALTHY_SECONDS:
            child.delay_seconds = FIRST_DELAY_SECONDS
        self.say(
            f"{child.name} ended with code {child.process.returncode}; "
            f"starting it again in {child.delay_seconds:g} s"
        )
        child.process, child.restarts = None, child.restarts + 1
        child.start_again_at = now + child.delay_seconds
        child.delay_seconds = min(child.delay_seconds * 2, LONGEST_DELAY_SECONDS)

    def _stop_children(self) -> None:
        running = [child.process for child in self.children if child.process is not None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in running:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def alone_on(data_dir: Path) -> Iterator[None]:
    """Hold the data folder for this process; raises `AlreadyRunning` where another one does."""
    path = data_dir / "up.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        owner = os.pread(descriptor, 20, 0).decode(errors="replace").strip() or "unknown"
        os.close(descriptor)
        raise AlreadyRunning(
            f"Tapline already runs on {data_dir}.",
            why=f"Process {owner} holds {path.name} there; two would compete for ports and work.",
            do="Stop that one first, or name another folder with TAPLINE_DATA_DIR.",
        ) from error
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    try:
        yield
    finally:
        os.close(descriptor)


def _start(arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    # A session of its own keeps the terminal's Ctrl-C from reaching children before we stop them.
    return subprocess.Popen(
        [sys.executable, "-m", "tapline", *arguments],
        preexec_fn=partial(die_with_parent, os.getpid()),  # Safe: the supervisor has one thread.
        start_new_session=True,
    )
