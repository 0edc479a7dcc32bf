"""Figures and times as pages write them."""

from __future__ import annotations

import datetime as dt

import pytest

from tapline.web.templatetags.tapline import localtime_input, percent, seconds_ago


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-3, "now"),
        (0.4, "now"),
        (2.9, "2 s ago"),
        (59.9, "59 s ago"),
        (60, "1 min ago"),
        (3600, "1 h ago"),
        (86_400, "1 day ago"),
        (200_000, "2 days ago"),
    ],
)
def test_how_long_ago_is_told_in_its_largest_unit(seconds: float, words: str) -> None:
    assert seconds_ago(seconds) == words


@pytest.mark.parametrize(
    ("rate", "words"),
    [(None, "–"), (0.0, "0.0 %"), (0.2212, "22.1 %"), (2 / 3, "66.7 %"), (1.0, "100.0 %")],
)
def test_rates_have_one_decimal(rate: float | None, words: str) -> None:
    assert percent(rate) == words


def test_a_time_in_a_form_is_on_the_workspaces_clock() -> None:
    noon = dt.datetime(2030, 7, 1, 12, 0, tzinfo=dt.UTC)

    assert localtime_input(noon, "Europe/Berlin") == "2030-07-01T14:00"
    assert localtime_input(None, "Europe/Berlin") == ""
