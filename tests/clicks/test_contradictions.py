"""Headers against the agent beside them: what each check catches, and what it must leave."""

from __future__ import annotations

import pytest

from tapline.clicks.contradictions import contradiction
from tests.clicks.world import IPHONE, PAGE

CHROME = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/141.0.0.0 Mobile Safari/537.36"
)
WINDOWS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/141.0.0.0 Safari/537.36"
)
WEB_VIEW = (
    "Mozilla/5.0 (Linux; Android 14; SM-S911B; wv) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Version/4.0 Chrome/141.0.7390.70 Mobile Safari/537.36 Instagram 300.0"
)
OLD = (
    "Mozilla/5.0 (Linux; Android 7.0; CUBOT_NOTE_S) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/64.0.3282.137 Mobile Safari/537.36"
)
CHROME_ON_IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) CriOS/141.0.7390.41 Mobile/15E148 Safari/604.1"
)
DESKTOP_SITE = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/141.0.0.0 Safari/537.36"
)
TAP = PAGE | {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document", "sec-fetch-site": "none"}
HINTS = {
    "sec-ch-ua": '"Google Chrome";v="141", "Not?A_Brand";v="8", "Chromium";v="141"',
    "sec-ch-ua-mobile": "?1",
    "sec-ch-ua-platform": '"Android"',
}


@pytest.mark.parametrize(
    ("agent", "headers"),
    [
        (CHROME, TAP | HINTS),
        (CHROME, PAGE),  # over plain HTTP nothing that begins with Sec- is sent
        (WINDOWS, TAP | HINTS | {"sec-ch-ua-mobile": "?0", "sec-ch-ua-platform": '"Windows"'}),
        (DESKTOP_SITE, TAP | HINTS | {"sec-ch-ua-mobile": "?0"}),
        (WEB_VIEW, TAP),  # apps' own views left hints out for years
        (OLD, PAGE),
        (IPHONE, PAGE),
        (IPHONE, TAP),
        (CHROME_ON_IPHONE, TAP),
        (CHROME, {"accept": "text/html"}),  # a proxy took the language away
    ],
)
def test_what_real_browsers_send_contradicts_nothing(agent: str, headers: dict[str, str]) -> None:
    assert contradiction(agent, headers) == ""


@pytest.mark.parametrize(
    ("agent", "headers", "name"),
    [
        (CHROME, {}, "bare_request"),
        (IPHONE, {"accept": "*/*"}, "bare_request"),
        (CHROME, PAGE | {"accept": "*/*", "sec-fetch-mode": "cors"}, "fetched_by_script"),
        (CHROME, TAP | HINTS | {"sec-fetch-dest": "image"}, "fetched_by_script"),
        (IPHONE, TAP | HINTS, "hints_of_another_engine"),
        (CHROME_ON_IPHONE, TAP | HINTS, "hints_of_another_engine"),
        (CHROME.replace("141", "120"), TAP | HINTS, "two_versions"),
        (WINDOWS, TAP | HINTS, "two_platforms"),
        (CHROME, TAP | HINTS | {"sec-ch-ua-platform": '"Linux"', "sec-ch-ua-mobile": "?0"}, None),
        (CHROME, TAP | HINTS | {"sec-ch-ua-mobile": "?0"}, "two_sizes"),
        (CHROME, TAP, "hints_left_out"),
        (CHROME, PAGE | HINTS, "hints_left_out"),
    ],
)
def test_what_a_browser_never_sends_is_named(
    agent: str, headers: dict[str, str], name: str | None
) -> None:
    found = contradiction(agent, headers)
    assert found == name if name else found


@pytest.mark.parametrize("odd", ["\udcff\x00", "v" * 10_000, '"', "☃"])
def test_headers_that_make_no_sense_are_endured(odd: str) -> None:
    names = ["sec-ch-ua", "sec-ch-ua-platform", "sec-ch-ua-mobile", "accept", "sec-fetch-mode"]
    assert contradiction(odd, PAGE | dict.fromkeys(names, odd)) == "fetched_by_script"
