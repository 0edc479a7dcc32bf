"""`python -m tests.browser.screens`: take docs/screens/ anew, one small picture of every page.

At 1440 light and at 390 dark, from an instance with one of everything in it. Numbers and names in
the pictures are made up.
"""

from __future__ import annotations

import base64
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, StorageState, ViewportSize, sync_playwright

from tapline.cli import set_up_django
from tests.browser.addresses import NOT_HERE, addresses
from tests.browser.conftest import DESK, PHONE, sign_in
from tests.browser.shop import Shop, open_shop
from tests.programs import program

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screens"
FORMS: tuple[tuple[str, ViewportSize, Literal["light", "dark"]], ...] = (
    ("desk", DESK, "light"),
    ("phone", PHONE, "dark"),
)
MOST_BYTES = 40_000
WIDEST = 960  # pixels: words can still be read
TALLEST = 1800  # What is below says nothing new in a picture of this size.
# Chromium writes WebP from the canvas; tried from the best down until a picture is small enough.
QUALITIES = (0.7, 0.5, 0.35, 0.2, 0.1)
TO_WEBP = """
async ([png, quality, widest]) => {
  const bytes = await (await fetch(`data:image/png;base64,${png}`)).blob();
  const whole = await createImageBitmap(bytes);
  const picture = whole.width <= widest ? whole
    : await createImageBitmap(whole, {resizeWidth: widest, resizeQuality: "high"});
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  canvas.getContext("2d").drawImage(picture, 0, 0);
  const blob = await canvas.convertToBlob({type: "image/webp", quality});
  return Array.from(new Uint8Array(await blob.arrayBuffer()));
}
"""
ALL_PICTURES = """
() => Promise.all([...document.images].map((each) => {
  each.loading = "eager";
  return each.decode().catch(() => {});
}))
"""


def main() -> None:
    """Take all pictures; those of pages that are gone leave."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        os.environ["TAPLINE_DATA_DIR"] = folder  # Only the addresses are read here.
        set_up_django()
        browser = playwright.chromium.launch(
            executable_path=program("chromium"), args=["--no-sandbox"]
        )
        with open_shop(Path(folder) / "data", destination_minutes="0") as shop:
            taken = set(_take_all(browser, shop))
        browser.close()
    for path in FOLDER.glob("*.webp"):
        if path not in taken:
            path.unlink()
    sys.stdout.write(f"{len(taken)} pictures in {FOLDER}\n")


def _take_all(browser: Browser, shop: Shop) -> Iterator[Path]:
    painter = browser.new_page()  # A blank page may fetch data addresses.
    first = browser.new_context()
    sign_in(first.new_page(), shop.sign_in_link())
    owner = first.storage_state()
    for form, viewport, scheme in FORMS:
        owners, strangers = (_tab(browser, viewport, scheme, state) for state in (owner, None))
        for name, parameters in addresses().items():
            if name in NOT_HERE:
                continue
            tabs = (owners,) if "workspace_id" in parameters else (strangers, owners)
            tab = next((each for each in tabs if _open(each, shop.address(name))), None)
            if tab is not None:
                path = FOLDER / f"{name.replace(':', '-')}-{form}.webp"
                path.write_bytes(_small(painter, tab))
                yield path


def _tab(
    browser: Browser,
    viewport: ViewportSize,
    scheme: Literal["light", "dark"],
    state: StorageState | None,
) -> Page:
    context = browser.new_context(
        viewport=viewport, color_scheme=scheme, storage_state=state, locale="en-US"
    )
    return context.new_page()


def _open(tab: Page, address: str) -> bool:
    """Open an address and say whether it is a whole page."""
    answer = tab.context.request.get(address, max_redirects=0)
    if answer.status != 200 or answer.text().lstrip()[:9].lower() != "<!doctype":
        return False
    tab.goto(address)
    tab.evaluate(ALL_PICTURES)
    return True


def _small(painter: Page, tab: Page) -> bytes:
    """Return the page as a picture that is small enough."""
    height = min(TALLEST, int(tab.evaluate("document.documentElement.scrollHeight")))
    viewport = tab.viewport_size or DESK
    tab.set_viewport_size({"width": viewport["width"], "height": max(height, viewport["height"])})
    png = tab.screenshot(type="png")
    tab.set_viewport_size(viewport)
    encoded = base64.b64encode(png).decode()
    for quality in QUALITIES:
        picture = bytes(painter.evaluate(TO_WEBP, [encoded, quality, WIDEST]))
        if len(picture) <= MOST_BYTES:
            break
    return picture


if __name__ == "__main__":
    main()
