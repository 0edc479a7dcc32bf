"""An audience becomes messages with codes, in chunks that may be cut off anywhere."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tapline.broadcasts import preparing
from tapline.broadcasts.capping import TOO_OFTEN
from tapline.broadcasts.lifecycle import pause, start
from tapline.broadcasts.models import Broadcast, BroadcastState, Message
from tapline.broadcasts.preparing import prepare_next, prepare_piece
from tapline.contacts.consent import opt_out, textable_sql
from tapline.contacts.models import Tag
from tapline.contacts.textable import suppressed_sql
from tapline.contacts.upserting import add_tags
from tapline.hours.clues import make_tables, place_sql
from tapline.links.codebook import load_codebook
from tapline.links.models import CodeRange, Link, LinkKind
from tapline.workspaces.counting import OnlyCounted
from tapline.workspaces.models import Workspace
from tests.broadcasts.making import (
    ACTOR,
    Crash,
    make_broadcast,
    make_contacts,
    make_workspace,
    phone,
    prepare,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


def _positions(broadcast: Broadcast) -> list[int]:
    messages = Message.objects.filter(broadcast=broadcast).order_by("position")
    return list(messages.values_list("position", flat=True))


def test_everybody_who_agreed_gets_a_position_and_a_code(workspace: Workspace) -> None:
    make_contacts(workspace, 5)

    broadcast = prepare(make_broadcast(workspace))

    link = broadcast.links.get().link
    assert broadcast.state == BroadcastState.SENDING
    assert _positions(broadcast) == [0, 1, 2, 3, 4]
    assert len(set(load_codebook([link.pk]).codes(link.pk, range(5)))) == 5


def test_who_did_not_agree_or_opted_out_is_left_out_and_counted(workspace: Workspace) -> None:
    make_contacts(workspace, 3)
    make_contacts(workspace, 2, first=3, agreed=False)
    opt_out(phone(1), scope=workspace, reason="reply", at=timezone.now(), by=ACTOR)

    broadcast = prepare(make_broadcast(workspace))

    texted = Message.objects.filter(broadcast=broadcast).values_list("phone", flat=True)
    assert set(texted) == {phone(0), phone(2)}
    assert dict(broadcast.left_out.values_list("reason", "count")) == {
        "no_consent": 2,
        "opted_out": 1,
    }


def test_who_lacks_a_field_without_fallback_is_left_out(workspace: Workspace) -> None:
    make_contacts(workspace, 2, city="Ulm")
    make_contacts(workspace, 2, first=2, city=" \n")
    make_contacts(workspace, 1, first=4)

    broadcast = prepare(make_broadcast(workspace, text="To {{ city }}: https://example.com"))

    assert _positions(broadcast) == [0, 1]
    assert dict(broadcast.left_out.values_list("reason", "count")) == {"missing_field": 3}


def test_contacts_of_other_workspaces_are_never_taken(workspace: Workspace) -> None:
    make_contacts(workspace, 2)
    other = Workspace.objects.create(name="Other", path="/99/")
    make_contacts(other, 2, first=10)

    broadcast = prepare(make_broadcast(workspace))

    assert Message.objects.filter(broadcast=broadcast).count() == 2


@pytest.mark.parametrize("kind", ["tags", "contacts"])
def test_an_audience_may_be_a_part_of_the_contacts(workspace: Workspace, kind: str) -> None:
    contacts = make_contacts(workspace, 4)
    for contact in contacts[1:3]:
        add_tags(contact, ["vip"])
    listed = ["vip"] if kind == "tags" else [contacts[1].pk, contacts[2].pk]

    broadcast = prepare(make_broadcast(workspace, audience={kind: listed}))

    texted = Message.objects.filter(broadcast=broadcast).values_list("phone", flat=True)
    assert set(texted) == {phone(1), phone(2)}


def test_personal_destinations_get_codes_of_their_own(workspace: Workspace) -> None:
    make_contacts(workspace, 3)

    broadcast = prepare(
        make_broadcast(
            workspace,
            text="https://example.com/{{ first_name }} or https://example.com/all",
            utm={"source": "sms"},
        )
    )

    template, shared = [entry.link for entry in broadcast.links.order_by("ordinal")]
    assert template.kind == LinkKind.TEMPLATE
    assert shared.kind == LinkKind.SHARED
    destinations = Link.objects.filter(parent=template).order_by("id")
    assert [link.destination for link in destinations] == [
        f"https://example.com/N{number}?utm_source=sms" for number in range(3)
    ]
    assert len(load_codebook([template.pk]).codes(template.pk, range(3))) == 3


@pytest.mark.parametrize(
    "crashing", ["_make_links", "_take_recipients", "_mint_some", "mint_range", "mint_personal"]
)
@pytest.mark.parametrize("before", [True, False])
def test_a_crash_anywhere_loses_and_doubles_nothing(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, crashing: str, before: bool
) -> None:
    monkeypatch.setattr(preparing, "CONTACTS_PER_CHUNK", 3)
    monkeypatch.setattr(preparing, "PERSONAL_PER_CHUNK", 4)
    make_contacts(workspace, 10)
    broadcast = make_broadcast(
        workspace, text="https://example.com/{{ first_name }} https://example.com/all"
    )
    start(broadcast, actor=ACTOR)
    original = getattr(preparing, crashing)
    calls = 0

    def crash_on_the_second_call(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        fails = calls == (1 if crashing in ("_make_links", "mint_range") else 2)
        if fails and before:
            raise Crash
        result = original(*args, **kwargs)
        if fails:
            raise Crash
        return result

    monkeypatch.setattr(preparing, crashing, crash_on_the_second_call)
    crashes = 0
    for _ in range(60):
        broadcast.refresh_from_db()
        if broadcast.state == BroadcastState.SENDING:
            break
        try:
            prepare_piece(broadcast)
        except Crash:
            crashes += 1

    assert crashes == 1
    assert broadcast.state == BroadcastState.SENDING
    assert _positions(broadcast) == list(range(10))
    assert Message.objects.filter(broadcast=broadcast).values("contact").distinct().count() == 10
    for entry in broadcast.links.all():
        assert len(set(load_codebook([entry.link_id]).codes(entry.link_id, range(10)))) == 10
    shared = broadcast.links.get(ordinal=1).link
    assert CodeRange.objects.filter(link=shared).count() == 1


def test_a_paused_broadcast_is_not_prepared_further(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing, "CONTACTS_PER_CHUNK", 2)
    make_contacts(workspace, 6)
    broadcast = make_broadcast(workspace)
    start(broadcast, actor=ACTOR)
    broadcast.refresh_from_db()
    prepare_piece(broadcast)
    prepare_piece(broadcast)
    pause(broadcast, actor=ACTOR)

    prepare_piece(broadcast)  # A worker that had read it before it was paused.

    assert not prepare_next()
    assert _positions(broadcast) == [0, 1]


def test_an_audience_that_is_gone_pauses_the_broadcast_and_says_why(workspace: Workspace) -> None:
    for contact in make_contacts(workspace, 2):
        add_tags(contact, ["vip"])
    broadcast = make_broadcast(workspace, audience={"tags": ["vip"]}, text="Hello")
    start(broadcast, actor=ACTOR)
    Tag.objects.all().delete()

    prepare_next()

    broadcast.refresh_from_db()
    assert broadcast.state == BroadcastState.PAUSED
    assert "no tag 'vip'" in broadcast.pause_reason


def test_contacts_that_come_while_codes_are_made_get_codes_too(workspace: Workspace) -> None:
    make_contacts(workspace, 2)
    broadcast = prepare(make_broadcast(workspace))
    make_contacts(workspace, 2, first=2)
    Broadcast.objects.filter(pk=broadcast.pk).update(state=BroadcastState.PREPARING)

    for _ in range(4):
        prepare_next()

    link = broadcast.links.get().link
    assert _positions(broadcast) == [0, 1, 2, 3]
    assert len(set(load_codebook([link.pk]).codes(link.pk, range(4)))) == 4


def test_a_contact_is_never_texted_twice_even_if_it_is_looked_at_again(
    workspace: Workspace,
) -> None:
    make_contacts(workspace, 3)
    broadcast = prepare(make_broadcast(workspace))
    Broadcast.objects.filter(pk=broadcast.pk).update(
        state=BroadcastState.PREPARING, prepared_to_contact=0
    )

    prepare_next()

    assert Message.objects.filter(broadcast=broadcast).count() == 3
    assert broadcast.left_out.get().reason == "duplicate"


@pytest.mark.parametrize("statement", [preparing.PICK_RECIPIENTS, preparing.COUNT_LEFT_OUT])
def test_a_chunk_looks_at_a_bounded_range_of_contacts_and_each_by_index(
    workspace: Workspace, statement: str
) -> None:
    conditions = {
        "audience": "true",
        "textable": textable_sql(workspace, "marketing"),
        "suppressed": suppressed_sql(workspace, "marketing"),
        "complete": "true",
        "held_out": "false",
        "variant": "0",
        "place": place_sql("c"),
        "only_counted": OnlyCounted(("GB",)).sql("c.phone"),
        "linkable": "true",
        "too_often": TOO_OFTEN.format(contact="c.id", most=1),
    }
    values: dict[str, int | str] = {"broadcast": 1, "next": 0, "after": 0, "end": 10}
    values["cap_since"] = "2026-01-01"

    with connection.cursor() as cursor:
        make_tables(cursor)
        cursor.execute(
            "explain query plan " + statement.format(**conditions),
            {**values, "workspace": workspace.pk},
        )
        plan = [row[3] for row in cursor.fetchall()]

    tables = [step for step in plan if step.startswith(("SEARCH", "SCAN"))]
    assert "SEARCH c USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)" in tables
    assert any("message_of_contact (contact_id=?)" in step for step in tables)
    assert any("message_of_contact (contact_id=? AND submitted_at>?)" in step for step in tables)
    assert not any("(broadcast_id=" in step for step in tables)
    one_row = ("CONSTANT ROW", "SCAN at")
    scans = [step for step in tables if step.startswith("SCAN")]
    assert all("(subquery" in step or step.endswith(one_row) for step in scans)
