"""A server on loopback that serves files by path, and notes who asked with which login."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(slots=True)
class Downloads:
    """What is served: path with query → body, or status, or where to go instead."""

    url: str = ""
    bodies: dict[str, bytes | int | str] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)  # path and Authorization


@contextmanager
def serving() -> Iterator[Downloads]:
    downloads = Downloads()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            downloads.asked.append((self.path, self.headers.get("Authorization", "")))
            body = downloads.bodies.get(self.path, 404)
            self.send_response(
                body if isinstance(body, int) else 302 if isinstance(body, str) else 200
            )
            if isinstance(body, str):
                self.send_header("Location", body)
            content = body if isinstance(body, bytes) else b""
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    downloads.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield downloads
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
