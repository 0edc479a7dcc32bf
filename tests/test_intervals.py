"""Ranges of rates: what must hold of any numbers, and what the literature computed."""

from __future__ import annotations

import random

import pytest

from tapline.intervals import (
    Sample,
    dispersion,
    pooled,
    range_of,
    range_of_difference,
    wilson,
)


def some_sample(rng: random.Random) -> Sample:
    of = rng.choice((1, 3, 20, 500, 100_000))
    return Sample(rng.randrange(of + 1), of)


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    # Newcombe 1998, Stat. Med. 17:857, table I, method 3.
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_range_is_the_published_one(hits: int, of: int, low: float, high: float) -> None:
    found = range_of(Sample(hits, of))

    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    # Newcombe 1998, Stat. Med. 17:873, table II, method 10.
    [
        ((48, 80), (56, 70), 0.0524, 0.3339),
        ((3, 10), (9, 10), 0.1705, 0.8090),
        ((0, 10), (10, 10), 0.6075, 1.0),
        ((0, 20), (10, 10), 0.6791, 1.0),
    ],
)
def test_the_range_of_a_difference_is_the_published_one(
    one: tuple[int, int], other: tuple[int, int], low: float, high: float
) -> None:
    found = range_of_difference(Sample(*one), Sample(*other))

    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@pytest.mark.parametrize("seed", range(200))
def test_a_range_holds_what_was_seen_and_stays_a_share(seed: int) -> None:
    sample = some_sample(random.Random(seed))

    found = range_of(sample)

    assert 0 <= found.low <= sample.rate <= found.high <= 1
    mirrored = range_of(Sample(sample.of - sample.hits, sample.of))
    assert mirrored.low == pytest.approx(1 - found.high)
    assert mirrored.high == pytest.approx(1 - found.low)


@pytest.mark.parametrize("seed", range(50))
def test_more_of_the_same_says_more_and_dispersion_says_less(seed: int) -> None:
    sample = some_sample(random.Random(seed))

    assert wilson(sample.rate, 10 * sample.of).width < range_of(sample).width
    assert range_of(sample, times=3).width > range_of(sample).width


@pytest.mark.parametrize("seed", range(50))
def test_a_difference_turned_around_is_the_same_one(seed: int) -> None:
    rng = random.Random(seed)
    one, other = some_sample(rng), some_sample(rng)

    there, back = range_of_difference(one, other), range_of_difference(other, one)

    assert there.low == pytest.approx(-back.high)
    assert there.high == pytest.approx(-back.low)
    assert there.low <= other.rate - one.rate <= there.high


def test_nothing_seen_may_be_anything() -> None:
    assert range_of(Sample(0, 0)) == wilson(0.5, 0)
    assert range_of(Sample(0, 0)).width == 1


def test_samples_that_differ_as_chance_has_it_are_not_dispersed() -> None:
    rng = random.Random(1)
    by_chance = [Sample(sum(rng.random() < 0.1 for _ in range(2_000)), 2_000) for _ in range(40)]
    by_day = [Sample(rng.choice((100, 400)), 2_000) for _ in range(40)]

    assert dispersion([by_chance]) < 1.6
    assert dispersion([by_day]) > 20
    assert dispersion([[by_day[0]], [by_day[1]]]) == 1  # Of one each, nobody can say.
    assert dispersion([]) == 1
    assert pooled(by_day).of == 80_000
