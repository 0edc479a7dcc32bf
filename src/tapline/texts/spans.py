"""Where a text holds what is not read as words: links and merge fields."""

from __future__ import annotations

import re

from tapline.texts.links import find_links

_FIELD = re.compile(r"\{\{[^{}\n]*\}\}")


def not_words(text: str) -> list[tuple[int, int]]:
    """Return (start, end) of each link and merge field, from left to right; they never overlap."""
    links = [(link.start, link.end) for link in find_links(text)]
    fields = [field.span() for field in _FIELD.finditer(text)]
    outside = [field for field in fields if not any(a <= field[0] < b for a, b in links)]
    return sorted(links + outside)


def words_only(text: str) -> str:
    """Return `text` with spaces for its links and merge fields: as long, and read as words."""
    pieces: list[str] = []
    done = 0
    for start, end in not_words(text):
        pieces += (text[done:start], " " * (end - start))
        done = end
    return "".join([*pieces, text[done:]])
