"""The report of a broadcast moves while people tap."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import sign_in
from tests.browser.shop import Shop
from tests.programs import needs

pytestmark = [pytest.mark.slow, needs("chromium")]


def test_a_tap_shows_on_the_open_report(shop: Shop, stranger_page: Page) -> None:
    page = stranger_page
    sign_in(page, shop.sign_in_link())
    page.goto(shop.address("broadcasts:list"))
    page.get_by_role("link", name="Demo").first.click()
    taps = _figure(page, "Their taps")
    before = int(taps.inner_text())

    shop.tap(next(shop.untapped))

    expect(taps).to_have_text(str(before + 1))


def _figure(page: Page, name: str) -> Locator:
    """Return the number under a name."""
    pair = page.locator("dl > div", has=page.get_by_text(name, exact=True))
    return pair.locator("dd").filter(has_text=re.compile(r"^[\d,]+$"))


def test_names_of_days_and_what_follows_the_tables_stand_apart(shop: Shop, page: Page) -> None:
    page.goto(shop.address("broadcasts:show"))
    gaps = page.evaluate(
        """() => {
            const words = [...document.querySelectorAll(".heat thead th")].map(each => {
                const range = document.createRange();
                range.selectNodeContents(each);
                return range.getBoundingClientRect();
            });
            return words.slice(1).map((word, place) => word.left - words[place].right);
        }"""
    )
    after = page.get_by_text("Place unknown").bounding_box()
    ends = page.evaluate(
        "Math.max(...[...document.querySelectorAll('.masonry > .card')]"
        ".map(each => each.getBoundingClientRect().bottom + scrollY))"
    )

    assert len(gaps) == 7
    assert min(gaps) >= 4
    assert after
    assert after["y"] - ends >= 20
