"""Starts a Twilio stand-in as a process of its own, and asks what it took.

with running_twilio(tmp_path, numbers=("+15005550006",)) as twilio:
    …  # point an account's base_url at twilio.url
    assert not twilio.ledger.sent_twice()
"""

from __future__ import annotations

import http.client
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from tests.standins.twilio.faults import Faults
from tests.standins.twilio.ledger import Reader
from tests.standins.twilio.server import Inbound, InboundText, Settings

ACCOUNT_SID = "AC" + "0123456789abcdef" * 2
AUTH_TOKEN = "fedcba9876543210" * 2


@dataclass(slots=True)
class TwilioProcess:
    """One stand-in. `settings.port` is fixed once it ran, so that it comes back where it was."""

    folder: Path
    settings: Settings
    process: subprocess.Popen[str] | None = field(default=None, init=False)
    url: str = field(default="", init=False)

    @property
    def ledger(self) -> Reader:
        return Reader(Path(self.settings.ledger))

    def start(self) -> None:
        """Start it and wait until it serves."""
        file = self.folder / "twilio.json"
        file.write_bytes(msgspec.json.encode(self.settings))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.standins.twilio.server", str(file)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        assert self.url, "the stand-in did not start"
        port = int(self.url.rpartition(":")[2])
        self.settings = msgspec.structs.replace(self.settings, port=port)

    def kill(self) -> None:
        """End it as a power cut does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in order."""
        self._end(signal.SIGTERM)

    def set_faults(self, faults: Faults) -> None:
        """Let other things go wrong from now on."""
        self._command("PUT", "/-/faults", msgspec.json.encode(faults))

    def say(self, texts: Sequence[InboundText], *, per_second: float = 0.0, url: str = "") -> None:
        """Let people write to the numbers. Returns before the webhooks were posted."""
        body = msgspec.json.encode(Inbound(list(texts), per_second, url))
        self._command("POST", "/-/inbound", body)

    def clear(self) -> None:
        """Let it forget everything that it took, and other faults than its own."""
        self._command("POST", "/-/clear", b"")

    def _command(self, method: str, path: str, body: bytes) -> None:
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=30)
        try:
            connection.request(method, path, body)
            assert connection.getresponse().status == 200
        finally:
            connection.close()

    def _end(self, how: signal.Signals) -> None:
        if self.process is None:
            return
        self.process.send_signal(how)
        self.process.wait(20)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None


@contextmanager
def running_twilio(folder: Path, **settings: Any) -> Iterator[TwilioProcess]:
    """Run a stand-in that keeps its ledger in `folder`; `settings` are fields of `Settings`."""
    folder.mkdir(parents=True, exist_ok=True)
    usual = {
        "ledger": str(folder / "twilio.sqlite3"),
        "account_sid": ACCOUNT_SID,
        "auth_token": AUTH_TOKEN,
    }
    twilio = TwilioProcess(folder, Settings(**{**usual, **settings}))
    twilio.start()
    try:
        yield twilio
    finally:
        twilio.stop()
