"""The feed of clicks, and how a tap on a tracked text reaches its report."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from tapline.broadcasts.models import Message
from tapline.links.models import CodeRange
from tests.clicks.world import NOON, WHATSAPP, make_world, take_in
from tests.web.api_client import caller_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_clicks_are_read_in_order_without_missing_one() -> None:
    world = make_world()
    caller = caller_of(world.workspace)
    for position in range(5):
        take_in(world.tap(position, at=NOON + dt.timedelta(minutes=position)))

    seen: list[Any] = []
    cursor = 0
    for _ in range(4):
        page = caller.get(f"/clicks?cursor={cursor}&limit=2")
        seen += page["items"]
        cursor = page["next_cursor"]

    assert [click["message"] for click in seen] == [message.pk for message in world.messages]
    assert len({click["id"] for click in seen}) == 5
    assert caller.get(f"/clicks?cursor={cursor}") == {"items": [], "next_cursor": cursor}


def test_a_click_says_what_it_was() -> None:
    world = make_world()
    take_in(world.tap(0), world.tap(1, agent=WHATSAPP))

    person, preview = caller_of(world.workspace).get("/clicks")["items"]

    assert (person["verdict"], preview["verdict"]) == ("human", "preview")
    assert person["link"] == world.link.pk
    assert person["contact"] == world.messages[0].contact_id
    assert person["clicked_at"] == "2026-11-02T12:00:00Z"
    assert person["os"] == "iOS"
    assert not any("+1212" in str(value) for value in person.values())


def test_strangers_clicks_are_not_in_the_feed() -> None:
    world = make_world()
    take_in(world.tap())

    stranger = caller_of(make_world().workspace)

    assert stranger.get("/clicks") == {"items": [], "next_cursor": 0}


@pytest.mark.parametrize("destinations", [1, 30], ids=["shared link", "personal links"])
def test_a_tap_on_a_tracked_text_is_in_its_report(destinations: int) -> None:
    world = make_world(0)
    caller = caller_of(world.workspace)
    texts = [
        {"to": f"+121255501{i:02}", "text": f"See example.com/{i % destinations}"}
        for i in range(30)
    ]
    told = caller.post("/track", {"texts": texts})
    tapped = Message.objects.get(pk=told["texts"][7]["message_id"])
    (held,) = CodeRange.objects.filter(
        first_position__lte=tapped.position,
        first_position__gt=tapped.position - (30 if destinations == 1 else 1),
        link__destination=told["texts"][7]["links"][0]["destination"],
    )

    take_in(world.tap(tapped.position, at=timezone.now(), link=held.link_id))

    report = caller.get(f"/broadcasts/{told['broadcast_id']}/report")
    assert (report["sent"], report["human_clickers"], report["rate_base"]) == (30, 1, "sent")
    assert report["click_rate"] == pytest.approx(1 / 30)
    assert caller.get(f"/messages/{tapped.pk}")["first_human_click_at"]
    (click,) = caller.get("/clicks")["items"]
    assert (click["message"], click["contact"]) == (tapped.pk, tapped.contact_id)
