"""axe-core finds nothing serious on any page, light and dark, on a desk and on a phone.

The pages are taken from the addresses themselves: a new one is checked without being listed.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Page

from tests.browser.addresses import NOT_HERE, addresses
from tests.browser.conftest import DESK, PHONE
from tests.browser.shop import Shop
from tests.programs import needs

pytestmark = [pytest.mark.slow, needs("chromium")]

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
# What is serious by axe's own measure. The rest is read when a page is made, and is no failure.
SERIOUS = ("serious", "critical")
# Only these can differ between light and dark, or between a wide and a narrow screen.
OF_COLOUR = ["color-contrast", "link-in-text-block"]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EVERYTHING = {"runOnly": {"type": "tag", "values": TAGS}}
FORMS: tuple[tuple[Literal["light", "dark"], dict[str, Any]], ...] = (
    ("light", EVERYTHING),
    ("dark", {"runOnly": {"type": "rule", "values": OF_COLOUR}}),
)
RUN = """
async (run) => (await axe.run(document, {preload: false, resultTypes: ["violations"], ...run}))
  .violations.map(({id, impact, help, nodes}) =>
    ({id, impact, help, targets: nodes.map((node) => node.target.join(" "))}))
"""
# Page and rule: why it is right as it is.
EXCEPTIONS: dict[tuple[str, str], str] = {}


def _rooms() -> dict[str, list[str]]:
    """Return the names of all addresses by the room that they belong to."""
    rooms = defaultdict(list)
    for name in addresses():
        if name not in NOT_HERE:
            rooms[name.rpartition(":")[0] or name].append(name)
    return rooms


@pytest.mark.parametrize("room", _rooms())
def test_axe_finds_nothing_serious(shop: Shop, page: Page, stranger_page: Page, room: str) -> None:
    found: list[str] = []
    for name in _rooms()[room]:
        address = shop.address(name)
        tabs = (page,) if "workspace_id" in addresses()[name] else (stranger_page, page)
        if tab := next((tab for tab in tabs if _is_page(tab, address)), None):
            found += issues(tab, name, address)

    assert not found, "\n".join(found)


def test_axe_finds_what_is_wrong(shop: Shop, page: Page) -> None:
    page.goto(shop.address("web:home"))
    page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<input>')")

    found = page.evaluate(AXE.read_text("utf-8") + f";({RUN})({json.dumps(EVERYTHING)})")

    assert "label" in {issue["id"] for issue in found}


def _is_page(tab: Page, address: str) -> bool:
    """Say whether a GET answers a whole page; fails where what it shows is not there."""
    answer = tab.context.request.get(address, max_redirects=0)
    assert answer.status < 400 or answer.status == 405, f"{answer.status}: {address}"
    return answer.status == 200 and answer.text().lstrip()[:9].lower() == "<!doctype"


def issues(tab: Page, name: str, address: str) -> Iterator[str]:
    """Yield one line for each serious issue of a page, in all its forms."""
    tab.emulate_media(color_scheme="light", reduced_motion="reduce")
    tab.goto(address)
    tab.evaluate(AXE.read_text("utf-8") + ";0")
    for width in (PHONE, DESK):
        tab.set_viewport_size(width)
        for scheme, run in FORMS:
            tab.emulate_media(color_scheme=scheme)
            for issue in tab.evaluate(RUN, run):
                if issue["impact"] in SERIOUS and (name, issue["id"]) not in EXCEPTIONS:
                    where = ", ".join(issue["targets"])
                    yield f"{name} at {width['width']} {scheme}: {issue['help']}: {where}"
