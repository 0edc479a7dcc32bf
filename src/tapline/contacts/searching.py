"""How people are found by what somebody remembers of them: words of their attributes."""

from __future__ import annotations

import json

from django.db.models import Q


def named(words: str, prefix: str = "") -> Q:
    """Return a condition: each of `words` stands somewhere in the contact's attributes.

    `prefix` leads from another table to the contact: "contact__".
    """
    condition = Q()
    for word in words.split():
        condition &= _holds(word, prefix) | _holds(word.capitalize(), prefix)
    return condition


def _holds(word: str, prefix: str) -> Q:
    # Attributes are stored as JSON, which writes «é» as \u00e9.
    stored = json.dumps(word)[1:-1]
    return Q(**{f"{prefix}attributes__icontains": stored})
