"""People are found in the table, looked at, changed, tagged together and let go."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.making import make_people, send_to
from tests.browser.shop import Shop
from tests.programs import needs

pytestmark = [pytest.mark.slow, needs("chromium")]


def test_one_person_is_found_looked_at_and_changed(shop: Shop, page: Page) -> None:
    (person,) = people = make_people(shop, "Gwendolyn")
    sent = send_to(shop, "Looked at pie", people)
    sent.tap(shop, "Gwendolyn")
    page.goto(shop.address("web:home"))
    page.keyboard.press("g")
    page.keyboard.press("c")
    search = page.get_by_role("searchbox")
    search.fill(person.phone[-7:])
    search.press("Enter")
    assert person.phone not in page.url
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_role("link", name="Gwendolyn").press("Enter")

    # The tap, the text that it was in, and what she agreed to.
    story = page.get_by_role("listitem").filter(has=page.get_by_role("time"))
    expect(story.filter(has_text="Looked at pie").first).to_be_visible()
    expect(story.filter(has_text="Yes, text me.")).to_be_visible()

    page.get_by_role("link", name="Change").click()
    page.get_by_label("first_name").fill("Wendy")
    page.get_by_label("Its name").fill("favourite dish")
    page.get_by_label("Its value").fill("Apple pie")
    page.get_by_label("Tags").fill("regular, pie")
    page.get_by_label("Language").fill("de")
    page.get_by_label("Language").press("Enter")
    expect(page.get_by_role("heading", level=1, name="Wendy")).to_be_visible()
    expect(page.get_by_role("row", name="favourite_dish")).to_contain_text("Apple pie")
    expect(page.get_by_role("row", name="Tags")).to_contain_text("pie, regular")


def test_somebody_who_opts_out_gets_no_more_texts(shop: Shop, phone_page: Page) -> None:
    page = phone_page
    (person,) = make_people(shop, "Norbert")
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(shop.address("contacts:show", contact_id=person.id))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    marketing = page.get_by_role("row", name="marketing")
    expect(marketing).to_contain_text("yes")

    page.get_by_role("button", name="Opt out").click()

    expect(marketing).to_contain_text("no")
    # The newest moment of the story says so, too.
    newest = page.get_by_role("listitem").filter(has=page.get_by_role("time")).first
    expect(newest).to_contain_text("Opted out of all texts")


def test_several_are_tagged_by_the_keyboard_and_found_by_their_tag(shop: Shop, page: Page) -> None:
    make_people(shop, "Ulrike", "Ulrich", "Ulla", tags=("guild",))
    page.goto(shop.address("contacts:list"))
    page.get_by_label("Tag", exact=True).first.fill("guild")
    page.get_by_label("Tag", exact=True).first.press("Enter")
    expect(page.get_by_role("row")).to_have_count(4)

    for name in ("Ulrike", "Ulla"):
        page.get_by_role("row", name=name).get_by_role("checkbox").press("Space")
    page.get_by_label("What to do").select_option(label="add a tag")
    word = page.get_by_label("Tag", exact=True).last
    word.fill("choir")
    page.get_by_role("button", name="Do it").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("2 contacts")

    page.goto(shop.address("contacts:list"))
    page.get_by_label("Tag", exact=True).first.fill("choir")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_role("row")).to_have_count(3)
    expect(page.get_by_role("link", name="Ulrich")).to_have_count(0)


def test_those_who_tapped_last_come_first(shop: Shop, page: Page) -> None:
    sent = send_to(shop, "Order of pie", make_people(shop, "Zelda", "Zoltan", tags=("order",)))
    sent.tap(shop, "Zoltan")
    sent.tap(shop, "Zelda")
    page.goto(shop.address("contacts:list"))
    page.get_by_label("Tag", exact=True).first.fill("order")
    page.get_by_label("Order").select_option(label="who tapped last")
    page.get_by_role("button", name="Show", exact=True).click()

    rows = page.locator("tbody").get_by_role("row")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("Zelda")
    expect(rows.last).to_contain_text("Zoltan")


def test_the_longest_filter_is_read_whole_on_a_phone(shop: Shop, phone_page: Page) -> None:
    make_people(shop, "Ottilie")
    phone_page.goto(shop.address("contacts:list"))

    room, longest = phone_page.get_by_label("Consent").evaluate(
        """select => {
            const style = getComputedStyle(select);
            const pen = document.createElement("canvas").getContext("2d");
            pen.font = style.font;
            const widths = [...select.options].map(each => pen.measureText(each.text).width);
            const arrow = 24;
            const room = select.clientWidth - parseFloat(style.paddingLeft) - arrow;
            return [room, Math.max(...widths)];
        }"""
    )

    assert longest <= room
