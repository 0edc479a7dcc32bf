"""Addresses that users give never lead into a private network."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import httpx2
import pytest

from tapline.outbound import (
    BadAddress,
    Forbidden,
    check_address,
    is_public,
    is_public_address,
    make_client,
)

TIMEOUT = httpx2.Timeout(2.0)


@pytest.fixture
def inside() -> Iterator[tuple[str, list[str]]]:
    """A server on this machine that nobody from outside may reach: its port, and who called."""
    calls: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            calls.append(self.headers["Host"])
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield str(server.server_address[1]), calls
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::5db8:d70e", True),
        ("2002:7f00:1::", False),
    ],
)
def test_only_public_addresses_count(address: str, expected: bool) -> None:
    assert is_public(address) is expected


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com/",
        "ftp://api.example.com/",
        "https:///nothing",
        "https://user:pass@api.example.com/",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://[::1]/",
        "https://169.254.169.254/latest/meta-data",
    ],
)
def test_an_address_that_must_not_be_called_is_refused_when_it_is_entered(url: str) -> None:
    with pytest.raises(BadAddress):
        check_address(url)


def test_a_name_that_leads_inside_is_never_connected_to(inside: tuple[str, list[str]]) -> None:
    port, calls = inside
    client = make_client(
        timeout=TIMEOUT, resolve=lambda host, port: ["127.0.0.1"], allows_local=False
    )

    with client, pytest.raises(Forbidden):
        client.get(f"http://gateway.example:{port}/")

    assert calls == []


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    client = make_client(
        timeout=TIMEOUT,
        resolve=lambda host, port: ["93.184.215.14", "10.0.0.1"],
        allows_local=False,
    )

    with client, pytest.raises(Forbidden):
        client.get("http://gateway.example/")


def test_the_connection_goes_to_the_address_that_was_looked_at(
    inside: tuple[str, list[str]],
) -> None:
    """A name is looked up once: what it answers afterwards cannot redirect the connection."""
    port, calls = inside
    answers = iter([["127.0.0.1"]])
    client = make_client(
        timeout=TIMEOUT, resolve=lambda host, port: next(answers), allows_local=True
    )

    with client:
        first = client.get(f"http://gateway.example:{port}/")
        second = client.get(f"http://gateway.example:{port}/")

    assert (first.text, second.text) == ("ok", "ok")
    assert calls == [f"gateway.example:{port}"] * 2


def test_the_next_address_is_tried_when_one_does_not_answer(inside: tuple[str, list[str]]) -> None:
    port, calls = inside
    client = make_client(
        timeout=TIMEOUT, resolve=lambda host, port: ["::1", "127.0.0.1"], allows_local=True
    )

    with client:
        assert client.get(f"http://gateway.example:{port}/").text == "ok"

    assert len(calls) == 1


def test_a_redirect_is_not_followed() -> None:
    client = make_client(timeout=TIMEOUT)

    with client:
        assert client.follow_redirects is False


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://texts.example.com/hooks", True),
        ("http://texts.example.com/hooks", False),
        ("https://localhost/hooks", False),
        ("https://intranet/hooks", False),
        ("https://192.168.1.5/hooks", False),
    ],
)
def test_what_somebody_outside_could_call_is_told_by_its_spelling(url: str, expected: bool) -> None:
    assert is_public_address(url) is expected
