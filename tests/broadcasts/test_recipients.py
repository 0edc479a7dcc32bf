"""Recipients are found by name and number, by why their text failed, and kept as a segment."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.urls import reverse

from tapline.broadcasts.models import Broadcast, Message
from tapline.contacts.models import Contact, Segment
from tapline.contacts.segments import count, question_of
from tapline.workspaces.models import Role
from tests.broadcasts.making import make_contacts
from tests.clicks.world import World, make_world, take_in
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    world = make_world(recipients=4)
    Broadcast.objects.update(state="sent")
    for message, name in zip(world.messages, ("Ana", "Ben", "Cleo", "Dan"), strict=True):
        Contact.objects.filter(message=message).update(attributes={"first_name": name})
    take_in(world.tap(0))
    return world


def listed(world: World, group: str = "all", search: str = "", **query: Any) -> list[str]:
    address = reverse("broadcasts:recipients", args=[*world.of, group])
    browser = member_of(world.workspace, Role.VIEWER)
    shown = browser.post(address, {"search": search}) if search else browser.get(address, query)
    assert shown.status_code == 200
    words = html.unescape(re.sub(r"<[^>]+>", " ", shown.content.decode()))
    return [name for name in ("Ana", "Ben", "Cleo", "Dan") if name in words]


def test_all_and_each_group_are_listed(world: World) -> None:
    assert listed(world) == ["Ana", "Ben", "Cleo", "Dan"]
    assert listed(world, "tapped") == ["Ana"]
    assert listed(world, "not-tapped") == ["Ben", "Cleo", "Dan"]


def test_what_became_of_a_text_is_said_in_the_language_of_the_page(world: World) -> None:
    Message.objects.update(state="delivered")
    address = reverse("broadcasts:recipients", args=[*world.of, "all"])

    shown = member_of(world.workspace).get(address, headers={"Accept-Language": "es"}).text

    assert shown.count("entregado") == 4
    assert "Delivered" not in shown


def test_people_are_found_by_name_and_by_the_end_of_their_number(world: World) -> None:
    assert listed(world, search="cle") == ["Cleo"]
    assert listed(world, search=world.messages[1].phone[-7:]) == ["Ben"]
    assert listed(world, "tapped", search="ben") == []
    assert listed(world, search="nobody") == []


def test_a_search_finds_nobody_who_did_not_get_this_text(world: World) -> None:
    make_contacts(world.workspace, 1, first=70, first_name="Dan")

    assert listed(world, search="Dan") == ["Dan"]


def test_failed_texts_are_listed_by_why_they_failed(world: World) -> None:
    of = Message.objects.filter(broadcast=world.broadcast)
    of.filter(position=1).update(state="failed", error_code="30005")
    of.filter(position=2).update(state="failed", error_code="30006")

    assert listed(world, "failed") == ["Ben", "Cleo"]
    assert listed(world, "failed", why="30006") == ["Cleo"]


@pytest.mark.parametrize(
    ("group", "people"), [("all", 4), ("tapped", 1), ("not-tapped", 3), ("failed", 0)]
)
def test_a_group_becomes_a_segment_that_goes_on_asking(
    world: World, group: str, people: int
) -> None:
    address = reverse("broadcasts:make-segment", args=[*world.of, group])

    made = member_of(world.workspace, Role.SENDER).post(address, {"name": "These"})

    assert made.status_code == 302
    segment = Segment.objects.get(workspace=world.workspace)
    assert segment.name == "These"
    assert count(world.workspace, question_of(segment)).number == people
