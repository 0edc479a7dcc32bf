"""The card of a link: what messaging apps show of it before anybody taps. Pure.

A card is a small page with Open Graph's fields (ogp.me) and a way on, in case a person lands there.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from html import escape
from typing import NamedTuple, NoReturn

from tapline.destinations import CODE, BadDestination, check_destination, has_fields
from tapline.errors import TaplineError

LONGEST_TITLE = 120
LONGEST_DESCRIPTION = 300
LONGEST_PICTURE = 1000
# Some previewers read no further than 4,000 bytes (wiki.soprani.ca/CheogramApp/LinkPreviews); the
# fields come first, and the way on may reach beyond.
MOST_BYTES = 3500

_BEGIN = '<!doctype html><meta charset="utf-8"><title>{title}</title>\n'
_FIELD = '<meta property="og:{name}" content="{value}">\n'
_END = (
    '<meta name="twitter:card" content="{kind}">\n<meta name="robots" content="noindex">\n'
    '<meta name="viewport" content="width=device-width">\n<p><a rel="nofollow" href="'
)
_LINK_END = '">{title}</a>\n'


class BadCard(TaplineError):
    """A card cannot be shown like that."""


class Card(NamedTuple):
    """What a preview shows. Only the title must be there."""

    title: str
    description: str = ""
    picture: str = ""  # address of a picture


@dataclass(frozen=True, slots=True)
class CardPage:
    """The page of a card, cut where the way on leads."""

    before: bytes
    after: bytes

    def body(self, destination: str) -> bytes:
        """Return the page of a link that leads to `destination`."""
        return self.before + escape(destination).encode() + self.after


def check_card(title: str, description: str = "", picture: str = "") -> Card | None:
    """Return the card with its texts made plain; None where all of them are empty.

    Raises `BadCard` for one without a title, too long, or whose picture has no good address.
    """
    card = Card(plain_line(title), plain_line(description), picture.strip())
    if not any(card):
        return None
    if not card.title:
        _refuse("The card has no title.", "It is what a preview shows first.", "Give it a title.")
    for name, text, longest in (
        ("title", card.title, LONGEST_TITLE),
        ("description", card.description, LONGEST_DESCRIPTION),
    ):
        if len(text) > longest:
            _refuse(
                f"The {name} is too long.",
                f"It has {len(text)} characters; previews show {longest} at most.",
                "Shorten it.",
            )
    card = card._replace(picture=_check_picture(card.picture))
    if len(card_page(card).before) > MOST_BYTES:
        _refuse(
            "The card is too large.",
            f"Some messaging apps read no more than {MOST_BYTES} bytes of it.",
            "Shorten the texts or the picture's address.",
        )
    return card


def card_page(card: Card) -> CardPage:
    """Return the page; every text is escaped."""
    title = escape(card.title)
    fields = {
        "title": title,
        "description": escape(card.description),
        "image": escape(card.picture),
        "type": "website",
    }
    lines = "".join(
        _FIELD.format(name=name, value=value) for name, value in fields.items() if value
    )
    end = _END.format(kind="summary_large_image" if card.picture else "summary")
    return CardPage(
        (_BEGIN.format(title=title) + lines + end).encode(), _LINK_END.format(title=title).encode()
    )


def _check_picture(address: str) -> str:
    if not address:
        return ""
    if len(address) > LONGEST_PICTURE or CODE in address or has_fields(address):
        _refuse(
            "The picture's address cannot be used.",
            f"It must be one address for everybody, of {LONGEST_PICTURE} characters at most.",
            "Give the address of a picture that anybody may see.",
        )
    try:
        return check_destination(address)
    except BadDestination as error:
        raise BadCard(
            "The picture's address cannot be used.", why=error.why, do="Correct it."
        ) from error


def plain_line(text: str) -> str:
    """Return a text in one line, without control characters."""
    words = " ".join(text.encode("utf-8", "ignore").decode().split())
    return "".join(letter for letter in words if unicodedata.category(letter) != "Cc")


def _refuse(what: str, why: str, do: str) -> NoReturn:
    raise BadCard(what, why=why, do=do)
