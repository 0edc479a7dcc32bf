"""What stands around every page: home that moves, the menu of a phone, keys, and no network."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.shop import Shop
from tests.programs import needs

pytestmark = [pytest.mark.slow, needs("chromium")]


def test_a_tap_appears_on_the_open_home(shop: Shop, page: Page) -> None:
    page.goto(shop.address("web:home"))
    newest = page.locator(".taps li").first
    before = newest.get_attribute("id") or ""

    shop.tap(next(shop.untapped))

    expect(newest).not_to_have_id(before)
    expect(newest).to_contain_text("iPhone, Safari")


def test_on_a_phone_every_room_is_two_taps_away(shop: Shop, phone_page: Page) -> None:
    page = phone_page
    page.goto(shop.address("web:home"))
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("navigation", name="Rooms").get_by_role("link", name="Keywords").click()

    expect(page.get_by_role("heading", level=1, name="Keywords")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_page_of_settings_that_one_is_on_is_in_sight_in_their_row(
    shop: Shop, phone_page: Page
) -> None:
    page = phone_page
    page.goto(shop.address("workspaces:audit"))
    row = page.get_by_role("navigation", name="Settings")
    here = row.get_by_role("link", name="What changed")
    expect(here).to_be_in_viewport(ratio=0.9)

    page.set_viewport_size({"width": 768, "height": 1024})
    page.goto(shop.address("workspaces:settings"))
    for each in (row.get_by_role("link").first, here):
        expect(each).to_be_in_viewport(ratio=0.9)


def test_keys_lead_to_rooms_and_to_the_search_and_do_nothing_while_one_types(
    shop: Shop, page: Page
) -> None:
    page.goto(shop.address("web:home"))
    page.keyboard.press("g")
    page.keyboard.press("c")
    expect(page.get_by_role("heading", level=1, name="Contacts")).to_be_visible()

    page.keyboard.press("/")
    search = page.get_by_role("searchbox")
    expect(search).to_be_focused()
    page.keyboard.type("gb?")
    expect(search).to_have_value("gb?")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_keys_can_be_switched_off(shop: Shop, page: Page) -> None:
    page.goto(shop.address("web:home"))
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_be_visible()
    dialog.get_by_label("Use these shortcuts in this browser").uncheck()
    dialog.get_by_role("button", name="Close").click()

    page.keyboard.press("?")
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Keyboard shortcuts").click()
    expect(dialog).to_be_visible()


def test_without_a_network_there_is_one_page_and_nobodys_data(shop: Shop, page: Page) -> None:
    page.goto(shop.address("contacts:list"))
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()  # now the worker answers for this page
    kept = page.evaluate(
        "caches.open('offline').then(c => c.keys()).then(k => k.map(r => new URL(r.url).pathname))"
    )
    page.context.set_offline(True)
    page.goto(shop.address("contacts:list"))

    expect(page.get_by_role("heading", name="You are offline.")).to_be_visible()
    assert [re.sub("-[0-9A-Z]{8}", "", path) for path in kept] == [
        "/offline",
        "/static/tapline/app.css",
    ]
