"""How a text reads without its dress: case, accents, punctuation, emoji and signatures taken off.

«¡No más, por favor! 🛑» and «no mas por favor» come out alike, so that whoever looks for words need
know one spelling of each. Apostrophes vanish («don't» is `dont`, «m'écrivez» is `mecrivez`): half
of all people leave them out.
"""

from __future__ import annotations

import re
import unicodedata

_APOSTROPHES = dict.fromkeys(map(ord, "'\u2018\u2019\u02bc\u00b4`\u2032"))
# Letters that have no accent to take off, and yet are written both ways.
_SPELLED_OUT = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ł": "l"})
_NOT_WORDS = re.compile(r"[\W_]+")
_LETTERS_APART = re.compile(r"\w(?: \w)+")
# What phones and mail programs write below a text by themselves.
_SIGNATURE = re.compile(
    r" (?:sent from (?:my|a)|enviado desde mi|envoye (?:de|depuis) mon|von meinem) [\w ]{2,30}$"
)


def plain(text: str) -> str:
    """Return the words of `text` in lower case with single spaces between them, "" for none."""
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_APOSTROPHES)
    bare = unicodedata.normalize("NFKD", folded.translate(_SPELLED_OUT))
    without_accents = "".join(each for each in bare if not unicodedata.combining(each))
    words = _NOT_WORDS.sub(" ", without_accents).strip()
    words = _SIGNATURE.sub("", words)
    return words.replace(" ", "") if _LETTERS_APART.fullmatch(words) else words


def one_word(text: str) -> str:
    """Return `text` as one word, to be compared with others: «FREE-PIZZA!» becomes "freepizza"."""
    return plain(text).replace(" ", "")
