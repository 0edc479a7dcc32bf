"""What broadcasts have in common is ranked by what they did, and few texts say nothing."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.making import make_people
from tests.browser.shop import Shop
from tests.programs import needs

pytestmark = [pytest.mark.slow, needs("chromium")]


def test_kinds_are_ranked_with_their_uncertainty(shop: Shop, page: Page) -> None:
    people = make_people(shop, "Wilma", "Xaver")
    texts = [{"to": each.phone, "text": "Pie"} for each in people]
    shop.call("POST", "/track", broadcast="Works of pie", campaign="Pie weeks", texts=texts)
    page.goto(shop.address("web:home"))
    page.get_by_role("navigation", name="Rooms").get_by_role("link", name="What works").click()

    campaign = page.get_by_role("row", name="Pie weeks")
    expect(campaign).to_contain_text("too few to tell")
    expect(campaign).to_contain_text("0.0 % – ")
    # Others are ranked below, each with a table of its own or with what brings one.
    for kind in ("Offers", "Keywords", "Audiences"):
        expect(page.get_by_role("heading", name=kind)).to_be_visible()
    # The seeded broadcast went to everybody.
    everybody = page.get_by_role("region", name="Audiences").get_by_role("row", name="Everybody")
    expect(everybody).to_contain_text(" % – ")

    page.get_by_role("navigation", name="Period").get_by_role("link", name="30 days").press("Enter")
    expect(page.get_by_role("link", name="30 days")).to_have_attribute("aria-current", "page")
    expect(page.get_by_role("row", name="Pie weeks")).to_be_visible()
    page.get_by_text("How this is counted").click()
    expect(page.get_by_text("95 of 100 cases")).to_be_visible()


@pytest.mark.parametrize("name", ["insights:what-works", "providers:senders"])
def test_on_a_phone_rows_stack_and_nothing_is_pushed_aside(
    shop: Shop, phone_page: Page, name: str
) -> None:
    phone_page.goto(shop.address(name))

    row = phone_page.get_by_role("table").get_by_role("row").nth(1)
    cells = [each.bounding_box() for each in row.get_by_role("cell").all()]

    assert all(box and box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in cells)
    assert len({box["y"] for box in cells if box}) > 1
    pushed = "[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth)"
    assert phone_page.evaluate(f"{pushed}.length") == 0
