"""The map of a report: colours say how many, and the legend says which colour is how many."""

from __future__ import annotations

import random

import pytest

from tapline.broadcasts.pages_places import STRENGTHS, upper_bounds, world_map


@pytest.mark.parametrize(
    ("most", "bounds"),
    [(1, [1]), (2, [1, 2]), (3, [1, 2, 3]), (10_000, [10, 100, 1_000, 10_000])],
)
def test_each_strength_goes_as_many_times_further(most: int, bounds: list[int]) -> None:
    assert upper_bounds(most) == bounds


def test_countries_that_nobody_knows_are_on_no_map() -> None:
    assert world_map({"": 7, "XX": 3}) is None
    shown = world_map({"": 9, "US": 5, "XX": 3})
    assert shown is not None
    assert [(each.code, each.words, each.strength) for each in shown.countries] == [
        ("US", "United States", STRENGTHS)
    ]


@pytest.mark.parametrize("seed", range(20))
def test_the_legend_covers_every_number_once_and_more_is_never_paler(seed: int) -> None:
    rng = random.Random(seed)
    counts = {code: int(10 ** rng.uniform(0, 6)) for code in ("US", "DE", "FR", "GB", "MX", "IN")}

    shown = world_map(counts)

    assert shown is not None
    of_number = {
        code: [strength for strength, low, high in shown.legend if low <= count <= high]
        for code, count in counts.items()
    }
    assert {each.code: [each.strength] for each in shown.countries} == of_number
    by_count = sorted(shown.countries, key=lambda each: counts[each.code])
    strengths = [each.strength for each in by_count]
    assert strengths == sorted(strengths)
    assert strengths[-1] == STRENGTHS
