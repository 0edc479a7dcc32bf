"""A small web server that takes webhooks and writes down what came, for tests of the stand-in."""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl


@dataclass(frozen=True, slots=True)
class Hook:
    """One webhook as it arrived."""

    path: str
    headers: dict[str, str]
    form: dict[str, str]
    at: float


@dataclass(slots=True)
class Receiver:
    """What arrived. `status` is what is answered; 0 cuts the connection."""

    url: str = ""
    status: int = 200
    hooks: list[Hook] = field(default_factory=list)

    def words(self, sid: str) -> list[str]:
        """Return the statuses that came for one message, in the order in which they came."""
        return [hook.form["MessageStatus"] for hook in self.hooks if hook.form["MessageSid"] == sid]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Take webhooks on a free port of loopback."""
    receiver = Receiver()
    server = _Server(("127.0.0.1", 0), _handler(receiver))
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True
    block_on_close = False


def _handler(receiver: Receiver) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            form = dict(parse_qsl(body, keep_blank_values=True))
            receiver.hooks.append(Hook(self.path, headers, form, time.time()))
            if receiver.status == 0:
                self.close_connection = True
                return
            self.send_response(receiver.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing: the tests look at the receiver."""

    return Handler
