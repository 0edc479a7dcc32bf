"""A web site on loopback that destinations lead to: every page answers as a test says."""

from __future__ import annotations

import datetime as dt
import http.server
import ssl
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.utils import timezone

from tapline import config
from tapline.links import watching
from tapline.links.destination_look import Rules
from tapline.links.models import Destination, Link
from tapline.workspaces.models import Workspace
from tests.links.making import make_domain, make_link

HOST = "shop.example"


@dataclass
class Page:
    """One answer. `drip_seconds`: how long each byte of the body takes, after those `at_once`."""

    status: int = 200
    body: bytes = b"<title>Menu</title>"
    headers: Mapping[str, str] = field(default_factory=dict)
    drip_seconds: float = 0.0
    at_once: int = 0


@dataclass
class Site:
    """The site: its pages by path, and what was asked of it, with which agent and cookie."""

    port: int = 0
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)
    cookies: list[str] = field(default_factory=list)

    def address(self, path: str = "/menu", host: str = HOST, scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    def leads(self, path: str, onward: str, status: int = 302, cookie: str = "") -> None:
        more = {"Set-Cookie": cookie} if cookie else {}
        self.pages[path] = Page(status, b"", {"Location": onward, **more})

    def rules(self, *, local: Sequence[str] = (HOST,), seconds: float = 5.0) -> Rules:
        """Return rules by which every name leads to this machine, and `local` may be there."""
        return Rules(
            seconds=seconds, local_hosts=tuple(local), resolve=lambda host, port: ["127.0.0.1"]
        )


@contextmanager
def web_site(certificate: Path | None = None) -> Iterator[Site]:
    """Run a site; `certificate`: a file with key and certificate, for TLS."""
    site = Site(pages={"/menu": Page()})

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append((self.headers["Host"], self.path))
            site.agents.append(self.headers["User-Agent"])
            site.cookies.append(self.headers.get("Cookie", ""))
            page = site.pages.get(self.path, Page(404, b"nothing here"))
            self.send_response(page.status)
            for name, value in ({"Content-Type": "text/html"} | dict(page.headers)).items():
                self.send_header(name, value)
            self.end_headers()
            self._write(page)

        def _write(self, page: Page) -> None:
            try:
                at_once = page.at_once if page.drip_seconds else len(page.body)
                self.wfile.write(page.body[:at_once])
                for byte in page.body[at_once:]:
                    self.wfile.write(bytes([byte]))
                    time.sleep(page.drip_seconds)
            except OSError:
                pass  # The other side has seen enough.

        def log_message(self, *args: object) -> None:
            pass

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, *args: object) -> None:
            pass  # A handshake that the other side refused.

    server = Server(("127.0.0.1", 0), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    site.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def watched_site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Run a site that the instance may look at; hosts need no rest between two looks."""
    monkeypatch.setattr(watching, "HOST_RESTS", dt.timedelta(0))
    with web_site() as running:
        settings = replace(config.current(), destination_local_hosts="localhost")
        monkeypatch.setattr(config, "current", lambda: settings)
        yield running


def tapped(site: Site, path: str = "/menu", workspace: Workspace | None = None) -> Link:
    """Return a link to a page of the site that people have just tapped."""
    link = make_link(make_domain(workspace), site.address(path, host="localhost"))
    watching.note_taps([link.pk])
    return link


def look_now() -> Destination:
    """Let every waiting look be due, and do one."""
    Destination.objects.exclude(look_at=None).update(look_at=timezone.now())
    assert watching.look_next()
    return Destination.objects.get()


def make_certificate(folder: Path, *, days: int, host: str = HOST) -> Path:
    """Return a file with a key and a certificate for `host` that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=30))
        .not_valid_after(now + dt.timedelta(days=days, minutes=5))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{host}-{days}.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path
