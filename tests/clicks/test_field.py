"""Every agent of the field is judged as what it is, with the headers that it really sends."""

from __future__ import annotations

from random import Random

import pytest

from tapline.clicks.evidence import Evidence, Verdict
from tapline.clicks.rules import judge
from tapline.providers.simulator.agents import Headers
from tapline.providers.simulator.scenarios.handsets import (
    ODD_PHONES,
    Handset,
    desktop_chrome,
    handset,
    mobile_chrome,
    over,
    second_device,
)
from tapline.providers.simulator.scenarios.scenario import Phones

CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome"
GOOGLE_BOT = "(compatible; Google-Safety; +http://www.google.com/bot.html)"
IMESSAGE = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) "
    "Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0"
)

# Who, and how they name themselves. Sources: crawler-user-agents, isbot's fixtures, and the makers'
# own pages.
PREVIEWS: dict[str, str] = {
    "iMessage": IMESSAGE,
    "iMessage by Google's front end": f"{IMESSAGE},gzip(gfe)",
    "Google's old preview": (
        f"Mozilla/5.0 (X11; Linux x86_64) {CHROME}/56.0.2924.87 Safari/537.36"
        " Google-PageRenderer Google (+https://developers.google.com/+/web/snippet/)"
    ),
    "Google Messages": "GoogleMessages",
    "Google Messages, seen form": (
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME}/123.0.0.0 Safari/537.36"
        " GoogleMessages/15.1"
    ),
    "WhatsApp, Android": "WhatsApp/2.19.330 A",
    "WhatsApp, iPhone": "WhatsApp/2.12.15/i",
    "WhatsApp, Windows": "WhatsApp/2.2123.8 N",
    "WhatsApp 3": "WhatsApp/3.0.0.0 A",
    "WhatsApp by CFNetwork": "WhatsApp/784941593 CFNetwork/3826.600.41 Darwin/24.6.0",
    "Signal": "WhatsApp/2",
    "Skype": (
        "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5"
        " skype-url-preview@microsoft.com"
    ),
    "Teams": "MicrosoftPreview/2.0; +https://aka.ms/MicrosoftPreview",
    "Telegram": "TelegramBot (like TwitterBot)",
    "Viber": "Viber",
    "KakaoTalk": (
        "facebookexternalhit/1.1;kakaotalk-scrap/1.0; +https://devtalk.kakao.com/t/scrap/33984"
    ),
    "Snapchat": "Snap URL Preview Service; bot; snapchat; https://developers.snap.com/robots",
    "GroupMe": "GroupMeBot/1.0",
    "Meta": (
        "meta-externalagent/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)"
    ),
}
SCANNERS: dict[str, str] = {
    "Google Safety, phone": (
        "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P)"
        f" {CHROME}/114.0.5735.179 Mobile Safari/537.36 {GOOGLE_BOT}"
    ),
    "Google Safety, computer": (
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME}/114.0.5735.179 Safari/537.36"
        f" {GOOGLE_BOT}"
    ),
    "Google Safety, bare": "Google-Safety",
    "Bitly": "bitlybot/3.0 (+http://bit.ly/)",
    "Barracuda": "Barracuda Sentinel (EE)",
    "Googlebot": "GoogleBot",
    "Kaspersky": "Kaspersky Lab CFR link resolver cfradmins@kaspersky.com",
    "Expanse": (
        "Expanse, a Palo Alto Networks company, searches across the global IPv4 space"
        " multiple times per day to identify customers' presences on the Internet."
    ),
    "VirusTotal": "AppEngine-Google; (+http://code.google.com/appengine; appid: s~virustotalcloud)",
    "Cloudflare": "Mozilla/5.0 (compatible; CloudflareRadarURLScanner/1.0)",
}
TOOLS: dict[str, str] = {
    "Twilio": "TwilioProxy/1.1",
    "python-requests": "python-requests/2.32.3",
    "okhttp": "okhttp/4.12.0",
    "an app on Android": "Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8)",
    "an app on an iPhone": "News/1 CFNetwork/1410.0.3 Darwin/22.6.0",
    "a headless Chrome": (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
        " HeadlessChrome/139.0.0.0 Safari/537.36"
    ),
    "nobody": "",
}
MACHINES = [
    *((agent, Verdict.PREVIEW) for agent in PREVIEWS.values()),
    *((agent, Verdict.SCANNER) for agent in SCANNERS.values()),
    *((agent, Verdict.TOOL) for agent in TOOLS.values()),
]

# Sources: Chromium's preloading_headers.cc and prefetch_headers.cc; MDN, Sec-Purpose.
PURPOSES: tuple[tuple[str, str, Verdict], ...] = (
    ("Sec-Purpose", "prefetch", Verdict.PREFETCH),
    ("Sec-Purpose", "prefetch;prerender", Verdict.PREFETCH),
    ("Sec-Purpose", "prefetch;anonymous-client-ip", Verdict.PREFETCH),
    ("Purpose", "prefetch", Verdict.PREFETCH),
    ("X-moz", "prefetch", Verdict.PREFETCH),
    ("X-Purpose", "preview", Verdict.PREVIEW),
    ("X-Purpose", "instant", Verdict.PREFETCH),
)

PEOPLE = 400


def verdict(headers: Headers, method: str = "GET") -> Verdict:
    """Return what the rules say of one request about which nothing but its head is known."""
    by_name = {name.lower(): value for name, value in headers}
    agent = by_name.pop("user-agent", "")
    return judge(Evidence(method=method, agent=agent, headers=by_name, is_operator=False)).verdict


@pytest.mark.parametrize(("agent", "expected"), MACHINES, ids=[*PREVIEWS, *SCANNERS, *TOOLS])
def test_a_machine_that_says_who_it_is_is_that(agent: str, expected: Verdict) -> None:
    assert verdict((("User-Agent", agent), ("Accept", "*/*"))) is expected


@pytest.mark.parametrize(("name", "value", "expected"), PURPOSES)
def test_a_browser_that_says_nobody_tapped_is_believed(
    name: str, value: str, expected: Verdict
) -> None:
    assert verdict((*mobile_chrome(141), (name, value))) is expected


def test_head_is_no_person() -> None:
    assert verdict(mobile_chrome(141), method="HEAD") is Verdict.SCANNER


@pytest.mark.parametrize("scheme", ["https", "http"])
@pytest.mark.parametrize("phone", ODD_PHONES, ids=lambda phone: dict(phone.headers)["User-Agent"])
def test_people_on_odd_phones_are_people(phone: Handset, scheme: str) -> None:
    assert verdict(over(scheme, phone.headers)) is Verdict.HUMAN


@pytest.mark.parametrize("scheme", ["https", "http"])
@pytest.mark.parametrize(
    ("label", "phones"),
    [
        ("in_app", Phones(in_app=1.0, odd=0.0, hidden=0.0)),
        ("in_app", Phones(in_app=1.0, odd=0.0, hidden=0.0, names_app=0.0)),
        ("usual", Phones(in_app=0.0, odd=0.0, hidden=0.0, firefox=0.2)),
        ("usual", Phones(in_app=0.0, odd=0.0, hidden=0.0, safari=(("15_8", "15.6"),))),
    ],
    ids=["in apps", "in apps that do not name themselves", "browsers", "old iPhones"],
)
def test_people_in_browsers_and_in_apps_are_people(label: str, phones: Phones, scheme: str) -> None:
    made = [handset(Random(number), phones, scheme) for number in range(PEOPLE)]

    assert {phone.label for phone in made} == {label}
    taken_for_others = {
        phone.headers for phone in made if verdict(phone.headers) is not Verdict.HUMAN
    }
    assert not taken_for_others


@pytest.mark.parametrize("app", ["Instagram", "Pinterest", "GSA/", "GoogleApp/", "BingSapphire"])
def test_the_apps_named_by_the_field_are_among_those_people(app: str) -> None:
    phones = Phones(in_app=1.0, odd=0.0, hidden=0.0)
    made = [handset(Random(number), phones, "https") for number in range(PEOPLE)]

    assert any(app in dict(phone.headers)["User-Agent"] for phone in made)


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_people_on_computers_and_tablets_are_people(scheme: str) -> None:
    made = [second_device(Random(number), Phones(), scheme).headers for number in range(PEOPLE)]
    made.append(over(scheme, desktop_chrome(141, "Linux")))

    assert not {headers for headers in made if verdict(headers) is not Verdict.HUMAN}
