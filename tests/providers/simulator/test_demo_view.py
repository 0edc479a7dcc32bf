from __future__ import annotations

import datetime as dt
import io

import pytest
from rich.console import Console

from tapline.providers.simulator.demo_view import State, Tap, describe_tap, draw, live_view

NOW = dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)
REPORT: dict[str, object] = {
    "sent": 1000,
    "delivered": 970,
    "failed": 30,
    "human_clickers": 212,
    "preview": 100,
    "scanner": 50,
    "prefetch": 7,
    "tool": 3,
    "unknown": 4,
    "click_rate": 0.2186,
    "click_rate_low": 0.2186,
    "click_rate_high": 0.2201,
}


def state(now: dt.datetime = NOW, **changes: object) -> State:
    tap = Tap(device="iPhone", browser="Safari", at=NOW - dt.timedelta(seconds=2))
    return State(contacts=1000, report={**REPORT, **changes}, taps=[tap], now=now)


def on_screen(shown: State) -> str:
    console = Console(file=io.StringIO(), width=80)
    with console.capture() as captured:
        console.print(draw(shown))
    return captured.get()


@pytest.mark.parametrize(
    ("device", "browser", "seconds", "words"),
    [
        ("iPhone", "Safari", 2.9, "iPhone, Safari, 2 s ago"),
        ("iPhone", "Mobile Safari", 2, "iPhone, Safari, 2 s ago"),
        ("iPhone", "Chrome Mobile iOS", 2, "iPhone, Chrome, 2 s ago"),
        ("iPhone", "", 0, "iPhone, 0 s ago"),
        ("", "", 119, "a phone, 119 s ago"),
        ("Pixel 8", "Chrome", 300, "Pixel 8, Chrome, 5 min ago"),
        # The clocks of two processes may differ by a hair.
        ("iPhone", "Safari", -0.2, "iPhone, Safari, 0 s ago"),
    ],
)
def test_a_tap_is_told_as_people_say_it(
    device: str, browser: str, seconds: float, words: str
) -> None:
    tap = Tap(device=device, browser=browser, at=NOW - dt.timedelta(seconds=seconds))

    assert describe_tap(tap, NOW) == words


def test_the_view_tells_people_from_machines() -> None:
    screen = on_screen(state())

    for words in (
        "1,000  sent to 1,000 contacts",
        "970  delivered",
        "212  people who tapped, 21.9%",
    ):
        assert words in screen
    assert "160  opened by machines" in screen
    assert "iPhone, Safari, 2 s ago" in screen


def test_a_wide_range_stands_beside_the_rate() -> None:
    assert "21.9% (between 21.9% and 25.0%)" in on_screen(state(click_rate_high=0.25))


def test_before_the_first_delivery_there_is_no_rate() -> None:
    assert "no rate yet" in on_screen(state(delivered=0))


def test_away_from_a_terminal_a_line_comes_now_and_then_while_there_is_news() -> None:
    console = Console(file=io.StringIO(), width=200)

    with live_view(console) as show:
        for seconds in range(12):
            delivered = min(900 + 10 * seconds, 960)
            show(state(NOW + dt.timedelta(seconds=seconds), delivered=delivered))

    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert lines == [
        f"sent 1000, delivered {delivered}, people who tapped 212, opened by machines 160"
        for delivered in (900, 930, 960)
    ]
