"""Errors and findings in the language of the page: `{{ error.what|translated }}`.

A text of the core comes with its values in it. Its pattern is found among those in the catalogue
(`web.error_patterns` put them there), and the translation gets the same values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from babel.messages.mofile import read_mo
from django.utils.translation import get_language, gettext

from tapline.numerals import grouped, money
from tapline.web.catalogues import path_of
from tapline.web.error_patterns import PLACEHOLDER

# As the core writes them: «1,000», «1,234.50 USD».
GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+")
AMOUNT = re.compile(r"(\d{1,3}(?:,\d{3})*\.\d\d) ([A-Z]{3})")
SENTENCE_ENDS = re.compile(r"(?<=\.) (?=[A-Z])")


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A sentence with values, and what recognises it."""

    message: str
    regex: re.Pattern[str]


def translated(text: str) -> str:
    """Return what the core says in the active language; as it is where nobody translated it.

    Several sentences in a row («why a row was refused») are translated one by one.
    """
    whole = _sentence(text)
    return whole if whole != text else " ".join(map(_sentence, SENTENCE_ENDS.split(text)))


def _sentence(text: str) -> str:
    exact = gettext(text) if text else text
    if exact != text:
        return exact
    for pattern in _patterns(get_language() or ""):
        if found := pattern.regex.fullmatch(text):
            return _fill(gettext(pattern.message), found.groupdict())
    return text


def _fill(sentence: str, values: Mapping[str, str]) -> str:
    return PLACEHOLDER.sub(lambda name: _figure(values.get(name[1], name[0])), sentence)


def _figure(value: str) -> str:
    """Return a count or an amount as the page's language writes it; anything else as it is."""
    if GROUPED.fullmatch(value):
        return grouped(int(value.replace(",", "")))
    if found := AMOUNT.fullmatch(value):
        return money(Decimal(found[1].replace(",", "")), found[2])
    return value


@cache
def _patterns(language: str) -> tuple[_Pattern, ...]:
    """Return the patterns that a language's catalogue translates, the most telling first."""
    path = path_of(language).with_suffix(".mo")
    if not path.exists():
        return ()
    with path.open("rb") as file:
        messages = [each.id for each in read_mo(file) if isinstance(each.id, str)]
    found = [each for each in messages if PLACEHOLDER.search(each)]
    found.sort(key=lambda message: len(PLACEHOLDER.sub("", message)), reverse=True)
    return tuple(_Pattern(message, _regex(message)) for message in found)


def _regex(message: str) -> re.Pattern[str]:
    """Return what matches the sentence with any values; a name stands for one value."""
    parts = PLACEHOLDER.split(message)
    literals, names = parts[::2], parts[1::2]
    regex = re.escape(literals[0])
    for name, literal in zip(names, literals[1:], strict=True):
        regex += f"(?P<{name}>.+?){re.escape(literal)}"
    return re.compile(regex, re.DOTALL)
