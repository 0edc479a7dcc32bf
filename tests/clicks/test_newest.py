"""The newest clicks, whichever files they are in, and what home keeps of a broadcast's openings."""

from __future__ import annotations

import datetime as dt
import random
from unittest import mock

import pytest

from tapline.clicks import newest, store
from tapline.clicks.merge import FILES_PER_MERGE, merge_once
from tapline.clicks.newest import clicks_of_message, newest_taps, recent_clicks
from tapline.clicks.overview import openings_of
from tests.clicks.world import NOON, PIXEL, WHATSAPP, make_world, take_in

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_newest_clicks_come_first_whichever_files_they_are_in() -> None:
    world = make_world(2)
    for number in range(FILES_PER_MERGE):
        take_in(world.tap(0, at=NOON + dt.timedelta(seconds=number)))
    merge_once()
    take_in(world.tap(1, at=NOON + dt.timedelta(minutes=1), agent=PIXEL))

    latest, *older = recent_clicks(*world.of, limit=4)

    assert (latest.message, latest.device) == (world.messages[1].pk, "Pixel 8")
    last = FILES_PER_MERGE - 1
    assert [click.clicked_at for click in older] == [
        NOON + dt.timedelta(seconds=second) for second in (last, last - 1, last - 2)
    ]


@pytest.mark.parametrize("limit", [1, 5, 30, 100])
def test_looking_back_in_steps_finds_what_one_look_finds(
    monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    world, rng = make_world(3), random.Random(5)
    for _file in range(3):
        hours = sorted(rng.expovariate(1 / 30) for _ in range(12))
        take_in(*(world.tap(0, at=NOON - dt.timedelta(hours=each)) for each in hours))
    at_once = recent_clicks(*world.of, limit=limit)
    monkeypatch.setattr(newest, "LARGE_FILE_ROWS", 1)

    assert recent_clicks(*world.of, limit=limit) == at_once
    assert len(at_once) == min(limit, 36)
    since = NOON - dt.timedelta(hours=20)
    assert [tap.clicked_at for tap in newest_taps(world.workspace.pk, since, limit)] == [
        tap.clicked_at for tap in at_once if tap.clicked_at >= since
    ]


def test_one_text_s_clicks_are_not_those_of_others() -> None:
    world = make_world(2)
    take_in(world.tap(0), world.tap(1, agent=PIXEL), world.tap(1, agent=WHATSAPP))

    found = clicks_of_message(*world.of, world.messages[1].pk, limit=5)

    assert sorted(click.verdict for click in found) == ["human", "preview"]


def test_home_asks_files_once_and_sees_every_new_click(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world(3)
    workspace, broadcast = world.of
    asked = mock.Mock(wraps=store.run)
    monkeypatch.setattr(store, "run", asked)
    take_in(world.tap(0))

    first = [openings_of(workspace, [broadcast])[broadcast] for _look in range(3)]
    looks = asked.call_count
    take_in(world.tap(1), world.tap(2, agent=WHATSAPP))
    later = openings_of(workspace, [broadcast])[broadcast]

    assert ({each.perhaps for each in first}, looks) == ({1}, 1)
    assert (later.perhaps, later.by_people, later.by_machines) == (2, 2, 1)
