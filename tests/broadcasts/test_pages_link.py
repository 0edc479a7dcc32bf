"""The report of one link: its own clicks, whatever else was opened."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Mapping
from typing import Any

import pytest
from django.urls import reverse

from tapline.broadcasts.models import BroadcastLink
from tapline.clicks import of_link, store
from tapline.clicks.listing import ListedFile
from tapline.clicks.of_link import openings_of_link
from tapline.clicks.reports import MinuteCount
from tapline.links.minting import create_link
from tapline.workspaces.models import Role
from tapline.workspaces.tree import create_workspace
from tests.clicks.world import NOON, WHATSAPP, make_world, take_in
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db


def test_a_link_of_a_broadcast_tells_people_taps_machines_and_when() -> None:
    world = make_world(3)
    other = create_link(world.workspace, world.domain, "https://example.com/other", actor="test")
    BroadcastLink.objects.create(broadcast=world.broadcast, link=other, ordinal=1)
    take_in(
        world.tap(0),
        world.tap(0, at=NOON + dt.timedelta(minutes=3)),
        world.tap(1, at=NOON + dt.timedelta(minutes=3, seconds=20)),
        world.tap(2, agent=WHATSAPP, count=4),
        world.tap(2, link=other.pk),
    )

    found = openings_of_link(*world.of, world.link.pk)

    assert (found.people, found.taps, found.nameless_taps) == (2, 3, 0)
    assert found.requests == {"preview": 4}
    assert found.last_tap == NOON + dt.timedelta(minutes=3)
    assert found.times == [
        MinuteCount(NOON, 1),
        MinuteCount(NOON + dt.timedelta(minutes=3), 2),
    ]
    assert openings_of_link(create_workspace("Next").pk, world.broadcast.pk, world.link.pk) == (
        openings_of_link(world.workspace.pk, 0, world.link.pk)
    )


def test_clicks_that_are_listed_meanwhile_do_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world(300)
    take_in(world.tap(0), world.tap(1))
    look_up = store.find_files

    def meanwhile(params: Mapping[str, Any]) -> list[ListedFile]:
        found = look_up(params)
        monkeypatch.undo()
        take_in(world.tap(299))
        return found

    monkeypatch.setattr(of_link, "find_files", meanwhile)

    assert openings_of_link(*world.of, world.link.pk).people == 2
    assert openings_of_link(*world.of, world.link.pk).people == 3


def test_taps_far_apart_are_told_by_the_hour() -> None:
    world = make_world(2)
    later = NOON + dt.timedelta(days=9, minutes=50)
    take_in(world.tap(0, at=later), world.tap(1, at=NOON + dt.timedelta(minutes=7)))

    assert openings_of_link(*world.of, world.link.pk).times == [
        MinuteCount(NOON, 1),
        MinuteCount(NOON + dt.timedelta(days=9), 1),
    ]


def test_a_link_for_everybody_tells_how_often_and_not_who() -> None:
    world = make_world(1)
    poster = create_link(world.workspace, world.domain, "https://example.com/", actor="test")
    take_in(world.tap(-1, serial=-1, link=poster.pk, path="sale"))
    browser = member_of(world.workspace, Role.VIEWER)

    page = browser.get(reverse("broadcasts:link-report", args=[world.workspace.pk, poster.pk]))
    words = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page.content.decode())))

    assert "Taps 1" in words
    assert "not who they were" in words
    assert "People who tapped" not in words


def test_the_page_of_a_link_leads_to_its_report_and_others_do_not_see_it() -> None:
    world = make_world(1)
    report = reverse("broadcasts:link-report", args=[world.workspace.pk, world.link.pk])
    page = member_of(world.workspace).get(
        reverse("links:show", args=[world.workspace.pk, world.link.pk])
    )

    assert f'href="{report}"' in page.content.decode()
    assert member_of(world.workspace, Role.VIEWER).get(report).status_code == 200
    stranger = member_of(create_workspace("Elsewhere"))
    assert stranger.get(report).status_code == 404
