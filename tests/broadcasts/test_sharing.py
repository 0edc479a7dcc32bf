"""A shared report shows rates to whoever holds its link, and nothing once it is withdrawn."""

from __future__ import annotations

import datetime as dt
import html
import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tapline import config
from tapline.broadcasts import audience_shares
from tapline.broadcasts.models import (
    Broadcast,
    BroadcastKind,
    BroadcastLink,
    BroadcastState,
    Message,
    ReportShare,
)
from tapline.broadcasts.sharing import (
    close_shares,
    open_share_again,
    share_report,
    shared_report,
    withdraw_share,
)
from tapline.broadcasts.watched import PEOPLE
from tapline.contacts.models import Contact, Tag
from tapline.geo.files import PLACE_FILE, path_of
from tapline.links.minting import create_link, mint_range
from tapline.workspaces.audit import history
from tapline.workspaces.models import Role
from tests.broadcasts.making import ACTOR, make_broadcast, make_workspace
from tests.clicks.world import NOON, World, make_world, take_in
from tests.geo.mmdb import write_mmdb
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db


def words_of(page: bytes) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page.decode())))


def make_tapped() -> World:
    world = make_world(recipients=3)
    Broadcast.objects.update(state=BroadcastState.SENT, started_at=NOON, finished_at=NOON)
    Message.objects.update(cost=1, parts=1)
    take_in(world.tap(0), world.tap(1))
    return world


def open_page(token: str) -> str:
    return Client().get(reverse("shared-report", args=[token])).content.decode()


def open_link(token: str, browser: Client | None = None) -> tuple[int, str]:
    answer = (browser or Client()).get(reverse("shared-report", args=[token]))
    return answer.status_code, words_of(answer.content)


def test_whoever_holds_the_link_sees_rates_and_no_people() -> None:
    world = make_tapped()
    _share, token = share_report(world.broadcast, actor=ACTOR)

    status, page = open_link(token)

    assert status == 200
    assert "66.7 %" in page
    assert "People who tapped 2" in page
    assert "Cost" not in page
    assert "Just now" not in page
    assert not any(message.phone in page for message in world.messages)


def test_tags_are_shared_by_rates_once_they_hold_people_enough_to_hide_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = make_tapped()
    Broadcast.objects.update(next_position=3)
    for name, many in (("regulars", 3), ("one of them", 1)):
        tag = Tag.objects.create(workspace=world.workspace, name=name)
        tag.contacts.set(Contact.objects.filter(message__in=world.messages[:many]))
    monkeypatch.setattr(audience_shares, "FEWEST_TEXTS", 3)
    _share, token = share_report(world.broadcast, actor=ACTOR)

    answer = Client().get(reverse("shared-audiences", args=[token]))

    assert "regulars 66.7 %" in words_of(answer.content)
    assert "one of them" not in answer.content.decode()
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert reverse("shared-audiences", args=[token]) in open_page(token)
    assert Client().get(reverse("shared-audiences", args=["made-up"])).status_code == 404


def test_a_place_so_small_that_it_tells_who_is_not_shared() -> None:
    world = make_world(recipients=2)
    path = path_of(PLACE_FILE, config.current())
    miami = {
        "country": {"iso_code": "US"},
        "subdivisions": [{"names": {"en": "Florida"}}],
        "city": {"names": {"en": "Miami"}},
    }
    write_mmdb(path, {"198.51.100.0/24": miami}, "DBIP-City-Lite")
    try:
        take_in(world.tap(0, address="198.51.100.7"))
        _status, page = open_link(share_report(world.broadcast, actor=ACTOR)[1])
    finally:
        path.unlink()

    assert "Florida, US" in page
    assert "Miami" not in page


def test_an_address_that_one_person_alone_was_sent_is_not_shared() -> None:
    world = make_world(recipients=PEOPLE)
    Broadcast.objects.update(kind=BroadcastKind.TRACKED)
    order = create_link(
        world.workspace, world.domain, "https://www.example.com/orders/4711", actor=ACTOR
    )
    BroadcastLink.objects.create(broadcast=world.broadcast, link=order, ordinal=1)
    mint_range(order, 1)
    take_in(world.tap(0), world.tap(1), world.tap(0, link=order.pk))
    member = member_of(world.workspace).get(reverse("broadcasts:show", args=world.of))

    _status, page = open_link(share_report(world.broadcast, actor=ACTOR)[1])

    assert "https://www.example.com/orders/4711" in words_of(member.content)
    assert "/orders/4711" not in page
    assert "https://www.example.com/menu 2 2 others 1 1" in page


def test_the_address_is_told_to_nobody_else() -> None:
    _share, token = share_report(make_broadcast(make_workspace()), actor=ACTOR)

    answer = Client().get(reverse("shared-report", args=[token]))

    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert not answer.cookies


def test_what_is_withdrawn_or_over_is_as_if_it_had_never_been() -> None:
    broadcast = make_broadcast(make_workspace())
    share, withdrawn = share_report(broadcast, actor=ACTOR)
    withdraw_share(share, actor=ACTOR)
    past = timezone.now() - dt.timedelta(seconds=1)
    _share, over = share_report(broadcast, expires_at=past, actor=ACTOR)

    nobodys = open_link("made-up")
    assert open_link(withdrawn) == open_link(over) == nobodys
    assert nobodys[0] == 404
    assert shared_report(withdrawn) is None


def test_only_the_hash_of_a_link_is_kept() -> None:
    share, token = share_report(make_broadcast(make_workspace()), actor=ACTOR)

    kept = [str(value) for value in ReportShare.objects.filter(pk=share.pk).values_list()[0]]
    told = str(history(share.broadcast.workspace)[0].after)

    assert not any(token in value for value in [*kept, told])


def test_a_member_who_opens_a_link_sees_what_a_stranger_sees() -> None:
    world = make_tapped()
    _share, token = share_report(world.broadcast, actor=ACTOR)

    assert open_link(token, member_of(world.workspace)) == open_link(token)


def test_links_are_made_and_withdrawn_on_a_page_and_both_is_written_down() -> None:
    workspace = make_workspace()
    broadcast = make_broadcast(workspace)
    sender = member_of(workspace, Role.SENDER)
    address = reverse("broadcasts:sharing", args=[workspace.pk, broadcast.pk])

    made = sender.post(address, {"days": "7"}, follow=True).content.decode()
    (token,) = re.findall(r'data-copy="[^"]+/shared/([^"]+)"', made)
    assert open_link(token)[0] == 200
    share = ReportShare.objects.get()
    assert share.expires_at is not None
    assert dt.timedelta(days=6) < share.expires_at - timezone.now() < dt.timedelta(days=7)
    assert token not in sender.get(address).content.decode()

    sender.post(reverse("broadcasts:withdraw-share", args=[workspace.pk, broadcast.pk, share.pk]))
    assert open_link(token)[0] == 404
    actions = [entry.action for entry in history(workspace)[:2]]
    assert actions == ["report.withdrawn", "report.shared"]


def test_a_share_of_another_broadcast_is_not_found_through_this_one() -> None:
    workspace = make_workspace()
    mine, other = make_broadcast(workspace), make_broadcast(workspace)
    share, token = share_report(other, actor=ACTOR)

    address = reverse("broadcasts:withdraw-share", args=[workspace.pk, mine.pk, share.pk])

    assert member_of(workspace).post(address).status_code == 404
    assert open_link(token)[0] == 200


def test_a_link_that_a_restore_closed_opens_again_on_somebodys_word() -> None:
    workspace = make_workspace()
    broadcast = make_broadcast(workspace)
    share, token = share_report(broadcast, actor=ACTOR)
    sender = member_of(workspace, Role.SENDER)
    address = reverse("broadcasts:sharing", args=[workspace.pk, broadcast.pk])

    assert close_shares(timezone.now()) == 1
    assert open_link(token)[0] == 404
    assert "Closed since this instance was restored" in words_of(sender.get(address).content)

    sender.post(reverse("broadcasts:open-share", args=[workspace.pk, broadcast.pk, share.pk]))
    assert open_link(token)[0] == 200
    assert history(workspace)[0].action == "report.opened"


def test_a_link_that_was_withdrawn_is_not_opened_again() -> None:
    broadcast = make_broadcast(make_workspace())
    share, token = share_report(broadcast, actor=ACTOR)
    close_shares(timezone.now())
    withdraw_share(share, actor=ACTOR)

    open_share_again(share, actor=ACTOR)

    assert open_link(token)[0] == 404
