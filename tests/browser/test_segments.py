"""A segment is put together while its count moves, saved, written to and deleted."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.making import make_people, send_to
from tests.browser.shop import Shop
from tests.programs import needs

pytestmark = [pytest.mark.slow, needs("chromium")]


def test_a_segment_is_put_together_counted_and_written_to(shop: Shop, page: Page) -> None:
    people = make_people(shop, "Segbert", "Segolene", "Sigmund", tags=("segmented",))
    sent = send_to(shop, "Segmented pie", people)
    sent.tap(shop, "Segolene")
    page.goto(shop.address("contacts:segments"))
    page.get_by_role("link", name="Make a segment").click()
    page.get_by_label("Name").fill("Regulars who tapped")
    counted = page.locator("#counted")

    _add(page, "Tag")
    condition = page.get_by_role("group", name="Tag")
    condition.get_by_role("combobox", name="Tag", exact=True).fill("segmented")
    expect(counted).to_contain_text("3")
    expect(counted.get_by_role("link", name="Sigmund")).to_be_visible()

    _add(page, "Taps")
    expect(page.get_by_label("Name")).to_have_value("Regulars who tapped")
    expect(page.get_by_label("Of these conditions")).to_be_visible()
    expect(counted.get_by_role("link")).to_have_count(1)
    expect(counted.get_by_role("link", name="Segolene")).to_be_visible()

    page.get_by_role("button", name="Save").press("Enter")
    expect(page.get_by_role("heading", level=1, name="Regulars who tapped")).to_be_visible()
    expect(page.get_by_text("segmented")).to_be_visible()
    page.get_by_role("link", name="Write to them").click()
    chosen = page.get_by_label("Audience").locator("option:checked")
    expect(chosen).to_contain_text("Regulars who tapped")
    page.locator("textarea[name=text]").fill("Hello again")
    expect(page.get_by_text("1 person gets it")).to_be_visible()


def test_an_unfinished_segment_says_what_is_missing(shop: Shop, phone_page: Page) -> None:
    page = phone_page
    page.goto(shop.address("contacts:new-segment"))
    page.get_by_label("Name").fill("Nobody yet")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Add a condition.")
    expect(page.get_by_label("Name")).to_have_value("Nobody yet")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_segment_is_deleted_and_its_people_stay(shop: Shop, page: Page) -> None:
    (person,) = make_people(shop, "Stayer", tags=("staying",))
    asked = {"groups": [{"conditions": [{"kind": "tag", "name": "staying"}]}]}
    made = shop.call("POST", "/segments", name="Short lived", question=asked)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(shop.address("contacts:segment", segment_id=made["id"]))
    page.get_by_role("button", name="Delete this segment").click()

    expect(page.get_by_role("link", name="Short lived")).to_have_count(0)
    page.goto(shop.address("contacts:show", contact_id=person.id))
    expect(page.get_by_role("heading", level=1, name="Stayer")).to_be_visible()


def _add(page: Page, kind: str) -> None:
    page.get_by_label("Add a condition").select_option(label=kind)
    page.get_by_role("button", name="Add", exact=True).press("Enter")
