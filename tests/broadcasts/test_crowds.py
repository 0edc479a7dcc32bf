"""People who are only counted: their taps are in the totals, and nobody can say whose they are."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from tapline.broadcasts.crowds import SMALLEST_CROWD
from tapline.broadcasts.models import Broadcast, Message, MessageState
from tapline.broadcasts.pages_recipients import GROUPS
from tapline.broadcasts.preparing import prepare_piece
from tapline.broadcasts.reports import build_report
from tapline.broadcasts.singles import send_single
from tapline.broadcasts.tracking import Tracked, Untracked, track, tracked_broadcast
from tapline.clicks import reports as clicks
from tapline.clicks.erasing import request_erasure
from tapline.clicks.store import query
from tapline.contacts import keeping
from tapline.contacts.consent import record_consent
from tapline.contacts.models import Contact
from tapline.contacts.phones import hash_phone
from tapline.links.models import CROWD_POSITION, CodeRange
from tapline.workspaces.counting import EVERYBODY, set_only_counted
from tapline.workspaces.models import Workspace
from tests.broadcasts.making import (
    ACTOR,
    StandIn,
    make_broadcast,
    make_contacts,
    make_sender,
    make_workspace,
    phone,
    prepare,
)
from tests.clicks.world import IPHONE, PIXEL, WHATSAPP, World, take_in

pytestmark = pytest.mark.django_db(transaction=True)

NAMED = 5
MENU = "https://www.example.com/menu"


@pytest.fixture
def workspace() -> Workspace:
    workspace = make_workspace()
    set_only_counted(workspace, ["GB"], actor=ACTOR)
    return workspace


def british(number: int) -> str:
    """Return one of Ofcom's mobile numbers for drama."""
    return f"+447700900{number:03}"


def make_british(workspace: Workspace, count: int) -> list[Contact]:
    contacts = Contact.objects.bulk_create(
        Contact(
            workspace=workspace,
            phone=british(n),
            phone_hash=hash_phone(british(n)),
            attributes={"first_name": f"B{n}"},
        )
        for n in range(count)
    )
    record_consent(
        contacts, scope=workspace, purpose="marketing", given=True, wording="Yes.", source="form",
        evidence={}, at=timezone.now(), by=ACTOR,
    )  # fmt: skip
    return contacts


def make_mixed(workspace: Workspace, crowd: int = 12, **changes: Any) -> tuple[Broadcast, StandIn]:
    """Send a broadcast to `NAMED` Americans and a crowd of Britons; all of it arrives."""
    make_contacts(workspace, NAMED)
    make_british(workspace, crowd)
    broadcast = prepare(make_broadcast(workspace, **changes))
    provider = StandIn()
    sender = make_sender(provider)
    while sender.send_next():
        pass
    Message.objects.filter(broadcast=broadcast).update(
        state=MessageState.DELIVERED, delivered_at=timezone.now()
    )
    return broadcast, provider


def links_to(provider: StandIn, prefix: str) -> list[str]:
    """Return the links in the texts to numbers that begin so."""
    return [text.text.split()[-1] for text in provider.taken if text.to.startswith(prefix)]


def world_of(broadcast: Broadcast) -> World:
    assert broadcast.domain is not None
    link = broadcast.links.get().link
    messages = list(Message.objects.filter(broadcast=broadcast).order_by("position"))
    return World(broadcast.workspace, broadcast.domain, broadcast, link, messages)


def crowd_taps(world: World, count: int, **values: Any) -> None:
    """Let the crowd's code be tapped, as the edge writes it down."""
    serial = CodeRange.objects.get(link=world.link, first_position=CROWD_POSITION).first
    tap = world.tap(CROWD_POSITION, serial=serial, at=timezone.now(), address="", **values)
    take_in(*[tap] * count)


def test_the_whole_crowd_holds_one_link_and_the_others_their_own(workspace: Workspace) -> None:
    _, provider = make_mixed(workspace)

    assert len(set(links_to(provider, "+44"))) == 1
    assert len(set(links_to(provider, "+1")) - set(links_to(provider, "+44"))) == NAMED


def test_taps_are_counted_and_lead_to_nobody(workspace: Workspace) -> None:
    broadcast, _ = make_mixed(workspace)
    world = world_of(broadcast)

    crowd_taps(world, 3)
    crowd_taps(world, 1, agent=WHATSAPP)
    take_in(world.tap(0, at=timezone.now()), world.tap(0, at=timezone.now()))

    report = build_report(broadcast)
    assert (report.human_clickers, report.human_clicks, report.only_counted_taps) == (1, 2, 3)
    assert (report.only_counted, report.only_counted_base, report.preview) == (12, 12, 1)
    assert report.click_rate == 1 / NAMED
    assert report.taps_per_text == 3 / 12
    assert sum(each.taps for each in clicks.by_minute(*world.of)) == 5
    assert [(each.people, each.taps) for each in clicks.by_os(*world.of)] == [(1, 5)]
    assert not Message.objects.filter(
        only_counted=True, first_human_click_at__isnull=False
    ).exists()
    rows = query(
        "select contact, message, path, network, address_hash, agent, headers from clicks"
        " where human = 1 and message <> :named",
        {"named": world.messages[0].pk},
    )
    assert set(rows) == {(0, -1, "", "", "", "", "")}


def test_a_broadcast_to_a_crowd_alone_has_no_click_rate_and_no_codes_of_people(
    workspace: Workspace,
) -> None:
    set_only_counted(workspace, [EVERYBODY], actor=ACTOR)
    broadcast, _ = make_mixed(workspace)
    crowd_taps(world_of(broadcast), 4, agent=PIXEL)

    report = build_report(broadcast)

    assert report.names_nobody
    assert (report.click_rate, report.human_clickers, report.only_counted_taps) == (0, 0, 4)
    ranges = CodeRange.objects.filter(link=broadcast.links.get().link)
    assert list(ranges.values_list("first_position", "count")) == [(CROWD_POSITION, 1)]


def test_too_few_for_a_crowd_get_the_address_of_the_page(workspace: Workspace) -> None:
    broadcast, provider = make_mixed(workspace, crowd=SMALLEST_CROWD - 1, utm={"source": "sms"})

    assert set(links_to(provider, "+44")) == {f"{MENU}?utm_source=sms"}
    assert len(set(links_to(provider, "+1"))) == NAMED
    assert not CodeRange.objects.filter(first_position=CROWD_POSITION).exists()
    assert build_report(broadcast).only_counted == SMALLEST_CROWD - 1


def test_links_that_are_made_for_one_person_leave_the_crowd_out(workspace: Workspace) -> None:
    broadcast, provider = make_mixed(
        workspace, text="Yours: https://www.example.com/for/{{ first_name }}"
    )

    assert len(provider.taken) == NAMED
    assert dict(broadcast.left_out.values_list("reason", "count")) == {"personal_link": 12}


def test_preparing_that_is_done_again_mints_no_other_code(workspace: Workspace) -> None:
    broadcast, _ = make_mixed(workspace)
    Broadcast.objects.filter(pk=broadcast.pk).update(state="preparing", prepared_to_contact=0)

    broadcast.refresh_from_db()
    for _ in range(5):
        prepare_piece(broadcast)

    assert CodeRange.objects.filter(first_position=CROWD_POSITION).count() == 1


@pytest.mark.parametrize("did", ["tapped", "not_tapped"])
def test_following_up_leaves_the_crowd_out(workspace: Workspace, did: str) -> None:
    broadcast, _ = make_mixed(workspace)
    take_in(world_of(broadcast).tap(0, at=timezone.now()))
    crowd_taps(world_of(broadcast), 2)

    later = make_broadcast(workspace, audience={"broadcast": broadcast.pk, "did": did})
    prepare(later)

    expected = [phone(0)] if did == "tapped" else [phone(n) for n in range(1, NAMED)]
    texted = Message.objects.filter(broadcast=later).order_by("phone")
    assert list(texted.values_list("phone", flat=True)) == expected
    listed = Message.objects.filter(broadcast=broadcast).filter(GROUPS[did.replace("_", "-")])
    assert set(listed.values_list("phone", flat=True)) == set(expected)


def test_an_export_of_one_of_the_crowd_holds_no_taps_and_erasing_them_changes_no_total(
    workspace: Workspace,
) -> None:
    broadcast, _ = make_mixed(workspace)
    crowd_taps(world_of(broadcast), 2)
    person = keeping.person(workspace, british(0))
    stranger = keeping.person(workspace, british(900))

    found = {kind.name: kind.find(person) for kind in keeping.kinds()}

    assert found["clicks"] == []
    assert [each["only_counted"] for each in found["messages"]] == [True]
    assert [kind.find(stranger) for kind in keeping.kinds() if kind.name == "clicks"] == [[]]
    request_erasure(person.contact_ids, [each["id"] for each in found["messages"]])
    assert build_report(broadcast).only_counted_taps == 2


def test_a_change_of_the_setting_leaves_prepared_texts_as_they_are(workspace: Workspace) -> None:
    broadcast, _ = make_mixed(workspace)

    set_only_counted(workspace, [], actor=ACTOR)

    assert Message.objects.filter(broadcast=broadcast, only_counted=True).count() == 12
    crowd_taps(world_of(broadcast), 1)
    assert build_report(broadcast).only_counted_taps == 1
    later = prepare(make_broadcast(workspace))
    assert not Message.objects.filter(broadcast=later, only_counted=True).exists()


# --- texts that do not belong to a broadcast of ours ----------------------------------------------


def _track(workspace: Workspace, numbers: list[str], text: str) -> list[Tracked]:
    broadcast = tracked_broadcast(workspace, "Others", actor=ACTOR)
    texts = [Untracked(to=number, text=text) for number in numbers]
    return track(workspace, texts, broadcast=broadcast, actor=ACTOR)


def test_tracked_texts_to_a_crowd_share_one_code(workspace: Workspace) -> None:
    crowd = [british(n) for n in range(SMALLEST_CROWD)]

    tracked = _track(workspace, [*crowd, phone(1), phone(2)], f"See {MENU}")

    assert len({each.links[0].code for each in tracked[: len(crowd)]}) == 1
    assert len({each.links[0].code for each in tracked}) == 3
    assert Message.objects.filter(only_counted=True).count() == len(crowd)


def test_tracked_texts_to_few_stay_as_they_are_until_a_crowd_has_the_link(
    workspace: Workspace,
) -> None:
    text = f"See {MENU} today"
    [alone] = _track(workspace, [british(0)], text)
    crowd = _track(workspace, [british(n) for n in range(1, 1 + SMALLEST_CROWD)], text)
    [another] = _track(workspace, [british(100)], text)

    assert (alone.text, alone.links) == (text, [])
    assert another.links[0].code == crowd[0].links[0].code


def test_a_single_text_to_somebody_who_is_only_counted_keeps_its_links(
    workspace: Workspace,
) -> None:
    make_british(workspace, 1)
    text = f"Your table is ready: {MENU}"

    message = send_single(workspace, to=british(0), text=text, purpose="marketing", actor=ACTOR)

    assert (message.text, message.only_counted) == (text, True)
    assert not CodeRange.objects.exists()


def test_the_report_says_it_all_as_json(workspace: Workspace) -> None:
    broadcast, _ = make_mixed(workspace)
    crowd_taps(world_of(broadcast), 2, agent=IPHONE)

    told = build_report(broadcast).as_dict()

    assert {name: told[name] for name in told if name.startswith("only_counted")} == {
        "only_counted": 12,
        "only_counted_base": 12,
        "only_counted_taps": 2,
    }
