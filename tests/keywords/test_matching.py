"""Which keyword a text asks for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapline.keywords.matching import Match, Wanted, find_keyword, is_one_off
from tapline.texts.plain import one_word

MENU = Wanted(id=1, key="menu")
PIZZA = Wanted(id=2, key="pizza")
WIN_ALONE = Wanted(id=3, key="winter", only_word=True)
CAFE = Wanted(id=4, key=one_word("Café"))
TWO_WORDS = Wanted(id=5, key=one_word("free pizza"))
STRICT = Wanted(id=6, key="strictly", forgives=False)
ALL = (MENU, PIZZA, WIN_ALONE, CAFE, TWO_WORDS, STRICT)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("MENU", Match(1)),
        ("  menu!!", Match(1)),
        ("«Menu»", Match(1)),
        ("Menu please", Match(1)),
        ("menu.", Match(1)),
        ("The menu", None),
        ("menus", None),  # Four letters forgive nothing.
        ("mneu", None),
        ("", None),
        ("🍕", None),
        ("Pizza for two", Match(2)),
        ("pizzza", Match(2, is_misspelt=True)),
        ("piza", Match(2, is_misspelt=True)),
        ("pizaz", Match(2, is_misspelt=True)),
        ("pizzaaa", None),
        ("winter", Match(3)),
        ("Winter!", Match(3)),
        ("winter is coming", None),
        ("wintr", Match(3, is_misspelt=True)),
        ("wintr is coming", None),
        ("CAFÉ", Match(4)),
        ("cafe", Match(4)),
        ("Cafe\u0301 latte", Match(4)),
        ("free pizza", Match(5)),
        ("FREE-PIZZA", Match(5)),
        ("freepizza", Match(5)),
        ("fre pizza", Match(5, is_misspelt=True)),
        ("strictly", Match(6)),
        ("strictl", None),
    ],
)
def test_a_text_asks_for_a_keyword_or_for_none(text: str, found: Match | None) -> None:
    assert find_keyword(text, ALL) == found


def test_a_misspelling_that_may_mean_two_keywords_means_none() -> None:
    assert find_keyword("tables", [Wanted(id=1, key="tablet"), Wanted(id=2, key="tabled")]) is None


def test_a_word_written_exactly_wins_over_one_that_is_near() -> None:
    near, exact = Wanted(id=1, key="tablet"), Wanted(id=2, key="tables")
    assert find_keyword("tables", [near, exact]) == Match(2)


WORDS = st.text(alphabet="abcde", min_size=2, max_size=8)


@given(WORDS, st.integers(0, 8), st.sampled_from("abcdex"))
def test_every_single_slip_is_one_off(word: str, at: int, letter: str) -> None:
    at = at % len(word)
    slips = {
        word[:at] + letter + word[at + 1 :],
        word[:at] + word[at + 1 :],
        word[:at] + letter + word[at:],
        word[:at] + word[at : at + 2][::-1] + word[at + 2 :],
    } - {word}
    assert all(is_one_off(slip, word) for slip in slips)


@given(WORDS, WORDS)
def test_what_is_one_off_really_is(said: str, word: str) -> None:
    assert is_one_off(said, word) == (_distance(said, word) == 1)


def _distance(said: str, word: str) -> int:
    """Count letters changed, left out, added and swapped, the slow and plain way."""
    rows = [[0] * (len(word) + 1) for _ in range(len(said) + 1)]
    for i in range(len(said) + 1):
        for j in range(len(word) + 1):
            if not i or not j:
                rows[i][j] = i or j
                continue
            same = said[i - 1] == word[j - 1]
            rows[i][j] = min(
                rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (not same)
            )
            if i > 1 and j > 1 and said[i - 2 : i] == word[j - 2 : j][::-1]:
                rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
    return rows[-1][-1]
