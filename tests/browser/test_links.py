"""A link for a poster: made, printed, changed, ended, and what became of it."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.shop import Shop
from tests.programs import needs
from tests.running import wait_for

pytestmark = [pytest.mark.slow, needs("chromium")]

WHATSAPP = "WhatsApp/2.23.20.0"


def test_a_link_for_a_poster_is_made_printed_and_tapped(shop: Shop, page: Page) -> None:
    page.goto(shop.address("links:list"))
    page.get_by_role("link", name="Make a link").click()
    page.get_by_label("Leads to").fill("https://www.example.com/poster")
    page.get_by_label("Name").fill("Poster of pie")
    page.get_by_label("Alias").fill("pie-poster")
    page.locator("summary", has_text="UTM").press("Enter")
    page.get_by_label("utm_source").fill("poster")
    led = "https://www.example.com/poster?utm_source=poster"
    expect(page.get_by_text(led)).to_be_visible()
    page.get_by_label("utm_source").press("Enter")

    expect(page.get_by_role("heading", level=1, name="Poster of pie")).to_be_visible()
    expect(page.get_by_role("link", name="/pie-poster")).to_be_visible()
    assert b"<svg" in _download(page, page.get_by_role("link", name=re.compile("SVG")))[:200]
    png = _download(page, page.get_by_role("link", name=re.compile("PNG")))
    assert png.startswith(b"\x89PNG")

    _wait_until(shop, "pie-poster", led)
    report = page.locator("#link-report")
    expect(report).to_contain_text("tells how often people tapped, not who they were")
    _until_counted(page, report, "1")


def test_an_alias_that_is_taken_is_refused_and_nothing_typed_is_lost(
    shop: Shop, page: Page
) -> None:
    page.goto(shop.address("links:new"))
    page.get_by_label("Leads to").fill("https://www.example.com/other")
    page.get_by_label("Name").fill("Twice")
    page.get_by_label("Alias").fill("table")
    page.get_by_role("button", name="Make link").click()

    expect(page.get_by_role("alert")).to_contain_text("table")
    expect(page.get_by_label("Leads to")).to_have_value("https://www.example.com/other")
    expect(page.get_by_label("Name")).to_have_value("Twice")
    page.goto(shop.address("links:list") + "?search=Twice")
    expect(page.get_by_role("link", name="Twice")).to_have_count(0)


def test_a_link_leads_elsewhere_back_again_and_ends(shop: Shop, page: Page) -> None:
    path = _make(shop, "Menu on the door", "door-menu", "https://www.example.com/lunch")
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(shop.address("links:list"))
    page.get_by_role("searchbox").fill("Menu on the door")
    page.get_by_role("searchbox").press("Enter")
    page.get_by_role("link", name="Menu on the door").click()

    field = page.get_by_label("Destination", exact=True)
    field.fill("https://www.example.com/dinner")
    field.press("Enter")
    expect(field).to_have_value("https://www.example.com/dinner")
    _wait_until(shop, path, "https://www.example.com/dinner")
    page.get_by_text("Where it led before").click()
    page.get_by_role("button", name="Lead there again").click()
    expect(field).to_have_value("https://www.example.com/lunch")
    _wait_until(shop, path, "https://www.example.com/lunch")

    page.get_by_label("Ends").fill("2021-05-01T09:30")
    page.get_by_role("button", name="Set", exact=True).click()
    expect(page.get_by_text("expired", exact=True)).to_be_visible()
    wait_for(lambda: shop.open(path).status != 302, seconds=10, what="the link ends")
    page.get_by_label("Ends").fill("")
    page.get_by_role("button", name="Set", exact=True).click()
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    _wait_until(shop, path, "https://www.example.com/lunch")


def test_messaging_apps_show_the_card_that_was_chosen(shop: Shop, phone_page: Page) -> None:
    page = phone_page
    path = _make(shop, "Card of pie", "pie-card", "https://www.example.com/card")
    page.goto(shop.address("links:list"))
    page.get_by_role("link", name="Card of pie").click()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.get_by_label("Title").fill("Pie & cream, today")
    page.get_by_label("Description").fill("While it is warm.")
    page.get_by_label("Title").press("Enter")

    expect(page.get_by_label("Title")).to_have_value("Pie & cream, today")
    wait_for(
        lambda: "Pie &amp; cream, today" in shop.open(path, agent=WHATSAPP).body,
        seconds=10,
        what="the card at the edge",
    )
    assert shop.tap(path) == "https://www.example.com/card"


def test_many_links_are_made_from_lines_and_come_back_as_a_file(shop: Shop, page: Page) -> None:
    page.goto(shop.address("links:list"))
    page.get_by_role("link", name="Make many").click()
    page.get_by_label("Or the lines themselves").fill(
        "https://www.example.com/a, First of many, many-first\nno address at all"
    )
    page.get_by_role("button", name="Check the lines").click()
    expect(page.get_by_text("The destination has no scheme.")).to_be_visible()
    page.get_by_role("button", name="Make 1 link").click()
    saved = _download(page, page.get_by_role("link", name="Save as CSV with the short links"))

    lines = csv.DictReader(saved.decode("utf-8-sig").splitlines())
    first, second = list(lines)
    assert re.search(r"/many-first$", first["short_link"])
    assert not second["short_link"]
    assert second["problem"]
    _wait_until(shop, "many-first", "https://www.example.com/a")


def _make(shop: Shop, name: str, path: str, destination: str) -> str:
    """Make a link with an alias, whose path is returned."""
    link = shop.call("POST", "/links", destination=destination, name=name)
    shop.call("POST", f"/links/{link['id']}/aliases", path=path)
    return path


def _wait_until(shop: Shop, path: str, destination: str) -> None:
    """Wait as long as a change needs to reach the edge."""
    what = f"/{path} leads to {destination}"
    wait_for(lambda: shop.open(path).leads_to == destination, seconds=10, what=what)


def _until_counted(page: Page, report: Locator, taps: str) -> None:
    """Look again, as one does, until a tap is counted: that takes a second or two."""

    def is_counted() -> bool:
        page.reload()
        return report.locator("dd").first.inner_text() == taps

    wait_for(is_counted, seconds=20, what="the tap in the link's report")


def _download(page: Page, link: Locator) -> bytes:
    with page.expect_download() as begun:
        link.click()
    return Path(begun.value.path()).read_bytes()
