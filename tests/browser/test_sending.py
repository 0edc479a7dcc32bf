"""A broadcast with two texts is written, read in words, scheduled and taken back."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.shop import Shop
from tests.programs import needs

pytestmark = [pytest.mark.slow, needs("chromium")]


def test_two_texts_are_read_in_words_scheduled_and_taken_back(shop: Shop, page: Page) -> None:
    page.goto(shop.address("broadcasts:new"))
    page.locator("input[name=name]").fill("Two texts, spring")
    page.locator("textarea[name=text]").fill("Pie today: https://www.example.com/pie")
    page.get_by_text("Try another text beside it").click()
    page.get_by_label("Text B", exact=False).first.fill("Hungry? https://www.example.com/pie")
    page.get_by_label("Share that gets nothing", exact=False).fill("10")
    page.get_by_role("button", name="Save and check").last.click()

    page.get_by_role("link", name="See what will happen, and send").click()
    page.get_by_label("When", exact=False).fill("2031-05-01T09:30")
    page.get_by_role("button", name="Show for this time").click()
    expect(page.get_by_text("A, to 50 %: Pie today")).to_be_visible()
    expect(page.get_by_text("get nothing on purpose")).to_be_visible()
    expect(page.get_by_text("1 May 2031 09:30")).to_be_visible()

    page.get_by_role("button", name="Schedule it").click()
    expect(page.get_by_text("Goes out Thu 1 May 2031 09:30")).to_be_visible()

    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_role("button", name="Take it back")).to_have_count(0)
