"""Malformed, huge and slow HTTP, guesses and floods: refused politely, within bounds."""

from __future__ import annotations

import itertools
import socket

import pytest

from tapline.edge.tap import path_of
from tests.edge.conftest import FALLBACK, HOST, World
from tests.edge.control import eventually

serials = itertools.count(5_000)
HOST_LINE = f"Host: {HOST}\r\n"

MANY_HEADERS = b"".join(b"X%d: y\r\n" % number for number in range(101))


def status_of(raw: bytes) -> int:
    return int(raw.split(b" ", 2)[1])


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"GET / HTTP/9.9\r\n\r\n", 400),
        (b"nonsense\r\n\r\n", 400),
        (b"GET /x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        ("GET /ＢＣＤＦＧＨＪＫ HTTP/1.1\r\nHost: a\r\n\r\n".encode(), 400),
        (b"GET /\xff\xfe\xff\xfe\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nBad\x00: x\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
        (
            b"POST / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\nContent-Length: 1\n\n",
            400,
        ),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        (b"GET /" + b"a" * 200_000, 414),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 40_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 300_000, 431),
        (
            b"GET / HTTP/1.1\r\nHost: a\r\n"
            + b"".join(b"X%d: y\r\n" % n for n in range(101))
            + b"\r\n",
            431,
        ),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 999999\r\n\r\n" + b"a" * 70_000, 413),
    ],
)
def test_bad_http_is_refused_and_the_connection_closed(
    world: World, request_bytes: bytes, status: int
) -> None:
    raw = world.edge.talk(request_bytes, keep_open=True)

    assert status_of(raw) == status
    assert b"Connection: close\r\n" in raw
    assert b"aaaa" not in raw


def test_a_good_request_before_a_bad_one_is_still_answered(world: World) -> None:
    path = world.code(next(serials))

    raw = world.edge.talk(
        f"GET /{path} HTTP/1.1\r\n{HOST_LINE}\r\nbroken\r\n\r\n".encode(), keep_open=True
    )

    assert raw.startswith(b"HTTP/1.1 302 ")
    assert raw.count(b"HTTP/1.1 ") == 2
    assert len(world.records(path)) == 1


def test_a_client_that_never_ends_its_request_is_timed_out(world: World) -> None:
    with socket.create_connection(("127.0.0.1", world.edge.port), timeout=20) as client:
        client.sendall(b"GET / HT")
        raw = client.recv(65536)

    assert status_of(raw) == 408


@pytest.mark.parametrize(
    "path",
    [
        "",
        "a",
        "2" * 5,
        "2" * 13,
        "aeiouaei",
        "0O1l0O1l",
        "%F0%9F%98%80" * 8,
        "%00%00%00%00%00%00",
        "%zz",
        "%",
        "../../../../etc/passwd",
        "BCDFGHJK/BCDFGHJK",
        "zzzzzzzz",
        "zzzzzzzzzzzz",
        "%EF%BC%A2%EF%BC%A3%EF%BC%A4%EF%BC%A6%EF%BC%A7%EF%BC%A8%EF%BC%AA%EF%BC%AB",
        "%FF%FE%FF%FE%FF%FE",
        "a" * 500,
        "%C3%84" * 390,
        "x?" + "y" * 2000,
    ],
)
def test_what_is_no_code_leads_to_the_fallback_without_a_record(world: World, path: str) -> None:
    raw = world.edge.talk(f"GET /{path} HTTP/1.1\r\n{HOST_LINE}\r\n".encode())

    assert f"Location: {FALLBACK}\r\n".encode() in raw
    assert world.records(path_of(f"/{path}".encode())) == []


@pytest.mark.parametrize(
    "host", ["", "unknown.example", "*", "[::1", "ä.example", "a" * 3000, ".", ":"]
)
def test_an_unknown_host_serves_nothing(world: World, host: str) -> None:
    path = world.code(next(serials))

    raw = world.edge.talk(
        f"GET /{path} HTTP/1.1\r\n".encode() + b"Host: " + host.encode() + b"\r\n\r\n"
    )

    assert status_of(raw) in (400, 404)
    assert world.records(path) == []


def test_repeats_of_one_tap_are_folded_into_one_counting_record(world: World) -> None:
    path = world.code(next(serials))
    request = f"GET /{path} HTTP/1.1\r\n{HOST_LINE}\r\n".encode()

    for _ in range(3):
        assert world.edge.talk(request * 100).count(b"HTTP/1.1 302 ") == 100

    written_at_once = len(world.records(path))
    assert 50 <= written_at_once < 150
    assert world.edge.metric("tapline_edge_folded_taps_total") >= 150


def test_guesses_from_one_network_are_slowed_and_people_are_not(world: World) -> None:
    guesses = "".join(
        f"GET /guess{number} HTTP/1.1\r\n{HOST_LINE}\r\n" for number in range(60)
    ).encode()

    raw = world.edge.talk(guesses)

    assert raw.count(b"HTTP/1.1 302 ") == 60, "slow, but answered"
    assert world.edge.metric("tapline_edge_slowed_answers_total") >= 40
    path = world.code(next(serials))
    assert world.edge.get(f"/{path}", host=HOST).status == 302


def test_a_client_that_goes_away_before_its_answer_harms_nobody(world: World) -> None:
    paths = [world.code(next(serials)) for _ in range(20)]
    for path in paths:
        with socket.create_connection(("127.0.0.1", world.edge.port)) as client:
            client.sendall(f"GET /{path} HTTP/1.1\r\n{HOST_LINE}\r\n".encode())

    eventually(lambda: all(world.records(path) for path in paths), "every tap is written down")
    eventually(lambda: world.edge.metric("tapline_edge_connections") == 0, "all are closed")


def test_a_target_that_names_another_host_speaks_for_no_later_request(world: World) -> None:
    lines = f" HTTP/1.1\r\n{HOST_LINE}X-Odd: lines of its own\r\n\r\n".encode()
    code = world.code(next(serials)).encode()

    world.edge.talk(b"GET http://elsewhere.example/" + code + lines)
    answered = world.edge.talk(b"GET /" + code + lines)

    assert status_of(answered) == 302
    assert b"Location: https://example.com/menu" in answered
