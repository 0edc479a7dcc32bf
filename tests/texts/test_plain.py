"""Words beneath their case, accents and punctuation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapline.texts.plain import one_word


@pytest.mark.parametrize(
    ("word", "bare"),
    [
        ("«Ménu!»", "menu"),
        ("Sí", "si"),
        ("STRASSE", "strasse"),
        ("straße", "strasse"),
        ("ŁÓDŹ", "lodz"),
        ("FREE-PIZZA", "freepizza"),
        ("Да", "да"),
        ("🍕", ""),
        ("", ""),
    ],
)
def test_a_word_loses_case_accents_and_punctuation(word: str, bare: str) -> None:
    assert one_word(word) == bare


@given(st.text(max_size=40))
def test_doing_it_twice_changes_nothing(word: str) -> None:
    assert one_word(one_word(word)) == one_word(word)
