"""What is said to be better is better beyond chance, and few never stand above many by luck."""

from __future__ import annotations

import random

import pytest

from tapline.insights.ranking import FEWEST_TEXTS, Group, Standing, rank
from tapline.intervals import Sample, pooled


def group(words: str, *samples: tuple[int, int]) -> Group:
    return Group(words, tuple(Sample(hits, of) for hits, of in samples))


def ranked(*groups: Group) -> dict[str, Standing]:
    everything = [sample for each in groups for sample in each.samples]
    return {line.group.words: line.standing for line in rank(groups, everything).lines}


def test_what_differs_clearly_is_told_and_ranked() -> None:
    groups = [
        group("much", (3_000, 10_000), (2_900, 10_000)),
        group("little", (500, 10_000), (520, 10_000)),
        group("medium", (1_700, 10_000), (1_760, 10_000)),
    ]

    assert ranked(*groups) == {"much": "better", "medium": "alike", "little": "worse"}
    assert list(ranked(*groups)) == ["much", "medium", "little"]


def test_few_never_stand_above_many() -> None:
    lucky = group("lucky", (9, 10))
    steady = group("steady", (1_000, 10_000))

    assert ranked(lucky, steady) == {"steady": "alike", "lucky": "too_few"}
    assert list(ranked(lucky, steady)) == ["steady", "lucky"]


def test_broadcasts_that_differ_among_themselves_say_less() -> None:
    alike = group("alike", *[(200, 1_000)] * 6)
    others = group("others", *[(100, 1_000)] * 6)
    restless = group("restless", *[(20, 1_000), (380, 1_000)] * 3)

    assert ranked(alike, others) == {"alike": "better", "others": "worse"}
    assert set(ranked(restless, others).values()) == {Standing.ALIKE, Standing.TOO_FEW}


def test_what_reached_nobody_is_in_no_ranking() -> None:
    assert ranked(group("nobody", (0, 0)), group("some", (1, 200))) == {"some": "alike"}


@pytest.mark.parametrize("seed", range(40))
def test_things_that_are_all_alike_hardly_ever_seem_to_differ(seed: int) -> None:
    rng = random.Random(seed)
    groups = [
        group(
            f"{number}",
            *(
                (sum(rng.random() < 0.1 for _ in range(of)), of)
                for of in (rng.randrange(20, 400) for _ in range(3))
            ),
        )
        for number in range(10)
    ]

    standings = list(ranked(*groups).values())

    assert standings.count(Standing.BETTER) + standings.count(Standing.WORSE) <= 3


@pytest.mark.parametrize("seed", range(40))
def test_whatever_is_ranked_each_is_there_once_and_too_few_come_last(seed: int) -> None:
    rng = random.Random(seed)
    groups = [
        group(f"{n}", *((rng.randrange(of + 1), of) for of in (rng.randrange(1, 5_000),) * n))
        for n in range(1, 9)
    ]

    lines = rank(groups, [pooled(each.samples) for each in groups]).lines

    assert sorted(line.group.words for line in lines) == [each.words for each in groups]
    told = [line.standing != Standing.TOO_FEW for line in lines]
    assert told == sorted(told, reverse=True)
    lows = [line.range.low for line in lines if line.standing != Standing.TOO_FEW]
    assert lows == sorted(lows, reverse=True)
    assert all(line.standing == Standing.TOO_FEW for line in lines if line.sample.of < FEWEST_TEXTS)
