"""Who asks for a page, behind proxies: the same rule as at the edge."""

from __future__ import annotations

import dataclasses

import pytest
from django.test import RequestFactory

from tapline import addresses, config
from tapline.config import BadSetting
from tapline.web.clients import client_address

OURS = "10.0.0.0/8, 2001:db8:ffff::/48"


@pytest.fixture
def proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = dataclasses.replace(
        config.current(), web_trusted_proxies=OURS, web_client_address_header="X-Real-Hops"
    )
    monkeypatch.setattr(config, "current", lambda: settings)


@pytest.mark.parametrize(
    ("peer", "headers", "expected"),
    [
        ("10.0.0.1", {"X-Real-Hops": "203.0.113.7"}, "203.0.113.7"),
        # What the client wrote stands on the left; what our proxies saw is on the right.
        ("10.0.0.1", {"X-Real-Hops": "198.51.100.9, 203.0.113.7, 10.0.0.2"}, "203.0.113.7"),
        ("2001:db8:ffff::1", {"X-Real-Hops": "2001:db8:1::5"}, "2001:db8:1::5"),
        ("203.0.113.8", {"X-Real-Hops": "198.51.100.9"}, "203.0.113.8"),  # no proxy of ours
        ("10.0.0.1", {"X-Forwarded-For": "198.51.100.9"}, "10.0.0.1"),  # another header
        ("10.0.0.1", {"X-Real-Hops": "not an address"}, "10.0.0.1"),
        ("10.0.0.1", {}, "10.0.0.1"),
        ("", {"X-Real-Hops": "203.0.113.7"}, ""),  # a Unix socket
    ],
)
@pytest.mark.usefixtures("proxies")
def test_the_client_is_the_rightmost_hop_that_is_no_proxy(
    peer: str, headers: dict[str, str], expected: str
) -> None:
    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR=peer)

    assert client_address(request) == expected
    trust = addresses.proxy_trust("X-Real-Hops", OURS)
    if peer:  # The edge's own answer.
        raw = {name.encode(): value.encode() for name, value in headers.items()}
        assert trust.client_address(peer, raw) == expected


def test_a_proxy_on_this_machine_is_believed_unless_told_otherwise() -> None:
    request = RequestFactory().get("/", headers={"X-Forwarded-For": "203.0.113.7"})

    assert client_address(request) == "203.0.113.7"


def test_a_mistake_names_its_setting() -> None:
    with pytest.raises(BadSetting, match="TAPLINE_WEB_TRUSTED_PROXIES"):
        addresses.proxy_trust("X-Forwarded-For", "localhost", "web_trusted_proxies")
