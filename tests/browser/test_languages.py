"""Pages in another language: chosen by a click, and still readable by browsers."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.addresses import addresses
from tests.browser.shop import Shop
from tests.programs import needs

pytestmark = [pytest.mark.slow, needs("chromium")]

# «0,5» is half in German for people, and nothing to a browser.
UNREADABLE = re.compile(r'\b(?:value|min|max|step|x|y|r|[xy][12]|c[xy]|width|height)="-?\d+,\d+"')


def test_a_click_changes_the_language_of_the_pages(shop: Shop, stranger_page: Page) -> None:
    page = stranger_page
    page.goto(shop.address("workspaces:sign-in"))

    page.get_by_role("button", name="Deutsch").click()
    expect(page.get_by_role("heading", name="Anmelden")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Anmelden")).to_be_visible()
    page.get_by_role("button", name="English").click()

    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_browsers_can_read_the_numbers_of_every_page_in_german(shop: Shop, page: Page) -> None:
    wrong, said_in_german = [], 0
    for name in addresses():
        german = {"Accept-Language": "de"}
        answer = page.context.request.get(shop.address(name), headers=german, max_redirects=0)
        if answer.headers.get("content-type", "").startswith("text/html"):
            wrong += [f"{name}: {each}" for each in UNREADABLE.findall(answer.text())]
            said_in_german += '<html lang="de">' in answer.text()

    assert wrong == []
    assert said_in_german > 50
