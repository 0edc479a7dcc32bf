"""A browser and the shop that it looks at. How a test is written with them: see this package."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    Page,
    StorageState,
    ViewportSize,
    expect,
    sync_playwright,
)

from tests.browser.shop import Shop, open_shop
from tests.browser.trouble import fail_on_trouble
from tests.programs import program

DESK: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
PATIENCE_MS = 10_000
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The one instance of this test process, started when it is first asked for."""
    with open_shop(tmp_path_factory.mktemp("shop")) as opened:
        yield opened


# Playwright's event loop runs in the thread of the tests, and Django refuses its database where one
# runs: so the browser ends with the last test of this folder, not of the process.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    with sync_playwright() as playwright:
        # The sandbox needs rights that a container does not give; the pages are our own.
        opened = playwright.chromium.launch(
            executable_path=program("chromium"), args=["--no-sandbox"]
        )
        yield opened
        opened.close()


@pytest.fixture(scope="package")
def owner(browser: Browser, shop: Shop) -> StorageState:
    """The cookies of the owner, who signed in once by the link that the terminal prints."""
    with tab(browser) as page:
        sign_in(page, shop.sign_in_link())
        return page.context.storage_state()


@pytest.fixture
def page(browser: Browser, owner: StorageState) -> Iterator[Page]:
    """A tab on a desk's screen; the owner is signed in."""
    with tab(browser, viewport=DESK, storage_state=owner) as opened:
        yield opened


@pytest.fixture
def phone_page(browser: Browser, owner: StorageState) -> Iterator[Page]:
    """A tab on a phone's screen; the owner is signed in."""
    with tab(browser, viewport=PHONE, has_touch=True, storage_state=owner) as opened:
        yield opened


@pytest.fixture
def stranger_page(browser: Browser) -> Iterator[Page]:
    """A tab in which nobody is signed in."""
    with tab(browser, viewport=DESK) as opened:
        yield opened


def sign_in(page: Page, link: str) -> None:
    """Use a sign-in link: its page asks once more, since previews open links, too."""
    page.goto(link)
    page.locator("main form button").first.click()
    page.wait_for_url("**/w/*/**")


@contextmanager
def tab(browser: Browser, **options: Any) -> Iterator[Page]:
    """Open a tab of its own; fails at the end on what went wrong in it."""
    context = browser.new_context(locale="en-US", **options)
    context.set_default_timeout(PATIENCE_MS)
    try:
        with fail_on_trouble(context):
            yield context.new_page()
    finally:
        context.close()
