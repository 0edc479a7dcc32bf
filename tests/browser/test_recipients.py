"""Who got a broadcast is found, told apart, saved as a segment and written to again."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.making import Sent, make_people, send_to
from tests.browser.shop import Shop
from tests.programs import needs

pytestmark = [pytest.mark.slow, needs("chromium")]


def test_recipients_are_told_apart_found_and_written_to_again(shop: Shop, page: Page) -> None:
    sent = _sent(shop, "Recipients of pie")
    page.goto(shop.address("broadcasts:show", broadcast_id=sent.id))
    page.get_by_role("link", name="Who tapped").click()
    lists = page.get_by_role("navigation", name="Recipients")
    expect(page.get_by_role("row", name="Tamsin")).to_be_visible()
    expect(page.get_by_role("row")).to_have_count(2)

    lists.get_by_role("link", name="Did not tap").click()
    expect(page.get_by_role("row", name="Quentin")).to_be_visible()
    expect(page.get_by_role("row", name="Tamsin")).to_have_count(0)
    lists.get_by_role("link", name="Text failed").click()
    expect(page.get_by_role("row", name="Farrah")).to_contain_text("30003")

    # By the end of a number or by a name, with the keyboard alone.
    lists.get_by_role("link", name="All", exact=True).click()
    search = page.get_by_role("searchbox")
    search.fill("quen")
    search.press("Enter")
    expect(page.get_by_role("row", name="Quentin")).to_be_visible()
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_role("searchbox").fill("no such person")
    page.get_by_role("searchbox").press("Enter")
    page.get_by_role("link", name="Show all").first.click()
    expect(page.get_by_role("row")).to_have_count(4)

    lists.get_by_role("link", name="Did not tap").click()
    page.get_by_role("link", name="Write to those who did not").click()
    audience = page.get_by_label("Audience")
    expect(audience.locator("option:checked")).to_contain_text("Recipients of pie")
    expect(page.get_by_text("1 person gets it")).to_be_visible()


def test_those_who_tapped_become_a_segment_that_goes_on(shop: Shop, phone_page: Page) -> None:
    page = phone_page
    sent = _sent(shop, "Segment of pie")
    page.goto(shop.address("broadcasts:recipients", broadcast_id=sent.id, group="tapped"))
    expect(page.get_by_role("row", name="Tamsin")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.locator("summary", has_text="Make a segment").click()
    page.get_by_label("Name", exact=False).last.fill("Tapped pie")
    page.get_by_role("button", name="Make a segment").click()
    expect(page.get_by_role("status")).to_contain_text("«Tapped pie»")

    page.goto(shop.address("contacts:segments"))
    page.get_by_role("link", name="Tapped pie").click()
    expect(page.get_by_role("link", name="Tamsin")).to_be_visible()
    expect(page.get_by_role("link", name="Quentin")).to_have_count(0)


def _sent(shop: Shop, name: str) -> Sent:
    """A broadcast that Tamsin tapped, Quentin did not, and Farrah did not get."""
    people = make_people(shop, "Tamsin", "Quentin", "Farrah")
    sent = send_to(shop, name, people, failed="Farrah")
    sent.tap(shop, "Tamsin")
    return sent
