"""The view `clicks` shows the listed files, only those that matter, and survives their removal."""

from __future__ import annotations

import threading

import pytest
from django.db import connections

from tapline import config
from tapline.clicks import store
from tapline.clicks.columns import COLUMNS
from tapline.clicks.listing import ListMoved, read_list, swap_files
from tapline.clicks.merge import FILES_PER_MERGE, ROWS_OF_A_FULL_FILE, choose, merge_once
from tapline.clicks.models import ClickFile
from tests.clicks.world import NOON, make_world, take_in

pytestmark = pytest.mark.django_db(transaction=True)


def count_clicks() -> int:
    return int(store.query("select count(*) from clicks")[0][0])


def test_the_view_has_the_documented_columns_with_and_without_files() -> None:
    described = "select column_name, column_type from (describe clicks)"
    documented = [(column.name, column.kind) for column in COLUMNS]
    world = make_world(1)

    assert store.query(described) == documented
    take_in(world.tap())
    assert store.query(described) == documented


def test_a_question_opens_only_files_that_can_hold_its_broadcast() -> None:
    one, other = make_world(1), make_world(1)
    take_in(one.tap())
    take_in(other.tap())
    take_in(one.tap(), other.tap())

    assert len(store.find_files({})) == 3
    assert len(store.find_files({"workspace": one.workspace.pk})) == 2
    assert len(store.find_files({"workspace": one.workspace.pk, "broadcast": 999})) == 0


def test_a_question_whose_file_was_just_deleted_is_asked_again() -> None:
    world = make_world(1)
    for _ in range(FILES_PER_MERGE):
        take_in(world.tap())
    assert count_clicks() == FILES_PER_MERGE
    stale = read_list()
    merge_once()

    for file in stale:
        (store.folder() / file.name).unlink()
    # This thread's list is as old as the files that are gone.
    from tapline.clicks import listing

    listing._cache._files = {file.id: file for file in stale}
    listing._cache._version = listing.list_version()

    assert count_clicks() == FILES_PER_MERGE


def test_named_parameters_are_values_and_never_text() -> None:
    world = make_world(1)
    take_in(world.tap(path="x' or '1'='1"))

    asked = "select count(*) from clicks where path = :path"

    assert store.query(asked, {"path": "x' or '1'='1", "unused": 1}) == [(1,)]
    assert store.query(asked, {"path": "' or ''='"}) == [(0,)]


def test_many_threads_ask_at_once() -> None:
    world = make_world(1)
    take_in(*(world.tap() for _ in range(50)))
    answers: list[int] = []

    def ask() -> None:
        for _ in range(5):
            answers.append(count_clicks())  # noqa: PERF401  # each waits for the one before
        connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert answers == [50] * 30


def test_merging_keeps_every_row_and_few_files() -> None:
    worlds = [make_world(2), make_world(2)]
    for number in range(FILES_PER_MERGE**2):
        take_in(worlds[number % 2].tap(number % 2), worlds[0].tap(0))
        while merge_once():
            pass

    assert [file.level for file in read_list()] == [2]
    assert count_clicks() == 2 * FILES_PER_MERGE**2
    [merged] = read_list()
    path = store.folder() / merged.name
    order = store.query(f"select workspace, broadcast, clicked_at from read_parquet('{path}')")
    assert order == sorted(order)
    assert {workspace for workspace, _ in merged.contents} == {
        world.workspace.pk for world in worlds
    }


def test_full_files_are_merged_no_further() -> None:
    world = make_world(1)
    for _ in range(FILES_PER_MERGE):
        take_in(world.tap())
    assert len(choose(read_list())) == FILES_PER_MERGE

    ClickFile.objects.update(rows=ROWS_OF_A_FULL_FILE)
    from tapline.clicks.listing import forget_list

    forget_list()

    assert choose(read_list()) == []


def test_a_list_that_moved_refuses_the_swap() -> None:
    world = make_world(1)
    take_in(world.tap())
    old = read_list()
    ClickFile.objects.update(delisted_at=NOON)

    with pytest.raises(ListMoved):
        swap_files(old, [], 0, NOON)


def test_nothing_is_downloaded_or_loaded_by_itself() -> None:
    asked = (
        "select name, value from duckdb_settings()"
        " where name in ('autoinstall_known_extensions', 'autoload_known_extensions')"
    )

    assert {value for _, value in store.query(asked)} == {"false"}
    assert config.current().click_store_dir == store.folder()
