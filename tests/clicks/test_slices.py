"""What a report remembers of a broadcast is always what the files say."""

from __future__ import annotations

import datetime as dt
import random
import threading
from typing import Any
from unittest import mock

import pytest
from django.db import connections

from tapline.clicks import correcting, heat, reports, rewrite, second_look, slices, store
from tapline.clicks.listing import read_list
from tapline.clicks.merge import FILES_PER_MERGE, merge_once
from tapline.clicks.slice_table import SliceTable
from tapline.clicks.slices import forget_slices
from tests.clicks.world import IPHONE, NOON, PIXEL, WHATSAPP, World, make_world, take_in

pytestmark = pytest.mark.django_db(transaction=True)


def taps(world: World) -> int:
    return reports.summarise(*world.of).human_clicks


def test_taps_that_come_in_while_somebody_looks_are_added_once() -> None:
    world, other = make_world(3), make_world(1)
    seen = []
    for number in range(2 * FILES_PER_MERGE):
        take_in(world.tap(number % 3), other.tap())
        merge_once()
        seen.append(taps(world))

    assert seen == list(range(1, 2 * FILES_PER_MERGE + 1))
    assert reports.summarise(*world.of).human_clickers == 3


def test_a_rewrite_is_seen_although_no_click_came() -> None:
    world = make_world(2)
    take_in(world.tap(0), world.tap(1))
    assert taps(world) == 2

    rewrite.rewrite("message = :message", {"message": world.messages[0].pk}, None)

    assert taps(world) == 1


@pytest.mark.parametrize("how", ["corrected", "erased"])
def test_what_changes_in_one_broadcast_makes_no_other_be_read_anew(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, other = make_world(2), make_world(12)
    type(other.broadcast).objects.update(provider="elsewhere")
    walk = [other.tap(number, agent=PIXEL, address="198.51.100.9") for number in range(12)]
    take_in(world.tap(0), world.tap(1), *walk)
    assert (taps(world), taps(other)) == (2, 12)
    read: list[str] = []
    for name in ("clear", "append"):
        whole = getattr(SliceTable, name)

        def watched(table: SliceTable, *arguments: Any, _whole: Any = whole) -> Any:
            found = _whole(table, *arguments)
            read.append(f"{table._of['broadcast']}: {found}")
            return found

        monkeypatch.setattr(SliceTable, name, watched)

    if how == "corrected":
        second_look.look_again()
    else:
        rewrite.erase_people([], [other.messages[0].pk])

    assert taps(world) == 2
    assert set(read) <= {f"{world.broadcast.pk}: 0"}, "nothing of it changed"
    assert taps(other) == (0 if how == "corrected" else 12)
    assert f"{other.broadcast.pk}: 12" in read


def as_files_say(world: World, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Return the same answers from the files, with nothing remembered."""
    with monkeypatch.context() as patch:
        for module in (reports, heat):
            patch.setattr(
                module, "query_broadcast", lambda sql, params, people="": store.query(sql, params)
            )
        return everything(world)


def correct(world: World, positions: set[int]) -> None:
    """Say of the clicks of some recipients that they were a machine's after all."""
    messages = [world.messages[each].pk if each >= 0 else each for each in positions]
    database = store.connect(threads=1, memory="256MB")
    database.execute(
        "create or replace temp table changes as"
        " select id, message, 'scanner' as new_verdict, 'late' as new_reasons"
        f" from {store.source(read_list())} where message in ({store.int_list(messages)})"
    )
    correcting.change_verdicts(database, *world.of)


@pytest.mark.parametrize(("nobody_too", "begins_anew"), [(False, 0), (True, 1)])
def test_corrected_clicks_are_exchanged_beside_those_that_stay(
    nobody_too: bool, begins_anew: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(8)
    take_in(*(world.tap(n % 8, agent=(IPHONE, PIXEL)[n % 2]) for n in range(24)))
    take_in(*(world.tap(-1, serial=8) for _ in range(3)))
    merge_once()
    everything(world)
    clear = mock.Mock(wraps=SliceTable.clear)
    monkeypatch.setattr(SliceTable, "clear", lambda table: clear(table))

    correct(world, {1, 2, -1} if nobody_too else {1, 2})
    take_in(world.tap(2, agent=PIXEL), world.tap(5, agent="?"))  # one of them taps again

    assert everything(world) == as_files_say(world, monkeypatch)
    assert clear.call_count == begins_anew
    assert reports.summarise(*world.of).human_clickers == 7  # all but the first of the corrected


def test_the_least_looked_at_makes_room_and_comes_back() -> None:
    worlds = [make_world(1) for _ in range(slices.MOST_SLICES + 2)]
    take_in(*(world.tap() for world in worlds))

    assert [taps(world) for world in worlds] == [1] * len(worlds)
    assert len(slices._slices) == slices.MOST_SLICES
    assert [taps(world) for world in worlds] == [1] * len(worlds)


def test_what_is_too_much_to_remember_is_read_from_the_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = make_world(2)
    take_in(world.tap(0))
    assert taps(world) == 1
    monkeypatch.setattr(slices, "MOST_ROWS_PER_SLICE", 2)

    take_in(world.tap(0), world.tap(1), world.tap(1, agent=WHATSAPP))

    assert taps(world) == 3
    assert [share.people for share in reports.by_os(*world.of)] == [2]


def everything(world: World) -> list[object]:
    questions = (
        reports.summarise,
        reports.by_minute,
        reports.by_link,
        reports.by_device,
        reports.by_device_kind,
        reports.by_os,
        reports.by_browser,
        reports.by_hour,
        reports.by_weekday,
        heat.by_hour_of_week,
        reports.time_to_tap,
        reports.clickers,
    )
    return [ask(*world.of) for ask in questions]


@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_added_up_while_taps_come_in_is_what_the_files_say(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(seed)
    world, other = make_world(6), make_world(6)
    agents = [IPHONE, PIXEL, WHATSAPP, "?", *(f"{PIXEL} {number}" for number in range(3))]

    for size in (9, 1, 40, 3):
        for each in (world, other):
            take_in(
                *(
                    each.tap(
                        rng.randrange(6),
                        at=NOON + dt.timedelta(minutes=rng.randrange(3000)),
                        agent=rng.choice(agents),
                    )
                    for _ in range(size)
                )
            )
        assert everything(world) == as_files_say(world, monkeypatch)


@pytest.mark.parametrize("most_bits", [0, slices.MOST_BITS])
def test_people_are_counted_alike_in_memory_and_from_files(
    most_bits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(4)
    take_in(*(world.tap(number % 3, agent=IPHONE) for number in range(7)), world.tap(3, agent="?"))
    remembered = everything(world)

    forget_slices()
    monkeypatch.setattr(slices, "MOST_ROWS_PER_SLICE", 0)
    monkeypatch.setattr(slices, "MOST_BITS", most_bits)

    assert everything(world) == remembered


def test_many_threads_look_while_taps_come_in() -> None:
    world = make_world(1)
    take_in(world.tap())
    seen: list[int] = []

    def look() -> None:
        for _ in range(8):
            seen.append(taps(world))  # noqa: PERF401  # each waits for the one before
        connections.close_all()

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        take_in(world.tap())
    for thread in threads:
        thread.join(timeout=30)

    assert len(seen) == 32
    assert set(seen) <= {1, 2, 3, 4, 5, 6}
    assert taps(world) == 6
