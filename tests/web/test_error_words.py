"""What the core says in English is said in the language of the page, with the same values."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from django.utils import translation

from tapline.web import error_words
from tapline.web.error_patterns import patterns
from tapline.web.error_words import translated

TRANSLATIONS = {
    "There is no tag '{value1}'.": "Kein Tag „{value1}“.",
    "There is no tag '{value1}' in this workspace.": "Hier gibt es keinen Tag „{value1}“.",
    "{count} of {of} got it.": "Von {of} bekamen es {count}.",
    "Choose another name.": "Wählen Sie einen anderen Namen.",
}


@pytest.fixture
def _catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Translate as `TRANSLATIONS` says, and nothing else."""
    catalogue = Catalog(locale="de")
    for message, string in TRANSLATIONS.items():
        catalogue.add(message, string)
    path = tmp_path / "django.mo"
    with path.open("wb") as file:
        write_mo(file, catalogue)
    monkeypatch.setattr(error_words, "path_of", lambda language: path)
    monkeypatch.setattr(error_words, "gettext", lambda text: TRANSLATIONS.get(text, text))
    error_words._patterns.cache_clear()
    with translation.override("de"):
        yield
    error_words._patterns.cache_clear()


@pytest.mark.usefixtures("_catalogue")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Choose another name.", "Wählen Sie einen anderen Namen."),
        ("There is no tag 'vip' in this workspace.", "Hier gibt es keinen Tag „vip“."),
        ("3 of 10 got it.", "Von 10 bekamen es 3."),
        ("There is no tag '{x} \\1 %s'.", "Kein Tag „{x} \\1 %s“."),
        ("Nobody translated this.", "Nobody translated this."),
        ("", ""),
    ],
)
def test_a_sentence_is_found_by_its_pattern(text: str, expected: str) -> None:
    assert translated(text) == expected


def test_the_code_of_errors_and_findings_is_read() -> None:
    found = patterns()

    assert "Nobody would get this text." in found  # of a finding
    assert "The text has {count} different links." in found  # with a value
    assert not any(each.startswith("The data folder") for each in found)  # told in terminals
    assert len(found) > 300
