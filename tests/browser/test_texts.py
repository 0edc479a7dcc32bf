"""A saved text is used again and shows what it did; a link that fails people is mended at once."""

from __future__ import annotations

import re
from contextlib import closing

import pysqlite3
import pytest
from playwright.sync_api import Page, expect

from tests.browser.making import make_people
from tests.browser.shop import Shop
from tests.programs import needs
from tests.running import wait_for

pytestmark = [pytest.mark.slow, needs("chromium")]


def test_a_saved_text_is_sent_again_and_shows_what_it_did(shop: Shop, page: Page) -> None:
    make_people(shop, "Tilda", "Till", tags=("counter",))
    asked = {"groups": [{"conditions": [{"kind": "tag", "name": "counter"}]}]}
    shop.call("POST", "/segments", name="At the counter", question=asked)
    page.goto(shop.address("broadcasts:texts"))
    page.get_by_role("link", name="Save a text").click()
    page.get_by_label("Name").fill("Pie of the week")
    page.get_by_label("Text").fill("Pie: https://www.example.com/pie Reply STOP to opt out")
    page.get_by_role("button", name="Save").click()
    page.goto(shop.address("broadcasts:texts"))
    expect(page.get_by_role("row", name="Pie of the week")).to_contain_text("never")

    page.get_by_role("link", name="Pie of the week").click()
    page.get_by_role("link", name="Write a broadcast with it").click()
    expect(page.locator("textarea[name=text]")).to_have_value(re.compile("^Pie: https://"))
    page.locator("input[name=name]").fill("Sent from a saved text")
    page.get_by_label("Audience").select_option(label="Segment «At the counter»")
    expect(page.get_by_text("2 people get it")).to_be_visible()
    page.get_by_role("button", name="Save and check").last.click()
    page.get_by_role("link", name="See what will happen, and send").click()
    page.get_by_role("button", name="Send 2 texts now").click()
    expect(page.get_by_role("heading", level=1, name="Sent from a saved text")).to_be_visible()

    # The simulator takes the texts, and its receipts say that they arrived.
    page.goto(shop.address("broadcasts:texts"))
    page.get_by_role("link", name="Pie of the week").click()
    row = page.get_by_role("row", name="Sent from a saved text")

    def has_arrived() -> bool:
        page.reload()
        return row.get_by_role("cell", name="2", exact=True).count() > 0

    wait_for(has_arrived, seconds=20, what="the saved text's history")
    expect(row).to_contain_text(" % – ")


def test_a_link_that_fails_people_is_mended_in_one_click(shop: Shop, page: Page) -> None:
    gone, there = "http://10.20.30.40/menu", "https://www.example.com/new-menu"
    link = shop.call("POST", "/links", destination=gone, name="Menu that is gone")
    shop.call("POST", f"/links/{link['id']}/aliases", path="gone-menu")
    wait_for(lambda: shop.open("gone-menu").status == 302, seconds=10, what="the edge knows it")
    _let_it_fail_again(shop, gone)

    page.goto(shop.address("web:home"))
    needs = page.get_by_role("region", name="What needs you").get_by_role("listitem")
    needs.filter(has_text=gone).get_by_role("link", name="Mend the link").click()
    alarm = page.get_by_role("region", name="People tap, and reach no page.")
    expect(alarm).to_contain_text("private network")
    alarm.get_by_label("Send everybody there instead").fill(there)
    alarm.get_by_label("Send everybody there instead").press("Enter")

    expect(alarm).to_have_count(0)
    wait_for(lambda: shop.open("gone-menu").leads_to == there, seconds=10, what="it is mended")


def _let_it_fail_again(shop: Shop, address: str) -> None:
    """Wait for the first look at a tapped destination, and let the second have failed as well.

    A minute lies between the two: a server that restarts is no alarm.
    """
    looked = "select 1 from links_destination where address = ? and failures = 1"
    wait_for(lambda: shop.tapline.rows(looked, address), seconds=20, what="somebody looked")
    again = "update links_destination set failures = 2 where address = ?"
    with closing(pysqlite3.connect(shop.tapline.control_database, timeout=30)) as database:
        database.execute(again, (address,))
        database.commit()
