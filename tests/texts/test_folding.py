"""Words beneath their case, accents and punctuation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapline.texts.folding import fold


@pytest.mark.parametrize(
    ("word", "folded"),
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
def test_a_word_loses_case_accents_and_punctuation(word: str, folded: str) -> None:
    assert fold(word) == folded


@given(st.text(max_size=40))
def test_folding_twice_changes_nothing(word: str) -> None:
    assert fold(fold(word)) == fold(word)
