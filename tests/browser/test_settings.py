"""A workspace is run from its settings: members, keys, domains, providers, privacy."""

from __future__ import annotations

import csv
import http.client
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.shop import Shop
from tests.programs import needs

pytestmark = [pytest.mark.slow, needs("chromium")]

GUEST = "guest@example.com"


def test_a_member_is_invited_comes_in_gets_another_role_and_leaves(
    shop: Shop, page: Page, stranger_page: Page
) -> None:
    guest = stranger_page
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(shop.address("workspaces:settings"))
    page.get_by_role("navigation", name="Settings").get_by_role("link", name="Members").click()
    page.get_by_label("E-mail address").fill(GUEST)
    page.get_by_label("E-mail address").press("Enter")
    link = page.get_by_role("status").get_by_text("/invitation/").inner_text()
    expect(page.get_by_role("row", name=GUEST)).to_contain_text("Viewer")

    guest.goto(link)
    guest.get_by_role("button", name="Accept").click()
    expect(guest.get_by_role("heading", name="Taps as they happen")).to_be_visible()
    expect(guest.get_by_role("link", name="Write a broadcast")).to_have_count(0)
    home = guest.url

    page.goto(shop.address("workspaces:members"))
    member = page.get_by_role("row", name=GUEST)
    member.locator("summary").press("Enter")
    member.get_by_label("Role").select_option(label="Sender")
    member.get_by_role("button", name="Save").click()
    expect(page.get_by_role("row", name=GUEST)).to_contain_text("Sender")
    guest.goto(home)
    expect(guest.get_by_role("link", name="Write a broadcast")).to_be_visible()

    member.locator("summary").press("Enter")
    member.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("row", name=GUEST)).to_have_count(0)
    answer = guest.goto(home)
    assert answer is not None
    assert answer.status == 404


def test_a_key_is_shown_once_works_and_is_revoked_and_all_of_it_is_written_down(
    shop: Shop, page: Page
) -> None:
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(shop.address("workspaces:keys"))
    page.get_by_label("Name of the program").fill("Till")
    page.get_by_label("See everything, change nothing").check()
    page.get_by_role("button", name="Make key").press("Enter")
    token = page.get_by_role("status").get_by_text("tapline_").inner_text()
    assert _status_with(shop, token) == 200
    # Pages over plain http have no clipboard: the key is marked, to be copied by hand.
    page.evaluate("() => Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.get_by_role("button", name="Copy").press("Enter")
    assert page.evaluate("getSelection().toString()").strip() == token

    page.reload()
    expect(page.get_by_text(token)).to_have_count(0)
    page.get_by_role("button", name="Revoke Till").click()  # Loading it again made no other.
    expect(page.get_by_role("button", name="Revoke Till")).to_have_count(0)
    assert _status_with(shop, token) == 401

    settings = page.get_by_role("navigation", name="Settings")
    settings.get_by_role("link", name="What changed").click()
    page.get_by_role("combobox", name="What", exact=True).select_option(label="API keys")
    page.get_by_role("button", name="Show", exact=True).press("Enter")
    made = page.get_by_role("row", name="Made an API key").filter(has_text="Till")
    expect(made).to_contain_text("owner@example.com")
    expect(page.get_by_role("row", name="Made a link")).to_have_count(0)
    with page.expect_download() as begun:
        page.get_by_role("link", name="CSV").click()
    lines = csv.DictReader(Path(begun.value.path()).read_text("utf-8").splitlines())
    who = {each["action"]: each["who"] for each in lines if "Till" in each["after"]}
    assert who["api_key.created"] == "owner@example.com"


def test_a_domain_is_added_tells_its_records_and_serves_when_vouched_for(
    shop: Shop, page: Page
) -> None:
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(shop.address("links:domains"))
    page.get_by_label("Host name").fill("go.pie-shop.example.com")
    page.get_by_role("button", name="Add domain").click()
    expect(page.get_by_role("heading", level=1, name="go.pie-shop.example.com")).to_be_visible()
    expect(page.get_by_text("waits for its record")).to_be_visible()
    expect(page.get_by_role("button", name="Copy").first).to_be_visible()

    page.get_by_role("button", name="Check now").click()
    expect(
        page.get_by_text("not sure").or_(page.get_by_text("not right yet")).first
    ).to_be_visible()
    page.get_by_role("button", name="Vouch for it").click()
    expect(page.get_by_text("serves links", exact=True)).to_be_visible()

    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("link", name="go.pie-shop.example.com")).to_have_count(0)


def test_an_account_at_a_provider_is_connected_priced_and_retired(shop: Shop, page: Page) -> None:
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(shop.address("providers:list"))
    page.locator("#add").get_by_role("link", name="Twilio").click()
    page.get_by_label("Name", exact=False).first.fill("Twilio of pie")
    page.get_by_label(re.compile("^Account SID")).fill("AC" + "5" * 32)
    page.get_by_label(re.compile("^Auth Token")).fill("a-secret-of-32-characters-1234567")
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("heading", level=1, name="Twilio of pie")).to_be_visible()
    assert "a-secret-of" not in page.content()
    page.get_by_label("In USD", exact=False).fill("US 0.01\n* 0.05")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Prices saved.")
    page.get_by_role("link", name="Change", exact=True).click()
    expect(page.get_by_label(re.compile("^Auth Token"))).to_have_value("")
    page.go_back()
    page.get_by_role("button", name="Retire").click()
    expect(page.get_by_role("link", name="Twilio of pie")).to_have_count(0)


def test_whose_taps_are_only_counted_is_decided_by_country(shop: Shop, phone_page: Page) -> None:
    page = phone_page
    page.goto(shop.address("workspaces:privacy"))
    countries = page.get_by_label("Or people with numbers of these countries")
    countries.fill("lu")
    countries.press("Enter")
    expect(countries).to_have_value("LU")
    countries.fill("Atlantis")
    countries.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    countries.fill("")
    countries.press("Enter")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(countries).to_have_value("")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def _status_with(shop: Shop, token: str) -> int:
    """Return what the API answers to a key."""
    connection = http.client.HTTPConnection("127.0.0.1", shop.tapline.web_port, timeout=10)
    connection.request("GET", "/api/v1/links", headers={"Authorization": f"Bearer {token}"})
    status = connection.getresponse().status
    connection.close()
    return status
