"""The character that costs a part is pointed out, with what reads the same and costs less."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapline.texts.costly import alike, costly_characters, in_plain_characters, write_instead
from tapline.texts.parts import GSM_BASIC, GSM_EXTENSION, count_parts, describe

TEXTS = st.text(max_size=400)


@pytest.mark.parametrize(
    ("character", "instead"),
    [
        ("’", "'"),
        ("“", '"'),
        ("–", "-"),
        ("…", "..."),
        ("\u00a0", " "),
        ("á", "a"),
        ("ç", "c"),
        ("ş", "s"),
        ("Ł", "L"),
        ("e\u0301", "e"),
        ("ü", "ü"),  # of GSM-7, so it stays
        ("🥐", ""),
        ("👨‍👩‍👧", ""),
        ("я", None),
        ("日", None),
    ],
)
def test_each_character_has_what_reads_like_it(character: str, instead: str | None) -> None:
    assert alike(character) == instead


def test_one_dash_that_costs_a_part_is_named_with_its_place_and_what_it_costs() -> None:
    text = "a" * 100 + "–" + "b" * 10

    (dash,) = costly_characters(text)

    assert (dash.character, dash.name, dash.places) == ("–", "en dash", (100,))
    assert (dash.instead, dash.saves, dash.counts_twice) == ("-", 1, False)
    assert count_parts(write_instead(text, "–", "-")) == 1


def test_of_two_kinds_neither_saves_alone_and_both_do_together() -> None:
    text = "“" + "a" * 100 + "🥐"

    assert [(each.character, each.saves) for each in costly_characters(text)] == [
        ("“", 0),
        ("🥐", 0),
    ]
    assert count_parts(text) == 2
    assert count_parts(in_plain_characters(text)) == 1


def test_a_brace_that_counts_twice_is_named_only_where_it_costs_a_part() -> None:
    assert costly_characters("{" + "a" * 100) == []

    (brace,) = costly_characters("a" * 159 + "{")

    assert (brace.instead, brace.saves, brace.counts_twice) == ("(", 1, True)


def test_a_text_of_plain_characters_has_none() -> None:
    assert costly_characters("") == []
    assert costly_characters("Grüße, see you at 5 @ the café! €5") == []


@given(TEXTS)
def test_all_that_makes_parts_shorter_is_found_where_it_stands(text: str) -> None:
    found = costly_characters(text)

    for each in found:
        assert all(text[at:].startswith(each.character) for at in each.places)
        assert each.instead is None or set(each.instead) <= set(GSM_BASIC + GSM_EXTENSION)
    if describe(text).encoding == "UCS-2":
        assert set("".join(each.character for each in found)) - set(GSM_BASIC + GSM_EXTENSION)


@given(TEXTS)
def test_plain_characters_never_cost_more_and_change_nothing_that_was_plain(text: str) -> None:
    written = in_plain_characters(text)

    assert count_parts(written) <= count_parts(text)
    if describe(text).encoding == "GSM-7":
        assert written == text


@given(TEXTS)
def test_what_a_replacement_saves_is_what_it_saves(text: str) -> None:
    for each in costly_characters(text):
        if each.instead is not None:
            fewer = count_parts(text) - count_parts(
                write_instead(text, each.character, each.instead)
            )
            assert each.saves == max(0, fewer)
