"""Who fetches, by agent: messaging apps drawing previews, scanners and tools, and who browses.

People come on odd phones and in in-app browsers. A pattern here must match what the machine
calls itself, never a word that a phone or an app may carry as well («Google», «Instagram»,
«bot» inside CUBOT).
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

import crawleruseragents

from tapline.clicks.evidence import Verdict
from tapline.previewers import PREVIEWERS


@dataclass(frozen=True, slots=True)
class KnownAgent:
    """A fetcher that says who it is."""

    name: str
    verdict: Verdict
    pattern: re.Pattern[str]


def _known(name: str, verdict: Verdict, pattern: str) -> KnownAgent:
    return KnownAgent(name, verdict, re.compile(pattern))


# The first match wins. Sources of the forms: crawler-user-agents, isbot's fixtures, the vendors'
# own pages; each form has a test.
KNOWN_AGENTS: tuple[KnownAgent, ...] = (
    *(_known(each.name, Verdict.PREVIEW, each.pattern) for each in PREVIEWERS),
    _known("google_safety", Verdict.SCANNER, r"\bGoogle-Safety\b"),
    _known("barracuda", Verdict.SCANNER, r"\bBarracuda\b"),
    _known("kaspersky", Verdict.SCANNER, r"\bKaspersky Lab\b"),
    _known("palo_alto", Verdict.SCANNER, r"\bExpanse, a Palo Alto Networks company"),
    _known("virustotal", Verdict.SCANNER, r"virustotalcloud"),
    _known("cloudflare_radar", Verdict.SCANNER, r"CloudflareRadarURLScanner"),
    _known("bitly", Verdict.SCANNER, r"\bbitlybot/"),
    _known("googlebot", Verdict.SCANNER, r"(?i)\bgooglebot\b"),
    _known("twilio_proxy", Verdict.TOOL, r"\bTwilioProxy/"),
    _known(
        "http_library",
        Verdict.TOOL,
        r"^(okhttp|python-|Python/|aiohttp|curl/|Wget/|Go-http-client|Java/|axios/|node-fetch|libwww)",
    ),
    _known("headless_browser", Verdict.TOOL, r"\b(HeadlessChrome|PhantomJS|Lighthouse)\b"),
)

# crawler-user-agents says of each entry what it is for. Everything else in it crawls.
_PREVIEW_TAGS = {"social-preview"}
_TOOL_TAGS = {"http-library", "browser-automation", "monitoring"}

# What phones' and computers' browsers begin with, old ones included.
_BROWSER = re.compile(
    r"^(Mozilla/|Opera/|BlackBerry|Nokia|SAMSUNG-|LG-|SonyEricsson|MOT-|UCWEB/)"
    r"|MIDP|UP\.Browser|Opera Mini|UCBrowser|NetFront"
)
# Browsers that fetch pages through their maker's proxies: many people come from a few addresses.
# Sources: Opera, «Opera Mini servers»; UCWeb's and Puffin's cloud.
_THROUGH_PROXIES = re.compile(r"Opera Mini|OPR/\d+.*\bMini\b|UCWEB|Puffin/|Silk-Accelerated=true")
# An app's own fetch: the system's library without a browser's words around it.
_RAW_LIBRARY = re.compile(r"^Dalvik/|^(?!Mozilla/)\S.*\bCFNetwork/")


@functools.lru_cache(maxsize=20_000)
def known_agent(agent: str) -> tuple[str, Verdict] | None:
    """Return the fetcher's name and verdict when `agent` is a known machine; else None.

    Cached: the public list alone takes about a millisecond, and a broadcast's million taps
    come from a few thousand agents.
    """
    for known in KNOWN_AGENTS:
        if known.pattern.search(agent):
            return known.name, known.verdict
    return _in_public_list(agent)


@functools.lru_cache(maxsize=20_000)
def is_raw_library(agent: str) -> bool:
    """Say whether an app fetched by itself, with no browser that a person could look at."""
    return _RAW_LIBRARY.search(agent) is not None


@functools.lru_cache(maxsize=20_000)
def looks_like_browser(agent: str) -> bool:
    """Say whether `agent` has the form that browsers use, old phones' included."""
    return _BROWSER.search(agent) is not None


@functools.lru_cache(maxsize=20_000)
def comes_through_proxies(agent: str) -> bool:
    """Say whether this browser's maker fetches pages for the people who use it."""
    return _THROUGH_PROXIES.search(agent) is not None


def _in_public_list(agent: str) -> tuple[str, Verdict] | None:
    if not crawleruseragents.is_crawler(agent):
        return None
    entries = crawleruseragents.CRAWLER_USER_AGENTS_DATA
    tags = {
        tag
        for number in crawleruseragents.matching_crawlers(agent)
        for tag in entries[number].get("tags", ())
    }
    if tags & _PREVIEW_TAGS:
        return "crawler_list", Verdict.PREVIEW
    if tags & _TOOL_TAGS:
        return "crawler_list", Verdict.TOOL
    return "crawler_list", Verdict.SCANNER
