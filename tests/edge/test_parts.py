"""The small rules of the edge, each as a table."""

from __future__ import annotations

import pytest

from tapline.addresses import network_of, normal_address, proxy_trust
from tapline.config import BadSetting
from tapline.edge.answers import NOT_FOUND, fallback, redirect_parts
from tapline.edge.counters import Counter, Counters
from tapline.edge.limits import GUESSES_PER_MINUTE, TAPS_PER_MINUTE, GuessLimit, RepeatLimit
from tapline.edge.lookup import host_of
from tapline.edge.tap import path_of


@pytest.mark.parametrize(
    ("peer", "headers", "client"),
    [
        ("10.0.0.1", {b"X-Forwarded-For": b"203.0.113.1"}, "203.0.113.1"),
        ("10.0.0.1", {b"x-forwarded-for": b"6.6.6.6, 203.0.113.1"}, "203.0.113.1"),
        ("10.0.0.1", {b"X-Forwarded-For": b"203.0.113.1, 10.2.2.2"}, "203.0.113.1"),
        ("10.0.0.1", {b"X-Forwarded-For": b"[2001:db8::1]:443"}, "2001:db8::1"),
        ("10.0.0.1", {b"X-Forwarded-For": b"203.0.113.1:5555"}, "203.0.113.1"),
        ("10.0.0.1", {b"X-Forwarded-For": b"::ffff:203.0.113.1"}, "203.0.113.1"),
        ("10.0.0.1", {b"X-Forwarded-For": b"203.0.113.1, nonsense, 10.2.2.2"}, "10.2.2.2"),
        ("10.0.0.1", {b"X-Forwarded-For": b"10.3.3.3"}, "10.3.3.3"),
        ("10.0.0.1", {b"X-Forwarded-For": b"1.1.1.1", b"x-forwarded-for": b"2.2.2.2"}, "10.0.0.1"),
        ("10.0.0.1", {b"Forwarded": b"for=1.1.1.1"}, "10.0.0.1"),
        ("10.0.0.1", {}, "10.0.0.1"),
        ("203.0.113.9", {b"X-Forwarded-For": b"6.6.6.6"}, "203.0.113.9"),
    ],
)
def test_the_client_is_the_rightmost_hop_that_is_no_proxy(
    peer: str, headers: dict[bytes, bytes], client: str
) -> None:
    trust = proxy_trust("X-Forwarded-For", "10.0.0.0/8, fd00::/8")

    assert trust.client_address(peer, headers) == client


def test_without_configured_proxies_no_header_is_believed() -> None:
    trust = proxy_trust("X-Forwarded-For", "")

    assert trust.client_address("10.0.0.1", {b"X-Forwarded-For": b"6.6.6.6"}) == "10.0.0.1"


def test_proxies_that_are_no_networks_are_refused() -> None:
    with pytest.raises(BadSetting, match="TAPLINE_EDGE_TRUSTED_PROXIES"):
        proxy_trust("X-Forwarded-For", "my-proxy")


@pytest.mark.parametrize(
    ("address", "network"),
    [("203.0.113.77", "203.0.113.0/24"), ("2001:db8:1:2::9", "2001:db8:1::/48")],
)
def test_a_network_is_a_neighbourhood(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize("text", ["", "unknown", "_hidden", "1.2.3", "1.2.3.4.5", "a:b"])
def test_what_is_no_address_is_none(text: str) -> None:
    assert normal_address(text) is None


@pytest.mark.parametrize(
    ("header", "host"),
    [
        (b"Go.Example.COM", "go.example.com"),
        (b"go.example.com:8080", "go.example.com"),
        (b"go.example.com.", "go.example.com"),
        (b"[::1]:8080", "[::1]"),
        (b"", ""),
        ("ä.example".encode(), ""),
    ],
)
def test_a_host_header_names_a_host(header: bytes, host: str) -> None:
    assert host_of(header) == host


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (b"/BCDFGHJK", "BCDFGHJK"),
        (b"/BCDFGHJK/", "BCDFGHJK"),
        (b"/BCDFGHJK?utm=1", "BCDFGHJK"),
        (b"/BCDFGHJK#x", "BCDFGHJK"),
        (b"//BCDFGHJK", "BCDFGHJK"),
        (b"/summer-sale", "summer-sale"),
        (b"/s%C3%B6mmer", "sömmer"),
        (b"/%FF", "\ufffd"),
        (b"/", ""),
        (b"/?x=1", ""),
    ],
)
def test_a_target_names_a_path(target: bytes, path: str) -> None:
    assert path_of(target) == path


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "https://example.com/\r\nSet-Cookie: a=b", "//example.com", ""]
)
def test_nobody_is_sent_to_an_unsafe_address(url: str) -> None:
    assert redirect_parts(url) is None
    assert fallback(url) is NOT_FOUND


def test_a_code_is_put_where_the_destination_asks_for_it() -> None:
    parts = redirect_parts("https://example.com/{code}?again={code}")
    assert parts is not None

    assert b"Location: https://example.com/A%2FB?again=A%2FB\r\n" in parts.answer("A/B").head


def test_guesses_are_slowed_beyond_their_limit_and_forgiven_the_next_minute() -> None:
    limit = GuessLimit()

    slowed = [limit.slows("203.0.113.0/24") for _ in range(GUESSES_PER_MINUTE + 5)]
    assert slowed == [False] * GUESSES_PER_MINUTE + [True] * 5
    assert not limit.slows("198.51.100.0/24")

    limit.begin_minute()
    assert not limit.slows("203.0.113.0/24")


def test_the_hundredth_repeat_is_too_many_and_others_are_not_affected() -> None:
    limit = RepeatLimit()

    exceeded = [limit.exceeds("BCDFGHJK", "203.0.113.0/24") for _ in range(TAPS_PER_MINUTE + 10)]

    assert exceeded.index(True) == TAPS_PER_MINUTE - 1
    assert all(exceeded[TAPS_PER_MINUTE:])
    assert not limit.exceeds("BCDFGHJK", "198.51.100.0/24")
    assert not limit.exceeds("BCDFGHJL", "203.0.113.0/24")


def test_counters_of_children_add_up() -> None:
    counters = Counters.create(3)
    for child in range(3):
        counters.row(child)[Counter.REDIRECT] += child + 1

    assert counters.total(Counter.REDIRECT) == 6
    assert counters.total(Counter.UNKNOWN) == 0
