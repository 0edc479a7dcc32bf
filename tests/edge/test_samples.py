"""What leads nowhere is sampled: little, bounded, without addresses or phone numbers."""

from __future__ import annotations

import itertools
import json
import time
from pathlib import Path

import pytest

from tapline.edge.counters import Counter, Counters, count_taps
from tapline.edge.samples import (
    KEPT_PER_REASON,
    LONGEST_TEXT_BYTES,
    MOST_PER_MINUTE,
    MOST_PER_NETWORK,
    SHOWN_SECONDS,
    Samples,
    SampleTaker,
)
from tests.edge.conftest import HOST, World, make_world
from tests.edge.control import eventually


def take(taker: SampleTaker, path: str, *, network: str = "203.0.113.0/24", **more: object) -> None:
    asked = {"method": "GET", "host": HOST, "agent": "Mozilla/5.0"} | more
    taker.take(Counter.UNKNOWN, path=path, network=network, **asked)  # type: ignore[arg-type]


def paths(samples: Samples) -> set[str]:
    return {each.path for each in samples.latest(time.time())}


def test_the_latest_of_each_reason_are_kept_from_every_child() -> None:
    samples = Samples.create(2)
    first, second = samples.part(0), samples.part(1)
    for number in range(KEPT_PER_REASON + 5):
        take(first, f"path-{number}", network=f"203.0.{number}.0/24")
    take(second, "other-child")

    assert paths(samples) == {f"path-{number}" for number in range(5, KEPT_PER_REASON + 5)} | {
        "other-child"
    }


def test_one_network_cannot_fill_the_sample_nor_many_the_time() -> None:
    samples = Samples.create(1)
    taker = samples.part(0)
    for number in range(100):
        take(taker, f"flood-{number}")
    assert len(samples.latest(time.time())) == MOST_PER_NETWORK

    for number in range(1000):
        take(taker, f"wide-{number}", network=f"2001:db8:{number:x}::/48")
    last = MOST_PER_MINUTE - MOST_PER_NETWORK - 1
    assert f"wide-{last}" in paths(samples)
    assert f"wide-{last + 1}" not in paths(samples)

    taker.begin_minute()
    take(taker, "next-minute")
    assert "next-minute" in paths(samples)


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ("menue", "menue"),
        ("call/12025550143", "call/…"),
        ("+44 7700 900123/x", "+…/x"),
        ("(202) 555-0143", "(…"),
        ("sale-2026", "sale-2026"),
        ("x" * 5000, "x" * LONGEST_TEXT_BYTES),
        ("ü" * 5000, "ü" * (LONGEST_TEXT_BYTES // 2)),
        ("\ud800", "?"),
    ],
)
def test_texts_are_cut_and_long_numbers_hidden(asked: str, kept: str) -> None:
    samples = Samples.create(1)

    take(samples.part(0), asked, agent="ü" * 5000, host="h" * 5000)

    assert paths(samples) == {kept}


def test_what_is_old_or_half_written_is_not_shown() -> None:
    samples = Samples.create(1)
    taker = samples.part(0)
    take(taker, "here")

    assert samples.latest(time.time() + SHOWN_SECONDS + 2) == []
    taker.slots[10] ^= 0xFF
    assert samples.latest(time.time()) == []


def test_the_edge_shows_what_was_asked_for_in_vain(tmp_path: Path) -> None:
    world = make_world(tmp_path, TAPLINE_EDGE_TRUSTED_PROXIES="127.0.0.0/8")
    headers = {"X-Forwarded-For": "203.0.113.77"}
    try:
        world.edge.get("/menue?phone=12025550143", host=HOST, headers=headers)
        world.edge.get("/x", host="unproved.example:8080", headers=headers)
        world.edge.get("/", host=HOST, method="POST", headers=headers)
        told = world.edge.admin("/-/unknown")
    finally:
        assert world.edge.stop() == 0

    seen = {
        (each["reason"], each["method"], each["host"], each["path"]) for each in json.loads(told)
    }
    assert seen == {
        ("unknown", "GET", HOST, "menue"),
        ("unknown_host", "GET", "unproved.example", "x"),
        ("method_not_allowed", "POST", HOST, ""),
    }
    assert "203.0.113.0/24" in told
    assert "203.0.113.77" not in told
    assert "12025550143" not in told


def test_taps_are_counted_by_how_long_they_waited() -> None:
    counters = Counters.create(2)
    count_taps(counters.row(0), 3, 0.0004)
    count_taps(counters.row(1), 2, 0.0005)
    count_taps(counters.row(1), 1, 7.0)

    counts = counters.tap_seconds()

    assert (counts[0], counts[-1], sum(counts)) == (5, 1, 6)
    assert counters.total(Counter.TAP_MICROSECONDS) == 3 * 400 + 2 * 500 + 7_000_000


def test_the_metrics_tell_how_long_taps_waited(world: World) -> None:
    before = world.edge.metric("tapline_edge_tap_seconds_count")
    serials = itertools.count(9_500)
    for _ in range(3):
        assert world.edge.get(f"/{world.code(next(serials))}", host=HOST).status == 302

    eventually(
        lambda: world.edge.metric("tapline_edge_tap_seconds_count") == before + 3,
        "three more taps are counted",
    )
    below_a_minute = world.edge.metric('tapline_edge_tap_seconds_bucket{le="+Inf"}')
    assert below_a_minute == before + 3
    assert 0 < world.edge.metric("tapline_edge_tap_seconds_sum") < 60
