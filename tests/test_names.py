"""Countries and languages are called as the reader of the page calls them."""

from __future__ import annotations

import pytest
from django.utils import translation

from tapline.names import country_name, language_name


@pytest.mark.parametrize(
    ("reader", "code", "name"),
    [
        ("en", "DE", "Germany"),
        ("es", "DE", "Alemania"),
        ("de", "AT", "Österreich"),
        ("de", "XX", "XX"),
        ("de", "", ""),
    ],
)
def test_a_country_has_the_name_of_the_reader(reader: str, code: str, name: str) -> None:
    with translation.override(reader):
        assert country_name(code) == name


@pytest.mark.parametrize(
    ("reader", "code", "name"),
    [
        ("en", "nb", "Norwegian Bokmål"),
        ("es", "nb", "Noruego bokmal"),
        ("de", "pt-BR", "Portugiesisch (Brasilien)"),
        ("de", "qqq", "qqq"),
        ("de", "not a language", "not a language"),
    ],
)
def test_a_language_has_the_name_of_the_reader(reader: str, code: str, name: str) -> None:
    with translation.override(reader):
        assert language_name(code) == name
