"""How people are found by what somebody remembers of them: words of their attributes."""

from __future__ import annotations

import json
import string

from django.db.models import Q

from tapline.contacts.question_sql import said_sql

_SMALL = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def named(words: str, prefix: str = "") -> Q:
    """Return a condition: each of `words` stands somewhere in the contact's attributes.

    `prefix` leads from another table to the contact: "contact__".
    """
    condition = Q()
    for word in words.split():
        held = Q()
        for spelled in _spellings(word):
            held |= Q(**{f"{prefix}attributes__icontains": spelled})
        condition &= held
    return condition


def named_sql(words: str) -> str:
    """Return the same as SQL on the contact alias `c`, without parameters."""
    each = (" or ".join(_stands(spelled) for spelled in _spellings(word)) for word in words.split())
    return "(" + (" and ".join(f"({condition})" for condition in each) or "true") + ")"


def _spellings(word: str) -> list[str]:
    """Return a word as attributes may hold it: imports write «é» into JSON as it is, what changes
    one contact writes \\u00e9; and SQLite knows the small letters of A–Z alone."""
    cases = (word.lower(), word.upper(), word.capitalize())
    spelled = [
        json.dumps(each, ensure_ascii=is_ascii)[1:-1]
        for each in cases
        for is_ascii in (False, True)
    ]
    return list(dict.fromkeys(each.translate(_SMALL) for each in spelled))


def _stands(spelled: str) -> str:
    return f"instr(lower(c.attributes), {said_sql(spelled)}) > 0"
