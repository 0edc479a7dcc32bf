"""How a sentence is written down so that its variants are found, and people can read it.

The notation, over the words that `plain` gives:

    stop texting        these words, one after the other, anywhere in the text
    (take|get) me       one of these
    [please|all your]   any of these, any number of times, or none
    envi*               a word that begins so
    <texts>             one of the names in the table that `compile_phrase` is given
    !(for good)         not followed by any of these
    ^  $                here the text begins, or ends
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_PIECE = re.compile(r"!\([^)]*\)|\([^)]*\)|\[[^\]]*\]|\S+")
_NAME = re.compile(r"<(\w+)>")


@dataclass(frozen=True, slots=True)
class Phrase:
    """Sentences that mean the same: in which language, and why they count as they do."""

    language: str
    reason: str
    patterns: tuple[re.Pattern[str], ...]

    def found_in(self, words: str) -> bool:
        """Say whether plain words hold one of the sentences."""
        return any(pattern.search(f" {words}") for pattern in self.patterns)

    def taken_from(self, words: str) -> str:
        """Return plain words without these sentences."""
        for pattern in self.patterns:
            words = " ".join(pattern.sub(" ", f" {words}").split())
        return words


def compile_phrase(language: str, reason: str, sentences: str, names: Mapping[str, str]) -> Phrase:
    """Return a phrase from sentences in the notation above, one a line; `names` says what a name
    stands for."""
    lines = [line.strip() for line in sentences.strip().splitlines() if line.strip()]
    return Phrase(language, reason, tuple(_compile(line, names) for line in lines))


def _compile(sentence: str, names: Mapping[str, str]) -> re.Pattern[str]:
    pieces = (_NAME.sub(lambda name: names[name[1]], piece) for piece in _PIECE.findall(sentence))
    return re.compile("".join(_piece(piece) for piece in pieces) + r"(?!\S)")


def _piece(piece: str) -> str:
    if piece in ("^", "$"):
        return piece
    if piece.startswith("!("):
        return f"(?! (?:{_words(piece[2:-1])}))"
    if piece.startswith("["):
        return f"(?: (?:{_words(piece[1:-1])}))*"
    return f" (?:{_words(piece.strip('()'))})"


def _words(alternatives: str) -> str:
    # Each ends where a word does, or `text` would be found in `texture`.
    return "|".join(
        re.escape(each.strip()).replace(r"\*", r"\w*").replace(r"\ ", " ") + r"(?!\S)"
        for each in alternatives.split("|")
    )
