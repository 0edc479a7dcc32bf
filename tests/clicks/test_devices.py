"""Device, system, browser and app are told from the agent."""

from __future__ import annotations

import pytest

from tapline.clicks.devices import Device, describe
from tests.clicks.test_rules import CHROME, IPHONE
from tests.clicks.world import IPHONE as SAFARI
from tests.clicks.world import PIXEL

SYSTEMS = [
    (SAFARI, Device("phone", "iPhone", "iOS", "Mobile Safari", "")),
    (PIXEL, Device("phone", "Pixel 8", "Android", "Chrome Mobile", "")),
    (
        f"Mozilla/5.0 (Linux; Android 10; K) {CHROME} Mobile Safari/537.36",
        Device("phone", "Android", "Android", "Chrome Mobile", ""),
    ),
    (
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36",
        Device("desktop", "Windows", "Windows", "Chrome", ""),
    ),
    ("", Device("other", "", "", "", "")),
]
APPS = [
    (f"{IPHONE} (KHTML, like Gecko) Mobile/15E148 Instagram 334.0.4 (iPhone14,5)", "Instagram"),
    (f"{IPHONE} (KHTML, like Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/466.0.0]", "Facebook"),
    (f"{IPHONE} (KHTML, like Gecko) Mobile/15E148 [FBAN/MessengerForiOS;FBAV/4]", "Messenger"),
    (f"{IPHONE} (KHTML, like Gecko) GSA/319.0.632 Mobile/15E148 Safari/604.1", "Google app"),
    (
        f"Mozilla/5.0 (Linux; Android 14) {CHROME} Mobile Safari/537.36 [Pinterest/Android]",
        "Pinterest",
    ),
    (SAFARI, ""),
]
KINDS = [
    (f"Mozilla/5.0 (Linux; Android 13; SM-X700) {CHROME} Safari/537.36", "tablet"),
    ("Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148", "tablet"),
    (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36", "desktop"),
    ("Mozilla/5.0 (Mobile; Nokia_8000_4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5", "phone"),
    ("curl/8.5.0", "other"),
]


@pytest.mark.parametrize(("agent", "device"), SYSTEMS)
def test_a_device_is_described_by_its_agent(agent: str, device: Device) -> None:
    assert describe(agent) == device


@pytest.mark.parametrize(("agent", "app"), APPS)
def test_an_in_app_browser_is_named_after_its_app(agent: str, app: str) -> None:
    assert describe(agent).app == app


@pytest.mark.parametrize(("agent", "kind"), KINDS)
def test_phones_tablets_and_desktops_are_told_apart(agent: str, kind: str) -> None:
    assert describe(agent).kind == kind
