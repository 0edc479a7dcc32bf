"""Which characters of a text cost parts, and what could stand in their place.

One character outside GSM-7 makes every part hold 70 instead of 160; a few characters of GSM-7 count
twice. What stands instead is read the same by people: a straight quote for a curly one, a letter
without its accent.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from tapline.texts.parts import (
    GSM_BASIC,
    GSM_EXTENSION,
    count_parts,
    describe,
    graphemes,
    unusual_characters,
)

_SPELLED_OUT = """
…=... ‹=< ›=> ×=x ÷=/ ⁄=/ ™=TM ®=(R) ©=(C) →=-> ←=<- №=No. º=o ª=a °=deg ±=+/- ½=1/2 ¼=1/4 ¾=3/4
¢=c ¦=| Œ=OE œ=oe Ł=L ł=l Đ=D đ=d ı=i ẞ=SS þ=th
"""
# What people read alike. "" leaves the character out: it is not seen, or only adorns.
_ALIKE = {
    **dict.fromkeys("‘’‚‛′´`ʼ", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‐‑‒–—―−•·▪●◦", "-"),
    **dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u200a\u202f\u3000\t", " "),
    **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f\ufe0e\ufe0f", ""),
    **dict.fromkeys("✓✔☑✅", ""),
    **{pair[0]: pair[2:] for pair in _SPELLED_OUT.split()},
}
_GSM = frozenset(GSM_BASIC + GSM_EXTENSION)
# One septet each, for what counts twice: only where people read the same.
_SHORTER = {"[": "(", "]": ")", "{": "(", "}": ")", "\\": "/", "|": "/", "~": "-", "^": ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class CostlyCharacter:
    """A character that costs more than its place. `instead` is None where nothing reads alike;
    `saves` is how many parts fewer the text has with that instead, for this character alone."""

    character: str
    places: tuple[int, ...]  # offsets in the text
    instead: str | None
    saves: int

    @property
    def name(self) -> str:
        """The character's name in Unicode's words, small: «right single quotation mark»."""
        return unicodedata.name(self.character[0], "").lower()

    @property
    def counts_twice(self) -> bool:
        """Say whether it is one of GSM-7 that takes two places; others shorten every part."""
        return self.character in GSM_EXTENSION


def costly_characters(text: str) -> list[CostlyCharacter]:
    """Return the characters that cost `text` parts, in their order. Never raises.

    All outside GSM-7, if there is any; else those that count twice, where one less part would do
    without them.
    """
    found = _unusual(text) or [each for each in _twice(text) if each.saves]
    return sorted(found, key=lambda each: each.places)


def in_plain_characters(text: str) -> str:
    """Return `text` with all that has a look-alike in GSM-7 written so. Never longer in parts."""
    written = "".join(_plainest(each) for each in graphemes(text))
    return written if count_parts(written) <= count_parts(text) else text


def write_instead(text: str, character: str, instead: str) -> str:
    """Return `text` with one visible character written otherwise, wherever it stands."""
    pieces = (instead if each == character else each for each in graphemes(text))
    return "".join(pieces)


def alike(grapheme: str) -> str | None:
    """Return what people read like this visible character and is of GSM-7; None: nothing is.

    Emoji become nothing: they adorn, and no letters say the same.
    """
    if all(each in _GSM for each in grapheme):
        return grapheme
    known = "".join(_ALIKE.get(each, each) for each in grapheme)
    if all(each in _GSM for each in known):
        return known
    bare = _without_accents(known)
    if all(each in _GSM for each in bare):
        return bare
    return "" if _only_adorns(grapheme) else None


def _plainest(grapheme: str) -> str:
    instead = alike(grapheme)
    return grapheme if instead is None else instead


def _unusual(text: str) -> list[CostlyCharacter]:
    if not unusual_characters(text):
        return []
    places = _places(text)
    parts = describe(text).parts
    return [
        _told(text, parts, each, places[each], alike(each))
        for each in places
        if any(letter not in _GSM for letter in each)
    ]


def _twice(text: str) -> list[CostlyCharacter]:
    parts = describe(text).parts
    if parts == count_parts("".join("x" if each in GSM_EXTENSION else each for each in text)):
        return []
    places = _places(text)
    return [
        _told(text, parts, each, places[each], _SHORTER[each])
        for each in _SHORTER
        if each in places
    ]


def _told(
    text: str, parts: int, character: str, places: tuple[int, ...], instead: str | None
) -> CostlyCharacter:
    fewer = 0 if instead is None else parts - count_parts(write_instead(text, character, instead))
    return CostlyCharacter(character=character, places=places, instead=instead, saves=max(0, fewer))


def _places(text: str) -> dict[str, tuple[int, ...]]:
    """Return where each visible character stands."""
    places: dict[str, tuple[int, ...]] = {}
    at = 0
    for each in graphemes(text):
        places[each] = (*places.get(each, ()), at)
        at += len(each)
    return places


def _without_accents(text: str) -> str:
    """Return letters that GSM-7 lacks without their marks; those that it has keep them."""
    bare = (each if each in _GSM else unicodedata.normalize("NFKD", each) for each in text)
    return "".join(each for each in "".join(bare) if not unicodedata.combining(each))


def _only_adorns(grapheme: str) -> bool:
    """Say whether a visible character is an emoji or a sign, no letter and no digit."""
    kinds = {unicodedata.category(each) for each in grapheme}
    return not any(kind[0] in "LN" for kind in kinds) and bool(kinds & {"So", "Sk", "Cn"})
