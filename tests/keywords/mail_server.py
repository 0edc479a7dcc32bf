"""A mail server on loopback that takes what it is sent, or refuses it: RFC 5321, the little of it
that a client needs."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class MailServer:
    """What arrived, and how to reach it. `refuses` answers every recipient with 550."""

    url: str = ""
    refuses: bool = False
    mails: list[str] = field(default_factory=list)


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """Run a mail server for a while."""
    known = MailServer()

    class Talk(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 ready")
            while line := self.rfile.readline().decode().strip():
                verb = line.upper().split()[0]
                if verb == "QUIT":
                    self._say("221 bye")
                    return
                if verb == "RCPT" and known.refuses:
                    self._say("550 no such mailbox")
                elif verb == "DATA":
                    self._say("354 go on")
                    known.mails.append(self._body())
                    self._say("250 kept")
                else:
                    self._say("250 fine")

        def _body(self) -> str:
            lines = iter(self.rfile.readline, b".\r\n")
            return b"".join(lines).decode()

        def _say(self, words: str) -> None:
            self.wfile.write(f"{words}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk) as server:
        known.url = f"smtp://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield known
        server.shutdown()
