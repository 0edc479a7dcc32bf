"""The phones that people hold: how their browsers show themselves, by maker and version.

Sources of the headers. Fetch metadata: Chrome ≥ 76 and 80, Firefox ≥ 90, Safari ≥ 16.4, over https
only (MDN's compatibility data; W3C, Fetch Metadata and Secure Contexts). Client hints: Chromium,
over https only; Android web views since 116, and only where the app left the agent as it was
(Android Developers' Blog, User-Agent Reduction on Android WebView). X-Requested-With: sent by web
views, being phased out (the same blog, February 2023). Opera Mini: fetched by Opera's servers
(dev.opera.com, Opera Mini request headers). Agents of apps: isbot's and ua-parser's lists.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from tapline.providers.simulator.agents import Headers, chromium, gecko, webkit
from tapline.providers.simulator.scenarios.scenario import Phones

HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
LANGUAGES = (
    "en-US,en;q=0.9",
    "en-GB,en;q=0.9",
    "es-US,es;q=0.9,en-US;q=0.8,en;q=0.7",
    "de-DE,de;q=0.9,en;q=0.8",
    "zh-CN,zh-Hans;q=0.9",
)
LANGUAGE_WEIGHTS = (70, 12, 8, 6, 4)
IOS = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS {} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
)
ANDROID = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
VIEW = (
    "Mozilla/5.0 (Linux; Android {}; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
    "Chrome/{}.0.7390.97 Mobile Safari/537.36"
)
MODELS = (
    "14; SM-S911B Build/UP1A.231005.007",
    "15; Pixel 8 Build/AP4A.250205.002",
    "13; SM-A536B Build/TP1A.220624.014",
    "12; moto g power (2022) Build/S3RQS32.20-42-10",
    "14; 2201117TG Build/UKQ1.230917.001",
)
IOS_APPS = (
    "Mobile/15E148 Instagram 401.0.0.33.112 (iPhone15,2; iOS {ios}; en_US; en; scale=3.00)",
    "Mobile/15E148 [FBAN/FBIOS;FBAV/532.0.0.41.108;FBDV/iPhone14,5;FBSN/iOS;FBLC/en_US]",
    "Mobile/15E148 [Pinterest/iOS]",
    "GSA/389.0.815192021 Mobile/15E148 Safari/604.1",
    "Version/17.0 Mobile/15E148 Safari/605.1.15 BingSapphire/31.4.430",
    "Mobile/15E148 Snapchat/13.50.0.41 (like Safari/8621.2.5, panda)",
    "Mobile/15E148 MicroMessenger/8.0.60(0x18003c2b) NetType/WIFI Language/en",
)
# What an app adds to the web view's agent, and the package that the view names.
ANDROID_APPS = (
    (
        " Instagram 395.0.0.42.81 Android (34/14; 480dpi; 1080x2106; samsung)",
        "com.instagram.android",
    ),
    (" [FB_IAB/FB4A;FBAV/530.0.0.48.72;]", "com.facebook.katana"),
    (" [Pinterest/Android]", "com.pinterest"),
    (" GSA/16.35.41.sa.arm64", "com.google.android.googlequicksearchbox"),
    (" GoogleApp/16.35.41", "com.google.android.googlequicksearchbox"),
    (" BingSapphire/31.4.430", "com.microsoft.bing"),
    (" KAKAOTALK/25.8.0 (INAPP)", "com.kakao.talk"),
    ("", "com.google.android.gm"),  # an app that leaves the agent as it was
)
WEBKIT_533 = "AppleWebKit/533.1 (KHTML, like Gecko) Version/4.0 Mobile Safari/533.1"
OPERA_MINI = (
    "Opera/9.80 (Android; Opera Mini/36.2.2254/119.132; U; en) Presto/2.12.423 Version/12.16"
)


@dataclass(frozen=True, slots=True)
class Handset:
    """One person's phone, or another device, as its browser shows itself."""

    label: str  # usual, in_app, odd, hidden
    is_iphone: bool
    headers: Headers
    is_proxied: bool = False  # fetched by the browser maker's servers


def handset(random: Random, phones: Phones, scheme: str) -> Handset:
    """Return the phone of one person."""
    is_iphone = random.random() < phones.iphone
    roll = random.random()
    if roll < phones.hidden:
        made = Handset("hidden", is_iphone, gecko("PrivacyBrowser/1.0"))
    elif roll < phones.hidden + phones.odd:
        made = _odd(random)
    elif roll < phones.hidden + phones.odd + phones.in_app:
        headers = _ios_app(random, phones) if is_iphone else _android_app(random, phones)
        made = Handset("in_app", is_iphone, headers)
    else:
        headers = _iphone(random, phones) if is_iphone else _android(random, phones)
        made = Handset("usual", is_iphone, headers)
    return Handset(
        made.label, made.is_iphone, _in_language(made.headers, random, scheme), made.is_proxied
    )


def second_device(random: Random, phones: Phones, scheme: str) -> Handset:
    """Return the computer or tablet that somebody opens a forwarded link on."""
    version = random.randint(*phones.chrome)
    headers = random.choice(
        (
            webkit(
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 "
                f"(KHTML, like Gecko) Version/{phones.safari[0][1]} Safari/605.1.15"
            ),
            desktop_chrome(version),
            _iphone(random, phones),
            _android(random, phones),
        )
    )
    return Handset("usual", is_iphone=False, headers=_in_language(headers, random, scheme))


def desktop_chrome(version: int, platform: str = "Windows") -> Headers:
    """Return what Chrome on a computer sends when somebody opens a link."""
    system = {"Windows": "Windows NT 10.0; Win64; x64", "Linux": "X11; Linux x86_64"}[platform]
    agent = (
        f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) "
        f"Chrome/{version}.0.0.0 Safari/537.36"
    )
    return chromium(agent, "Google Chrome", version, platform)


def mobile_chrome(version: int) -> Headers:
    """Return what Chrome on Android sends when somebody taps a link."""
    return chromium(
        f"{ANDROID}Chrome/{version}.0.0.0 Mobile Safari/537.36", "Google Chrome", version
    )


def without(headers: Headers, *beginnings: str) -> Headers:
    """Return the headers but for those whose names begin so (in lower case)."""
    return tuple(pair for pair in headers if not pair[0].lower().startswith(beginnings))


def over(scheme: str, headers: Headers) -> Headers:
    """Return what is left of a browser's headers over plain http: none that begins with Sec-."""
    return headers if scheme == "https" else without(headers, "sec-")


def _iphone(random: Random, phones: Phones) -> Headers:
    ios, version = random.choice(phones.safari)
    if random.random() < 0.1:
        browser = f"CriOS/{random.randint(*phones.chrome)}.0.7390.41 Mobile/15E148 Safari/604.1"
    else:
        browser = f"Version/{version} Mobile/15E148 Safari/604.1"
    headers = webkit(IOS.format(ios) + browser)
    return headers if _has_fetch_metadata(version) else without(headers, "sec-fetch", "priority")


def _has_fetch_metadata(safari: str) -> bool:
    major, minor = (int(part) for part in safari.split(".")[:2])
    return (major, minor) >= (16, 4)


def _android(random: Random, phones: Phones) -> Headers:
    version = random.randint(*phones.chrome)
    roll = random.random()
    if roll < phones.samsung:
        agent = f"{ANDROID}SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36"
        return chromium(agent, "Samsung Internet", 130)
    if roll < phones.samsung + phones.firefox:
        number = f"{version}.0"
        return gecko(
            f"Mozilla/5.0 (Android 15; Mobile; rv:{number}) Gecko/{number} Firefox/{number}"
        )
    return mobile_chrome(version)


def _ios_app(random: Random, phones: Phones) -> Headers:
    ios, version = random.choice(phones.safari)
    headers = webkit(IOS.format(ios) + random.choice(IOS_APPS).format(ios=ios))
    return headers if _has_fetch_metadata(version) else without(headers, "sec-fetch", "priority")


def _android_app(random: Random, phones: Phones) -> Headers:
    version = random.randint(*phones.chrome)
    words, package = random.choice(ANDROID_APPS)
    agent = VIEW.format(random.choice(MODELS), version) + words
    headers = chromium(agent, "Android WebView", version)
    if words:  # Views with an agent of the app's own send no client hints.
        headers = without(headers, "sec-ch-ua")
    if random.random() < phones.names_app:
        headers = (*headers, ("X-Requested-With", package))
    return headers


def _odd(random: Random) -> Handset:
    """Old, cheap and unusual phones: people all the same."""
    return random.choices(ODD_PHONES, ODD_WEIGHTS)[0]


def _old(agent: str, *more: tuple[str, str]) -> Headers:
    """A browser from before fetch metadata and client hints."""
    return (
        ("Connection", "keep-alive"),
        ("User-Agent", agent),
        ("Accept", HTML),
        ("Accept-Encoding", "gzip, deflate"),
        ("Accept-Language", "en-US,en;q=0.9"),
        *more,
    )


def _chrome_on(model: str, version: str) -> str:
    return (
        f"Mozilla/5.0 (Linux; Android {model}) AppleWebKit/537.36 (KHTML, like Gecko) "
        f"Chrome/{version} Mobile Safari/537.36"
    )


def _phone(headers: Headers, *, is_iphone: bool = False, is_proxied: bool = False) -> Handset:
    return Handset("odd", is_iphone, headers, is_proxied)


ODD_PHONES: tuple[Handset, ...] = (
    _phone(chromium(_chrome_on("9; CUBOT_P30", "112.0.0.0"), "Google Chrome", 112)),
    _phone(chromium(_chrome_on("11; google Pixel 2", "106.0.0.0"), "Google Chrome", 106)),
    _phone(_old(_chrome_on("7.0; CUBOT_NOTE_S", "68.0.3440.91"))),
    _phone(_old(_chrome_on("5.1.1; SM-J320FN", "70.0.3538.80"))),
    _phone(
        _old(
            "Mozilla/5.0 (Linux; U; Android 4.1.2; en-us; GT-I8190 Build/JZO54K) "
            "AppleWebKit/534.30 (KHTML, like Gecko) Version/4.0 Mobile Safari/534.30",
            ("X-Requested-With", "com.android.browser"),
        )
    ),
    _phone(_old(f"Mozilla/5.0 (Linux; U; Android 2.3.6; en-us; GT-S5830) {WEBKIT_533}")),
    _phone(_old("Mozilla/5.0 (Mobile; Nokia_8110_4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5")),
    _phone(
        _old("Mozilla/5.0 (Mobile; Nokia_2780_Flip; rv:84.0) Gecko/84.0 Firefox/84.0 KAIOS/3.1")
    ),
    _phone(_old(OPERA_MINI), is_proxied=True),
    _phone(
        _old("Opera/9.80 (J2ME/MIDP; Opera Mini/7.1.32052/29.3709; U; en) Presto/2.8.119"),
        is_proxied=True,
    ),
    _phone(
        _old(
            "Mozilla/5.0 (Linux; U; Android 9; en-US; RMX1821) AppleWebKit/537.36 (KHTML, like "
            "Gecko) Version/4.0 Chrome/78.0.3904.108 UCBrowser/13.4.0.1306 Mobile Safari/537.36"
        )
    ),
    _phone(
        _old(IOS.format("12_5_7") + "Version/12.1.2 Mobile/15E148 Safari/604.1"),
        is_iphone=True,
    ),
    _phone(_old("Nokia6300/2.0 (05.00) Profile/MIDP-2.0 Configuration/CLDC-1.1")),
)
ODD_WEIGHTS = (14, 8, 10, 10, 5, 3, 9, 6, 14, 4, 7, 9, 1)


def _in_language(headers: Headers, random: Random, scheme: str) -> Headers:
    language = random.choices(LANGUAGES, LANGUAGE_WEIGHTS)[0]
    spoken = tuple(
        (name, language if name == "Accept-Language" else value) for name, value in headers
    )
    return over(scheme, spoken)
