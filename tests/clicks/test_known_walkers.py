"""Who walked over one broadcast is a sign in the workspace's next ones, for a while."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from tapline.clicks import known_walkers, second_look
from tapline.clicks.cleaning import clean_up
from tapline.clicks.known_walkers import COUNTS_FOR, KEPT_FOR, family_of
from tapline.clicks.models import KnownWalker
from tapline.clicks.store import query
from tapline.links.models import Link
from tests.clicks.world import IPHONE, PIXEL, World, elsewhere, make_world, take_in

pytestmark = pytest.mark.django_db(transaction=True)

SCANNER = "198.51.100.9"
NEXT_VERSION = PIXEL.replace("Chrome/126.0.0.0", "Chrome/127.0.0.0")
MINUTE = dt.timedelta(minutes=1)


def small_broadcast(workspace_of: World | None = None) -> World:
    """Make a broadcast to five through a provider whose clock is ours."""
    made = elsewhere(make_world(5))
    if workspace_of is None:
        return made
    workspace = workspace_of.workspace
    Link.objects.filter(pk=made.link.pk).update(workspace=workspace)
    type(made.broadcast).objects.filter(pk=made.broadcast.pk).update(workspace=workspace)
    return World(workspace, made.domain, made.broadcast, made.link, made.messages)


def walked(*, days_ago: int = 0) -> World:
    """One opener has gone through a broadcast's thirty recipients, and that was seen."""
    world = elsewhere(make_world(30))
    at = timezone.now() - dt.timedelta(days=days_ago)
    take_in(
        *(
            world.tap(number, at=at + dt.timedelta(seconds=number), agent=PIXEL, address=SCANNER)
            for number in range(30)
        )
    )
    second_look.look_again()
    assert set(said(world)) == {"walker"}
    return world


def said(world: World) -> list[Any]:
    sql = "select reasons from clicks where broadcast = :broadcast order by clicked_at, message"
    return [reasons for (reasons,) in query(sql, {"broadcast": world.broadcast.pk})]


def goes_on(
    world: World, *, count: int = 3, after: dt.timedelta = MINUTE, agent: str = PIXEL
) -> None:
    at = timezone.now() + after
    take_in(
        *(
            world.tap(number, at=at + number * MINUTE, agent=agent, address=SCANNER)
            for number in range(count)
        )
    )
    second_look.look_again()


@pytest.mark.parametrize("agent", [PIXEL, NEXT_VERSION], ids=["the same", "its next version"])
def test_who_walked_before_is_uncertain_in_the_next_broadcast_at_once(agent: str) -> None:
    world = small_broadcast(walked())

    goes_on(world, agent=agent)

    assert said(world) == ["known_walker"] * 3
    assert second_look.rejudge() == 0, "judging everything afresh comes to the same"


def test_one_opening_shows_no_behaviour() -> None:
    world = small_broadcast(walked())
    goes_on(world, count=1)
    assert said(world) == [""]


def test_other_phones_of_that_network_are_people() -> None:
    world = small_broadcast(walked())
    goes_on(world, agent=IPHONE)
    assert said(world) == [""] * 3


def test_another_workspace_learns_nothing_of_it() -> None:
    walked()
    world = small_broadcast()
    goes_on(world)
    assert said(world) == [""] * 3


@pytest.mark.parametrize("after", [-10 * MINUTE, COUNTS_FOR + MINUTE], ids=["before", "too late"])
def test_it_counts_from_when_it_was_found_and_for_a_while(after: dt.timedelta) -> None:
    world = small_broadcast(walked())
    goes_on(world, after=after)
    assert said(world) == [""] * 3


def test_a_walk_of_long_ago_is_not_remembered_when_it_is_looked_at() -> None:
    walked(days_ago=COUNTS_FOR.days + 1)
    assert not KnownWalker.objects.exists()


def test_a_broadcast_that_is_looked_at_again_tells_it_once() -> None:
    world = walked()
    [before] = KnownWalker.objects.all()
    goes_on(world, count=2)
    [after] = KnownWalker.objects.all()
    assert (after.pk, after.found_at) == (before.pk, before.found_at)


def test_one_that_goes_on_walking_counts_for_longer() -> None:
    world = walked(days_ago=20)
    [before] = KnownWalker.objects.all()

    goes_on(world, count=12, after=-20 * MINUTE)

    [after] = KnownWalker.objects.all()
    assert after.found_at == before.found_at
    assert after.counts_until - before.counts_until > dt.timedelta(days=19)


def test_one_that_comes_back_after_long_counts_anew_and_what_it_was_known_for_stays() -> None:
    world = walked()
    long_ago = timezone.now() - dt.timedelta(days=80)
    KnownWalker.objects.update(found_at=long_ago, counts_until=long_ago + COUNTS_FOR)

    goes_on(world, count=2)

    first, second = KnownWalker.objects.order_by("found_at")
    assert first.counts_until == long_ago + COUNTS_FOR
    assert second.counts_until > timezone.now() + COUNTS_FOR - dt.timedelta(hours=1)


def test_what_no_longer_counts_is_deleted_a_year_later() -> None:
    walked()
    [known] = KnownWalker.objects.all()
    clean_up(known.counts_until + KEPT_FOR - MINUTE)
    assert KnownWalker.objects.exists()
    clean_up(known.counts_until + KEPT_FOR + MINUTE)
    assert not KnownWalker.objects.exists()


def test_a_family_has_the_same_name_and_other_numbers() -> None:
    assert family_of(PIXEL) == family_of(NEXT_VERSION)
    assert family_of(PIXEL) != family_of(IPHONE)
    assert len(family_of(PIXEL)) == 2 * known_walkers.FAMILY_BYTES
