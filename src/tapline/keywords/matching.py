"""Which keyword an inbound text asks for. Pure: words in, an answer out.

A keyword is found as the first word of a text, or as its only one, whatever its case, accents and
punctuation. One letter wrong, missing, too many or swapped with its neighbour is forgiven in words
of five letters and more, if that leads to one keyword alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tapline.texts.plain import plain

# Shorter words have too many neighbours: SHOP is one letter from STOP.
SHORTEST_FORGIVEN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One keyword as texts are matched against it; `key` is one bare word."""

    id: int
    key: str
    only_word: bool = False  # A text of more words does not ask for it.
    forgives: bool = True


@dataclass(frozen=True, slots=True)
class Match:
    """The keyword that a text asks for, and whether it was misspelt."""

    id: int
    is_misspelt: bool = False


def find_keyword(text: str, wanted: Iterable[Wanted]) -> Match | None:
    """Return the keyword that `text` asks for; None if there is none, or more than one might be.

    A word written exactly wins over a misspelt one, and the whole text over its first word
    («FREE PIZZA» may be a keyword of two words).
    """
    words = plain(text).split()
    if not words:
        return None
    first, whole = words[0], "".join(words)
    known = list(wanted)
    for said, is_alone in ((whole, True), (first, len(words) == 1)):
        for each in known:
            if each.key == said and (is_alone or not each.only_word):
                return Match(each.id)
    return _misspelt(first, whole, len(words) == 1, known)


def _misspelt(first: str, whole: str, is_alone: bool, known: Iterable[Wanted]) -> Match | None:
    near = {
        each.id
        for each in known
        if each.forgives
        and len(each.key) >= SHORTEST_FORGIVEN
        and (
            is_one_off(whole, each.key) or (_takes(each, is_alone) and is_one_off(first, each.key))
        )
    }
    return Match(near.pop(), is_misspelt=True) if len(near) == 1 else None


def _takes(wanted: Wanted, is_alone: bool) -> bool:
    return is_alone or not wanted.only_word


def is_one_off(said: str, key: str) -> bool:
    """Say whether one slip of a thumb leads from `key` to `said`: a letter changed, left out, added
    or swapped with its neighbour. Equal words are not."""
    if said == key or abs(len(said) - len(key)) > 1:
        return False
    start = next((i for i, (a, b) in enumerate(zip(said, key, strict=False)) if a != b), None)
    if start is None:  # One is the other with a letter more at its end.
        return True
    rest, wanted = said[start:], key[start:]
    return (
        rest[1:] == wanted[1:]
        or rest[1:] == wanted
        or rest == wanted[1:]
        or (rest[:2] == wanted[1::-1] and rest[2:] == wanted[2:])
    )
