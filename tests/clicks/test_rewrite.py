"""Stored clicks change only by a swap: late verdicts, erasure and retention reach every file."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tapline.clicks import reports, rewrite
from tapline.clicks.listing import read_list
from tapline.clicks.merge import FILES_PER_MERGE, merge_once
from tapline.clicks.parquet import write_file
from tapline.clicks.store import query
from tests.clicks.world import IPHONE, NOON, PAGE, make_world, take_in

pytestmark = pytest.mark.django_db(transaction=True)


def rows(columns: str) -> list[tuple[Any, ...]]:
    return query(f"select {columns} from clicks order by sequence")


def test_an_erased_contact_is_gone_from_every_file_and_totals_stay() -> None:
    world = make_world(2)
    for number in range(FILES_PER_MERGE + 2):
        take_in(world.tap(number % 2, headers=PAGE))
    merge_once()
    before = reports.summarise(*world.of)
    contact = world.messages[1].contact_id
    assert contact

    erased = rewrite.erase_people([contact], [])

    assert erased == (FILES_PER_MERGE + 2) // 2
    assert reports.summarise(*world.of) == before
    held = set(
        rows("contact, agent = '', network = '', address_hash = '', headers = '', path = ''")
    )
    assert held == {
        (world.messages[0].contact_id, *[False] * 5),
        (0, *[True] * 5),
    }


def test_files_that_hold_nothing_of_the_contact_stay_as_they_are() -> None:
    world = make_world(2)
    take_in(world.tap(0))
    take_in(world.tap(1))
    names = {file.name for file in read_list()}

    rewrite.erase_people([world.messages[1].contact_id or 0], [])

    assert len(names & {file.name for file in read_list()}) == 1
    assert rewrite.erase_people([], []) == 0


def test_what_is_too_old_loses_its_people_and_keeps_its_counts() -> None:
    world = make_world(1)
    take_in(world.tap(at=NOON - dt.timedelta(days=40)), world.tap(at=NOON))

    assert rewrite.count_people_before(NOON - dt.timedelta(days=30)) == 1
    assert rewrite.forget_people_before(NOON - dt.timedelta(days=30)) == 1
    assert rewrite.forget_people_before(NOON - dt.timedelta(days=30)) == 0
    assert rows("human, agent") == [(1, ""), (1, IPHONE)]


def test_rows_can_be_dropped() -> None:
    world = make_world(2)
    take_in(world.tap(0), world.tap(1))

    assert rewrite.rewrite("message = :message", {"message": world.messages[0].pk}, None) == 1
    assert rows("message") == [(world.messages[1].pk,)]
    assert rewrite.rewrite("message > 0", {}, None) == 1
    assert read_list() == []


def test_a_rewrite_that_a_merge_overtakes_is_done_again(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world(1)
    for _ in range(FILES_PER_MERGE):
        take_in(world.tap())
    real = write_file

    def overtaken(*arguments: Any) -> Any:
        monkeypatch.setattr(rewrite, "write_file", real)
        written = real(*arguments)
        assert merge_once()
        return written

    monkeypatch.setattr(rewrite, "write_file", overtaken)
    erased = rewrite.erase_people([world.messages[0].contact_id or 0], [])

    assert erased == FILES_PER_MERGE
    assert set(rows("contact")) == {(0,)}
    assert len(rows("id")) == FILES_PER_MERGE
