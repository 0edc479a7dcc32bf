"""Taps over time are gathered into steps that can be seen and read, and none is lost."""

from __future__ import annotations

import datetime as dt
import random

import pytest

from tapline.broadcasts.timeline import (
    DAY,
    HOUR,
    MINUTE,
    MOST_BARS,
    MOST_LINES,
    Timeline,
    chart_points,
    choose_step,
    for_reading,
    timeline,
)
from tapline.clicks.reports import MinuteCount
from tests.clicks.world import NOON


def minutes_after_noon(*counts: tuple[float, int]) -> list[MinuteCount]:
    return [MinuteCount(NOON + dt.timedelta(minutes=minute), taps) for minute, taps in counts]


@pytest.mark.parametrize(
    ("hours", "step"),
    [
        (0, MINUTE),
        (3.9, MINUTE),
        (4, 5 * MINUTE),
        (48, 15 * MINUTE),
        (9 * 24, HOUR),
        (99 * 24, DAY),
    ],
)
def test_the_longer_the_span_the_coarser_the_steps(hours: float, step: int) -> None:
    assert choose_step(int(hours * HOUR), MOST_BARS) == step


def test_the_chart_falls_to_zero_between_taps() -> None:
    start = int(NOON.timestamp())

    points = chart_points(timeline(minutes_after_noon((0, 2), (1, 1), (9, 4)), "UTC"))

    assert points == [
        (start - 60, 0),
        (start, 2),
        (start + 60, 1),
        (start + 120, 0),
        (start + 480, 0),
        (start + 540, 4),
    ]
    assert chart_points(timeline([], "UTC")) == []


@pytest.mark.parametrize(
    ("zone", "first"),
    [
        ("UTC", "2026-11-02 00:00"),
        ("Asia/Kolkata", "2026-11-02 00:00"),  # noon there is 17:30
        ("Pacific/Auckland", "2026-11-03 00:00"),  # and one in the morning of the next day
    ],
)
def test_days_begin_where_the_workspace_is(zone: str, first: str) -> None:
    taps = timeline(minutes_after_noon((0, 1), (100 * 24 * 60, 1)), zone)

    begins_at, _ = taps.moments(zone)[0]
    assert f"{begins_at:%Y-%m-%d %H:%M}" == first


def test_weeks_begin_on_mondays() -> None:
    taps = timeline(minutes_after_noon((3 * 24 * 60, 1), (400 * 24 * 60, 1)), "UTC")

    assert [moment.weekday() for moment, _ in taps.moments("UTC")] == [0, 0]


@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_steps_no_tap_is_lost_and_none_comes_twice(seed: int) -> None:
    rng = random.Random(seed)
    span = rng.choice((10, 500, 5_000, 90_000))
    minutes = sorted(rng.sample(range(span), min(span, 300)))
    taken = minutes_after_noon(*((minute, rng.randrange(1, 9)) for minute in minutes))
    zone = rng.choice(("UTC", "America/New_York", "Asia/Kathmandu"))

    drawn = timeline(taken, zone)
    read = for_reading(drawn, zone)

    for taps, most in ((drawn, MOST_BARS), (read, MOST_LINES)):
        assert sum(count for _, count in taps.counts) == sum(each.taps for each in taken)
        assert len(taps.counts) <= most + 1  # the first and the last may be cut
        assert _are_in_order(taps)


def _are_in_order(taps: Timeline) -> bool:
    begins = [at for at, _ in taps.counts]
    return begins == sorted(set(begins))
