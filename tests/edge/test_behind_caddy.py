"""Taps over real HTTPS through Caddy, which makes certificates on demand for proved hosts."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.edge.conftest import World
from tests.edge.control import RunningEdge, eventually, make_control_database
from tests.programs import needs, program
from tests.running import free_port

CADDYFILE = Path(__file__).resolve().parents[2] / "deploy" / "Caddyfile"
HOST = "go.bakery.example"
SHOP = "shop.bakery.example"
# So that a phone's address can be told from the proxy's, phones come by IPv6 or another address of
# this machine. The edge trusts 127.0.0.1 alone.
PHONE_V4 = "127.0.0.77"

pytestmark = [pytest.mark.slow, needs("caddy")]


class Shop(BaseHTTPRequestHandler):
    """The page that the link leads to. Remembers what it was asked."""

    def do_GET(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        body = b"<!doctype html><title>Menu</title><p>Fresh rolls today"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@dataclass(slots=True)
class Site:
    """A custom domain behind Caddy, and the shop that its link leads to."""

    world: World
    shop: HTTPServer
    folder: Path
    http_port: int = field(default_factory=free_port)
    https_port: int = field(default_factory=free_port)
    caddy: subprocess.Popen[bytes] | None = None

    @property
    def root_certificate(self) -> Path:
        return self.folder / "caddy" / "pki" / "authorities" / "local" / "root.crt"

    def start_caddy(self) -> None:
        """Run Caddy with the shipped file; only its certificates come from its internal CA."""
        environment = os.environ | {
            "HOME": str(self.folder),
            "XDG_DATA_HOME": str(self.folder),
            "XDG_CONFIG_HOME": str(self.folder),
            "TAPLINE_HTTP_PORT": str(self.http_port),
            "TAPLINE_HTTPS_PORT": str(self.https_port),
            "TAPLINE_EDGE": f"127.0.0.1:{self.world.edge.port}",
            "TAPLINE_EDGE_ADMIN": f"127.0.0.1:{self.world.edge.admin_port}",
            "TAPLINE_CADDY_OPTIONS": "admin off\nlocal_certs\nskip_install_trust",
        }
        with (self.folder / "caddy.log").open("wb") as log:
            self.caddy = subprocess.Popen(
                [program("caddy"), "run", "--config", str(CADDYFILE), "--adapter", "caddyfile"],
                env=environment,
                stdout=log,
                stderr=log,
            )
        eventually(lambda: self.certificate_of(HOST), "Caddy serves", seconds=30)

    def certificate_of(self, host: str) -> bool:
        """Say whether a phone that trusts Caddy's root gets a secure connection to `host`."""
        if not self.root_certificate.exists():
            return False
        try:
            self._connect(host).close()
        except OSError:
            return False
        return True

    def tap(self, code: str, headers: dict[str, str] | None = None) -> http.client.HTTPResponse:
        """Open a link over HTTPS as a phone at `PHONE_V4`."""
        connection = http.client.HTTPSConnection(HOST)
        connection.sock = self._connect(HOST)
        try:
            connection.request("GET", f"/{code}", headers=headers or {})
            return connection.getresponse()
        finally:
            connection.close()

    def _connect(self, host: str) -> ssl.SSLSocket:
        context = ssl.create_default_context(cafile=self.root_certificate)
        raw = socket.create_connection(
            ("127.0.0.1", self.https_port), timeout=10, source_address=(PHONE_V4, 0)
        )
        try:
            return context.wrap_socket(raw, server_hostname=host)
        except OSError:
            raw.close()
            raise

    def addresses(self, code: str) -> list[str]:
        return [record.address for record in self.world.records(code)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("caddy")
    shop = HTTPServer(("127.0.0.1", 0), Shop)
    shop.asked = []  # type: ignore[attr-defined]
    threading.Thread(target=shop.serve_forever, daemon=True).start()
    made = Site(make_bakery(folder / "data"), shop, folder)
    try:
        made.start_caddy()
        yield made
    finally:
        if made.caddy:
            made.caddy.terminate()
            made.caddy.wait(20)
        shop.shutdown()
        shop.server_close()
        made.world.edge.stop()


def make_bakery(data_dir: Path) -> World:
    control = make_control_database(data_dir)
    domain = control.domain(HOST)
    control.domain("unproved.bakery.example", proved=False)
    link = control.link(domain, f"http://{SHOP}/menu")
    control.hand_out(domain, link, 0, 1000)
    edge = RunningEdge(data_dir, {"TAPLINE_EDGE_TRUSTED_PROXIES": "127.0.0.1"}).start()
    world = World(control, edge, domain, link)
    world.wait_for_replica()
    return world


@needs("chromium", "certutil")
def test_a_tap_in_a_browser_over_https_reaches_the_page_and_is_counted(site: Site) -> None:
    code = site.world.code(1)

    page = browse(site, f"https://{HOST}/{code}")

    assert "Fresh rolls today" in page
    assert "/menu" in site.shop.asked  # type: ignore[attr-defined]
    [record] = site.world.records(code)
    assert (record.address, record.outcome, record.host) == ("::1", "redirect", HOST)
    assert "Chrome/" in record.agent


@needs("chromium", "certutil")
def test_a_browser_gets_no_certificate_for_a_host_that_nobody_proved(site: Site) -> None:
    page = browse(site, "https://unproved.bakery.example/")

    assert "Fresh rolls today" not in page
    assert not site.certificate_of("unproved.bakery.example")
    assert not site.certificate_of("stranger.example")


def test_what_a_phone_writes_about_its_address_is_not_believed(site: Site) -> None:
    code = site.world.code(2)
    lies = {"X-Forwarded-For": "203.0.113.9, 127.0.0.1", "Forwarded": "for=203.0.113.9"}

    answer = site.tap(code, lies | {"X-Real-IP": "203.0.113.9"})

    assert (answer.status, answer.headers["Location"]) == (302, f"http://{SHOP}/menu")
    assert site.addresses(code) == [PHONE_V4]


def test_port_80_answers_a_link_without_a_second_hop(site: Site) -> None:
    code = site.world.code(3)
    answer = site.world.edge.get(f"/{code}", host=HOST, port=site.http_port)

    assert (answer.status, answer.headers["Location"]) == (302, f"http://{SHOP}/menu")
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_host_has_its_certificate_as_soon_as_it_is_proved(site: Site) -> None:
    host = "later.bakery.example"
    assert not site.certificate_of(host)

    site.world.control.domain(host)
    site.world.wait_for_replica()

    eventually(lambda: site.certificate_of(host), "the host has a certificate")


def browse(site: Site, url: str) -> str:
    """Open `url` in Chromium as a phone would that trusts Caddy's root; return the page."""
    home = site.folder / f"browser-{free_port()}"
    database = home / ".pki" / "nssdb"
    database.mkdir(parents=True)
    trust = ["-A", "-t", "C,,", "-n", "caddy", "-i", str(site.root_certificate)]
    for command in (["-N", "--empty-password"], trust):
        subprocess.run([program("certutil"), "-d", f"sql:{database}", *command], check=True)
    shop_port = site.shop.server_address[1]
    hosts = f"MAP {SHOP} 127.0.0.1:{shop_port},MAP *.bakery.example [::1]:{site.https_port}"
    try:
        done = subprocess.run(
            [
                *(program("chromium"), "--headless", "--no-sandbox", "--disable-gpu"),
                *("--disable-background-networking", "--disable-component-update"),
                *("--disable-sync", "--no-first-run", "--disable-features=HttpsUpgrades"),
                *(f"--user-data-dir={home}/profile", f"--host-resolver-rules={hosts}"),
                *("--virtual-time-budget=5000", "--dump-dom", url),
            ],
            env=os.environ | {"HOME": str(home)},
            capture_output=True,
            text=True,
            timeout=120,
        )
        return done.stdout
    finally:
        shutil.rmtree(home, ignore_errors=True)
