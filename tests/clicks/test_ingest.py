"""Each line of the click log becomes one row, once, and its message learns of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection

from tapline import config
from tapline.broadcasts.models import Broadcast, BroadcastKind, BroadcastLink, Message
from tapline.clicklog.record import encode_line
from tapline.clicklog.segment import Segment
from tapline.clicks import first_clicks, ingest
from tapline.clicks.cleaning import bad_line_count
from tapline.clicks.ingest import Overtaken, ingest_once
from tapline.clicks.models import ClickCounter, ClickFile, LogSegment, WaitingFirstClicks
from tapline.clicks.store import query
from tapline.links.minting import create_link, mint_personal
from tapline.links.models import CodeRange, LinkKind, TappedLink
from tests.clicks.world import NOON, PAGE, WHATSAPP, make_world, take_in, write_log

pytestmark = pytest.mark.django_db(transaction=True)


def rows(columns: str) -> list[tuple[Any, ...]]:
    return query(f"select {columns} from clicks order by sequence")


def test_a_tap_leads_to_its_message_contact_and_broadcast() -> None:
    world = make_world(3)
    message = world.messages[2]

    take_in(world.tap(2))

    found = rows("workspace, broadcast, link, opened_link, message, contact, verdict, human")
    expected = (world.workspace.pk, world.broadcast.pk, world.link.pk, world.link.pk)
    assert found == [(*expected, message.pk, message.contact_id, "human", 1)]


def test_a_row_says_when_in_the_recipients_zone_and_how_long_after_delivery() -> None:
    world = make_world(2, zone="America/New_York")
    world.messages[1].contact.zone = "Asia/Tokyo"  # type: ignore[union-attr]
    world.messages[1].contact.save()  # type: ignore[union-attr]

    take_in(world.tap(0, at=NOON), world.tap(1, at=NOON + dt.timedelta(hours=4, seconds=5)))

    found = rows("minute, hour_local, weekday_local, seconds_since_submit, seconds_since_delivery")
    later = NOON.replace(hour=16, tzinfo=None)
    assert found == [
        (NOON.replace(tzinfo=None), 7, 0, 70.0, 60.0),
        (later, 1, 1, 14_475.0, 14_465.0),
    ]


def test_the_address_is_kept_as_network_and_hash_only() -> None:
    world = make_world(1)

    take_in(
        world.tap(address="203.0.113.7"),
        world.tap(address="203.0.113.7"),
        world.tap(address="2001:db8:1:2::3"),
        world.tap(address="nonsense"),
        world.tap(address="203.0.113.7", at=NOON + dt.timedelta(days=1)),
    )

    found = rows("network, address_hash")
    networks = ["203.0.113.0/24", "203.0.113.0/24", "2001:db8:1::/48", "", "203.0.113.0/24"]
    assert [network for network, _ in found] == networks
    first, same, *others = [address_hash for _, address_hash in found]
    assert first == same
    assert first not in others, "the key changes daily"


def test_a_preview_is_kept_but_is_no_first_human_click() -> None:
    world = make_world(1)

    take_in(world.tap(agent=WHATSAPP))

    assert rows("verdict, human") == [("preview", 0)]
    assert Message.objects.get().first_human_click_at is None


def test_the_first_human_click_is_the_earliest_whatever_order_clicks_arrive_in() -> None:
    world = make_world(1)
    early = NOON - dt.timedelta(seconds=30)

    take_in(world.tap(at=NOON))
    take_in(world.tap(at=NOON + dt.timedelta(seconds=9)), world.tap(at=early))

    assert Message.objects.get().first_human_click_at == early


def clicked_positions() -> list[int]:
    clicked = Message.objects.filter(first_human_click_at__isnull=False)
    return list(clicked.order_by("position").values_list("position", flat=True))


def test_a_large_pass_tells_its_messages_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_clicks, "MOST_PER_TURN", 2)
    world = make_world(7)

    take_in(*(world.tap(position) for position in range(6)))

    assert clicked_positions() == [0, 1, 2, 3, 4, 5]
    assert not WaitingFirstClicks.objects.exists()


def test_what_a_killed_pass_left_waiting_is_set_by_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(first_clicks, "MOST_PER_TURN", 2)
    world = make_world(6)
    take_in(world.tap(5, at=NOON))
    with monkeypatch.context() as patch:
        patch.setattr(ingest, "set_waiting", lambda turns: None)  # as if it had died there
        take_in(*(world.tap(position, at=NOON) for position in range(5)))
    assert clicked_positions() == [0, 1, 5]
    assert len(rows("id")) == 6

    assert ingest_once() == 0

    assert clicked_positions() == [0, 1, 2, 3, 4, 5]
    assert not WaitingFirstClicks.objects.exists()


def test_test_sends_and_staff_count_as_operators() -> None:
    test = make_world(1, is_test=True)
    real = make_world(2)
    contact = real.messages[1].contact
    assert contact is not None
    contact.is_staff = True
    contact.save()

    take_in(test.tap(0), real.tap(0), real.tap(1))

    assert rows("verdict") == [("operator",), ("human",), ("operator",)]


def test_a_serial_that_the_edge_did_not_know_yet_is_looked_up() -> None:
    world = make_world(3)
    known = CodeRange.objects.get()
    unresolved: dict[str, Any] = {
        "link": 0,
        "position": -1,
        "outcome": "unresolved",
        "path": "B" * known.length,
    }

    take_in(
        world.tap(serial=known.first + 2, **unresolved),
        world.tap(serial=known.first + 3_000_000, **unresolved),
    )

    found = rows("link, message, workspace, outcome")
    assert found == [
        (world.link.pk, world.messages[2].pk, world.workspace.pk, "unresolved"),
        (0, 0, world.workspace.pk, "unresolved"),
    ]


def test_a_personal_link_counts_for_the_link_in_the_text() -> None:
    world = make_world(2)
    template = create_link(
        world.workspace,
        world.domain,
        "https://www.example.com/{{ first_name }}",
        kind=LinkKind.TEMPLATE,
        actor="test",
    )
    BroadcastLink.objects.create(broadcast=world.broadcast, link=template, ordinal=1)
    mint_personal(template, ["https://www.example.com/ada"], first_position=1)
    personal = template.personal.get()

    take_in(world.tap(1, link=personal.pk))

    found = rows("link, opened_link, message")
    assert found == [(template.pk, personal.pk, world.messages[1].pk)]


def test_an_alias_counts_taps_of_nobody_in_particular() -> None:
    world = make_world(1)

    take_in(world.tap(path="sale", generation=0, serial=-1, position=-1))

    assert rows("broadcast, message, human, path") == [(world.broadcast.pk, 0, 1, "sale")]


def test_a_message_without_its_number_leaves_nothing_that_tells_of_a_person() -> None:
    world = make_world(1)
    Message.objects.update(contact=None, phone="")

    take_in(world.tap(headers=PAGE))

    found = rows("human, message, contact, agent, network, address_hash, headers, path, os")
    assert found == [(1, world.messages[0].pk, 0, "", "", "", "", "", "iOS")]


def test_bad_lines_are_set_aside_and_stop_nothing() -> None:
    world = make_world(1)
    impossible = encode_line(world.tap(time_us=10**18))
    segment = write_log([world.tap()], junk=b"{broken\n" + impossible + b'{"torn')

    while ingest_once():
        pass

    assert rows("verdict") == [("human",)]
    assert bad_line_count() == 3
    kept = b"".join(
        path.read_bytes() for path in (config.current().click_log_dir / "bad").iterdir()
    )
    assert b"{broken" in kept
    assert impossible in kept
    assert LogSegment.objects.get(name=segment.path.name).finished_at is not None


def test_a_segment_is_read_on_while_it_is_written() -> None:
    world = make_world(2)
    segment = Segment(config.current().click_log_dir, encode_line(world.tap(0)))
    ingest_once()
    ingest_once()
    unfinished = LogSegment.objects.get()

    segment.append(encode_line(world.tap(1)))
    ingest_once()
    segment.close()
    ingest_once()

    assert unfinished.finished_at is None
    assert len(rows("id")) == 2
    assert LogSegment.objects.get().finished_at is not None
    assert ingest_once() == 0


def test_who_was_overtaken_lists_nothing_and_reads_again(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world(1)
    write_log([world.tap()])
    real = ingest._commit

    def overtaken(*arguments: Any) -> None:
        monkeypatch.setattr(ingest, "_commit", real)
        ClickCounter.objects.update(next_sequence=77)  # as if another node listed 76 clicks
        real(*arguments)

    monkeypatch.setattr(ingest, "_commit", overtaken)
    assert ingest_once() == 0
    left = list(config.current().click_store_dir.glob("*.parquet"))
    while ingest_once():
        pass

    assert left == []
    assert rows("sequence") == [(77,)]
    assert ClickFile.objects.count() == 1


def test_an_error_after_the_commit_costs_no_click(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world(1)
    write_log([world.tap()])
    real = ingest._commit

    def committed_but_failed(*arguments: Any) -> None:
        real(*arguments)
        raise OSError("the connection broke after the commit")

    monkeypatch.setattr(ingest, "_commit", committed_but_failed)
    with pytest.raises(OSError, match="broke"):
        ingest_once()
    monkeypatch.setattr(ingest, "_commit", real)

    assert ingest_once() == 0
    assert len(rows("id")) == 1


def test_an_offset_that_moved_meanwhile_is_refused() -> None:
    world = make_world(1)
    segment = write_log([world.tap()])
    [read] = ingest._read_segments(config.current().click_log_dir)
    LogSegment.objects.create(name=segment.path.name, offset=5)
    read.is_new = False

    with pytest.raises(Overtaken):
        ingest._move_offset(read)


def test_only_one_ingester_of_a_machine_is_at_work() -> None:
    world = make_world(1)
    write_log([world.tap()])

    with ingest._alone() as first:
        assert first
        assert ingest_once() == 0
    assert ingest_once() == 1


def test_many_clicks_take_a_handful_of_queries(django_assert_max_num_queries: Any) -> None:
    world = make_world(200)
    write_log([world.tap(position) for position in range(200)])

    # 200 of them update one message each; the rest does not grow with the clicks.
    with django_assert_max_num_queries(34, connection=connection):
        ingest_once()

    assert Message.objects.filter(first_human_click_at__isnull=False).count() == 200
    assert Broadcast.objects.count() == 1


def test_a_link_that_people_tap_is_watched_and_one_that_machines_open_is_not() -> None:
    world = make_world(2)

    take_in(world.tap(0, agent=WHATSAPP))
    assert not TappedLink.objects.exists()

    take_in(world.tap(1))
    watched = TappedLink.objects.get()
    assert (watched.link, watched.destination.address) == (world.link, world.link.destination)


def test_links_in_texts_of_other_systems_are_not_watched() -> None:
    world = make_world(1)
    Broadcast.objects.update(kind=BroadcastKind.TRACKED)

    take_in(world.tap(0))

    assert not TappedLink.objects.exists()
