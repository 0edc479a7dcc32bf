"""`tapline web` as a process: it serves pages over real HTTP, and stops when told."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

PATIENCE_SECONDS = 40.0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _wait_until_healthy(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "it ended by itself"
        try:
            if httpx2.get(f"{address}/-/health", trust_env=False).status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.1)
    raise AssertionError("it never became healthy")


@pytest.mark.slow
def test_it_serves_the_sign_in_page_and_its_bundle_and_stops_gracefully(tmp_path: Path) -> None:
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    environment = os.environ | {
        "TAPLINE_DATA_DIR": str(tmp_path),
        "TAPLINE_WEB_LISTEN": f"127.0.0.1:{port}",
        "TAPLINE_WEB_URL": address,
    }
    process = subprocess.Popen([sys.executable, "-m", "tapline", "web"], env=environment)
    try:
        _wait_until_healthy(address, process)
        with httpx2.Client(base_url=address, trust_env=False, follow_redirects=True) as client:
            page = client.get("/")
            script = page.text.split('<script type="module" src="')[1].split('"')[0]
            assert "tapline sign-in" in page.text
            assert client.get(script).status_code == 200
            assert "server" not in page.headers
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) in (0, -signal.SIGTERM)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
