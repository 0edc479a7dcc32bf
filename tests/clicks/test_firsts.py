"""Summed by group, the marks count a group's people."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapline.clicks import firsts
from tapline.clicks.firsts import mark_firsts

ROWS = st.lists(st.tuples(st.integers(0, 5), st.integers(-1, 6), st.integers(0, 1)), max_size=60)


def by_hand(pairs: list[tuple[int, int]]) -> list[bool]:
    return [pair not in pairs[:place] for place, pair in enumerate(pairs)]


@pytest.mark.parametrize("longest_walk", [1, 2, firsts.LONGEST_WALK])
@settings(deadline=None)
@given(rows=ROWS)
def test_the_earliest_row_of_each_person_and_group_is_marked(
    longest_walk: int, rows: list[tuple[int, int, int]]
) -> None:
    people, some, other = (np.array([row[n] for row in rows], np.int64) for n in range(3))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(firsts, "LONGEST_WALK", longest_walk)

        marks = mark_firsts(people, [some, other == 1])

    assert [mark.tolist() for mark in marks] == [
        by_hand([(row[0], row[1]) for row in rows]),
        by_hand([(row[0], row[2]) for row in rows]),
    ]


@settings(deadline=None)
@given(
    people=st.lists(
        st.sampled_from([1, 2**15, 2**16, 2**16 + 1, 2**33, 2**33 + 2**16]), max_size=60
    )
)
def test_people_whose_numbers_lie_far_apart_are_told_apart(people: list[int]) -> None:
    (marks,) = mark_firsts(np.array(people, np.int64), [np.zeros(len(people), np.uint8)])

    assert marks.tolist() == [person not in people[:place] for place, person in enumerate(people)]


def test_somebody_who_taps_a_hundred_thousand_times_is_one_person_per_group() -> None:
    people = np.full(100_000, 7)
    groups = np.arange(100_000) // 1000

    (marks,) = mark_firsts(people, [groups])

    assert np.flatnonzero(marks).tolist() == list(range(0, 100_000, 1000))
