"""Where the pages begin: start, home, health, and what every answer carries."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tapline import config
from tapline.broadcasts.models import Broadcast
from tapline.instance.epochs import ensure_instance
from tapline.instance.models import Instance
from tapline.links.domains import create_domain
from tapline.numerals import grouped
from tapline.web.static_files import manifest
from tapline.workspaces.models import Role, Workspace
from tapline.workspaces.tree import create_workspace
from tests.broadcasts.making import make_broadcast, make_workspace
from tests.links.making import make_link
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db


def test_the_start_leads_members_of_one_workspace_there_and_others_to_the_list() -> None:
    brand = create_workspace("Brand")
    create_workspace("Location", parent=brand)

    own = member_of(brand).get("/")
    several = member_of(brand, sees_people_below=True).get("/")
    nobody = Client().get("/")

    assert own.headers["Location"] == reverse("web:home", args=[brand.pk])
    assert several.headers["Location"] == reverse("workspaces:list")
    assert nobody.headers["Location"] == reverse("workspaces:sign-in")


def test_home_asks_owners_to_export_the_master_key_until_that_was_done() -> None:
    ensure_instance()
    workspace = create_workspace("Bakery")
    owner, viewer = member_of(workspace), member_of(workspace, Role.VIEWER)
    address = reverse("web:home", args=[workspace.pk])

    assert "tapline keys export" in owner.get(address).content.decode()
    assert "tapline keys export" not in viewer.get(address).content.decode()

    Instance.objects.update(key_exported_at=timezone.now())
    assert "tapline keys export" not in owner.get(address).content.decode()


def test_every_page_forbids_foreign_and_inline_code_and_is_kept_nowhere() -> None:
    workspace = create_workspace("Bakery")

    answer = member_of(workspace).get(reverse("web:home", args=[workspace.pk]))

    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    page = answer.content.decode()
    assert " style=" not in page
    assert "<script>" not in page


def test_the_bundle_is_served_for_ever_and_nothing_beside_it() -> None:
    script = Client().get(f"/static/tapline/{manifest()['app.js']}")
    zipped = Client().get(
        f"/static/tapline/{manifest()['app.css']}", headers={"Accept-Encoding": "gzip"}
    )

    assert script.status_code == 200
    assert script.headers["Content-Type"].startswith("text/javascript")
    assert "immutable" in script.headers["Cache-Control"]
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert zipped.content[:2] == b"\x1f\x8b"
    for name in ("app.js", "manifest.json", "..%2fbundle.py", "x"):
        assert Client().get(f"/static/tapline/{name}").status_code == 404


def test_the_health_address_answers_without_signing_in() -> None:
    answer = Client().get("/-/health")

    assert answer.json() == {"status": "ok"}


def test_forms_without_their_token_are_refused() -> None:
    strict = Client(enforce_csrf_checks=True)

    assert strict.post("/sign-out").status_code == 403


def test_an_address_for_forms_says_so_when_it_is_opened_by_itself() -> None:
    workspace = create_workspace("Bakery")

    answer = member_of(workspace).get(reverse("workspaces:invite", args=[workspace.pk]))

    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert b"There is nothing to see at this address." in answer.content


@pytest.mark.parametrize("came_from", ["http://testserver/w/1/links/", "https://www.example.com/"])
def test_what_a_workspace_refuses_keeps_its_menu_and_leads_back_to_own_pages_alone(
    came_from: str,
) -> None:
    workspace = make_workspace()
    link = make_link(workspace.domains.get(), "https://www.example.com/menu")
    address = reverse("links:destination", args=[workspace.pk, link.pk])

    answer = member_of(workspace).post(
        address, {"destination": "nonsense"}, headers={"Referer": came_from}
    )

    page = answer.content.decode()
    assert answer.status_code == 422
    assert reverse("links:list", args=[workspace.pk]) in page.partition("<main")[0]
    assert (f'href="{came_from}">Back' in page) == came_from.startswith("http://testserver/")


def test_an_unknown_address_gets_a_plain_page() -> None:
    answer = Client().get("/nothing/here")

    assert answer.status_code == 404
    assert "There is nothing here." in answer.content.decode()


def _in_vain(host: str, path: str, reason: str) -> dict[str, object]:
    asked = {"time_s": 1_700_000_000, "reason": reason, "method": "GET", "host": host}
    return asked | {"path": path, "network": "203.0.113.0/24", "agent": "Mozilla/5.0"}


class _Edge(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = {
            "status": "degraded",
            "children": {"wanted": 2, "alive": 2},
            "click_log": {"written": 12345, "lost": 7, "is_failing": True},
            "replica": {"change": 3, "age_seconds": 0.1, "error": ""},
            "certificates": [
                {
                    "file": "/etc/tls/go.crt",
                    "names": ["go.example.com", "uk.example.com"],
                    "ends_at": "2030-02-03T04:05:06Z",
                    "problem": "The certificate ends in 5 days, and nobody has renewed it.",
                }
            ],
        }
        self.send_response(200)
        self.end_headers()
        in_vain = [
            _in_vain("go.bakery.example", "menue", "unknown"),
            _in_vain("go.other.example", "secret-sale", "unknown"),
            _in_vain("198.51.100.7", "wp-login.php", "unknown_host"),
        ]
        told = in_vain if self.path == "/-/unknown" else body
        self.wfile.write(json.dumps(told).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's name
        """Say nothing."""


@pytest.fixture
def edge_that_lost_taps() -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), _Edge)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def _health_page(
    monkeypatch: pytest.MonkeyPatch, port: int, workspace: Workspace | None = None
) -> str:
    settings = config.load({"TAPLINE_EDGE_ADMIN_LISTEN": f"127.0.0.1:{port}"})
    monkeypatch.setattr(config, "current", lambda: settings)
    workspace = workspace or create_workspace("Bakery")
    answer = member_of(workspace).get(reverse("web:health", args=[workspace.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_health_page_alarms_of_lost_taps(
    monkeypatch: pytest.MonkeyPatch, edge_that_lost_taps: int
) -> None:
    page = _health_page(monkeypatch, edge_that_lost_taps)

    assert "7 taps were answered but could not be written down" in page
    assert "12,345" in page


def test_the_health_page_shows_when_certificates_end(
    monkeypatch: pytest.MonkeyPatch, edge_that_lost_taps: int
) -> None:
    page = _health_page(monkeypatch, edge_that_lost_taps)

    assert "ends in 5 days" in page
    assert "go.example.com, uk.example.com" in page
    assert "2030-02-03" in page


def test_the_health_page_says_when_the_edge_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]

    assert "The edge does not say how it is." in _health_page(monkeypatch, port)


def test_the_health_page_shows_what_was_asked_for_in_vain_on_own_hosts_only(
    monkeypatch: pytest.MonkeyPatch, edge_that_lost_taps: int
) -> None:
    brand = create_workspace("Bakery")
    shop = create_workspace("Corner shop", parent=brand)
    create_domain(shop, "https://go.bakery.example", proved=True, actor="owner")

    shown_to_shop = _health_page(monkeypatch, edge_that_lost_taps, shop)
    shown_to_brand = _health_page(monkeypatch, edge_that_lost_taps, brand)

    assert "go.bakery.example/menue" in shown_to_shop
    assert "wp-login.php" not in shown_to_shop
    assert "wp-login.php" in shown_to_brand
    assert "secret-sale" not in shown_to_shop + shown_to_brand


def test_the_start_shows_what_somebody_wrote_and_not_what_leaves_by_itself() -> None:
    workspace = make_workspace()
    make_broadcast(workspace, name="Spring menu")
    Broadcast.objects.create(workspace=workspace, kind="answers", state="sending", name="Answers")
    Broadcast.objects.update(started_at=timezone.now())
    browser = member_of(workspace)

    start = browser.get(reverse("web:home", args=[workspace.pk])).content.decode()
    listed = browser.get(reverse("broadcasts:list", args=[workspace.pk])).content.decode()

    assert "Spring menu" in start
    assert "Answers" not in start
    assert '<span class="state sending">answers</span>' in listed


def test_large_numbers_are_grouped() -> None:
    assert grouped(1_000_000) == "1,000,000"
    assert grouped(999) == "999"
