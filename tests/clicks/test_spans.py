"""A look goes through what can still change, and says what judging everything afresh would."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any

import duckdb
import pytest

from tapline.broadcasts.models import BroadcastLink, Message
from tapline.clicklog.record import Record
from tapline.clicks import second_look
from tapline.clicks.judging import opened
from tapline.clicks.models import Look
from tapline.clicks.spans import EVER, SPAN, Span, spans_of
from tapline.clicks.store import query
from tapline.links.minting import create_link, mint_range
from tests.clicks.world import IPHONE, NOON, PIXEL, World, elsewhere, make_world, take_in

pytestmark = pytest.mark.django_db(transaction=True)

A_DAY = 36  # texts
DAY, SECOND = dt.timedelta(days=1), dt.timedelta(seconds=1)
NOW = NOON + 60 * DAY


def one_by_one(recipients: int) -> World:
    """Texts that are sent one by one, through a provider whose clock is ours, with two links."""
    world = elsewhere(make_world(recipients))
    second = create_link(world.workspace, world.domain, "https://www.example.com/", actor="test")
    BroadcastLink.objects.create(broadcast=world.broadcast, link=second, ordinal=1)
    mint_range(second, recipients)
    return world


def said(world: World) -> dict[str, tuple[Any, ...]]:
    sql = "select id, verdict, reasons from clicks where broadcast = :broadcast"
    return {row[0]: row[1:] for row in query(sql, {"broadcast": world.broadcast.pk})}


def number_of(spans: Sequence[Span], first: dt.datetime) -> list[int]:
    return [(span.judged_from - first.replace(tzinfo=None)) // SPAN for span in spans]


def test_a_look_begins_where_something_is_new_and_a_span_before_the_newest_opening() -> None:
    world = one_by_one(8)
    days = (0, 1, 8, 20, 21)
    take_in(*(world.tap(place, at=NOON + day * DAY) for place, day in enumerate(days)))

    def numbers(since: dt.datetime | None) -> list[int]:
        return number_of(spans_of(*world.of, since, NOW), NOON)

    assert numbers(EVER) == [0, 2, 6, 7]
    assert numbers(None) == numbers(NOON + 21 * DAY) == [6, 7]
    assert numbers(NOON + 8 * DAY) == [2, 6, 7]
    assert spans_of(world.workspace.pk, 0, EVER, NOW) == []


def test_an_opening_on_the_border_belongs_to_one_span() -> None:
    world = one_by_one(3)
    at = NOON + dt.timedelta(microseconds=123_457)
    take_in(world.tap(0, at=at), world.tap(1, at=at + SPAN), world.tap(2, at=at + 2 * SPAN))
    spans = spans_of(*world.of, EVER, NOW)
    assert number_of(spans, at) == [0, 1, 2]
    assert [count_judged(world, span) for span in spans] == [1, 1, 1]


def count_judged(world: World, span: Span) -> int:
    with opened(*world.of, span) as database:
        sql = "select count(*) from opened where is_judged"
        [(count,)] = database.execute(sql).fetchall()
    return int(count)


def test_a_clock_that_is_years_ahead_hides_no_receipt() -> None:
    world = one_by_one(2)
    take_in(world.tap(0), world.tap(1, at=NOW + 900 * DAY))
    assert number_of(spans_of(*world.of, None, NOW), NOON)[0] == 0


def test_what_is_long_past_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    world = one_by_one(60)
    for day in range(15):
        take_in(*(world.tap(day * 4 + place, at=NOON + day * DAY) for place in range(4)))
        second_look.look_again()
    read: list[int] = []

    @contextmanager
    def watched(*arguments: Any) -> Iterator[duckdb.DuckDBPyConnection]:
        with opened(*arguments) as database:
            read.extend(database.execute("select count(*) from opened").fetchone() or ())
            yield database

    monkeypatch.setattr(second_look, "opened", watched)
    take_in(world.tap(0, at=NOON + 15 * DAY))
    second_look.look_again()

    assert read
    assert max(read) <= 2 * SPAN.days * 4 + 1


def test_lines_of_the_log_that_come_late_are_judged_where_they_belong() -> None:
    world = one_by_one(40)
    take_in(*(world.tap(place, at=NOON + place * DAY) for place in range(20)))
    second_look.look_again()

    late = [
        world.tap(20 + place, at=NOON + DAY + place * SECOND, agent=PIXEL, address="198.51.100.9")
        for place in range(12)
    ]
    take_in(*late)
    second_look.look_again()

    assert Counter(reasons for _, reasons in said(world).values())["walker"] == 12
    assert second_look.rejudge() == 0
    assert Look.objects.get().since is None


def test_openings_that_come_during_a_look_are_not_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = one_by_one(3)
    take_in(world.tap(0, at=NOON + 20 * DAY))
    judge = second_look.judge_broadcast

    def meanwhile(*arguments: Any, **how: Any) -> int:
        monkeypatch.undo()
        changed = judge(*arguments, **how)
        take_in(world.tap(1, at=NOON))
        return changed

    monkeypatch.setattr(second_look, "judge_broadcast", meanwhile)
    second_look.look_again()

    look = Look.objects.get()
    assert look.wanted == look.looked + 1
    assert look.since is not None
    assert look.since <= NOON


def test_looks_as_taps_and_receipts_come_say_what_judging_everything_afresh_says() -> None:
    """Ten days of texts sent one by one: people, scanners, both links at once, late receipts."""
    random = Random(4)
    world = one_by_one(10 * A_DAY)
    submit(world)
    receipts = [(sent(place) + random.random() * 2 * DAY, place) for place in range(10 * A_DAY)]
    for day in range(10):
        texts = range(day * A_DAY, (day + 1) * A_DAY)
        take_in(*(tap for place in texts for tap in life(world, random, place)))
        tell([each for each in receipts if day - 1 < (each[0] - NOON) / DAY <= day])
        second_look.look_again()
    tell([each for each in receipts if (each[0] - NOON) / DAY > 9])
    second_look.look_again()

    before = said(world)
    seen = {reasons for _, reasons in before.values()}
    assert {"", "walker", "links_at_once", "too_soon"} <= seen
    assert second_look.rejudge() == 0
    assert said(world) == before


def sent(place: int) -> dt.datetime:
    return NOON + (place // A_DAY) * DAY + (place % A_DAY) * dt.timedelta(minutes=20)


def submit(world: World) -> None:
    for message in world.messages:
        Message.objects.filter(pk=message.pk).update(
            submitted_at=sent(message.position), delivered_at=None, state="accepted"
        )


def tell(receipts: list[tuple[dt.datetime, int]]) -> None:
    """Take receipts in; some tell a time that is after people's taps."""
    for at, place in receipts:
        Message.objects.filter(position=place).update(state="delivered", delivered_at=at)


def life(world: World, random: Random, place: int) -> list[Record]:
    """What becomes of one text."""
    at, own = sent(place), f"203.0.{place % 200}.{place // 200 + 1}"
    taps = [world.tap(place, at=at + random.random() * 2 * DAY, address=own, agent=IPHONE)]
    if place % 3 == 0:
        scan = at + random.uniform(30, 200) * SECOND
        taps.append(world.tap(place, at=scan, agent=PIXEL, address="198.51.100.9"))
    if place % 7 == 0:
        both = (world.link.pk, world.link.pk + 1)
        soon = at + 9 * SECOND
        taps += [world.tap(place, at=soon, link=link, address=own) for link in both]
    if place % 11 == 0:
        taps.append(world.tap(place, at=at + SECOND, address=own))
    return taps
