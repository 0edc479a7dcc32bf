"""A file of contacts comes in as it was previewed, or not at all."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.shop import Shop
from tests.programs import needs

pytestmark = [pytest.mark.slow, needs("chromium")]

MEMBERS = """who,mobile,city
Yolanda,+44 7700 900970,Leeds
Yannick,+44 7700 900971,York
Nobody,12,Hull
"""


def test_a_file_is_mapped_previewed_tried_and_imported(shop: Shop, page: Page) -> None:
    page.goto(shop.address("contacts:list"))
    page.get_by_role("link", name="Import a file").click()
    _upload(page, "members.csv", MEMBERS)

    # «who» means nothing to a program: until it is said, it is a merge field of that name.
    page.get_by_label("First name").select_option("who")
    page.get_by_label("How", exact=True).fill("paper list at the till")
    page.get_by_label("Since when").fill("2026-05-01")
    page.get_by_label("The exact words they were shown").fill("Yes, text me offers.")
    page.get_by_label("Tag them all").fill("till")
    page.get_by_role("button", name="Read them again").click()
    preview = page.locator("#preview")
    expect(preview.get_by_role("row", name="Yolanda")).to_contain_text("+447700900970")
    expect(preview.get_by_role("row", name="Yolanda")).to_contain_text("paper list at the till")
    expect(preview).to_contain_text("Would be refused:")

    page.get_by_role("button", name="Try it out").click()
    expect(page.get_by_role("heading", name="What would happen")).to_be_visible()
    expect(_figure(page, "New contacts")).to_have_text("2")
    expect(page.get_by_role("row", name="12")).to_be_visible()

    page.get_by_role("button", name="Import it like this").click()
    expect(page.get_by_role("link", name="Write a broadcast")).to_be_visible()
    expect(_figure(page, "New contacts")).to_have_text("2")  # Trying it out had made none.
    expect(_figure(page, "Refused")).to_have_text("1")
    expect(_figure(page, "Agreed")).to_have_text("2")
    page.get_by_role("link", name="To the contacts").click()
    row = page.get_by_role("row", name="Yolanda")
    expect(row).to_contain_text("till")
    expect(row).to_contain_text("yes")


def test_what_is_no_table_is_refused_in_words(shop: Shop, page: Page) -> None:
    page.goto(shop.address("contacts:upload"))
    _upload(page, "photo.csv", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x01")

    expect(page.get_by_role("alert")).to_contain_text("'photo.csv' is not a CSV file.")
    _upload(page, "members.csv", MEMBERS)  # Another is chosen at once.
    expect(page.get_by_role("heading", level=1, name="members.csv")).to_be_visible()


def test_wrong_answers_lose_nothing_that_was_said(shop: Shop, page: Page) -> None:
    page.goto(shop.address("contacts:upload"))
    _upload(page, "again.csv", MEMBERS)
    page.get_by_label("First name").select_option("who")
    page.get_by_label("Phone number").select_option("")
    page.get_by_label("How", exact=True).fill("paper list at the till")
    page.get_by_role("button", name="Import", exact=True).click()

    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("How", exact=True)).to_have_value("paper list at the till")
    expect(page.get_by_label("First name")).to_have_value("who")


def _upload(page: Page, name: str, content: str | bytes) -> None:
    buffer = content.encode() if isinstance(content, str) else content
    file = {"name": name, "mimeType": "text/csv", "buffer": buffer}
    page.get_by_label("CSV file").set_input_files(file)  # type: ignore[arg-type]
    page.get_by_role("button", name="Upload").click()


def _figure(page: Page, name: str) -> Locator:
    return page.locator("dl > div", has=page.get_by_text(name, exact=True)).locator("dd")
