"""Which texts could be codes."""

from __future__ import annotations

import pytest

from tapline.codes.alphabet import ALPHABET, RADIX, is_code


def test_the_alphabet_is_the_one_on_phones_already() -> None:
    assert ALPHABET == "23456789BCDFGHJKMNPQRSTVWXYZbcdfghjkmnpqrstvwxyz"
    assert len(set(ALPHABET)) == RADIX == 48


@pytest.mark.parametrize("text", ["234567", "BCDFGHJK", "zzzzzzzzzzzz"])
def test_six_to_twelve_letters_of_the_alphabet_could_be_a_code(text: str) -> None:
    assert is_code(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "23456",  # too short
        "2345678923456",  # too long
        "2345678a",  # a vowel
        "2345678O",  # a look-alike
        "2345678\n",
        "2345678 ",
        "23456 78",
        "２３４５６７８９",  # digits, but full-width ones
        "éééééé",
        "2345%367",
        "234567\x00",
    ],
)
def test_other_lengths_and_letters_are_no_codes(text: str) -> None:
    assert not is_code(text)
