"""The bytes of every answer, made ready as far as they do not depend on the request.

Nothing of a request appears in an answer, except a code or alias that was found, inside a
destination that asks for it.
"""

from __future__ import annotations

import base64
import email.utils
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from tapline.cards import CardPage
from tapline.destinations import CODE, is_safe_location

# What a link's page may learn of the tap, and what caches and search engines may keep: nothing.
_PRIVATE = (
    b"Cache-Control: no-store\r\n"
    b"Referrer-Policy: strict-origin-when-cross-origin\r\n"
    b"X-Robots-Tag: noindex\r\n"
)
END_OF_HEAD = b"\r\n"
_HTML = b"Content-Type: text/html; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n"
_TEXT = b"Content-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n"

_REASONS = {
    200: "OK",
    302: "Found",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    413: "Content Too Large",
    414: "URI Too Long",
    431: "Request Header Fields Too Large",
    503: "Service Unavailable",
}

_PAGE = b"""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>This link does not work</title>
<body style="font:1.1rem/1.5 system-ui,sans-serif;max-width:30rem;margin:20vh auto;padding:0 1rem">
<h1 style="font-size:1.4rem">This link does not work</h1>
<p>It may be mistyped, or no longer valid. Open the message again and tap the whole link.</p>
"""

_HOME_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{name}</title>
<body style="font:1.1rem/1.5 system-ui,sans-serif;max-width:30rem;margin:20vh auto;padding:0 1rem">
<h1 style="font-size:1.4rem">{name}</h1>
<p>The links in our text messages begin with this address. Open a message and tap its link.</p>
"""

# Codes are no pages: nothing here is for a search engine to walk through.
_ROBOTS = "User-agent: *\nDisallow: /\n"
# A transparent pixel: browsers ask for an icon wherever they show a page.
_ICON = base64.b64decode("R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==")


@dataclass(slots=True, eq=False)
class Answer:
    """The head up to the date and the `Connection` line, and the body. `HEAD` gets no body."""

    status: int
    head: bytes
    body: bytes = b""
    _date_line: bytes = b""
    _whole_head: bytes = b""

    def whole_head(self, date_line: bytes) -> bytes:
        """Return the head with its date, ended; kept, since many answers of a second are alike."""
        if date_line is not self._date_line:
            self._date_line, self._whole_head = date_line, self.head + date_line + END_OF_HEAD
        return self._whole_head


@dataclass(frozen=True, slots=True)
class RedirectParts:
    """A redirect with its destination, cut where the code belongs."""

    whole: Answer | None  # where the destination asks for no code
    before_code: tuple[str, ...]

    def answer(self, code: str) -> Answer:
        """Return the redirect for one code or alias."""
        return self.whole or _redirect(self.location(code))

    def location(self, code: str) -> str:
        """Return where one code or alias leads."""
        return quote(code, safe="").join(self.before_code)


def redirect_parts(destination: str) -> RedirectParts | None:
    """Return what redirects to `destination`; None where it is not safe to send anybody there."""
    pieces = tuple(destination.split(CODE))
    if not is_safe_location("2".join(pieces)):
        return None
    return RedirectParts(_redirect(destination) if len(pieces) == 1 else None, pieces)


def card(page: CardPage, destination: str) -> Answer:
    """Return what a previewer gets: the link's card, and the way on. It loads and runs nothing."""
    lines = _HTML + b"Content-Security-Policy: default-src 'none'\r\n" + _PRIVATE
    return _made_ready(200, lines, page.body(destination))


def fallback(url: str) -> Answer:
    """Return what a path gets that leads nowhere: the domain's own address, or a plain page."""
    return _redirect(url) if url and is_safe_location(url) else NOT_FOUND


def home(host: str, brand_name: str, home_url: str, fallback_url: str) -> Answer:
    """Return what `/` gets: the way to the brand's home, or a page that names the brand."""
    for url in (home_url, fallback_url):
        if url and is_safe_location(url):
            return _redirect(url)
    page = _HOME_PAGE.format(name=escape(brand_name or host))
    return _made_ready(200, _HTML + _PRIVATE, page.encode())


def robots(text: str) -> Answer:
    """Return the domain's own robots.txt, or the one that forbids everything."""
    return _made_ready(200, _TEXT, (text or _ROBOTS).encode())


def challenge(body: bytes) -> Answer:
    """Return the proof that a certificate authority asks for (RFC 8555, 8.3)."""
    lines = b"Content-Type: application/octet-stream\r\nX-Content-Type-Options: nosniff\r\n"
    return _made_ready(200, lines, body)


def date_line(now: float) -> bytes:
    """Return the `Date` line for a time in seconds since 1970."""
    return f"Date: {email.utils.formatdate(now, usegmt=True)}\r\n".encode()


def _redirect(url: str) -> Answer:
    # A destination is ASCII when it is stored; anything else was refused as unsafe.
    location = b"Location: " + url.encode("ascii") + b"\r\n"
    return Answer(302, _head(302, location + _PRIVATE, 0))


def _head(status: int, lines: bytes, length_bytes: int) -> bytes:
    first = f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Length: {length_bytes}\r\n".encode()
    return first + lines


def _made_ready(status: int, lines: bytes, body: bytes) -> Answer:
    return Answer(status, _head(status, lines, len(body)), body)


def _refusal(status: int) -> Answer:
    return _made_ready(status, _TEXT, f"{_REASONS[status]}\n".encode())


NOT_FOUND = _made_ready(404, _HTML + _PRIVATE, _PAGE)
ROBOTS = robots("")
FAVICON = _made_ready(
    200, b"Content-Type: image/gif\r\nCache-Control: public, max-age=86400\r\n", _ICON
)
NOT_HERE = _refusal(404)
METHOD_NOT_ALLOWED = _made_ready(
    405, b"Allow: GET, HEAD\r\n" + _TEXT, b"Links are opened with GET.\n"
)
BAD_REQUEST = _refusal(400)
TIMED_OUT = _refusal(408)
BODY_TOO_LARGE = _refusal(413)
URI_TOO_LONG = _refusal(414)
HEADERS_TOO_LARGE = _refusal(431)
UNAVAILABLE = _refusal(503)
