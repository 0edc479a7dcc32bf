"""Who opens links, as they show themselves: the headers of phones, previews, scanners and tools.

Machines' agents are those published by their makers or seen by others; the forms of people's
browsers are the current ones of each maker. Header order and spelling follow the real programs.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

Headers = tuple[tuple[str, str], ...]


class Kind(StrEnum):
    """What an opening truly is, under the names of the report."""

    HUMAN = "human"
    PREVIEW = "preview"
    SCANNER = "scanner"
    PREFETCH = "prefetch"
    TOOL = "tool"
    OPERATOR = "operator"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Opener:
    """One program that opens links, with its weight among its like."""

    name: str
    kind: Kind
    headers: Headers
    weight: float = 1.0
    method: str = "GET"


_HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
_CHROME_HTML = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,"
    "*/*;q=0.8,application/signed-exchange;v=b3;q=0.7"
)
_ENGLISH = "en-US,en;q=0.9"


def webkit(agent: str) -> Headers:
    """Safari, and every browser on iOS: all of them are WebKit."""
    return (
        ("Sec-Fetch-Dest", "document"),
        ("User-Agent", agent),
        ("Accept", _HTML),
        ("Sec-Fetch-Site", "none"),
        ("Sec-Fetch-Mode", "navigate"),
        ("Accept-Language", _ENGLISH),
        ("Priority", "u=0, i"),
        ("Accept-Encoding", "gzip, deflate"),
        ("Connection", "keep-alive"),
    )


def chromium(agent: str, brand: str, version: int, platform: str = "Android") -> Headers:
    mobile = "?1" if platform == "Android" else "?0"
    return (
        ("Connection", "keep-alive"),
        ("sec-ch-ua", f'"{brand}";v="{version}", "Not?A_Brand";v="8", "Chromium";v="{version}"'),
        ("sec-ch-ua-mobile", mobile),
        ("sec-ch-ua-platform", f'"{platform}"'),
        ("Upgrade-Insecure-Requests", "1"),
        ("User-Agent", agent),
        ("Accept", _CHROME_HTML),
        ("Sec-Fetch-Site", "none"),
        ("Sec-Fetch-Mode", "navigate"),
        ("Sec-Fetch-User", "?1"),
        ("Sec-Fetch-Dest", "document"),
        ("Accept-Encoding", "gzip, deflate, br, zstd"),
        ("Accept-Language", _ENGLISH),
    )


def gecko(agent: str) -> Headers:
    return (
        ("User-Agent", agent),
        ("Accept", _HTML),
        ("Accept-Language", "en-US,en;q=0.5"),
        ("Accept-Encoding", "gzip, deflate, br, zstd"),
        ("Connection", "keep-alive"),
        ("Upgrade-Insecure-Requests", "1"),
        ("Sec-Fetch-Dest", "document"),
        ("Sec-Fetch-Mode", "navigate"),
        ("Sec-Fetch-Site", "none"),
        ("Sec-Fetch-User", "?1"),
    )


def in_app(headers: Headers, package: str) -> Headers:
    """An Android web view: it names its app and sends no client hints of a browser."""
    kept = tuple(pair for pair in headers if not pair[0].startswith("sec-ch-ua"))
    return (*kept, ("X-Requested-With", package))


def plain(agent: str, *more: tuple[str, str]) -> Headers:
    return (("User-Agent", agent), ("Accept", "*/*"), ("Connection", "keep-alive"), *more)


_IOS = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS {} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
)
_ANDROID = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
_VIEW = "Mozilla/5.0 (Linux; Android {}; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "

IPHONES: tuple[Opener, ...] = (
    Opener(
        "iPhone, Safari 26",
        Kind.HUMAN,
        webkit(_IOS.format("18_6") + "Version/26.0 Mobile/15E148 Safari/604.1"),
        46,
    ),
    Opener(
        "iPhone, Safari 18",
        Kind.HUMAN,
        webkit(_IOS.format("18_5") + "Version/18.5 Mobile/15E148 Safari/604.1"),
        34,
    ),
    Opener(
        "iPhone, Chrome",
        Kind.HUMAN,
        webkit(_IOS.format("18_6") + "CriOS/141.0.7390.41 Mobile/15E148 Safari/604.1"),
        9,
    ),
    Opener(
        "iPhone, Google app",
        Kind.HUMAN,
        webkit(_IOS.format("18_6") + "GSA/389.0.815192021 Mobile/15E148 Safari/604.1"),
        4,
    ),
    Opener(
        "iPhone, Instagram",
        Kind.HUMAN,
        webkit(
            _IOS.format("18_5") + "Mobile/15E148 Instagram 401.0.0.33.112 (iPhone15,2; iOS 18_5; "
            "en_US; en; scale=3.00; 1179x2556; 801127439)"
        ),
        4,
    ),
    Opener(
        "iPhone, Facebook",
        Kind.HUMAN,
        webkit(
            _IOS.format("18_5") + "Mobile/15E148 [FBAN/FBIOS;FBAV/532.0.0.41.108;FBDV/iPhone14,5;"
            "FBMD/iPhone;FBSN/iOS;FBSV/18.5;FBSS/3;FBLC/en_US;FBOP/5]"
        ),
        3,
    ),
)

ANDROIDS: tuple[Opener, ...] = (
    Opener(
        "Android, Chrome 141",
        Kind.HUMAN,
        chromium(_ANDROID + "Chrome/141.0.0.0 Mobile Safari/537.36", "Google Chrome", 141),
        52,
    ),
    Opener(
        "Android, Chrome 138",
        Kind.HUMAN,
        chromium(_ANDROID + "Chrome/138.0.0.0 Mobile Safari/537.36", "Google Chrome", 138),
        16,
    ),
    Opener(
        "Android, Samsung Internet",
        Kind.HUMAN,
        chromium(
            _ANDROID + "SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
            "Samsung Internet",
            130,
        ),
        18,
    ),
    Opener(
        "Android, Firefox",
        Kind.HUMAN,
        gecko("Mozilla/5.0 (Android 15; Mobile; rv:143.0) Gecko/143.0 Firefox/143.0"),
        4,
    ),
    Opener(
        "Android, Google app",
        Kind.HUMAN,
        in_app(
            chromium(
                _VIEW.format("15; Pixel 8 Build/AP4A.250205.002")
                + "Chrome/139.0.7258.158 Mobile Safari/537.36 GSA/16.35.41.sa.arm64",
                "Android WebView",
                139,
            ),
            "com.google.android.googlequicksearchbox",
        ),
        4,
    ),
    Opener(
        "Android, Instagram",
        Kind.HUMAN,
        in_app(
            chromium(
                _VIEW.format("14; SM-S911B Build/UP1A.231005.007")
                + "Chrome/139.0.7258.143 Mobile Safari/537.36 Instagram 395.0.0.42.81 Android "
                "(34/14; 480dpi; 1080x2106; samsung; SM-S911B; dm1q; qcom; en_US; 784112233)",
                "Android WebView",
                139,
            ),
            "com.instagram.android",
        ),
        3,
    ),
    Opener(
        "Android, an old CUBOT",
        Kind.HUMAN,
        chromium(
            "Mozilla/5.0 (Linux; Android 9; CUBOT_P30) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/112.0.0.0 Mobile Safari/537.36",
            "Google Chrome",
            112,
        ),
        3,
    ),
    # A person whose browser hides what it is: reports can only call this tap unknown.
    Opener("Android, Privacy Browser", Kind.HUMAN, gecko("PrivacyBrowser/1.0"), 1),
)

SECOND_DEVICES: tuple[Opener, ...] = (
    Opener(
        "Mac, Safari",
        Kind.HUMAN,
        webkit(
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 "
            "(KHTML, like Gecko) Version/26.0 Safari/605.1.15"
        ),
    ),
    Opener(
        "Windows, Chrome",
        Kind.HUMAN,
        chromium(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/141.0.0.0 Safari/537.36",
            "Google Chrome",
            141,
            "Windows",
        ),
    ),
    Opener(
        "iPad, Chrome",
        Kind.HUMAN,
        webkit(
            "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 "
            "(KHTML, like Gecko) CriOS/141.0.7390.41 Mobile/15E148 Safari/604.1"
        ),
    ),
)

_IMESSAGE = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 "
    "(KHTML, like Gecko) Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot "
    "Twitterbot/1.0"
)

# Fetched by the recipient's own phone, from its own address.
IMESSAGE = Opener(
    "iMessage preview",
    Kind.PREVIEW,
    (
        ("User-Agent", _IMESSAGE),
        ("Accept", _HTML),
        ("Accept-Language", "en-us"),
        ("Accept-Encoding", "gzip, deflate"),
        ("Connection", "keep-alive"),
    ),
)
WHATSAPP = Opener(
    "WhatsApp preview",
    Kind.PREVIEW,
    plain("WhatsApp/2.23.20.0 A", ("Accept-Encoding", "gzip")),
)

# Fetched by Google's servers for the recipient's phone.
GOOGLE_PREVIEWS: tuple[Opener, ...] = (
    Opener("Google Messages", Kind.PREVIEW, plain("GoogleMessages"), 6),
    Opener(
        "Google Messages, seen form",
        Kind.PREVIEW,
        plain(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/123.0.0.0 Safari/537.36 GoogleMessages/15.1"
        ),
        2,
    ),
    Opener(
        "Google-PageRenderer",
        Kind.PREVIEW,
        plain(
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/56.0.2924.87 Safari/537.36 Google-PageRenderer Google "
            "(+https://developers.google.com/+/web/snippet/)"
        ),
        2,
    ),
)

SCANNERS: tuple[Opener, ...] = (
    Opener("Barracuda", Kind.SCANNER, plain("Barracuda Sentinel (EE)"), 3),
    Opener(
        "Google-Safety",
        Kind.SCANNER,
        plain(
            "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 "
            "(KHTML, like Gecko) Chrome/114.0.5735.179 Mobile Safari/537.36 "
            "(compatible; Google-Safety; +http://www.google.com/bot.html)"
        ),
        3,
    ),
    Opener(
        "a link checker that asks by HEAD",
        Kind.SCANNER,
        plain(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/120.0.0.0 Safari/537.36"
        ),
        2,
        method="HEAD",
    ),
)

TOOLS: tuple[Opener, ...] = (
    Opener("curl", Kind.TOOL, (("User-Agent", "curl/8.14.1"), ("Accept", "*/*")), 2),
    Opener(
        "python-requests",
        Kind.TOOL,
        plain("python-requests/2.32.3", ("Accept-Encoding", "gzip, deflate")),
        2,
    ),
    Opener("okhttp", Kind.TOOL, plain("okhttp/4.12.0", ("Accept-Encoding", "gzip")), 1),
)


def prefetched(opener: Opener) -> Opener:
    """Return the same browser fetching a page that nobody asked for yet.

    Source of the header: Chromium `preloading_headers.cc`; Safari sends none.
    """
    kept = tuple(pair for pair in opener.headers if pair[0] != "Sec-Fetch-User")
    headers = (*kept, ("Sec-Purpose", "prefetch;prerender"), ("Purpose", "prefetch"))
    return Opener(f"{opener.name}, prefetch", Kind.PREFETCH, headers)
