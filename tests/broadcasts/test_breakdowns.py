"""The tables of a report: what is long is cut, what is coloured is a number too."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tapline.broadcasts.breakdowns import (
    LONGEST_TABLE,
    STRONGEST,
    heat_table,
    place_of_half,
    table,
    time_to_tap,
)
from tapline.broadcasts.models import Broadcast, BroadcastState, Message
from tapline.clicks.heat import HourOfWeek
from tapline.clicks.reports import Share
from tapline.workspaces.models import Role
from tests.clicks.world import NOON, make_world, take_in
from tests.web.browsing import member_of


def test_what_comes_after_the_largest_is_one_line() -> None:
    shares = [Share(f"device {n}", 100 - n, 200 - n) for n in range(LONGEST_TABLE + 3)]

    shown = table("Device", shares)

    assert len(shown.rows) == LONGEST_TABLE + 1
    assert shown.rows[-1] == ("others", 88 + 87 + 86, 188 + 187 + 186)
    # What a row's taps are a share of: nothing is lost by cutting.
    assert shown.all_taps == sum(200 - n for n in range(LONGEST_TABLE + 3))


@pytest.mark.parametrize(
    ("counts", "place"),
    [([5, 5], 0), ([4, 5], 1), ([0, 0, 9], 2), ([1, 1, 1, 1], 1), ([0, 0], 0)],
)
def test_half_is_reached_where_as_many_are_before_as_after(counts: list[int], place: int) -> None:
    assert place_of_half(counts) == place


def test_the_week_is_a_table_whose_totals_count_each_person_once() -> None:
    # One person on Monday at nine and at ten, three more on Sunday at nine.
    hours = [HourOfWeek(0, 9, 1, 2), HourOfWeek(0, 10, 1, 1), HourOfWeek(6, 9, 3, 3)]

    shown = heat_table(
        hours, [Share(9, 4, 5), Share(10, 1, 1)], [Share(0, 1, 3), Share(6, 3, 3)], in_taps=False
    )

    assert shown is not None
    hour, cells, total = shown.rows[9]
    assert (hour, total) == ("09:00", 4)
    assert [cell.count for cell in cells] == [1, 0, 0, 0, 0, 0, 3]
    assert [cell.level for cell in cells] == [2, 0, 0, 0, 0, 0, STRONGEST]
    assert shown.totals == [1, 0, 0, 0, 0, 0, 3]
    assert shown.days[0][1] == "Monday"


def test_where_nobody_is_told_apart_the_week_counts_taps() -> None:
    hours = [HourOfWeek(0, 9, 0, 7)]

    assert heat_table(hours, [], [], in_taps=False) is None
    shown = heat_table(hours, [Share(9, 0, 7)], [Share(0, 0, 7)], in_taps=True)
    assert shown is not None
    assert shown.rows[9][1][0].count == 7


@pytest.mark.django_db(transaction=True)
def test_it_is_said_how_many_tapped_before_their_texts_receipt_came() -> None:
    world = make_world(3)
    early = [world.messages[1].pk, world.messages[2].pk]
    Message.objects.filter(pk__in=early).update(delivered_at=None)
    take_in(world.tap(0), world.tap(1), world.tap(1), world.tap(2))
    Broadcast.objects.update(state=BroadcastState.SENT, started_at=NOON)

    shown = time_to_tap(world.broadcast)
    address = reverse("broadcasts:show", args=world.of)
    page = member_of(world.workspace, Role.VIEWER).get(address).content.decode()

    assert shown is not None
    assert (shown.all_people, shown.untimed) == (1, 2)
    assert "2 more tapped before a receipt said that their text had arrived." in page
