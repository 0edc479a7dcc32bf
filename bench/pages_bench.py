"""How fast every page is with a million contacts, 200 broadcasts and 20 million clicks in place.

Server time is what a GET takes on loopback; the rest is what a mid-range phone sees: Chromium with
its processor slowed to a quarter and a mobile network's pace, on a first visit with an empty cache.
"""

from __future__ import annotations

import http.client
import os
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, StorageState, sync_playwright
from tests.browser.addresses import NOT_HERE, addresses
from tests.browser.conftest import PHONE, sign_in
from tests.browser.shop import Shop
from tests.programs import find_program, program

from bench.figures import Figure, at_most, missing, seen
from bench.open_report import open_report_figures
from bench.pages_world import BROADCASTS, CONTACTS, STORED, filled_shop

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "9"))
PAGE_MS, REPORT_MS, OWN_KB, PAINT_S = 200, 300, 100, 1.5
MORE_LOOKS = 2
# A broadcast's report is held to the figure of design §15.
REPORTS = ("broadcasts:show", "broadcasts:live", "broadcasts:details")
# Lighthouse's mid-range phone on a slow 4G network: 1.6 Mb/s down, 150 ms there and back.
SLOWER, LATENCY_MS = 4, 150
BYTES_PER_SECOND = {"down": 1_600_000 // 8, "up": 750_000 // 8}
CHART_LIBRARY = "chart"
PAINT = """
() => new Promise((done) => {
  new PerformanceObserver((seen) => done(seen.getEntries().at(-1).startTime))
    .observe({type: "largest-contentful-paint", buffered: true});
  setTimeout(() => done(null), 5000);
})
"""
LOADED = """
() => performance.getEntriesByType("resource").filter((each) => /\\.(js|css)$/.test(each.name))
  .map((each) => [each.name.split("/").at(-1), each.encodedBodySize])
"""

Kind = Literal["page", "fragment", "file"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a GET was answered with, and how long it took."""

    kind: Kind
    milliseconds: float
    cpu_milliseconds: float  # of the serving process, by its clock of 10 ms


def run() -> list[Figure]:
    """Ask every address again and again, then look at every page as a phone does."""
    if find_program("chromium") is None:
        return [missing("every page", "ms", "Chromium is not on this machine")]
    with filled_shop() as shop, _chromium() as browser:
        state = _signed_in(browser, shop)
        cookie = "; ".join(f"{each['name']}={each['value']}" for each in state["cookies"])
        shown = open_report_figures(browser, state, shop)
        answers = _ask_all(shop, cookie)
        figures = _server_figures(answers)
        pages = [name for name, all_of in answers.items() if all_of[0].kind == "page"]
        addresses_of_pages = {name: shop.address(name) for name in pages}
        return figures + shown + _phone_figures(browser, state, addresses_of_pages)


def _ask_all(shop: Shop, cookie: str) -> dict[str, list[Answer]]:
    """Return the answers of every address by name, round by round; the first is not counted."""
    answers: dict[str, list[Answer]] = defaultdict(list)
    (web,) = shop.tapline.processes()["web"]
    for turn in range(ROUNDS + 1):
        for name in (each for each in addresses() if each not in NOT_HERE):
            answer = _ask(shop.address(name), cookie, web)
            if turn and answer:
                answers[name].append(answer)
    return answers


def _ask(address: str, cookie: str, web: int) -> Answer | None:
    """GET one address; None where it only takes posts or leads elsewhere."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc, timeout=120)
    cpu_begun, begun = _cpu_milliseconds(web), time.perf_counter()
    connection.request("GET", parts.path, headers={"Cookie": cookie, "Accept-Encoding": "gzip"})
    response = connection.getresponse()
    body = response.read()
    took = (time.perf_counter() - begun) * 1000
    connection.close()
    if response.status in (301, 302, 405):
        return None
    assert response.status == 200, f"{response.status}: {address}"
    cpu = _cpu_milliseconds(web) - cpu_begun
    return Answer(_kind(response.headers.get_content_type(), body), took, cpu)


def _cpu_milliseconds(pid: int) -> float:
    """Return the processor time that a process has taken so far, all its threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def _kind(content_type: str, body: bytes) -> Kind:
    if content_type != "text/html":
        return "file"
    return "page" if body.lstrip()[:9].lower() == b"<!doctype" else "fragment"


def _server_figures(answers: Mapping[str, list[Answer]]) -> list[Figure]:
    """Return the median of each page, slowest first; a file is told without a target."""
    note = f"{CONTACTS:,} contacts, {BROADCASTS} broadcasts, {STORED:,} clicks"
    medians = {
        name: statistics.median(each.milliseconds for each in all_of)
        for name, all_of in answers.items()
    }
    slowest = sorted(medians, key=lambda name: medians[name], reverse=True)
    held = [name for name in slowest if answers[name][0].kind != "file"]
    slow = [name for name in held if medians[name] > _target_ms(name)]
    told = ", ".join(slow) or "none"
    figures = [at_most("pages slower than their figure", len(slow), "pages", 0, f"{told}; {note}")]
    figures += [
        at_most(f"{name}, median", medians[name], "ms", _target_ms(name), _note(answers[name]))
        for name in held
    ]
    files = [name for name in slowest if name not in held]
    return figures + [
        seen(f"{name}, median", medians[name], "ms", _note(answers[name])) for name in files
    ]


def _note(answers: Sequence[Answer]) -> str:
    cpu = statistics.mean(each.cpu_milliseconds for each in answers)
    return f"{answers[0].kind}; {cpu:.0f} ms of CPU time"


def _target_ms(name: str) -> int:
    return REPORT_MS if name in REPORTS else PAGE_MS


def _phone_figures(browser: Browser, state: StorageState, pages: Mapping[str, str]) -> list[Figure]:
    """Return what a page weighs and when its largest part is painted, the worst page first."""
    paints: dict[str, float] = {}
    weights: dict[str, float] = {}
    for name, address in pages.items():
        paints[name], weights[name] = _visit(browser, state, address)
        if paints[name] > PAINT_S:  # Once may be the machine's fault.
            again = [_visit(browser, state, address)[0] for _ in range(MORE_LOOKS)]
            paints[name] = statistics.median([paints[name], *again])
    late = sorted(paints, key=lambda name: paints[name], reverse=True)
    heavy = max(weights, key=lambda name: weights[name])
    return [
        at_most("own script and style on first load", weights[heavy], "kB", OWN_KB, heavy),
        at_most("largest paint on a phone, worst page", paints[late[0]], "s", PAINT_S, late[0]),
        seen("largest paint on a phone, median page", statistics.median(paints.values()), "s"),
        *(
            at_most(f"{name}, largest paint", paints[name], "s", PAINT_S)
            for name in late
            if paints[name] > PAINT_S
        ),
    ]


def _visit(browser: Browser, state: StorageState, address: str) -> tuple[float, float]:
    """Return seconds to the largest paint, and kB of script and style without the chart library."""
    with _phone(browser, state) as page:
        page.goto(address, wait_until="load", timeout=60_000)
        paint = page.evaluate(PAINT)
        loaded = page.evaluate(LOADED)
    own = sum(size for name, size in loaded if CHART_LIBRARY not in name)
    assert paint is not None, f"nothing was painted: {address}"
    return paint / 1000, own / 1000


def _network() -> dict[str, Any]:
    return {
        "offline": False,
        "latency": LATENCY_MS,
        "downloadThroughput": BYTES_PER_SECOND["down"],
        "uploadThroughput": BYTES_PER_SECOND["up"],
    }


@contextmanager
def _chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program("chromium"), args=["--no-sandbox"]
        )
        yield browser
        browser.close()


@contextmanager
def _phone(browser: Browser, state: StorageState) -> Iterator[Page]:
    """A slow phone that visits for the first time: signed in, with an empty cache."""
    context = browser.new_context(
        viewport=PHONE, device_scale_factor=2, is_mobile=True, has_touch=True, storage_state=state
    )
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", _network())
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    yield page
    context.close()


def _signed_in(browser: Browser, shop: Shop) -> StorageState:
    context = browser.new_context()
    sign_in(context.new_page(), shop.sign_in_link())
    state = context.storage_state()
    context.close()
    return state
