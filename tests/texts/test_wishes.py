"""Every clear wish to be left alone is honoured, and no near miss is taken for one."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapline.texts.wishes import Verdict, is_yes, read_wish

TABLE = Path(__file__).parent.parent / "replies" / "opt_out_texts.txt"


def _rows() -> list[tuple[str, str, str]]:
    rows = []
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            verdict, language, text = line.split(maxsplit=2)
            rows.append((verdict, language, text.replace("\\n", "\n").strip('"')))
    return rows


ROWS = _rows()
CLEAR = [text for verdict, _, text in ROWS if verdict == "clear"]
NEAR_MISSES = [text for verdict, _, text in ROWS if verdict == "none"]


def test_the_table_is_as_large_as_promised() -> None:
    assert len({text for _, _, text in ROWS}) >= 200
    assert {language for _, language, _ in ROWS} == {"en", "es", "fr", "de"}


@pytest.mark.parametrize(("verdict", "language", "text"), ROWS)
def test_a_text_counts_as_the_table_says(verdict: str, language: str, text: str) -> None:
    assert read_wish(text).verdict == verdict


@pytest.mark.parametrize("text", CLEAR)
def test_a_clear_wish_is_one_however_it_is_written(text: str) -> None:
    bare = "".join(
        each for each in unicodedata.normalize("NFD", text) if not unicodedata.combining(each)
    )
    for written in (
        text.upper(),
        text.lower(),
        bare,
        f"  {text}!!!  ",
        f"🙏 {text} 🛑",
        f"\u200b{text}\u00a0",
        f"{text} 😡😡",
        text.replace("'", "’"),
        text.replace("'", ""),
        text.replace(" ", "  \n"),
    ):
        assert read_wish(written).verdict == Verdict.CLEAR, written


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_none_however_it_is_written(text: str) -> None:
    for written in (text.upper(), text.lower(), f"  {text}  ", f"{text} 🙂"):
        assert read_wish(written).verdict == Verdict.NONE, written


@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    assert read_wish(text).verdict in Verdict


@given(st.text(alphabet="stopqui ’'.!né\n", min_size=800, max_size=1600))
def test_a_long_text_of_likely_letters_is_read_too(text: str) -> None:
    assert read_wish(text).verdict in Verdict


@pytest.mark.parametrize("text", ["YES", "yes please", "Sí", "oui", "ja, bitte", "Y", "ok"])
def test_a_yes_is_a_yes(text: str) -> None:
    assert is_yes(text)


@pytest.mark.parametrize("text", ["", "yes but no", "no", "yesterday", "please"])
def test_anything_else_is_not(text: str) -> None:
    assert not is_yes(text)
