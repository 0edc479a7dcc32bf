from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapline.texts.parts import (
    GSM_BASIC,
    GSM_EXTENSION,
    PartCount,
    count_parts,
    describe,
    graphemes,
    unusual_characters,
)

FAMILY = "👨‍👩‍👧"  # one visible character of eight UTF-16 units

COUNTS = [
    ("", 1),
    ("a" * 160, 1),
    ("a" * 161, 2),
    ("a" * 306, 2),
    ("a" * 307, 3),
    ("é" * 160, 1),  # é is GSM-7
    ("a" * 159 + "{", 2),
    ("€" * 80, 1),
    ("a" * 152 + "€" + "a" * 152, 3),  # the escape pair moves to the second part: 152 + 154
    ("a" * 153 + "€" + "a" * 151, 2),
    ("ç" * 70, 1),  # ç is not GSM-7, though Ç is
    ("ç" * 71, 2),
    ("ç" * 134, 2),
    ("ç" * 135, 3),
    ("a" * 160 + "–", 3),  # one dash turns the whole text to UCS-2
    ("👍" * 35, 1),
    ("👍" * 36, 2),
    ("👍" * 66, 2),
    ("👍" * 67, 3),  # 134 units, but a surrogate pair is not torn: 66 + 66 + 2
    ("ç" * 59 + FAMILY + "ç" * 67, 2),
    ("ç" * 60 + FAMILY + "ç" * 59, 2),
    ("ç" * 60 + FAMILY + "ç" * 60, 3),  # 128 units, but the family does not fit into the first 67
    ("e" + "\u0301" * 200, 3),  # larger than a part: torn by code points
]


@pytest.mark.parametrize(("text", "parts"), COUNTS)
def test_parts_are_counted_exactly(text: str, parts: int) -> None:
    assert count_parts(text) == parts


def test_what_is_left_is_told_for_the_last_part() -> None:
    assert describe("a" * 150) == PartCount(1, "GSM-7", 150, 160, 10)
    assert describe("a" * 200) == PartCount(2, "GSM-7", 200, 153, 106)
    assert describe("–" * 68) == PartCount(1, "UCS-2", 68, 70, 2)
    assert describe("–" * 71) == PartCount(2, "UCS-2", 71, 67, 63)


def test_what_a_reader_sees_as_one_character_stays_whole() -> None:
    assert list(graphemes("e\u0301🇩🇪🇫🇷👍🏽1️⃣\r\n" + FAMILY + "x")) == [
        "e\u0301", "🇩🇪", "🇫🇷", "👍🏽", "1️⃣", "\r\n", FAMILY, "x",
    ]  # fmt: skip


def test_the_characters_that_make_a_text_dear_are_named() -> None:
    assert unusual_characters("naïve – “x” – ok") == ["ï", "–", "“", "”"]


@given(st.text())
def test_graphemes_lose_nothing(text: str) -> None:
    assert "".join(graphemes(text)) == text


@given(st.text(max_size=700))
def test_no_text_costs_less_than_its_units_or_more_than_unpacked_parts(text: str) -> None:
    count = describe(text)

    assert count.parts == count_parts(text)
    assert count.left >= 0
    if count.parts > 1:
        assert count.units <= count.parts * count.per_part
        assert count.per_part == (153 if count.encoding == "GSM-7" else 67)


@given(st.text(alphabet=GSM_BASIC + GSM_EXTENSION, max_size=700))
def test_splitting_gsm_text_agrees_with_packing_it_by_hand(text: str) -> None:
    parts, room = 1, 153
    septets = [2 if character in GSM_EXTENSION else 1 for character in text]
    for size in septets:
        if size > room:
            parts, room = parts + 1, 153
        room -= size

    assert count_parts(text) == (1 if sum(septets) <= 160 else parts)
