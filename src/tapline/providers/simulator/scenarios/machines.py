"""The machines that open links: what each truly is, how it shows itself and from where.

Sources. Previews and named scanners: the agents of `agents.py`. Carriers that scan, security apps
on phones and Android's own clicks: Google Fi (webapps.stackexchange.com/questions/144022), Bluecore
(help.bluecore.com/help/bot-click-policy), Klaviyo and Braze on bot clicks. Links rewritten by mail
and text gateways: Barracuda's linkprotect.cudasvc.com and Mimecast. A program that only claims to
be Chrome sends what its library sends: `Accept: */*` and no Sec-Fetch-*, or of those only undici's
`Sec-Fetch-Mode: cors` (nodejs/undici, lib/web/fetch). Browsers that play another device keep their
own hints (Playwright's device descriptors set the agent alone).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from tapline.providers.simulator import agents
from tapline.providers.simulator.agents import Headers, Kind, Opener, chromium, plain, prefetched
from tapline.providers.simulator.scenarios.handsets import (
    ANDROID,
    IOS,
    Handset,
    desktop_chrome,
    mobile_chrome,
    without,
)

Versions = tuple[int, int]
Shown = Callable[[Random, Handset, Versions], tuple[str, Headers]]  # method and headers


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineKind:
    """One kind of machine. `own`: it comes from the phone's own address; `shared`: from a few
    addresses that it always uses; `scattered`: from another network each time."""

    truth: Kind
    shown: Shown
    place: Literal["own", "shared", "scattered"] = "shared"
    phones: Literal["all", "iphone", "android"] = "all"
    every_link: bool = False
    needs_links: int = 1  # texts with fewer links are left alone
    only_offices: bool = False
    is_knowable: bool = True


def _one_of(openers: Sequence[Opener]) -> Shown:
    """Show one of some programs that always look the same."""
    weights = [opener.weight for opener in openers]

    def shown(random: Random, handset: Handset, versions: Versions) -> tuple[str, Headers]:
        opener = random.choices(openers, weights)[0]
        return opener.method, opener.headers

    return shown


def _bare_chrome(random: Random, handset: Handset, versions: Versions) -> tuple[str, Headers]:
    """A program that claims to be Chrome and sends only its name."""
    headers = random.choice((mobile_chrome, desktop_chrome))(random.randint(*versions))
    agent = dict(headers)["User-Agent"]
    return "GET", plain(agent, ("Accept-Encoding", "gzip, deflate"))


def _desktop_browser(random: Random, handset: Handset, versions: Versions) -> tuple[str, Headers]:
    """A real Chrome on a server, with everything that a real Chrome sends."""
    return "GET", desktop_chrome(versions[0], random.choice(("Windows", "Linux")))


def _mobile_browser(random: Random, handset: Handset, versions: Versions) -> tuple[str, Headers]:
    """A real Chrome on a server that plays a phone faithfully: `--user-agent` and hints."""
    return "GET", mobile_chrome(versions[0])


def _own_browser(random: Random, handset: Handset, versions: Versions) -> tuple[str, Headers]:
    """The phone's own web view, opened by an app and not by a tap."""
    return "GET", handset.headers


def _own_bare(random: Random, handset: Handset, versions: Versions) -> tuple[str, Headers]:
    """An app's library under the name of the phone's browser."""
    agent = dict(handset.headers)["User-Agent"]
    return "GET", plain(agent, ("Accept-Encoding", "gzip"))


def _own_prefetch(random: Random, handset: Handset, versions: Versions) -> tuple[str, Headers]:
    """The phone's own Chrome, or the one beside a browser that fetches nothing ahead."""
    headers = handset.headers
    if "sec-ch-ua" not in dict(headers):  # web views, Firefox, old phones
        headers = mobile_chrome(random.randint(*versions))
    return "GET", prefetched(Opener("", Kind.PREFETCH, headers)).headers


def _own_library(random: Random, handset: Handset, versions: Versions) -> tuple[str, Headers]:
    """An app that fetches by itself, and says so."""
    if handset.is_iphone:
        return "GET", plain("SafeText/214 CFNetwork/3826.600.41 Darwin/24.6.0")
    return "GET", plain("Dalvik/2.1.0 (Linux; U; Android 14; SM-S911B Build/UP1A.231005.007)")


def _contradicting(random: Random, handset: Handset, versions: Versions) -> tuple[str, Headers]:
    """Browsers that say two things at once; see the module's sources."""
    version = random.randint(*versions)
    return "GET", random.choice(CONTRADICTIONS)(version)


def _claims(headers: Headers, agent: str) -> Headers:
    return tuple((name, agent if name == "User-Agent" else value) for name, value in headers)


def _iphone_with_hints(version: int) -> Headers:
    agent = IOS.format("17_5") + "Version/17.5 Mobile/15E148 Safari/604.1"
    return _claims(desktop_chrome(version, "Linux"), agent)


def _android_on_linux(version: int) -> Headers:
    agent = f"{ANDROID}Chrome/{version}.0.0.0 Mobile Safari/537.36"
    return _claims(desktop_chrome(version, "Linux"), agent)


def _two_versions(version: int) -> Headers:
    agent = f"{ANDROID}Chrome/{version}.0.0.0 Mobile Safari/537.36"
    return chromium(agent, "Chromium", version - 17)


def _chrome_by_fetch(version: int) -> Headers:
    agent = dict(mobile_chrome(version))["User-Agent"]
    return plain(agent, ("Accept-Language", "*"), ("Sec-Fetch-Mode", "cors"))


def _firefox_with_hints(version: int) -> Headers:
    agent = f"Mozilla/5.0 (Windows NT 10.0; rv:{version}.0) Gecko/20100101 Firefox/{version}.0"
    return _claims(desktop_chrome(version), agent)


def _safari_without_metadata(version: int) -> Headers:
    return plain(IOS.format("18_5") + "Version/18.5 Mobile/15E148 Safari/604.1")


CONTRADICTIONS: tuple[Callable[[int], Headers], ...] = (
    _iphone_with_hints,
    _android_on_linux,
    _two_versions,
    _chrome_by_fetch,
    _firefox_with_hints,
    _safari_without_metadata,
)

_OTHER_PREVIEWS: tuple[Opener, ...] = (
    agents.WHATSAPP,
    Opener("WhatsApp on iPhone", Kind.PREVIEW, plain("WhatsApp/2.25.28.73 i")),
    Opener("Signal", Kind.PREVIEW, plain("WhatsApp/2")),
    Opener("Telegram", Kind.PREVIEW, plain("TelegramBot (like TwitterBot)")),
    Opener("Viber", Kind.PREVIEW, plain("Viber")),
    Opener(
        "Skype",
        Kind.PREVIEW,
        plain(
            "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 "
            "skype-url-preview@microsoft.com"
        ),
    ),
    Opener(
        "KakaoTalk",
        Kind.PREVIEW,
        plain(
            "facebookexternalhit/1.1;kakaotalk-scrap/1.0; +https://devtalk.kakao.com/t/scrap/33984"
        ),
    ),
    Opener("GroupMe", Kind.PREVIEW, plain("GroupMeBot/1.0")),
)
_HEADLESS = Opener(
    "headless Chrome",
    Kind.TOOL,
    without(
        chromium(
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "HeadlessChrome/139.0.0.0 Safari/537.36",
            "HeadlessChrome",
            139,
            "Linux",
        ),
        "accept-language",
    ),
)

MACHINES: dict[str, MachineKind] = {
    "google_preview": MachineKind(
        truth=Kind.PREVIEW, shown=_one_of(agents.GOOGLE_PREVIEWS), phones="android"
    ),
    "apple_preview": MachineKind(
        truth=Kind.PREVIEW, shown=_one_of([agents.IMESSAGE]), place="own", phones="iphone"
    ),
    "tap_to_load": MachineKind(
        truth=Kind.PREVIEW, shown=_one_of([agents.IMESSAGE]), place="own", phones="iphone"
    ),
    "forwarded_preview": MachineKind(
        truth=Kind.PREVIEW, shown=_one_of(_OTHER_PREVIEWS), place="scattered"
    ),
    "named_scanner": MachineKind(
        truth=Kind.SCANNER, shown=_one_of(agents.SCANNERS), every_link=True
    ),
    # A carrier's or a gateway's scanner under a plain Chrome agent, from a network of its own.
    "carrier_bare": MachineKind(truth=Kind.SCANNER, shown=_bare_chrome, every_link=True),
    "carrier_browser": MachineKind(truth=Kind.SCANNER, shown=_desktop_browser, every_link=True),
    "carrier_mobile": MachineKind(truth=Kind.SCANNER, shown=_mobile_browser, every_link=True),
    "rewriter": MachineKind(
        truth=Kind.SCANNER, shown=_desktop_browser, every_link=True, only_offices=True
    ),
    # A security app, from the phone's own address.
    "security_every_link": MachineKind(
        truth=Kind.SCANNER, shown=_own_browser, place="own", every_link=True, needs_links=2
    ),
    "security_bare": MachineKind(truth=Kind.SCANNER, shown=_own_bare, place="own", every_link=True),
    "security_library": MachineKind(truth=Kind.TOOL, shown=_own_library, place="own"),
    "security_delayed": MachineKind(
        truth=Kind.SCANNER, shown=_own_browser, place="own", is_knowable=False
    ),
    "android_prefetch": MachineKind(
        truth=Kind.PREFETCH, shown=_own_prefetch, place="own", phones="android"
    ),
    "contradicting": MachineKind(truth=Kind.SCANNER, shown=_contradicting, place="scattered"),
    # Another network each time, and everything as a real browser sends it.
    "scattered_browser": MachineKind(
        truth=Kind.SCANNER, shown=_mobile_browser, place="scattered", is_knowable=False
    ),
    "tool": MachineKind(
        truth=Kind.TOOL, shown=_one_of([*agents.TOOLS, _HEADLESS]), place="scattered"
    ),
}
