"""A server on loopback that answers as a test says, and remembers what it was asked."""

from __future__ import annotations

import base64
import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request: its path, its fields (of the form, or of the query), and who asked."""

    method: str
    path: str
    fields: dict[str, list[str]]
    user: str
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What is answered; `after_seconds` is how long that takes, `cut` closes without an answer."""

    status: int = 201
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    after_seconds: float = 0.0
    cut: bool = False


@dataclass
class Served:
    """The server's address, what it was asked, and what decides its answers."""

    answer: Callable[[Asked], Answer]
    url: str = ""
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def serving(answer: Callable[[Asked], Answer]) -> Iterator[Served]:
    """Run a server for the time of a test."""
    served = Served(answer)
    lock = threading.Lock()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer("")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])).decode())

        def _answer(self, body: str) -> None:
            parts = urlsplit(self.path)
            fields = parse_qs(body or parts.query, keep_blank_values=True)
            scheme, _, given = self.headers.get("Authorization", "").partition(" ")
            user = base64.b64decode(given) if scheme == "Basic" else b""
            asked = Asked(
                self.command, parts.path, fields, user.decode(), body, dict(self.headers.items())
            )
            with lock:
                served.asked.append(asked)
            made = served.answer(asked)
            time.sleep(made.after_seconds)
            if made.cut:
                self.close_connection = True
                return
            data = made.body if isinstance(made.body, bytes) else json.dumps(made.body).encode()
            self.send_response(made.status)
            for name, value in made.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    served.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield served
    server.shutdown()
    server.server_close()
    thread.join()
