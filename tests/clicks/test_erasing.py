"""Erased people leave every click file and the click log; what counts stays, and so do others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tapline import config
from tapline.broadcasts.models import BroadcastLink, Message
from tapline.clicklog.record import encode_line
from tapline.clicklog.segment import Segment
from tapline.clicks import erasing, reports
from tapline.clicks.erasing import erase_pending, request_erasure
from tapline.clicks.ingest import ingest_once
from tapline.clicks.models import ClickErasure, LogSegment
from tapline.clicks.store import query
from tapline.links.minting import create_link, mint_personal
from tapline.links.models import CodeRange
from tests.clicks.world import World, make_world, take_in, write_log

pytestmark = pytest.mark.django_db(transaction=True)

SECRET: dict[str, Any] = {
    "address": "198.51.100.77",
    "agent": "Mozilla/5.0 (Rare; Phone)",
    "path": "ZZYXWVTS",
}


def log_text() -> str:
    """Return all that lies in the click log."""
    files = config.current().click_log_dir.rglob("*")
    return "".join(path.read_text() for path in files if path.is_file())


def erase(world: World, *positions: int) -> bool:
    """Erase the recipients at some positions, by their messages alone."""
    request_erasure([], [world.messages[position].pk for position in positions])
    return erase_pending()


def is_gone(text: str) -> bool:
    return not any(trace in text for trace in SECRET.values())


def test_requested_erasures_are_done_together_and_once() -> None:
    world = make_world(3)
    take_in(*(world.tap(position) for position in range(3)))
    request_erasure((message.contact_id or 0 for message in world.messages[:2]), [])

    assert erase_pending()
    assert not erase_pending()
    assert sorted(query("select contact from clicks")) == [
        (0,),
        (0,),
        (world.messages[2].contact_id,),
    ]
    assert ClickErasure.objects.filter(done_at=None).count() == 0


def test_a_message_whose_contact_is_gone_loses_its_clicks_too() -> None:
    world = make_world(2)
    Message.objects.update(contact=None)
    take_in(world.tap(0, **SECRET), world.tap(1))

    erase(world, 0)

    assert sorted(query("select agent = '', network = '' from clicks")) == [
        (False, False),
        (True, True),
    ]


def test_a_persons_lines_in_the_log_are_wiped_and_no_line_moves() -> None:
    world = make_world(3)
    take_in(world.tap(1), world.tap(0, **SECRET), world.tap(2), world.tap(0, **SECRET))
    (path,) = config.current().click_log_dir.glob("*.jsonl")
    before = path.read_bytes()

    erase(world, 0)

    after = path.read_bytes()
    assert is_gone(after.decode())
    assert len(after) == len(before)
    lines = after.splitlines()
    assert [lines[0], lines[2]] == [before.splitlines()[0], before.splitlines()[2]]
    wiped = json.loads(lines[1])
    assert (wiped["link"], wiped["position"], wiped["address"]) == (world.link.pk, 0, "")


def test_wiped_lines_that_are_read_again_still_lead_to_their_message() -> None:
    world = make_world(1)
    take_in(world.tap(0, **SECRET))
    erase(world, 0)
    LogSegment.objects.update(offset=0, finished_at=None)

    while ingest_once():
        pass

    assert query("select message, agent from clicks") == [(world.messages[0].pk, "")] * 2


def test_a_code_that_the_edge_did_not_know_yet_is_found_by_its_serial() -> None:
    world = make_world(2)
    code = CodeRange.objects.get(link=world.link)
    late: dict[str, Any] = {
        "link": 0, "serial": code.first, "outcome": "unresolved",
        "generation": code.generation.number,
    }  # fmt: skip
    take_in(world.tap(-1, **(SECRET | late)), world.tap(1))

    erase(world, 0)

    assert is_gone(log_text())


def test_a_personal_links_lines_are_wiped() -> None:
    world = make_world(2)
    template = create_link(
        world.workspace, world.domain, "https://x.example/{{ name }}", kind="template", actor="test"
    )
    BroadcastLink.objects.create(broadcast=world.broadcast, link=template, ordinal=1)
    mint_personal(template, ["https://x.example/a", "https://x.example/b"], first_position=0)
    anna, ben = CodeRange.objects.filter(template=template).order_by("first_position")
    take_in(world.tap(0, link=anna.link_id, **SECRET), world.tap(1, link=ben.link_id))

    erase(world, 0)

    assert is_gone(log_text())
    assert "203.0.113.7" in log_text()  # Ben's


def test_a_segment_that_is_still_written_is_wiped_and_goes_on() -> None:
    world = make_world(2)
    segment = Segment(config.current().click_log_dir, encode_line(world.tap(0, **SECRET)))
    ingest_once()

    erase(world, 0)
    segment.append(encode_line(world.tap(1)))
    segment.close()
    while ingest_once():
        pass

    assert is_gone(log_text())
    assert sorted(query("select message from clicks")) == [
        (message.pk,) for message in world.messages
    ]


def test_nothing_is_emptied_before_it_was_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world(1)
    monkeypatch.setattr(erasing, "PATIENCE_SECONDS", 0.0)
    write_log([world.tap(0, **SECRET)])

    too_early = erase(world, 0)
    while ingest_once():
        pass
    in_time = erase_pending()

    assert (too_early, in_time) == (False, True)
    assert is_gone(log_text())
    assert reports.summarise(*world.of).human_clicks == 1


def test_a_line_that_cannot_be_read_stops_no_wiping() -> None:
    world = make_world(1)
    write_log([world.tap(0, **SECRET)], junk=b"no json\n" + encode_line(world.tap(0, **SECRET)))
    while ingest_once():
        pass

    erase(world, 0)

    assert is_gone(_segments_text())


def _segments_text() -> str:
    return "".join(path.read_text() for path in _segments())


def _segments() -> list[Path]:
    return sorted(config.current().click_log_dir.glob("*.jsonl"))
