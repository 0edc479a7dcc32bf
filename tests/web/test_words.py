"""Figures and times as pages write them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import translation

from tapline.numerals import grouped, money, percent, points
from tapline.web.templatetags.tapline import localtime_input, seconds_ago


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


def test_figures_are_rounded_and_written_as_the_language_of_the_page_does() -> None:
    assert (points(0.0399), points(-0.012)) == ("4.0", "-1.2")
    assert money(Decimal("1234.996"), "USD") == "1,235.00 USD"
    assert money(Decimal(5), "") == "5.00"
    with translation.override("de"):
        assert (grouped(1_000_000), percent(0.125), points(0.0399)) == (
            "1.000.000",
            "12,5 %",
            "4,0",
        )
        assert money(Decimal("1234.5"), "EUR") == "1.234,50 EUR"


def test_a_time_in_a_form_is_on_the_workspaces_clock() -> None:
    noon = dt.datetime(2030, 7, 1, 12, 0, tzinfo=dt.UTC)

    assert localtime_input(noon, "Europe/Berlin") == "2030-07-01T14:00"
    assert localtime_input(None, "Europe/Berlin") == ""
