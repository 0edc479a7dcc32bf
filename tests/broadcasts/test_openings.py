"""A report says why openings count as what they do, and each recipient's stand in order of time."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Iterator

import pytest
from django.urls import reverse

from tapline import config
from tapline.broadcasts.models import Broadcast, BroadcastState, Message
from tapline.broadcasts.pages_openings import kinds_of
from tapline.broadcasts.sharing import share_report
from tapline.clicks import openings, second_look
from tapline.clicks.openings import ReasonCount
from tapline.geo.files import PLACE_FILE, path_of
from tapline.links.models import CROWD_POSITION
from tapline.workspaces.models import Role, Workspace
from tapline.workspaces.tree import create_workspace
from tests.clicks.world import (
    IPHONE,
    NOON,
    PIXEL,
    WHATSAPP,
    World,
    elsewhere,
    make_world,
    take_in,
)
from tests.geo.mmdb import write_mmdb
from tests.geo.test_places import FLORIDA
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db(transaction=True)

CURL = "curl/8.5.0"


@pytest.fixture
def world() -> World:
    """The first recipient's link: a preview, then the tap; the second's: a program."""
    made = make_world(3)
    take_in(
        made.tap(0, at=NOON + dt.timedelta(minutes=3)),
        made.tap(0, at=NOON, agent=WHATSAPP, address="198.51.100.7"),
        made.tap(1, at=NOON, agent=CURL),
        made.tap(2, at=NOON, agent=CURL),
    )
    return made


def address_of(world: World, message: Message) -> str:
    return reverse("broadcasts:openings", args=[*world.of, message.pk])


def words_of(world: World, address: str, role: Role = Role.VIEWER) -> str:
    """Return a page as people read it: without tags, entities and runs of space."""
    page = member_of(world.workspace, role).get(address).content.decode()
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def test_times_are_told_on_the_workspaces_clock_to_members_and_to_strangers(world: World) -> None:
    Workspace.objects.filter(pk=world.workspace.pk).update(zone="Asia/Kolkata")
    Broadcast.objects.update(state=BroadcastState.SENT, started_at=NOON)
    _share, token = share_report(world.broadcast, expires_at=None, actor="test")

    openings = words_of(world, address_of(world, world.messages[0]))
    tapped = words_of(world, reverse("broadcasts:recipients", args=[*world.of, "tapped"]))
    report = words_of(world, reverse("broadcasts:show", args=world.of))
    shared = words_of(world, reverse("shared-report", args=[token]))

    assert "When (Asia/Kolkata)" in openings
    assert "2026-11-02 17:33:00 A person" in openings
    assert "First tap (Asia/Kolkata)" in tapped
    assert "2026-11-02 17:33:00" in tapped
    assert "From (Asia/Kolkata) Taps 2026-11-02 17:33 1" in report
    assert "From (Asia/Kolkata) Taps 2026-11-02 17:33 1" in shared


def test_a_recipients_openings_stand_in_order_with_what_they_count_as_and_why(world: World) -> None:
    said = words_of(world, address_of(world, world.messages[0]))

    told = [
        "2026-11-02 12:00:00 A link preview It calls itself WhatsApp.",
        "2026-11-02 12:03:00 A person Nothing speaks against a person. iPhone, iOS, Mobile Safari",
    ]
    assert [said.count(each) for each in told] == [1, 1]
    assert said.index(told[0]) < said.index(told[1])
    assert "curl" not in said
    assert world.messages[0].phone in said


def test_what_was_corrected_says_what_it_counted_as_before() -> None:
    world = elsewhere(make_world(1))
    take_in(world.tap(0, at=NOON - dt.timedelta(seconds=69)))
    second_look.look_again()

    said = words_of(world, address_of(world, world.messages[0]))

    assert "A security scanner It came before anybody can have read the text." in said
    assert "Counted as a person at first." in said


@pytest.fixture
def places() -> Iterator[None]:
    path = path_of(PLACE_FILE, config.current())
    write_mmdb(path, {"203.0.113.0/24": FLORIDA})
    yield
    path.unlink()


@pytest.mark.usefixtures("places")
def test_an_opening_says_from_where_as_far_as_that_is_known() -> None:
    world = make_world(1)
    take_in(world.tap(0, at=NOON), world.tap(0, at=NOON, address="192.0.2.1"))
    said = words_of(world, address_of(world, world.messages[0]))
    assert said.count("Miami, Florida, US") == 1


def test_a_text_that_nothing_opened_says_so() -> None:
    world = make_world(1)
    said = words_of(world, address_of(world, world.messages[0]))
    assert "Nobody and nothing has opened it yet." in said


def test_whoever_is_only_counted_has_no_such_page(world: World) -> None:
    message = world.messages[1]
    Message.objects.filter(pk=message.pk).update(only_counted=True)
    take_in(world.tap(CROWD_POSITION, agent=IPHONE))

    browser = member_of(world.workspace)
    assert browser.get(address_of(world, message)).status_code == 404
    assert openings.of_message(*world.of, -1, 10) == []


def test_a_text_is_found_through_its_own_broadcast_and_workspace_alone(world: World) -> None:
    other = make_world(1)
    browser = member_of(world.workspace)
    theirs = other.messages[0].pk
    for ids in ((*world.of, theirs), (world.workspace.pk, other.broadcast.pk, theirs)):
        assert browser.get(reverse("broadcasts:openings", args=ids)).status_code == 404
    stranger = member_of(create_workspace("Elsewhere"))
    assert stranger.get(address_of(world, world.messages[0])).status_code == 404


def test_the_list_of_recipients_leads_to_each_ones_openings(world: World) -> None:
    for group, message in (("tapped", world.messages[0]), ("not-tapped", world.messages[1])):
        page = member_of(world.workspace).get(
            reverse("broadcasts:recipients", args=[*world.of, group])
        )
        assert address_of(world, message) in page.content.decode()


def test_a_report_says_how_many_machines_there_were_of_each_kind_and_why(world: World) -> None:
    said = words_of(world, reverse("broadcasts:details", args=world.of))

    assert "Opened by machines, and why A link preview It calls itself WhatsApp. 1" in said
    assert "A program It gave the name of a library that programs fetch with. 2" in said


def test_a_report_without_machines_says_nothing_of_them() -> None:
    world = make_world(1)
    take_in(world.tap(0, agent=PIXEL))
    assert "machines, and why" not in words_of(world, reverse("broadcasts:details", args=world.of))


def test_repeats_that_were_folded_count_as_often_as_they_came(world: World) -> None:
    take_in(world.tap(2, agent=CURL, count=40, at=NOON + dt.timedelta(minutes=1)))
    counts = {each.reasons: each.requests for each in openings.by_reason(*world.of)}
    assert counts == {"agent_whatsapp": 1, "agent_http_library": 42}


def test_reasons_that_read_the_same_are_one_line() -> None:
    counts = [
        ReasonCount("tool", "no_agent", 2),
        ReasonCount("prefetch", "purpose", 5),
        ReasonCount("prefetch", "sec_purpose", 4),
    ]
    prefetch, tool = kinds_of(counts)
    assert [count for _words, count in prefetch.reasons] == [9]
    assert (tool.words, tool.reasons[0][1]) == ("a program", 2)
