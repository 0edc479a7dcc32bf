"""Once taps of people who are only counted are judged, the log tells nothing of them either."""

from __future__ import annotations

import pytest

from tapline import config
from tapline.clicklog.record import Record, encode_line
from tapline.clicklog.segment import Segment
from tapline.clicks import forgetting_crowds, reports
from tapline.clicks.forgetting_crowds import wipe_crowds
from tapline.clicks.ingest import ingest_once
from tapline.clicks.models import LogSegment
from tapline.links.minting import mint_range
from tapline.links.models import CROWD_POSITION
from tests.clicks.world import World, make_world, take_in, write_log

pytestmark = pytest.mark.django_db(transaction=True)

RARE = "Mozilla/5.0 (Rare; Phone) Zyxbrowser"


@pytest.fixture
def world() -> World:
    made = make_world(2)
    mint_range(made.link, 1, first_position=CROWD_POSITION)
    return made


def crowd_tap(world: World, **values: object) -> Record:
    return world.tap(CROWD_POSITION, serial=2, address="", agent=RARE, **values)  # type: ignore[arg-type]


def log_text() -> str:
    """Return all that lies in the click log."""
    files = config.current().click_log_dir.glob("*.jsonl")
    return "".join(path.read_text() for path in files)


def wipe_all() -> None:
    while wipe_crowds():
        pass


def test_lines_of_a_crowd_are_wiped_and_others_stay(world: World) -> None:
    take_in(crowd_tap(world), world.tap(1, agent="Named/1.0"), crowd_tap(world))

    wipe_all()

    text = log_text()
    assert RARE not in text
    assert "Named/1.0" in text
    assert not wipe_crowds()
    assert reports.summarise(*world.of).only_counted_taps == 2


def test_a_line_that_is_not_judged_yet_stays_whole(world: World) -> None:
    take_in(crowd_tap(world))
    lines = encode_line(crowd_tap(world))
    segment = Segment(config.current().click_log_dir, lines)
    assert ingest_once() == 1
    segment.append(encode_line(crowd_tap(world)))

    wipe_all()
    assert log_text().count(RARE) == 1

    segment.close()
    while ingest_once():
        pass
    wipe_all()
    assert RARE not in log_text()
    assert reports.summarise(*world.of).only_counted_taps == 3


def test_a_long_log_is_wiped_piece_by_piece(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting_crowds, "BYTES_AT_ONCE", 10_000)
    take_in(*(crowd_tap(world) for _ in range(100)))

    assert wipe_crowds()
    assert 0 < log_text().count(RARE) < 100
    wipe_all()

    assert RARE not in log_text()


def test_a_segment_that_is_gone_stops_nothing(world: World) -> None:
    take_in(crowd_tap(world))
    for path in config.current().click_log_dir.glob("*.jsonl"):
        path.unlink()
    write_log([crowd_tap(world)])
    while ingest_once():
        pass

    wipe_all()

    assert RARE not in log_text()


def test_without_crowds_the_log_is_not_read_again() -> None:
    world = make_world(1)
    take_in(world.tap())

    assert not wipe_crowds()
    assert LogSegment.objects.get().wiped_to == 0
