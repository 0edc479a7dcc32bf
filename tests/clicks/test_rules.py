"""Machines are told from people by what they say; people on odd phones stay people."""

from __future__ import annotations

import pytest

from tapline.clicks.evidence import Context, Evidence, Verdict, Walk
from tapline.clicks.rules import RULES_VERSION, judge
from tests.clicks.world import PAGE

CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15"

PREVIEWS = (
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko)"
        " Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0"
    ),
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko)"
        " Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0,gzip(gfe)"
    ),
    (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/56.0.2924.87"
        " Safari/537.36 Google-PageRenderer Google (+https://developers.google.com/+/web/snippet/)"
    ),
    "GoogleMessages",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36 GoogleMessages/15.1",
    "WhatsApp/2.19.330 A",
    "WhatsApp/2.12.15/i",
    "WhatsApp/2.2123.8 N",
    "WhatsApp/3.0.0.0 A",
    "WhatsApp/784941593 CFNetwork/3826.600.41 Darwin/24.6.0",
    "WhatsApp/2",
    (
        "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5"
        " skype-url-preview@microsoft.com"
    ),
    "MicrosoftPreview/2.0; +https://aka.ms/MicrosoftPreview",
    "TelegramBot (like TwitterBot)",
    "Viber",
    "facebookexternalhit/1.1;kakaotalk-scrap/1.0; +https://devtalk.kakao.com/t/scrap/33984",
    "Snap URL Preview Service; bot; snapchat; https://developers.snap.com/robots",
    "GroupMeBot/1.0",
    "meta-externalagent/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)",
)
SCANNERS = (
    (
        "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like"
        " Gecko) Chrome/114.0.5735.179 Mobile Safari/537.36 (compatible; Google-Safety;"
        " +http://www.google.com/bot.html)"
    ),
    "Google-Safety",
    "Barracuda Sentinel (EE)",
    "GoogleBot",
    "bitlybot/3.0 (+http://bit.ly/)",
    "Kaspersky Lab CFR link resolver cfradmins@kaspersky.com",
    "Expanse, a Palo Alto Networks company, searches across the global IPv4 space",
    "AppEngine-Google; (+http://code.google.com/appengine; appid: s~virustotalcloud)",
    "Mozilla/5.0 (compatible; CloudflareRadarURLScanner/1.0)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",  # the public list
)
TOOLS = (
    "python-requests/2.32.3",
    "okhttp/4.12.0",
    "curl/8.5.0",
    "TwilioProxy/1.1",
    "Dalvik/2.1.0 (Linux; U; Android 13; SM-G991B Build/TP1A.220624.014)",
    "MobileSMS/1.0 CFNetwork/1410.0.3 Darwin/22.6.0",
    "",
    "  ",
    f"Mozilla/5.0 (X11; Linux x86_64) {CHROME.replace('Chrome', 'HeadlessChrome')} Safari/537.36",
)
OPERA_MINI = (
    "Opera/9.80 (J2ME/MIDP; Opera Mini/7.1.32052/29.3709; U; en) Presto/2.8.119 Version/11.10"
)
PEOPLE = (
    f"{IPHONE} (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
    f"Mozilla/5.0 (Linux; Android 9; CUBOT_X19) {CHROME} Mobile Safari/537.36",
    f"Mozilla/5.0 (Linux; Android 11; google Pixel 2) {CHROME} Mobile Safari/537.36",
    f"Mozilla/5.0 (Linux; Android 14; Pixel 8; wv) {CHROME} Mobile Safari/537.36 GoogleApp/15.2",
    f"{IPHONE} (KHTML, like Gecko) GSA/319.0.632 Mobile/15E148 Safari/604.1",
    (
        f"{IPHONE} (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/605.1.15"
        " BingSapphire/27.3.400"
    ),
    f"{IPHONE} (KHTML, like Gecko) Mobile/15E148 Instagram 334.0.4.32.98 (iPhone14,5; iOS 17_5)",
    f"{IPHONE} (KHTML, like Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/466.0.0.40.107;FBDV/iPhone14,5]",
    f"{IPHONE} (KHTML, like Gecko) Mobile/15E148 [Pinterest/iOS]",
    f"{IPHONE} (KHTML, like Gecko) Mobile/15E148 Snapchat/12.85.0.40 (like Safari/8617.2.4)",
    f"Mozilla/5.0 (Linux; Android 13; SM-A536B; wv) {CHROME} Mobile Safari/537.36 KAKAOTALK/10.4",
    "Mozilla/5.0 (Mobile; Nokia_8000_4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5.2.2",
    OPERA_MINI,
    (
        "Mozilla/5.0 (Linux; U; Android 2.3.6; en-us; GT-S5830 Build/GINGERBREAD) AppleWebKit/533.1"
        " (KHTML, like Gecko) Version/4.0 Mobile Safari/533.1"
    ),
    "Nokia6300/2.0 (05.00) Profile/MIDP-2.0 Configuration/CLDC-1.1",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36",
)
AGENTS = [
    *((agent, Verdict.PREVIEW) for agent in PREVIEWS),
    *((agent, Verdict.SCANNER) for agent in SCANNERS),
    *((agent, Verdict.TOOL) for agent in TOOLS),
    *((agent, Verdict.HUMAN) for agent in PEOPLE),
    ("Acme Fetcher", Verdict.UNKNOWN),
]


def evidence(**values: object) -> Evidence:
    given = {"method": "GET", "agent": PEOPLE[0], "headers": PAGE, "is_operator": False} | values
    return Evidence(**given)  # type: ignore[arg-type]


def test_previewers_networks_are_known_and_hosting_alone_says_nothing() -> None:
    assert judge(evidence(network_kind="preview")).reasons == ("known_network",)
    for kind in ("hosting", "relay", ""):
        assert judge(evidence(network_kind=kind)).verdict is Verdict.HUMAN


@pytest.mark.parametrize(("agent", "verdict"), AGENTS)
def test_each_agent_of_the_field_is_what_it_is(agent: str, verdict: Verdict) -> None:
    assert judge(evidence(agent=agent)).verdict is verdict


@pytest.mark.parametrize(
    ("headers", "verdict"),
    [
        ({"sec-purpose": "prefetch"}, Verdict.PREFETCH),
        ({"sec-purpose": "prefetch;prerender"}, Verdict.PREFETCH),
        ({"sec-purpose": "prefetch;anonymous-client-ip"}, Verdict.PREFETCH),
        ({"purpose": "prefetch"}, Verdict.PREFETCH),
        ({"purpose": "preview"}, Verdict.PREVIEW),
        ({"x-moz": "prefetch"}, Verdict.PREFETCH),
        ({"x-purpose": "preview"}, Verdict.PREVIEW),
        ({"x-purpose": "instant"}, Verdict.PREFETCH),
        ({"sec-fetch-mode": "navigate", "accept-language": "en"}, Verdict.HUMAN),
    ],
)
def test_a_declared_purpose_is_believed(headers: dict[str, str], verdict: Verdict) -> None:
    assert judge(evidence(headers=headers)).verdict is verdict


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_a_request_that_shows_no_page_is_no_tap(method: str) -> None:
    assert judge(evidence(method=method)).verdict is Verdict.SCANNER
    assert judge(evidence(method=method, agent="WhatsApp/2")).verdict is Verdict.PREVIEW


def test_staff_and_test_sends_are_operators_but_their_phones_previews_stay_previews() -> None:
    assert judge(evidence(is_operator=True)).verdict is Verdict.OPERATOR
    assert judge(evidence(is_operator=True, agent=PREVIEWS[0])).verdict is Verdict.PREVIEW


@pytest.mark.parametrize(
    ("seconds", "soonest", "reasons"),
    [
        (1.75, 2.0, ("too_soon",)),
        (2.0, 2.0, ()),
        (None, 2.0, ()),
        (1.75, 1.5, ()),
        (9.0, 10.0, ("too_soon",)),
        (0.0, 0.0, ()),
    ],
)
def test_an_opening_is_too_soon_by_the_figure_of_its_account(
    seconds: float | None, soonest: float, reasons: tuple[str, ...]
) -> None:
    context = Context(seconds_since_submit=seconds)
    assert judge(evidence(context=context, soonest_tap=soonest)).reasons == reasons


@pytest.mark.parametrize(
    ("walk", "agent", "verdict"),
    [
        (Walk(recipients=2, share=1.0, repeats_share=0.0), PEOPLE[0], Verdict.UNKNOWN),
        (Walk(recipients=40, share=0.9, repeats_share=0.02), PEOPLE[0], Verdict.UNKNOWN),
        (Walk(recipients=1, share=1.0, repeats_share=0.0), PEOPLE[0], Verdict.HUMAN),
        (Walk(recipients=9, share=0.6, repeats_share=0.0), PEOPLE[0], Verdict.HUMAN),  # a NAT
        (Walk(recipients=9, share=1.0, repeats_share=0.2), PEOPLE[0], Verdict.HUMAN),  # people
        (Walk(recipients=9, share=1.0, repeats_share=0.0), OPERA_MINI, Verdict.HUMAN),
        (None, PEOPLE[0], Verdict.HUMAN),
    ],
)
def test_who_walked_before_and_does_so_again_is_uncertain_and_never_a_machine(
    walk: Walk | None, agent: str, verdict: Verdict
) -> None:
    assert judge(evidence(agent=agent, context=Context(walk=walk))).verdict is verdict


def test_a_folded_flood_is_a_program() -> None:
    assert judge(evidence(requests=40)).verdict is Verdict.TOOL


def test_a_judgement_says_why_and_by_which_rules() -> None:
    judgement = judge(evidence(agent="GoogleMessages"))

    assert judgement.reasons == ("agent_google_messages",)
    assert judgement.rules_version == RULES_VERSION
