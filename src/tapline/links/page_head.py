"""What a web page says of itself in its head: title and preview card. Pure.

The fields are Open Graph's (ogp.me), which messaging apps read when they draw a preview; where one
is missing they take the page's title and its description.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin

from tapline.cards import LONGEST_DESCRIPTION, LONGEST_PICTURE, LONGEST_TITLE, plain_line
from tapline.destinations import BadDestination, check_destination

# Heads are shorter; what comes after this many bytes is not fetched.
MOST_BYTES = 128 * 1024

_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w-]{1,40})""", re.IGNORECASE)
_IN_HEADER = re.compile(r"""charset\s*=\s*["']?\s*([\w-]{1,40})""", re.IGNORECASE)
_GZIP_OR_DEFLATE = 47  # zlib tells them apart by their first bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PageHead:
    """What a preview of the page shows; empty where the page says nothing."""

    title: str = ""
    description: str = ""
    picture: str = ""  # a whole address
    site: str = ""
    has_card: bool = False  # the page names an Open Graph title or picture


def read_head(body: bytes, content_type: str, address: str) -> PageHead:
    """Return what the page at `address` says of itself; never raises, whatever `body` holds."""
    reader = _HeadReader()
    reader.feed(_decoded(body[:MOST_BYTES], content_type))
    said = reader.said
    title = said.get("og:title") or reader.title or said.get("twitter:title", "")
    return PageHead(
        title=plain_line(title)[:LONGEST_TITLE],
        description=plain_line(said.get("og:description") or said.get("description", ""))[
            :LONGEST_DESCRIPTION
        ],
        picture=_picture(said.get("og:image") or said.get("og:image:url", ""), address),
        site=plain_line(said.get("og:site_name", ""))[:LONGEST_TITLE],
        has_card=bool(said.get("og:title") or said.get("og:image")),
    )


def unpacked(body: bytes, encoding: str) -> bytes:
    """Return a body as it was before it was packed, no more than `MOST_BYTES` of it; nothing where
    it cannot be told, so that a few bytes never become gigabytes."""
    if encoding in ("", "identity"):
        return body[:MOST_BYTES]
    if encoding not in ("gzip", "x-gzip", "deflate"):
        return b""
    try:
        return zlib.decompressobj(_GZIP_OR_DEFLATE).decompress(body, MOST_BYTES)
    except zlib.error:
        return b""


class _HeadReader(HTMLParser):
    """Gathers the first title and the first value of each named field."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title = ""
        self.said: dict[str, str] = {}
        self._is_in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._is_in_title = tag == "title" and not self.title
        if tag == "meta":
            given = {name: value or "" for name, value in attrs}
            name = (given.get("property") or given.get("name", "")).strip().lower()
            self.said.setdefault(name, given.get("content", ""))

    def handle_endtag(self, tag: str) -> None:
        self._is_in_title = False

    def handle_data(self, data: str) -> None:
        if self._is_in_title:
            self.title += data


def _decoded(body: bytes, content_type: str) -> str:
    in_header, in_page = _IN_HEADER.search(content_type), _CHARSET.search(body)
    name = in_header[1] if in_header else in_page[1].decode() if in_page else "utf-8"
    try:
        return body.decode(name, "replace")
    except (LookupError, ValueError):
        return body.decode("utf-8", "replace")


def _picture(address: str, page: str) -> str:
    """Return the whole address of a picture; empty where no app could fetch it."""
    try:
        whole = check_destination(urljoin(page, address.strip())) if address.strip() else ""
    except (BadDestination, ValueError):
        return ""
    return whole if len(whole) <= LONGEST_PICTURE else ""
