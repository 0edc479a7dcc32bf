"""How people are found by what somebody remembers of them: words of their attributes."""

from __future__ import annotations

import json

from django.db.models import Q

from tapline.contacts.question_sql import said_sql


def named(words: str, prefix: str = "") -> Q:
    """Return a condition: each of `words` stands somewhere in the contact's attributes.

    `prefix` leads from another table to the contact: "contact__".
    """
    condition = Q()
    for word in words.split():
        condition &= _holds(word, prefix) | _holds(word.capitalize(), prefix)
    return condition


def named_sql(words: str) -> str:
    """Return the same as SQL on the contact alias `c`, without parameters."""
    each = (" or ".join(_stands(spelled) for spelled in _spellings(word)) for word in words.split())
    return "(" + (" and ".join(f"({condition})" for condition in each) or "true") + ")"


def _spellings(word: str) -> list[str]:
    """Return a word as JSON may hold it; SQLite knows the small letters of A–Z alone."""
    spelled = (word, word.lower(), word.capitalize())
    return list(dict.fromkeys(json.dumps(each)[1:-1].lower() for each in spelled))


def _stands(spelled: str) -> str:
    return f"instr(lower(c.attributes), {said_sql(spelled)}) > 0"


def _holds(word: str, prefix: str) -> Q:
    # Attributes are stored as JSON, which writes «é» as \u00e9.
    stored = json.dumps(word)[1:-1]
    return Q(**{f"{prefix}attributes__icontains": stored})
