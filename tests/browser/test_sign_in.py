"""Passkeys in a real browser, with an authenticator that the browser plays itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import tab
from tests.browser.shop import Shop
from tests.browser.test_accessibility import issues
from tests.programs import needs

pytestmark = [pytest.mark.slow, needs("chromium")]

SOMEBODY = "keys@example.com"
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def keys_page(browser: Browser) -> Iterator[Page]:
    """A tab on a device that can make passkeys."""
    with tab(browser) as page:
        session = page.context.new_cdp_session(page)
        session.send("WebAuthn.enable")
        session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
        yield page


def _local(address: str) -> str:
    """Return an address as browsers let it use passkeys without TLS."""
    return address.replace("127.0.0.1", "localhost")


def _sign_in(page: Page, shop: Shop) -> None:
    page.goto(_local(shop.sign_in_link(SOMEBODY)))
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_somebody_adds_a_passkey_and_signs_in_with_it_alone(shop: Shop, keys_page: Page) -> None:
    page = keys_page
    _sign_in(page, shop)
    page.goto(_local(shop.address("mfa_index")))
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill("This laptop")
    page.get_by_role("button", name="Add passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    found = [*issues(page, "mfa_view_recovery_codes", page.url)]
    page.goto(_local(shop.address("mfa_list_webauthn")))
    for name in ("Rename", "Remove"):
        link = page.get_by_role("link", name=name).get_attribute("href")
        found += issues(page, name, _local(shop.url) + str(link))
        page.go_back()
    assert not found

    page.get_by_role("button", name="Sign out").first.click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/w/*/")

    # After the link it is asked for as well.
    page.get_by_role("button", name="Sign out").first.click()
    _sign_in(page, shop)
    expect(page.get_by_role("heading", name="Prove that it is you")).to_be_visible()
    assert not [*issues(page, "mfa_authenticate", page.url)]
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/w/*/")


def test_a_device_without_a_passkey_says_what_to_do(shop: Shop, keys_page: Page) -> None:
    keys_page.goto(_local(shop.address("workspaces:sign-in")))
    keys_page.evaluate("() => { navigator.credentials.get = () => Promise.reject(Error('no')); }")

    keys_page.get_by_role("button", name="Sign in with a passkey").click()

    expect(keys_page.get_by_role("alert")).to_contain_text("come in another way")
