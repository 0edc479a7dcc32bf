"""What the core says in English is said in the language of the page, with the same values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from django.utils import translation

from tapline.contacts.phones import normalise
from tapline.destinations import check_destination
from tapline.errors import TaplineError
from tapline.hours.reading import read_week
from tapline.links.aliases import check_path
from tapline.links.domains import check_address
from tapline.links.hosts import refuse_unfit
from tapline.web import error_words
from tapline.web.error_patterns import patterns
from tapline.web.error_words import translated

TRANSLATIONS = {
    "There is no tag '{value1}'.": "Kein Tag „{value1}“.",
    "There is no tag '{value1}' in this workspace.": "Hier gibt es keinen Tag „{value1}“.",
    "{count} of {of} got it.": "Von {of} bekamen es {count}.",
    "Choose another name.": "Wählen Sie einen anderen Namen.",
}


def number_of_the_us(raw: str) -> str:
    return normalise(raw, "US")


def number_of_nowhere(raw: str) -> str:
    return normalise(raw, "XX")


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
        ("3 of 1,000 got it.", "Von 1.000 bekamen es 3."),
        ("8.33 USD of 1,234.50 USD got it.", "Von 1.234,50 USD bekamen es 8,33 USD."),
        ("There is no tag '{x} \\1 %s'.", "Kein Tag „{x} \\1 %s“."),
        (
            "3 of 10 got it. Nobody translated this. Choose another name.",
            "Von 10 bekamen es 3. Nobody translated this. Wählen Sie einen anderen Namen.",
        ),
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


@pytest.mark.parametrize("language", ["de", "es"])
@pytest.mark.parametrize(
    ("refuse", "said"),
    [
        (check_destination, "not a url"),
        (check_destination, "javascript:alert(1)"),
        (check_destination, "https://user@example.com/"),
        (check_destination, "https://example.com:99999999/"),
        (check_destination, "https://example.com/" + "x" * 5_000),
        (check_address, "http://go.example.com"),
        (check_address, "https://go.example.com/path"),
        (check_address, "https://localhost"),
        (refuse_unfit, "bit.ly"),
        (refuse_unfit, "co.uk"),
        (number_of_the_us, "abc"),
        (number_of_the_us, "+1 212"),
        (number_of_the_us, "+999 5550100"),
        (number_of_the_us, "+1 212 555 0123 ext. 4"),
        (number_of_nowhere, "212 555 0123"),
        (check_path, "robots.txt"),
        (check_path, "summer sale"),
        (read_week, "Mon-Fry 9-18"),
        (read_week, "Mon 9-18, Mon 9-12"),
        (read_week, "Sat-Fri 9-18"),
        (read_week, "Mon 18-9"),
        (read_week, "Mon"),
    ],
)
def test_each_sentence_of_what_people_type_wrong_is_translated(
    language: str, refuse: Callable[[str], object], said: str
) -> None:
    with pytest.raises(TaplineError) as refused:
        refuse(said)

    error = refused.value
    with translation.override(language):
        for sentence in (error.what, error.why, error.do):
            assert translated(sentence) != sentence


@pytest.mark.parametrize("language", ["de", "es"])
@pytest.mark.parametrize(
    "finding",
    ["go.example.com has no address.", "There is no TXT record at _tapline.go.example.com."],
)
def test_a_missing_record_is_told_in_the_language_of_the_page(language: str, finding: str) -> None:
    with translation.override(language):
        assert translated(finding) != finding
