"""Tags and segments of recipients: counted to the end however often one looks, each person once."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from tapline.broadcasts import audience_shares
from tapline.broadcasts.audience_shares import FRESH_FOR, Shares, count_shares
from tapline.broadcasts.models import Broadcast, Message
from tapline.contacts.models import Contact, Tag
from tapline.contacts.questions import read_question
from tapline.contacts.segments import create_segment
from tapline.intervals import Sample
from tests.broadcasts.making import ACTOR
from tests.clicks.world import NOON, World, make_world
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """Six recipients: the first three are VIPs, of whom two tapped, as did one other."""
    world = make_world(recipients=6)
    Broadcast.objects.filter(pk=world.broadcast.pk).update(next_position=6)
    world.broadcast.refresh_from_db()
    vip = Tag.objects.create(workspace=world.workspace, name="vip")
    vip.contacts.set(Contact.objects.filter(message__in=world.messages[:3]))
    Contact.objects.filter(message__in=world.messages[2:4]).update(attributes={"city": "50 % Ulm"})
    tapped(world, 0, 1, 5)
    return world


def tapped(world: World, *positions: int) -> None:
    own = Message.objects.filter(broadcast=world.broadcast, position__in=positions)
    own.update(first_human_click_at=NOON)


def counted(world: World, seconds: float = 10) -> Shares:
    return count_shares(world.broadcast, "delivered", timezone.now(), seconds)


def test_each_tag_and_segment_says_how_many_of_its_people_tapped(world: World) -> None:
    question = {
        "groups": [{"conditions": [{"kind": "attribute", "name": "city", "value": "50 % ulm"}]}]
    }
    create_segment(world.workspace, "Ulm", read_question(question), actor=ACTOR)

    shares = counted(world)

    assert [(each.words, each.sample) for each in shares.tags] == [("vip", Sample(2, 3))]
    assert [(each.words, each.sample) for each in shares.segments] == [("Ulm", Sample(0, 2))]
    assert not shares.tags[0].tells
    assert shares.at is not None


def test_who_was_not_reached_or_is_only_counted_is_in_no_share(world: World) -> None:
    own = Message.objects.filter(broadcast=world.broadcast)
    own.filter(position=0).update(only_counted=True)
    own.filter(position=2).update(state="failed")

    assert [each.sample for each in counted(world).tags] == [Sample(1, 1)]


def test_a_large_one_is_counted_a_piece_with_each_look(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audience_shares, "POSITIONS_PER_CHUNK", 2)

    percents = [counted(world, seconds=0).percent for _ in range(3)]

    assert percents == [33, 66, 100]
    assert [each.sample for each in counted(world).tags] == [Sample(2, 3)]


def test_what_was_counted_long_ago_is_counted_again(world: World) -> None:
    counted(world)
    tapped(world, 2)
    assert counted(world).tags[0].sample == Sample(2, 3)

    later = timezone.now() + FRESH_FOR + dt.timedelta(seconds=1)

    assert count_shares(world.broadcast, "delivered", later, 10).tags[0].sample == Sample(3, 3)


def test_another_workspaces_tags_are_in_no_share(world: World) -> None:
    other = make_world(recipients=1)
    foreign = Tag.objects.create(workspace=other.workspace, name="theirs")
    foreign.contacts.set(Contact.objects.filter(message__in=world.messages))

    assert [each.words for each in counted(world).tags] == ["vip"]


def test_the_page_goes_on_asking_until_all_are_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = member_of(world.workspace)
    address = reverse("broadcasts:audiences", args=world.of)

    monkeypatch.setattr(audience_shares, "POSITIONS_PER_CHUNK", 3)
    monkeypatch.setattr(audience_shares.count_shares, "__defaults__", (0.0,))
    begun = browser.get(address).content.decode()
    done = browser.get(address).content.decode()

    assert "hx-get" in begun
    assert 'value="50"' in begun
    assert "hx-get" not in done
    assert "66.7 %" in done


def test_a_run_of_recipients_is_read_by_their_positions(world: World) -> None:
    statement = audience_shares.COUNT_TAGS.format(reached=audience_shares.REACHED["delivered"])
    values = {"broadcast": 1, "workspace": 1, "first": 0, "end": 5}
    with connection.cursor() as cursor:
        cursor.execute(f"explain query plan {statement}", values)
        plan = [row[-1] for row in cursor.fetchall()]

    assert plan[0].startswith("SEARCH m USING INDEX")
    assert "(broadcast_id=? AND position>? AND position<?)" in plan[0]
