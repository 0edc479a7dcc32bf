"""Tests of this folder fail when their page has trouble."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.browser.shop import Shop
from tests.browser.trouble import fail_on_trouble
from tests.programs import needs

pytestmark = [pytest.mark.slow, needs("chromium")]

TROUBLES = {
    "foreign image": "document.body.append(Object.assign(new Image(), {src: 'http://127.0.0.2/a'}))",
    "console": "console.error('lost')",
    "thrown": "setTimeout(() => { throw new Error('lost') })",
    "404": "fetch('/static/tapline/nothing.js')",
}


@pytest.mark.parametrize("script", TROUBLES.values(), ids=TROUBLES)
def test_trouble_in_a_page_fails_the_test(browser: Browser, shop: Shop, script: str) -> None:
    context = browser.new_context()

    with pytest.raises(AssertionError, match="had trouble"):
        _run_in_page(context, shop.address("workspaces:sign-in"), script)
    context.close()


def _run_in_page(context: BrowserContext, address: str, script: str) -> None:
    with fail_on_trouble(context) as troubles:
        page = context.new_page()
        page.goto(address)
        assert troubles == []
        page.evaluate(script)
        for _ in range(40):  # The browser tells what it sees a moment later: two seconds at most.
            if not troubles:
                page.wait_for_timeout(50)
