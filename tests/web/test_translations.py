"""Every string that people read is translated into every language, and none lost a value."""

from __future__ import annotations

import re
from functools import cache

import pytest
from babel.messages.catalog import Catalog, Message
from django.test import Client

from tapline.settings import LANGUAGES as OFFERED
from tapline.web.catalogues import LANGUAGES, extract, forms_of, read_catalogue, untranslated

each_language = pytest.mark.parametrize("language", LANGUAGES)

# What must come out as it went in: values, merge fields, tags.
KEPT = re.compile(r"%\(\w+\)[a-z.\d]*[a-z]|%%|\{\{.*?\}\}|\{\w+\}|</?\w[^>]*>")


@cache
def catalogue_of(language: str) -> Catalog:
    return read_catalogue(language)


@cache
def marked() -> dict[str, Message]:
    return {_key(each): each for each in extract() if each.id}


def _key(message: Message) -> str:
    return f"{message.context or ''}\x04{_texts(message)[0]}"


def _texts(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def _kept(text: str) -> set[str]:
    return set(KEPT.findall(text))


def test_every_language_that_is_offered_has_a_catalogue() -> None:
    assert {code for code, _name in OFFERED} == {"en", *LANGUAGES}


@each_language
def test_every_string_is_translated(language: str) -> None:
    known = {_key(each) for each in catalogue_of(language) if each.id}
    new = [_texts(each)[0] for key, each in marked().items() if key not in known]

    assert new == [], "run `make messages`, then translate: docs/translating.md"
    assert [_texts(each)[0] for each in untranslated(catalogue_of(language))] == []


@each_language
def test_nothing_is_kept_that_nobody_says_any_more(language: str) -> None:
    gone = [
        _texts(each)[0] for each in catalogue_of(language) if each.id and _key(each) not in marked()
    ]

    assert gone == [], "run `make messages`"


@each_language
def test_values_fields_and_tags_are_those_of_the_original(language: str) -> None:
    wrong = [
        (each.id, forms_of(each)[-1])
        for each in catalogue_of(language)
        if each.id and _kept(forms_of(each)[-1]) != _kept(_texts(each)[-1])
    ]

    assert wrong == []


@each_language
def test_a_plural_has_all_its_forms_and_names_no_value_that_there_is_not(language: str) -> None:
    catalogue = catalogue_of(language)
    plurals = [each for each in catalogue if each.id and len(_texts(each)) > 1]

    assert plurals
    for each in plurals:
        assert len(forms_of(each)) == catalogue.num_plurals, each.id
        allowed = _kept(" ".join(_texts(each)))
        assert all(_kept(form) <= allowed for form in forms_of(each)), each.id


@each_language
def test_nothing_is_guessed(language: str) -> None:
    assert [each.id for each in catalogue_of(language) if each.id and each.fuzzy] == []


@each_language
def test_lines_and_spaces_at_the_ends_are_those_of_the_original(language: str) -> None:
    for each in catalogue_of(language):
        text, form = _texts(each)[-1], forms_of(each)[-1]
        if each.id:
            assert form[:1].isspace() == text[:1].isspace(), each.id
            assert form[-1:].isspace() == text[-1:].isspace(), each.id


def test_a_page_is_said_in_the_language_of_its_reader() -> None:
    german = Client().get("/sign-in", headers={"Accept-Language": "de"}).content.decode()
    spanish = Client().get("/sign-in", headers={"Accept-Language": "es"}).content.decode()

    assert "<h1>Anmelden</h1>" in german
    assert "<h1>Iniciar sesión</h1>" in spanish
