"""Headers that contradict the agent beside them: what a real browser of that name never sends.

Sources: the Fetch standard (Accept of a navigation, Sec-Fetch-*), W3C Fetch Metadata, the WICG's
User-Agent Client Hints, Chromium's `user_agent_metadata` and MDN's compatibility tables. Headers
whose names begin with `Sec-` come over TLS alone, so that none at all contradicts nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

Headers = Mapping[str, str]  # names in lower case
Check = Callable[[str, Headers], bool]

_CHROMIUM = re.compile(r"\bChrom(?:e|ium)/(\d+)")
_CHROMIUM_BRAND = re.compile(r'"Chromium";\s*v="(\d+)')
# Chrome itself on Android: browsers built on it and the web views of apps say so in their agents.
_PLAIN_CHROME = re.compile(
    r"^Mozilla/5\.0 \([^)]*\) AppleWebKit/537\.36 \(KHTML, like Gecko\)"
    r" Chrome/\d+\.0\.0\.0 (?:Mobile )?Safari/537\.36$"
)
# Client hints go with every request since Chrome 89.
_FIRST_WITH_HINTS = 89

# What `Sec-CH-UA-Platform` says, and what the agent of such a device holds. A phone that shows
# pages as a computer does calls itself X11.
_PLATFORMS = {
    "android": ("Android", "X11"),
    "windows": ("Windows",),
    "macos": ("Macintosh",),
    "linux": ("Linux", "X11"),
    "chrome os": ("CrOS",),
    "chromium os": ("CrOS",),
}


def bare_request(agent: str, headers: Headers) -> bool:
    """No page is asked for, in no language: a library under a browser's name."""
    return "accept-language" not in headers and "text/html" not in headers.get("accept", "")


def fetched_by_script(agent: str, headers: Headers) -> bool:
    """A tap opens a document; this was fetched by a page's or a program's code."""
    mode, destination = headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")
    return mode not in (None, "navigate") or destination not in (None, "document")


def hints_of_another_engine(agent: str, headers: Headers) -> bool:
    """Only Chromium sends client hints; all browsers on iPhones are WebKit, Chrome's too."""
    return "sec-ch-ua" in headers and _CHROMIUM.search(agent) is None


def two_versions(agent: str, headers: Headers) -> bool:
    """Agent and client hints name the version of one and the same Chromium."""
    named = _CHROMIUM.search(agent)
    hinted = _CHROMIUM_BRAND.search(headers.get("sec-ch-ua", ""))
    return named is not None and hinted is not None and named[1] != hinted[1]


def two_platforms(agent: str, headers: Headers) -> bool:
    """Agent and client hints name the same system."""
    named = _PLATFORMS.get(headers.get("sec-ch-ua-platform", "").strip('"').lower())
    return named is not None and not any(word in agent for word in named)


def two_sizes(agent: str, headers: Headers) -> bool:
    """`Sec-CH-UA-Mobile` is what puts «Mobile» into the agent of Chrome."""
    if _PLAIN_CHROME.match(agent) is None:
        return False
    said = headers.get("sec-ch-ua-mobile")
    return said is not None and (said == "?1") != ("Mobile" in agent)


def hints_left_out(agent: str, headers: Headers) -> bool:
    """Chrome sends client hints and `Sec-Fetch-*` together, or over plain HTTP neither."""
    version = _CHROMIUM.search(agent) if _PLAIN_CHROME.match(agent) else None
    if version is None or int(version[1]) < _FIRST_WITH_HINTS:
        return False
    return ("sec-ch-ua" in headers) != ("sec-fetch-mode" in headers)


CHECKS: tuple[Check, ...] = (
    bare_request,
    fetched_by_script,
    hints_of_another_engine,
    two_versions,
    two_platforms,
    two_sizes,
    hints_left_out,
)


def contradiction(agent: str, headers: Headers) -> str:
    """Return the name of the first check that finds a contradiction; empty when none does."""
    for check in CHECKS:
        if check(agent, headers):
            return check.__name__
    return ""
