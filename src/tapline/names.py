"""What countries and languages are called in the language of the page."""

from __future__ import annotations

from babel import Locale, UnknownLocaleError
from django.utils.translation import get_language, to_locale


def country_name(code: str) -> str:
    """Return the name of the country `DE`; the code where there is none."""
    return str(_reader().territories.get(code, code))


def language_name(code: str) -> str:
    """Return the name of the language `de` or `pt-BR`, with a capital; the code where none is."""
    try:
        name = Locale.parse(code, sep="-").get_display_name(_reader())
    except (UnknownLocaleError, ValueError):
        return code
    return f"{name[:1].upper()}{name[1:]}" if name else code


def _reader() -> Locale:
    return Locale.parse(to_locale(get_language() or "en"))
