"""How many parts a text is billed as, exactly.

Rules: 3GPP TS 23.038 (alphabets) and TS 23.040 (concatenation, 8-bit reference): GSM-7 text has
160 septets alone and 153 per part when split, other text 70 UTF-16 units alone and 67. Neither an
escape pair nor what a reader sees as one character is torn apart by a split, so a part can hold
less. National shift tables are not used: providers do not promise them.
"""

from __future__ import annotations

import functools
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

Encoding: TypeAlias = Literal["GSM-7", "UCS-2"]

GSM_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION = "\f^{}\\[~]|€"  # two septets each: an escape and the character

_NOT_GSM = re.compile(f"[^{re.escape(GSM_BASIC + GSM_EXTENSION)}]")
_EXTENSION = re.compile(f"[{re.escape(GSM_EXTENSION)}]")

_ZWJ = 0x200D
_KEYCAP_AND_TAGS = range(0xE0020, 0xE0080)
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_REGIONAL = range(0x1F1E6, 0x1F200)
_HANGUL_VOWELS_AND_TAILS = range(0x1160, 0x1200)


@dataclass(frozen=True, slots=True)
class PartCount:
    """What a text costs: `units` are septets or UTF-16 units, `left` those that the last part
    still has room for, `per_part` what one part holds."""

    parts: int
    encoding: Encoding
    units: int
    per_part: int
    left: int


@dataclass(frozen=True, slots=True)
class _Limits:
    alone: int
    split: int


_LIMITS: dict[Encoding, _Limits] = {"GSM-7": _Limits(160, 153), "UCS-2": _Limits(70, 67)}


def count_parts(text: str) -> int:
    """Return how many parts `text` is billed as (1 or more). Never raises.

    About 2 µs for a GSM-7 text of one part, which is what sending asks most.
    """
    if _NOT_GSM.search(text) is None:
        units = len(text) + len(_EXTENSION.findall(text))
        return 1 if units <= 160 else describe(text).parts
    return describe(text).parts


def describe(text: str) -> PartCount:
    """Return what `text` is billed as and how much room is left. Never raises."""
    encoding: Encoding = "UCS-2" if _NOT_GSM.search(text) else "GSM-7"
    limits = _LIMITS[encoding]
    units = _units(text, encoding)
    if units <= limits.alone:
        return PartCount(1, encoding, units, limits.alone, limits.alone - units)
    parts, used = _split(text, encoding, limits.split)
    return PartCount(parts, encoding, units, limits.split, limits.split - used)


def unusual_characters(text: str) -> list[str]:
    """Return the characters that force `text` out of GSM-7, each once, in their order."""
    return list(dict.fromkeys(_NOT_GSM.findall(text)))


def _units(text: str, encoding: Encoding) -> int:
    if encoding == "GSM-7":
        return len(text) + len(_EXTENSION.findall(text))
    return len(text) + sum(1 for character in text if ord(character) > 0xFFFF)


def _split(text: str, encoding: Encoding, per_part: int) -> tuple[int, int]:
    """Return the number of parts and how much of the last one is used."""
    if encoding == "GSM-7" and not _EXTENSION.search(text):
        return _even(len(text), per_part)
    if encoding == "UCS-2" and not _joining().search(text):
        return _even(len(text), per_part)
    if encoding == "GSM-7":
        return _pack((2 if character in GSM_EXTENSION else 1 for character in text), per_part)
    return _pack(_grapheme_units(text, per_part), per_part)


def _even(units: int, per_part: int) -> tuple[int, int]:
    parts = -(-units // per_part)
    return parts, units - (parts - 1) * per_part


def _pack(sizes: Iterable[int], per_part: int) -> tuple[int, int]:
    parts, used = 1, 0
    for size in sizes:
        if used + size > per_part:
            parts, used = parts + 1, 0
        used += size
    return parts, used


def _grapheme_units(text: str, per_part: int) -> Iterator[int]:
    """Yield the size of each visible character. One larger than a part is torn by code points."""
    for grapheme in graphemes(text):
        size = _units(grapheme, "UCS-2")
        if size <= per_part:
            yield size
        else:
            yield from (_units(character, "UCS-2") for character in grapheme)


def graphemes(text: str) -> Iterator[str]:
    """Yield what a reader sees as single characters: marks, joined emoji, flags, Hangul and CRLF
    stay whole. The rules of UAX #29 that can matter in a text; the rest need its tables."""
    start = 0
    for at in range(1, len(text)):
        if not _belong_together(text, start, at):
            yield text[start:at]
            start = at
    if text:
        yield text[start:]


def _belong_together(text: str, start: int, at: int) -> bool:
    before, here = ord(text[at - 1]), ord(text[at])
    if _extends(here) or (before, here) == (0x0D, 0x0A):
        return True
    if before == _ZWJ:
        return _is_pictographic(here)
    if here in _REGIONAL and before in _REGIONAL:
        return (at - start) % 2 == 1  # Flags are pairs.
    return False


@functools.lru_cache(maxsize=4096)
def _extends(code_point: int) -> bool:
    """Say whether this code point joins the one before it."""
    return (
        code_point == _ZWJ
        or code_point in _SKIN_TONES
        or code_point in _KEYCAP_AND_TAGS
        or code_point in _HANGUL_VOWELS_AND_TAILS
        or unicodedata.category(chr(code_point)) in ("Mn", "Me", "Mc")
    )


def _is_pictographic(code_point: int) -> bool:
    return code_point > 0xFFFF or unicodedata.category(chr(code_point)) == "So"


@functools.cache
def _joining() -> re.Pattern[str]:
    """Matches every character that can be part of a larger one; a text without any splits
    evenly. Built once, in a few milliseconds, from Python's own Unicode tables."""
    joiners = (chr(point) for point in range(0x0300, 0x10000) if _extends_uncached(point))
    above = f"\U00010000-{chr(sys.maxunicode)}"
    return re.compile(f"[\r{re.escape(''.join(joiners))}{above}]")


_extends_uncached = _extends.__wrapped__
