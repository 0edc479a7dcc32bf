"""Killed at any moment, ingest loses no click and doubles none."""

from __future__ import annotations

import datetime as dt
import random
import subprocess
import sys
import time

import pytest
from django.db import connection

from tapline.broadcasts.models import Message
from tapline.clicks.cleaning import ORPHAN_SECONDS, clean_up
from tapline.clicks.ingest import ingest_once
from tapline.clicks.listing import read_list
from tapline.clicks.models import LogSegment
from tapline.clicks.store import folder, query
from tests.clicks.world import NOON, World, make_world, write_log

KILLS = 10
LINES = 6_000
RECIPIENTS = 90


def ingest_and_kill(rng: random.Random) -> None:
    """Start an ingester, let it do some passes, and kill it somewhere in the next one."""
    command = [sys.executable, "-m", "tests.clicks.ingesting", connection.settings_dict["NAME"]]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(rng.randrange(1, 6)):
            process.stdout.readline()
        time.sleep(rng.uniform(0.0, 0.06))
        process.kill()


def write_segments(world: World) -> dict[int, dt.datetime]:
    """Write the clicks to three segments; return each position's earliest."""
    rng = random.Random(7)
    first: dict[int, dt.datetime] = {}
    for _ in range(3):
        taps = []
        for _ in range(LINES // 3):
            position = rng.randrange(RECIPIENTS)
            at = NOON + dt.timedelta(milliseconds=rng.randrange(10**7))
            first[position] = min(at, first.get(position, at))
            taps.append(world.tap(position, at=at))
        write_log(taps)
    return first


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_killed_ingester_loses_and_doubles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world(RECIPIENTS)
    first = write_segments(world)
    rng = random.Random(11)
    progress = []

    for _ in range(KILLS):
        ingest_and_kill(rng)
        progress.append(sum(LogSegment.objects.values_list("offset", flat=True)))
    while ingest_once():
        pass

    assert progress[0] < progress[-1], "the kills hit it at work"
    assert query("select count(*), count(distinct id), count(distinct sequence) from clicks") == [
        (LINES, LINES, LINES)
    ]
    firsts = dict(Message.objects.values_list("position", "first_human_click_at"))
    assert {position: at for position, at in firsts.items() if at} == first
    check_that_only_listed_files_stay(monkeypatch)


def check_that_only_listed_files_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tapline.clicks.cleaning.time.time", lambda: 4e9 + ORPHAN_SECONDS)
    clean_up(dt.datetime(2200, 1, 1, tzinfo=dt.UTC))
    assert {path.name for path in folder().glob("*.*")} == {file.name for file in read_list()}
