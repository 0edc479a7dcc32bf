"""Writing a broadcast in a browser: what is typed is shown, counted, mended and kept."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.shop import Shop
from tests.pictures.drawing import png
from tests.programs import needs

pytestmark = [pytest.mark.slow, needs("chromium")]

TEXT = "SUMMER SALE – see {{ first_name | you }} there: https://www.example.com/menu"


def test_a_text_is_written_mended_and_found_again_as_a_draft(shop: Shop, page: Page) -> None:
    page.goto(shop.address("broadcasts:new"))
    preview = page.get_by_role("region", name="What they get")
    expect(page.get_by_text(re.compile(r"people get it|person gets it"))).to_be_visible()

    page.locator("textarea[name=text]").fill(TEXT)
    expect(preview.get_by_text("en dash, at character 13")).to_be_visible()
    expect(preview.get_by_text("https://www.example.com/menu")).to_be_visible()

    # One click each; the text changes in its field, and what is shown follows.
    preview.get_by_role("button", name="Write -", exact=True).click()
    expect(preview.get_by_text("en dash")).to_have_count(0)
    preview.get_by_role("button", name="Write it small").click()
    expect(preview.get_by_text("large letters")).to_have_count(0)
    field = page.locator("textarea[name=text]")
    expect(field).to_have_value(TEXT.replace("–", "-").replace("SUMMER SALE", "Summer sale"))

    # What was done by a button is undone as typing is.
    field.press("Control+z")
    expect(field).to_have_value(TEXT.replace("–", "-"))

    expect(page.get_by_text("Kept as a draft at")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/broadcasts/\d+/text$"))
    page.reload()
    expect(field).to_have_value(TEXT.replace("–", "-"))


def test_recipients_are_stepped_through_by_the_keyboard(shop: Shop, page: Page) -> None:
    page.goto(shop.address("broadcasts:new"))
    page.locator("textarea[name=text]").fill("Hi {{ first_name | you }}")
    preview = page.get_by_role("region", name="What they get")
    expect(preview.get_by_text("Recipient 1,")).to_be_visible()

    preview.get_by_role("button", name="Next").press("Enter")
    expect(preview.get_by_text("Recipient 2,")).to_be_visible()
    preview.get_by_role("button", name="Previous").press("Enter")
    expect(preview.get_by_text("Recipient 1,")).to_be_visible()
    number = preview.get_by_label("Number of the recipient")
    number.fill("3")
    number.press("Tab")
    expect(preview.get_by_text("Recipient 3,")).to_be_visible()
    assert re.search(r"\+\d\d…\d\d", preview.inner_text())


def test_a_merge_field_goes_where_one_writes(shop: Shop, page: Page) -> None:
    page.goto(shop.address("broadcasts:new"))
    field = page.locator("textarea[name=text]")
    field.fill("Hi , see you")
    field.evaluate("field => field.setSelectionRange(3, 3)")

    page.get_by_label("Insert what you know of each person").select_option("first_name")
    page.get_by_role("button", name="Insert").click()

    expect(field).to_have_value("Hi {{ first_name }}, see you")


def test_where_links_lead_is_looked_at_while_one_writes(shop: Shop, page: Page) -> None:
    page.goto(shop.address("broadcasts:new"))
    page.locator("textarea[name=text]").fill("Our menu: http://10.20.30.41/menu")

    looked_at = page.locator("#destinations")
    expect(looked_at.get_by_text("does not work")).to_be_visible()
    expect(looked_at).to_contain_text("10.20.30.41 lies in a private network.")


def test_the_last_words_before_leaving_are_kept(shop: Shop, page: Page) -> None:
    page.goto(shop.address("broadcasts:new"))
    page.locator("input[name=name]").fill("Left in a hurry")
    page.locator("textarea[name=text]").fill("The last words")

    page.goto(shop.address("broadcasts:list"))

    # The browser sends them while the next page loads: the list may be asked for first.
    for _ in range(10):
        page.reload()
        if page.get_by_text("Left in a hurry").count():
            return
        page.wait_for_timeout(500)
    pytest.fail("what was written is not among the drafts")


def test_a_chosen_picture_is_seen_at_once_and_taken_out_again(shop: Shop, page: Page) -> None:
    page.goto(shop.address("broadcasts:new"))
    page.locator("textarea[name=text]").fill("See https://www.example.com/menu")
    preview = page.get_by_role("region", name="What they get")

    page.get_by_label("Add a picture").set_input_files(
        {"name": "bread.png", "mimeType": "image/png", "buffer": png()}
    )
    shown = preview.get_by_role("img", name="Picture «bread.png»")
    expect(shown).to_be_visible()
    assert shown.evaluate("picture => picture.decode().then(() => picture.naturalWidth)") == 24
    expect(page.get_by_text("Kept as a draft at")).to_be_visible()
    page.reload()
    expect(shown).to_be_visible()

    page.get_by_label("Add another picture").set_input_files(
        {"name": "page.png", "mimeType": "image/png", "buffer": b"<html>"}
    )
    expect(page.get_by_role("alert")).to_contain_text("no picture that texts can carry")
    page.get_by_role("button", name="Take out").click()
    expect(shown).to_have_count(0)
