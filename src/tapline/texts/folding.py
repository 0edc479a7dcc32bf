"""What a word is beneath its case, accents and punctuation, so that words can be compared."""

from __future__ import annotations

import unicodedata

# Letters that have no accent to strip and yet are written both ways.
_SPELLED_OUT = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ł": "l"})


def fold(word: str) -> str:
    """Return a word without case, accents, punctuation and space: «Ménu!» becomes "menu"."""
    plain = unicodedata.normalize("NFKD", word.casefold().translate(_SPELLED_OUT))
    return "".join(letter for letter in plain if letter.isalnum())
