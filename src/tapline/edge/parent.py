"""The edge's parent: it fills the replica, starts children, restarts those that die, and answers
on the admin port. It serves no link itself."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tapline.addresses import proxy_trust
from tapline.clicklog.segment import remove_stale_drafts
from tapline.config import Config, parse_address
from tapline.edge.admin import AdminServer, Status
from tapline.edge.child import READY, STOP_SECONDS, TLS, ChildSetup, shared_socket
from tapline.edge.counters import Counters
from tapline.edge.keeper import Keeper
from tapline.edge.samples import Samples
from tapline.errors import TaplineError
from tapline.instance.keys import Purpose, derive, load_or_create_master_key

WATCH_SECONDS = 0.1
# A child that dies sooner than this after its start is started again only after as long.
RESTART_SECONDS = 1.0


class EdgeCannotListen(TaplineError):
    """An address to listen on is taken or not ours."""


class EdgeAlreadyRuns(TaplineError):
    """Another edge works on the same data folder."""


class BadCertificate(TaplineError):
    """TLS was asked for without the files it needs."""


@dataclass(slots=True)
class _Running:
    process: subprocess.Popen[bytes]
    bell: socket.socket
    started_at: float
    is_ready: bool = False


class Parent:
    """One edge with all its children. Run it from the main thread: a child dies with the thread
    that started it."""

    def __init__(self, settings: Config, say: Callable[[str], None]) -> None:
        self._settings = settings
        self._say = say
        self._running: dict[int, _Running] = {}
        self._start_at: dict[int, float] = dict.fromkeys(range(settings.edge_processes), 0.0)
        self._counters = Counters.create(settings.edge_processes)
        self._samples = Samples.create(settings.edge_processes)
        self._stopping = asyncio.Event()
        self._restarts = 0
        self._said_ready = False
        self._said_problems: set[str] = set()
        proxy_trust(settings.edge_client_address_header, settings.edge_trusted_proxies)

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT; raises TaplineError where it cannot begin."""
        settings = self._settings
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._stopping.set)
        with (
            _alone_on(settings.replica_dir),
            _reserved(_addresses(settings.edge_listen)) as plain,
            _reserved(_addresses(settings.edge_tls_listen)) as secure,
        ):
            self._listen, self._tls = _bound(plain), _tls(settings, _bound(secure))
            self._certificates = self._tls.certificates() if self._tls else None
            self._codes_key = self._read_codes_key()
            await self._run()

    async def _run(self) -> None:
        settings = self._settings
        if settings.click_log_dir.exists():
            remove_stale_drafts(settings.click_log_dir, time.time())
        self._keeper = Keeper(settings.replica_dir, settings.control_database)
        self._keeper.start()
        admin = AdminServer(self._status, self._keeper.serves, self._samples)
        try:
            await admin.start(*parse_address(settings.edge_admin_listen))
            await self._watch_children()
        finally:
            await self._stop_children()
            await admin.stop()
            self._keeper.stop()

    # --- children --------------------------------------------------------------------------------

    async def _watch_children(self) -> None:
        next_key_check = 0.0
        while not self._stopping.is_set():
            now = time.monotonic()
            for number in self._start_at:
                self._tend(number, now)
            if now >= next_key_check:
                self._follow_master_key()
                self._follow_certificates()
                next_key_check = now + 2.0
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), WATCH_SECONDS)

    def _tend(self, number: int, now: float) -> None:
        running = self._running.get(number)
        if running is not None and running.process.poll() is not None:
            self._bury(number, running, now)
            running = None
        if running is None and now >= self._start_at[number]:
            self._running[number] = self._start(number, now)

    def _start(self, number: int, now: float) -> _Running:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        process = subprocess.Popen(
            [sys.executable, "-m", "tapline.edge.child"],
            stdin=subprocess.PIPE,
            pass_fds=(theirs.fileno(), self._counters.descriptor, self._samples.descriptor),
        )
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError), process.stdin as pipe:
            pipe.write(msgspec.json.encode(self._setup(number, theirs.fileno())))
        theirs.close()
        running = _Running(process, ours, now)
        asyncio.get_running_loop().add_reader(ours, self._hear, running)
        return running

    def _setup(self, number: int, bell_descriptor: int) -> ChildSetup:
        settings = self._settings
        return ChildSetup(
            number=number,
            parent=os.getpid(),
            listen=self._listen,
            tls=self._tls,
            codes_key=self._codes_key,
            replica_dir=str(settings.replica_dir),
            click_log_dir=str(settings.click_log_dir),
            challenge_dir=str(settings.edge_challenge_dir or ""),
            client_address_header=settings.edge_client_address_header,
            trusted_proxies=settings.edge_trusted_proxies,
            most_connections=settings.edge_connections,
            most_per_network=settings.edge_connections_per_network,
            request_seconds=settings.edge_request_seconds,
            children=settings.edge_processes,
            counters_descriptor=self._counters.descriptor,
            samples_descriptor=self._samples.descriptor,
            bell_descriptor=bell_descriptor,
        )

    def _hear(self, running: _Running) -> None:
        """A child is ready, asks for news, or has gone."""
        try:
            heard = running.bell.recv(1024)
        except OSError:
            heard = b""
        if not heard:
            asyncio.get_running_loop().remove_reader(running.bell)
            return
        if READY in heard:
            running.is_ready = True
            self._say_when_ready()
        if heard.strip(READY):
            self._keeper.ring()

    def _say_when_ready(self) -> None:
        if self._said_ready or sum(child.is_ready for child in self._running.values()) < len(
            self._start_at
        ):
            return
        self._said_ready = True
        urls = [f"http://{_shown(host)}:{port}" for host, port in self._listen]
        urls += (
            [f"https://{_shown(host)}:{port}" for host, port in self._tls.listen]
            if (self._tls)
            else []
        )
        self._say(f"The edge answers links on {', '.join(urls)} ({len(self._start_at)} children)")

    def _bury(self, number: int, running: _Running, now: float) -> None:
        asyncio.get_running_loop().remove_reader(running.bell)
        running.bell.close()
        del self._running[number]
        self._restarts += 1
        if now - running.started_at < RESTART_SECONDS:
            self._start_at[number] = now + RESTART_SECONDS
        self._say(f"edge child {number} ended with code {running.process.returncode}; starting it")

    async def _stop_children(self) -> None:
        for running in self._running.values():
            running.process.terminate()
        deadline = time.monotonic() + STOP_SECONDS + 2.0
        for running in self._running.values():
            while running.process.poll() is None and time.monotonic() < deadline:
                await asyncio.sleep(0.01)
            running.process.kill()
            running.process.wait()
            asyncio.get_running_loop().remove_reader(running.bell)
            running.bell.close()

    # --- key and state ---------------------------------------------------------------------------

    def _read_codes_key(self) -> bytes:
        return derive(load_or_create_master_key(self._settings.master_key_path), Purpose.CODES)

    def _follow_master_key(self) -> None:
        """Give children a new key when another master key was imported. An unreadable one changes
        nothing: the running edge goes on."""
        try:
            key = self._read_codes_key()
        except TaplineError:
            return
        if key != self._codes_key:
            self._codes_key = key
            for running in self._running.values():
                running.process.terminate()

    def _follow_certificates(self) -> None:
        """Read changed certificates too, and say once what is wrong with one."""
        if self._certificates is None:
            return
        self._certificates.refresh()
        problems = {
            f"{each.file}: {each.problem}"
            for each in self._certificates.report(dt.datetime.now(dt.UTC))
            if each.problem
        }
        for problem in sorted(problems - self._said_problems):
            self._say(f"certificate {problem}")
        self._said_problems = problems

    def _status(self) -> Status:
        keeper, certificates = self._keeper, self._certificates
        return Status(
            counters=self._counters,
            children_wanted=len(self._start_at),
            children_alive=sum(child.process.poll() is None for child in self._running.values()),
            restarts=self._restarts,
            change=keeper.change,
            replica_age_seconds=time.monotonic() - keeper.seen_at if keeper.seen_at else None,
            replica_error=keeper.error,
            certificates=certificates.report(dt.datetime.now(dt.UTC)) if certificates else [],
        )


def serve(settings: Config, say: Callable[[str], None]) -> None:
    """Run an edge with these settings until it is told to stop."""

    async def run() -> None:
        await Parent(settings, say).run()

    asyncio.run(run())


@contextmanager
def _alone_on(replica_dir: Path) -> Iterator[None]:
    """Hold the replica for this process: it has one writer, and two edges would share ports."""
    replica_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (replica_dir / "edge.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise EdgeAlreadyRuns(
                f"An edge already works on {replica_dir}.",
                why="Its replica has one writer.",
                do="Stop that one first, or name another folder with TAPLINE_DATA_DIR.",
            ) from error
        yield


@contextmanager
def _reserved(addresses: list[tuple[str, int]]) -> Iterator[list[socket.socket]]:
    """Bind the addresses without listening: children share them, and port 0 becomes one port."""
    with contextlib.ExitStack() as stack:
        sockets = []
        for host, port in addresses:
            try:
                sockets.append(stack.enter_context(shared_socket(host, port)))
            except OSError as error:
                raise EdgeCannotListen(
                    f"The edge cannot listen on {_shown(host)}:{port}.",
                    why=f"{error.strerror or error}.",
                    do="Stop what uses it, or choose another one with TAPLINE_EDGE_LISTEN.",
                ) from error
        yield sockets


def _addresses(listen: str) -> list[tuple[str, int]]:
    return [parse_address(item) for item in listen.split(",") if item.strip()]


def _bound(sockets: list[socket.socket]) -> list[tuple[str, int]]:
    return [bound.getsockname()[:2] for bound in sockets]


def _tls(settings: Config, listen: list[tuple[str, int]]) -> TLS | None:
    if not listen:
        return None
    files = (settings.edge_tls_certificate, settings.edge_tls_key)
    folder = settings.edge_tls_folder
    has_files = all(file is not None and file.is_file() for file in files)
    if (any(files) and not has_files) or not (has_files or folder):
        raise BadCertificate(
            "TLS was asked for, but its files are missing.",
            why="TAPLINE_EDGE_TLS_LISTEN needs a certificate and its key, or a folder of such.",
            do="Name both with TAPLINE_EDGE_TLS_CERTIFICATE and TAPLINE_EDGE_TLS_KEY, or the"
            " folder with TAPLINE_EDGE_TLS_FOLDER.",
        )
    return TLS(listen, *(str(each or "") for each in (*files, folder)))


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
