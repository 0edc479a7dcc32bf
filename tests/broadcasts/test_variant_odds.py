"""What may be said about variants is no more than the numbers carry."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapline.broadcasts.variant_odds import (
    LEAST_PEOPLE,
    SMALLEST_OF_USE,
    Group,
    Kind,
    compare,
    more_needed,
    sure_z,
)
from tapline.intervals import Sample, range_of_difference


@st.composite
def groups(draw: st.DrawFn) -> Group:
    people = draw(st.integers(0, 5_000))
    tapped = draw(st.integers(0, people))
    return Group(people, tapped, draw(st.integers(0, people - tapped)))


@pytest.mark.parametrize(
    ("told", "is_over", "kind"),
    [
        ([Group(1000, 100), Group(1000, 60)], True, Kind.BETTER),
        # Early in the day the same difference may still be luck.
        ([Group(1000, 100), Group(1000, 72)], True, Kind.BETTER),
        ([Group(1000, 100), Group(1000, 72)], False, Kind.EARLY),
        ([Group(1000, 100), Group(1000, 60, perhaps=30)], True, Kind.UNCLEAR),
        ([Group(1000, 60), Group(1000, 100, perhaps=30)], True, Kind.BETTER),
        ([Group(100_000, 10_000), Group(100_000, 10_020)], True, Kind.ALIKE),
        ([Group(1000, 50), Group(1000, 52)], True, Kind.EARLY),
        ([Group(LEAST_PEOPLE - 1, 20), Group(5000, 0)], True, Kind.EARLY),
        ([Group(0, 0), Group(0, 0)], False, Kind.EARLY),
        # Three at once: a lead that would do for two is not enough.
        ([Group(1000, 100), Group(1000, 74), Group(1000, 74)], True, Kind.EARLY),
        ([Group(1000, 100), Group(1000, 74)], True, Kind.BETTER),
    ],
)
def test_what_is_said(told: list[Group], is_over: bool, kind: Kind) -> None:
    assert compare(told, is_over=is_over).kind == kind


def test_too_early_says_how_many_more_it_takes() -> None:
    outcome = compare([Group(200, 24), Group(200, 16)], is_over=True)

    assert (outcome.kind, outcome.best) == (Kind.EARLY, 0)
    assert outcome.more_needed is not None
    assert 650 < outcome.more_needed < 720  # 12 % against 8 % takes some 880 each


def test_no_difference_takes_no_number() -> None:
    assert compare([Group(200, 20), Group(200, 20)], is_over=True).more_needed is None


@given(one=groups(), other=groups())
def test_sides_do_not_matter(one: Group, other: Group) -> None:
    assert compare([one, other], is_over=True).kind == compare([other, one], is_over=True).kind


@given(told=st.lists(groups(), min_size=2, max_size=5), is_over=st.booleans())
def test_nothing_is_claimed_without_ground(told: list[Group], is_over: bool) -> None:
    outcome = compare(told, is_over=is_over)

    assert told[outcome.best].rate == max(each.rate for each in told)
    if outcome.kind == Kind.BETTER:
        worst = [each.with_perhaps().rate for n, each in enumerate(told) if n != outcome.best]
        assert told[outcome.best].rate > max(worst)
    if outcome.kind == Kind.ALIKE:
        rates = [each.rate for each in told]
        assert max(rates) - min(rates) < SMALLEST_OF_USE
    assert outcome.more_needed is None or outcome.more_needed > 0


def test_two_equal_variants_are_seldom_told_apart() -> None:
    """Five in a hundred tests of equals may name a winner, hardly more."""
    taps = np.random.default_rng(7).binomial(400, 0.1, size=(2_000, 2))
    z = sure_z(True, 2)

    found = (range_of_difference(Sample(int(a), 400), Sample(int(b), 400), z) for a, b in taps)
    wrong = [not each.low <= 0 <= each.high for each in found]

    assert sum(wrong) / len(wrong) < 0.06


def test_as_many_as_told_find_the_difference_most_of_the_time() -> None:
    seen = Group(200, 24), Group(200, 16)
    z = sure_z(True, 2)
    needed = 200 + (more_needed(*seen, z) or 0)
    taps = np.random.default_rng(7).binomial(needed, [0.12, 0.08], size=(1_000, 2))

    found = [
        range_of_difference(Sample(int(b), needed), Sample(int(a), needed), z).low > 0
        for a, b in taps
    ]

    assert 0.75 < sum(found) / len(found) < 0.88
