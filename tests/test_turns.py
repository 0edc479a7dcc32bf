"""Bulk work leaves the writer free long enough for everybody who waits."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import DatabaseError, connection, connections

from tapline import turns
from tapline.turns import REST_SECONDS, Turns

pytestmark = pytest.mark.django_db(transaction=True)

WRITE = "update links_changecounter set value = value"


class Clock:
    """A clock that stands still unless somebody sleeps or works."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    stopped = Clock()
    monkeypatch.setattr(turns, "time", stopped)
    return stopped


def test_the_first_turn_begins_at_once(clock: Clock) -> None:
    with Turns().take():
        pass

    assert clock.slept == [0.0]


def test_work_between_turns_counts_as_rest(clock: Clock) -> None:
    mine = Turns()
    for worked in (0.0, 0.02, 0.5):
        with mine.take():
            clock.now += 0.03
        clock.now += worked
    with mine.take():
        pass

    assert mine.last_seconds == 0.0
    assert clock.slept == pytest.approx([0.0, REST_SECONDS, REST_SECONDS - 0.02, 0.0])


def fail(mine: Turns) -> None:
    with mine.take(), connection.cursor() as cursor:
        cursor.execute("create table half_done (id integer)")
        cursor.execute("insert into nowhere values (1)")


def test_a_turn_that_fails_leaves_nothing_and_is_rested_from(clock: Clock) -> None:
    mine = Turns()
    with pytest.raises(DatabaseError):
        fail(mine)
    with mine.take():
        assert "half_done" not in connection.introspection.table_names()

    assert clock.slept == pytest.approx([0.0, REST_SECONDS])


def test_whoever_waits_comes_in_between_two_turns() -> None:
    written, turn_taken = threading.Event(), threading.Event()

    def write() -> None:
        turn_taken.wait()
        with connection.cursor() as cursor:
            cursor.execute(WRITE)
        written.set()
        connections.close_all()

    other = threading.Thread(target=write)
    other.start()
    mine, turns_taken = Turns(), 0
    while not written.is_set():
        with mine.take(), connection.cursor() as cursor:
            cursor.execute(WRITE)
            turn_taken.set()
            time.sleep(0.01)
        turns_taken += 1
    other.join()

    assert turns_taken < 500  # starved, it would wait for its time-out of 20 seconds
