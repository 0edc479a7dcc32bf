"""What merge fields a text holds, and what it becomes with one person's attributes.

A field is written `{{ first_name }}` or, with what stands in where the attribute is missing,
`{{ first_name | there }}`. Single braces mean nothing here (`{code}` belongs to destinations).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from tapline.errors import TaplineError


class BadMergeField(TaplineError):
    """A merge field is not closed or not written as one."""


@dataclass(frozen=True, slots=True)
class Field:
    """One merge field. `fallback` is None where none was given: then the attribute is needed."""

    name: str
    fallback: str | None
    start: int
    end: int


Piece: TypeAlias = str | Field

# Anything between two double braces on one line, so that a broken field is pointed at as a whole.
_MARK = re.compile(r"\{\{(?P<inside>[^{}\n]*)\}\}")
_NAME = re.compile(r"[^\W\d]\w*")
# Control characters break texts on phones and in provider APIs; the bidi marks could make a
# link look like another one.
_NOT_PRINTED = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


@dataclass(frozen=True, slots=True)
class Template:
    """A text split into what stays and what is filled in."""

    pieces: tuple[Piece, ...]

    @property
    def fields(self) -> tuple[Field, ...]:
        """The merge fields in the order of the text, repeated ones included."""
        return tuple(piece for piece in self.pieces if isinstance(piece, Field))

    @property
    def needed(self) -> frozenset[str]:
        """The attributes without which the text has a hole: fields without a fallback."""
        return frozenset(field.name for field in self.fields if field.fallback is None)

    def render(
        self, attributes: Mapping[str, str], *, escape: Callable[[str], str] | None = None
    ) -> str:
        """Return the text with the attributes filled in, each through `escape` if given.

        A missing or empty attribute gives its fallback, and nothing where there is none.
        """
        return "".join(
            piece if isinstance(piece, str) else fill(piece, attributes, escape)
            for piece in self.pieces
        )

    def missing(self, attributes: Mapping[str, str]) -> frozenset[str]:
        """Return the names of needed attributes that are absent or print nothing."""
        return frozenset(name for name in self.needed if not clean(attributes.get(name)))


def parse(text: str) -> Template:
    """Return `text` as a template; raises `BadMergeField` with the place and what to do."""
    pieces: list[Piece] = []
    done = 0
    for mark in _MARK.finditer(text):
        pieces.append(_plain(text, done, mark.start()))
        pieces.append(_field(mark))
        done = mark.end()
    pieces.append(_plain(text, done, len(text)))
    return Template(tuple(piece for piece in pieces if piece != ""))


def fill(
    field: Field, attributes: Mapping[str, str], escape: Callable[[str], str] | None = None
) -> str:
    """Return what stands in the place of `field` for a person with these attributes."""
    value = clean(attributes.get(field.name)) or field.fallback or ""
    return escape(value) if escape else value


def clean(value: object) -> str:
    """Return an attribute's value as it may stand in a text: one line, no control characters."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else str(value)
    return (text if text.isprintable() else _NOT_PRINTED.sub(" ", text)).strip()


def _plain(text: str, start: int, end: int) -> str:
    """Return the text between two fields; a brace pair left in it is half a field."""
    plain = text[start:end]
    for braces, missing in (("{{", "}}"), ("}}", "{{")):
        if (found := plain.find(braces)) >= 0:
            at = start + found
            raise BadMergeField(
                f"The merge field at character {at + 1} is not complete: «{_around(text, at)}».",
                why=f"It has {braces} without {missing}.",
                do="Write it like {{ first_name }} or {{ first_name | there }}.",
            )
    return plain


def _field(mark: re.Match[str]) -> Field:
    name, bar, fallback = mark["inside"].partition("|")
    if not _NAME.fullmatch(name.strip()):
        raise BadMergeField(
            f"The merge field at character {mark.start() + 1} has no usable name: «{mark[0]}».",
            why="A name is one word of letters, digits and _, and begins with a letter.",
            do="Write it like {{ first_name }}, with a name from the contacts' attributes.",
        )
    return Field(name.strip(), clean(fallback) if bar and fallback.strip() else None, *mark.span())


def _around(text: str, at: int) -> str:
    return text[at : at + 24].split("\n")[0]
