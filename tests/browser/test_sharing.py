"""A report leaves the workspace as its owner wants: by a link, beside another, as a file."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.making import Sent, make_people, send_to
from tests.browser.shop import Shop
from tests.programs import needs

pytestmark = [pytest.mark.slow, needs("chromium")]


def test_a_stranger_reads_a_shared_report_until_its_link_is_withdrawn(
    shop: Shop, page: Page, stranger_page: Page
) -> None:
    sent = _tapped(shop, "Shared pie")
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(shop.address("broadcasts:show", broadcast_id=sent.id))
    page.get_by_role("link", name="Share").click()
    page.get_by_label("It works for").select_option(label="a week")
    page.get_by_role("button", name="Make a link").click()
    address = page.get_by_role("status").get_by_role("link").get_attribute("href") or ""

    stranger_page.goto(address)
    expect(stranger_page.get_by_role("heading", level=1, name="Shared pie")).to_be_visible()
    expect(_figure(stranger_page, "People who tapped")).to_have_text("1")
    said = stranger_page.locator("body").inner_text()
    assert "Odette" not in said
    assert "+44" not in said
    # What a stranger sees leads nowhere into the workspace.
    leads = [link.get_attribute("href") or "" for link in stranger_page.get_by_role("link").all()]
    assert not [each for each in leads if "/w/" in each]

    page.reload()  # The address was shown once, and loading the page again makes no other.
    expect(page.get_by_text(address)).to_have_count(0)
    page.get_by_role("button", name="Withdraw").click()
    expect(page.get_by_role("button", name="Withdraw")).to_have_count(0)
    answer = stranger_page.reload()
    assert answer is not None
    assert answer.status == 404
    expect(stranger_page.get_by_text("Shared pie")).to_have_count(0)


def test_two_broadcasts_are_compared_and_few_texts_prove_nothing(shop: Shop, page: Page) -> None:
    sent, other = _tapped(shop, "Compared pie"), _sent(shop, "Compared cake")
    page.goto(shop.address("broadcasts:show", broadcast_id=sent.id))
    page.get_by_role("link", name="Compare").click()
    page.get_by_label("beside").select_option(label="Compared cake")
    page.get_by_role("button", name="Compare").click()

    tapped = page.get_by_role("row", name="People who tapped").get_by_role("cell")
    expect(tapped.first).to_have_text("1")
    expect(tapped.last).to_have_text("0")
    expect(page.get_by_role("row", name="Likely between")).to_contain_text("–")
    expect(page.get_by_role("main")).not_to_contain_text("is better")
    assert other.name in (page.get_by_role("table").first.inner_text())


def test_exports_hold_what_the_report_says(shop: Shop, page: Page) -> None:
    sent = _tapped(shop, "Exported pie")
    page.goto(shop.address("broadcasts:show", broadcast_id=sent.id))
    shown = _figure(page, "People who tapped").inner_text()
    page.get_by_text("Export", exact=True).press("Enter")

    figures = _download(page, page.get_by_role("listitem").filter(has_text="Figures"))
    assert [line["value"] for line in figures if line["name"] == "human_clickers"] == [shown]
    people = _download(page, page.get_by_role("listitem").filter(has_text="Recipients"))
    assert {line["first_name"]: line["did"] for line in people} == {
        "Odette": "tapped",
        "Pim": "not_tapped",
    }
    openings = _download(page, page.get_by_role("listitem").filter(has_text="Every opening"))
    assert [line["browser"] for line in openings] == ["Mobile Safari"]


def _sent(shop: Shop, name: str) -> Sent:
    return send_to(shop, name, make_people(shop, "Odette", "Pim"))


def _tapped(shop: Shop, name: str) -> Sent:
    sent = _sent(shop, name)
    sent.tap(shop, "Odette")
    return sent


def _figure(page: Page, name: str) -> Locator:
    return page.locator("dl > div", has=page.get_by_text(name, exact=True)).locator("dd").first


def _download(page: Page, place: Locator) -> list[dict[str, str]]:
    with page.expect_download() as begun:
        place.locator("a, button").filter(has_text="CSV").click()
    return list(csv.DictReader(Path(begun.value.path()).read_text("utf-8-sig").splitlines()))
