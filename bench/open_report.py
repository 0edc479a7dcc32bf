"""How soon a tap shows on a report that is open in a browser."""

from __future__ import annotations

import os
import random
import statistics
import threading
import time

from playwright.sync_api import Browser, Page, StorageState
from tests.browser.shop import Shop

from bench.figures import Figure, at_most, seen

TAPS = int(os.environ.get("BENCH_TAPS", "40"))
SHOWN_SECONDS = 1.5
# The number under «Their taps»: the first of the figures that every tap of a person changes.
COUNT = "() => document.querySelectorAll('#report-figures dl.figures dd')[1].textContent"
WHEN_ANOTHER = """
(before) => new Promise((done, failed) => {
  const shown = () => document.querySelectorAll('#report-figures dl.figures dd')[1].textContent;
  const look = () => shown() === before ? requestAnimationFrame(look) : done(Date.now() / 1000);
  setTimeout(() => failed(new Error("it never showed")), 20000);
  look();
})
"""


def open_report_figures(browser: Browser, state: StorageState, shop: Shop) -> list[Figure]:
    """Tap links of the large broadcast, one after the other, while its report is open."""
    context = browser.new_context(storage_state=state)
    page = context.new_page()
    page.goto(shop.address("broadcasts:show"), wait_until="load", timeout=60_000)
    # The first tap brings the report's newest rows into memory.
    took = [_tap_and_see(page, shop, random.Random(turn)) for turn in range(TAPS + 1)][1:]
    context.close()
    slowest = sorted(took)[int(0.95 * (len(took) - 1))]
    note = f"{TAPS} taps"
    return [
        at_most("a tap on an open report, 95th percentile", slowest, "s", SHOWN_SECONDS, note),
        seen("a tap on an open report, p50", statistics.median(took), "s"),
    ]


def _tap_and_see(page: Page, shop: Shop, chance: random.Random) -> float:
    """Return seconds from a tap's answer to its being shown."""
    answered: list[float] = []

    def tap() -> None:
        shop.tap(next(shop.untapped))
        answered.append(time.time())

    # At any moment between two looks of the page.
    timer = threading.Timer(chance.uniform(0.1, 1.1), tap)
    before = page.evaluate(COUNT)
    timer.start()
    shown_at: float = page.evaluate(WHEN_ANOTHER, before)
    timer.join()
    return shown_at - answered[0]
