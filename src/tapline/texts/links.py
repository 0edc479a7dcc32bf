"""Where the links in a text are, as phones find them when they make a text tappable.

linkify-it finds candidates, with scheme and without (by the list of top-level domains); the rules
below drop what people write without meaning a link. Merge fields count as letters of an address,
so that `https://example.com/{{ city | x }}` is one link.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Any

from linkify_it import LinkifyIt
from linkify_it.tlds import TLDS


@dataclass(frozen=True, slots=True)
class FoundLink:
    """`text[start:end]` is a link; `url` is the address it means, scheme included."""

    start: int
    end: int
    text: str
    url: str


_FIELD = re.compile(r"\{\{[^{}\n]*\}\}")
# Phones end an address before these; linkify-it takes them into the path.
_NEVER_IN_ADDRESS = re.compile("[…“”‘’«»、。，！？：；「」『』（）【】]")
_PUNCTUATION = ".,;:!?'\""  # left at the end by the cut, it belongs to the sentence
_BARE_HOST = re.compile(r"(?P<host>[^/?#:]+)(?P<rest>.*)", re.DOTALL)
# A sentence that follows its full stop without a space («Sale.Now») is told from a name typed in
# capitals («Example.Com») by these endings, which are not words.
_NAMES_NOT_WORDS = frozenset({"com", "net", "org", "info", "biz", "edu", "gov"})


def find_links(text: str) -> list[FoundLink]:
    """Return the links of `text` from left to right; they never overlap. Never raises.

    Only http and https, with or without the scheme written. E-mail addresses are not links,
    nor are `10.am`, `3.Preis` or `e.g.`. An address without a scheme means https.
    """
    masked = _FIELD.sub(lambda field: "x" * len(field[0]), text)
    if "." not in masked and "://" not in masked:
        return []
    found = (_as_link(text, masked, match) for match in _finder().match(masked) or ())
    return [link for link in found if link is not None]


def replace_links(text: str, found: list[FoundLink], urls: list[str]) -> str:
    """Return `text` with the i-th of its `found` links written as `urls[i]`."""
    pieces: list[str] = []
    done = 0
    for link, url in zip(found, urls, strict=True):
        pieces += (text[done : link.start], url)
        done = link.end
    return "".join([*pieces, text[done:]])


@functools.cache
def _finder() -> Any:
    finder = LinkifyIt(options={"fuzzy_link": True, "fuzzy_email": True, "fuzzy_ip": False})
    for schema in ("ftp:", "//"):
        finder.add(schema, None)
    return finder.tlds(TLDS)


def _as_link(text: str, masked: str, match: Any) -> FoundLink | None:
    if match.schema not in ("", "http:", "https:"):
        return None
    start, end = match.index, match.last_index
    if cut := _NEVER_IN_ADDRESS.search(masked, start, end):
        end = start + len(masked[start : cut.start()].rstrip(_PUNCTUATION))
    shown = text[start:end]
    if match.schema:
        # The cut may have left nothing after the scheme.
        return FoundLink(start, end, shown, shown) if shown.partition("://")[2] else None
    if not _means_a_link(masked[start:end]):
        return None
    return FoundLink(start, end, shown, f"https://{shown}")


def _means_a_link(bare: str) -> bool:
    """Tell an address without scheme from times, prices and sentences run together."""
    parts = _BARE_HOST.match(bare)
    if parts is None or "." not in parts["host"].strip("."):
        return False
    labels = parts["host"].split(".")
    if parts["rest"] or labels[0].lower() == "www":
        return True
    if labels[-2].isdigit():  # «10.am», «1.de», «9.99.de»
        return False
    ending = labels[-1]
    is_a_word = ending[0].isupper() and ending[1:].islower()
    return not is_a_word or ending.lower() in _NAMES_NOT_WORDS
