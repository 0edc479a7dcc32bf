"""The first minutes as a newcomer has them: sample data, a tap of one's own, and all of it gone."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.shop import IPHONE, Shop
from tests.programs import needs

pytestmark = [pytest.mark.slow, needs("chromium")]


def test_a_newcomer_makes_sample_data_taps_a_link_and_removes_everything(
    shop: Shop, page: Page
) -> None:
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(shop.address("welcome:try"))
    page.get_by_role("button", name="Make the sample shop").click()

    expect(page.get_by_text("Waiting for your tap")).to_be_visible()
    expect(page.get_by_text("Nobody in here is real")).to_be_visible()
    _tap(page.locator("main .card a.wrap").get_attribute("href") or "")
    expect(page.get_by_text("iPhone, Safari")).to_be_visible()
    expect(page.get_by_text("That was you.")).to_be_visible()

    page.get_by_role("button", name="Remove the sample data").click()
    expect(page.get_by_text("The sample data is being removed")).to_be_visible()


def _tap(link: str) -> None:
    """Open a link as a phone does."""
    parts = urlsplit(link)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    headers = {"User-Agent": IPHONE, "Accept": "text/html", "Accept-Language": "en-US"}
    connection.request("GET", parts.path, headers=headers)
    assert connection.getresponse().status == 302
    connection.close()
