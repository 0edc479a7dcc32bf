"""What one recipient gets: the merge fields filled in, each link replaced by a short one.

Links are found once, in the text as it was written; the same address written twice is one link.
A link that holds merge fields is personal: each recipient has a destination of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias
from urllib.parse import quote

from tapline.errors import TaplineError
from tapline.texts.links import FoundLink, find_links
from tapline.texts.merging import Field, Template, fill, parse


class FieldInAuthority(TaplineError):
    """A merge field stands where an address says whose site it is."""


@dataclass(frozen=True, slots=True)
class LinkSlot:
    """Where a short link goes: the `ordinal`-th distinct destination of the text."""

    ordinal: int


Piece: TypeAlias = str | Field | LinkSlot
PieceKind: TypeAlias = Literal["words", "field", "link"]


@dataclass(frozen=True, slots=True)
class MessageTemplate:
    """A text ready for rendering. `destinations[i]` is what the short link `i` leads to."""

    pieces: tuple[Piece, ...]
    destinations: tuple[Template, ...]
    urls: tuple[str, ...]  # the destinations as they were written, merge fields included

    def is_personal(self, ordinal: int) -> bool:
        """Say whether each recipient needs a destination of their own."""
        return bool(self.destinations[ordinal].fields)

    @property
    def has_personal(self) -> bool:
        """Say whether any link needs a destination for each recipient."""
        return any(each.fields for each in self.destinations)

    @property
    def has_fields(self) -> bool:
        """Say whether the text itself (not its links) differs by attributes."""
        return any(isinstance(piece, Field) for piece in self.pieces)

    @property
    def fields_in_text(self) -> frozenset[str]:
        """The attributes that are read in the text itself, not only by its links."""
        return frozenset(piece.name for piece in self.pieces if isinstance(piece, Field))

    @property
    def needed(self) -> frozenset[str]:
        """The attributes without which a recipient gets a text or an address with a hole."""
        fields = (piece for piece in self.pieces if isinstance(piece, Field))
        inside = frozenset(field.name for field in fields if field.fallback is None)
        return inside.union(*(each.needed for each in self.destinations))


def compile_text(text: str) -> MessageTemplate:
    """Return `text` ready for rendering.

    Raises `BadMergeField`, and `FieldInAuthority` for an address like `https://{{ shop }}.com`.
    """
    parse(text)  # the whole first: an error then names the place in the text as it was written
    found = find_links(text)
    for link in found:
        _refuse_field_in_authority(link)
    urls = list(dict.fromkeys(link.url for link in found))
    return MessageTemplate(
        pieces=tuple(_place_links(text, found, urls)),
        destinations=tuple(parse(url) for url in urls),
        urls=tuple(urls),
    )


def render_message(
    template: MessageTemplate, attributes: Mapping[str, str], short_urls: Sequence[str]
) -> str:
    """Return what one recipient gets; `short_urls[i]` stands for destination `i`.

    A missing attribute without fallback leaves a hole: such recipients are left out before, by
    `template.needed`.
    """
    rendered: list[str] = []
    for piece in template.pieces:
        if isinstance(piece, str):
            rendered.append(piece)
        elif isinstance(piece, Field):
            rendered.append(fill(piece, attributes))
        else:
            rendered.append(short_urls[piece.ordinal])
    return "".join(rendered)


def render_pieces(
    template: MessageTemplate, attributes: Mapping[str, str], short_urls: Sequence[str]
) -> list[tuple[PieceKind, str]]:
    """Return what `render_message` returns in pieces, each with what it is."""
    rendered: list[tuple[PieceKind, str]] = []
    for piece in template.pieces:
        if isinstance(piece, str):
            rendered.append(("words", piece))
        elif isinstance(piece, Field):
            rendered.append(("field", fill(piece, attributes)))
        else:
            rendered.append(("link", short_urls[piece.ordinal]))
    return rendered


def render_destination(destination: Template, attributes: Mapping[str, str]) -> str:
    """Return a personal destination: values percent-encoded, so that none can leave its place."""
    return destination.render(attributes, escape=_escape)


def _escape(value: str) -> str:
    return quote(value, safe="")


def _refuse_field_in_authority(link: FoundLink) -> None:
    # A fallback may hold a slash: look only at what stands before the first field.
    before_field, field, _ = link.url.partition("{{")
    if not field or any(sign in before_field.partition("://")[2] for sign in "/?#"):
        return
    raise FieldInAuthority(
        f"The link «{link.text}» has a merge field in its host name.",
        why="A contact's attribute would decide whose site the link leads to.",
        do="Put merge fields after the host name only, as in https://example.com/{{ city }}.",
    )


def _place_links(text: str, found: Sequence[FoundLink], urls: Sequence[str]) -> list[Piece]:
    """Return the text's pieces; a field inside a link belongs to the link."""
    placed: list[Piece] = []
    done = 0
    for link in found:
        placed += parse(text[done : link.start]).pieces
        placed.append(LinkSlot(urls.index(link.url)))
        done = link.end
    return [*placed, *parse(text[done:]).pieces]
