"""One person is found, exported and erased everywhere; totals stay."""

from __future__ import annotations

import json

import pytest
from django.db import connection

from tapline.broadcasts.models import BroadcastLink, Message
from tapline.clicks import store
from tapline.clicks.erasing import erase_pending
from tapline.contacts import keeping
from tapline.contacts.consent import opt_out
from tapline.contacts.erasing import NobodyFound, erase_person, summarise
from tapline.contacts.erasures import follow_up
from tapline.contacts.exporting import export
from tapline.contacts.models import Consent, Contact, Suppression
from tapline.links.minting import create_link, mint_personal
from tapline.links.models import Link
from tapline.replies.models import Reply
from tapline.workspaces import audit
from tapline.workspaces.models import AuditEntry
from tapline.workspaces.tree import create_workspace
from tests.clicks.world import NOON, PIXEL, World, make_world, take_in
from tests.contacts.people import contact, day, may_text, say_yes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world() -> World:
    """A sent broadcast; its first recipient agreed, tapped twice and replied."""
    world = make_world(3)
    person = Contact.objects.get(phone=world.messages[0].phone)
    say_yes(person, world.workspace, 1)
    audit.record(
        world.workspace, "test", "contact.changed", person, {"city": "Bonn"}, {"city": "Rome"}
    )
    Message.objects.filter(pk=world.messages[0].pk).update(text="Hi Anna", reference="crm-7")
    Reply.objects.create(
        workspace=world.workspace, broadcast=world.broadcast, contact=person, phone=person.phone,
        text="Call me", provider_id="r1", received_at=NOON,
    )  # fmt: skip
    take_in(world.tap(0), world.tap(0, agent=PIXEL), world.tap(1))
    return world


def human_clicks() -> int:
    """Return how many human clicks the store counts."""
    [(count,)] = store.query("select sum(human) from clicks")
    return int(count)


def everything_in_the_database() -> str:
    """Return all rows of all tables as text."""
    with connection.cursor() as cursor:
        rows = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'select * from "{table}"')
            rows += [repr(row) for row in cursor.fetchall()]
    return "\n".join(rows)


def test_a_person_is_found_with_all_that_is_kept(world: World) -> None:
    found = summarise(world.workspace, world.messages[0].phone)

    assert {kind: count for kind, count in found.items() if count} == {
        "contacts": 1,
        "answers": 1,
        "audit": 1,
        "messages": 1,
        "replies": 1,
        "clicks": 2,
    }
    assert found["opted_out"] is False


def test_an_export_holds_all_of_it_and_nothing_of_others(world: World) -> None:
    exported = export(keeping.person(world.workspace, world.messages[0].phone))

    assert exported["answers"][0]["wording__text"] == "Yes, text me offers."
    assert [row["text"] for row in exported["messages"]] == ["Hi Anna"]
    assert [row["text"] for row in exported["replies"]] == ["Call me"]
    assert len(exported["clicks"]) == 2
    assert exported["audit"][0]["after"] == {"city": "Rome"}
    assert world.messages[1].phone not in json.dumps(exported, default=str)


def test_after_erasing_nothing_of_the_person_is_left_in_the_database(world: World) -> None:
    phone = world.messages[0].phone

    erased = erase_person(world.workspace, phone, by="test")

    assert {name: count for name, count in erased.items() if count} == {
        "contacts": 1, "answers": 1, "audit": 1, "messages": 1, "replies": 1,
    }  # fmt: skip
    follow_up()
    left = everything_in_the_database()
    for trace in (phone, "Hi Anna", "Call me", "crm-7", "Rome", "Bonn"):
        assert trace not in left
    assert not Consent.objects.exists()
    assert AuditEntry.objects.filter(action="contact.erased", actor="test").count() == 1
    with pytest.raises(NobodyFound):
        summarise(world.workspace, phone)


def test_click_files_follow_and_totals_stay(world: World) -> None:
    person = world.messages[0].contact_id
    before = human_clicks()

    erase_person(world.workspace, world.messages[0].phone, by="test")
    erase_pending()

    rows = store.query("select contact, agent, network, message from clicks order by id")
    assert person not in {row[0] for row in rows}
    assert [row[1:3] for row in rows if row[0] == 0] == [("", ""), ("", "")]
    assert human_clicks() == before == 3
    assert Message.objects.filter(broadcast=world.broadcast, state="delivered").count() == 3


def test_others_keep_everything(world: World) -> None:
    erase_person(world.workspace, world.messages[0].phone, by="test")
    erase_pending()

    assert summarise(world.workspace, world.messages[1].phone)["clicks"] == 1


def test_an_opt_out_survives_as_a_hash(world: World) -> None:
    phone = world.messages[0].phone
    opt_out(phone, scope=world.workspace, reason="reply", at=day(2), by="test")

    erase_person(world.workspace, phone, by="test")
    say_yes(contact(world.workspace, phone), world.workspace, 9, source="import")

    assert Suppression.objects.get().lifted_at is None
    assert may_text(world.workspace) == set()


@pytest.mark.parametrize("state", ["pending", "leased"])
def test_a_text_that_waits_is_cancelled(world: World, state: str) -> None:
    Message.objects.filter(pk=world.messages[0].pk).update(state=state)

    erase_person(world.workspace, world.messages[0].phone, by="test")

    assert Message.objects.get(pk=world.messages[0].pk).state == "cancelled"


def test_a_personal_destination_is_emptied_and_edges_hear_of_it(world: World) -> None:
    template = create_link(
        world.workspace, world.domain, "https://x.example/{{ first_name }}", kind="template",
        actor="test",
    )  # fmt: skip
    BroadcastLink.objects.create(broadcast=world.broadcast, link=template, ordinal=1)
    mint_personal(template, ["https://x.example/Anna", "https://x.example/Ben"], first_position=0)
    anna, ben = Link.objects.filter(parent=template).order_by("id")

    erased = erase_person(world.workspace, world.messages[0].phone, by="test")

    assert erased["personal_links"] == 1
    after = Link.objects.get(pk=anna.pk)
    assert after.destination == ""
    assert after.disabled_at is not None
    assert after.change > ben.change
    assert Link.objects.get(pk=ben.pk).destination == "https://x.example/Ben"


def test_a_person_is_erased_in_the_workspaces_below_but_not_elsewhere() -> None:
    brand = create_workspace("Brand")
    shop = create_workspace("Shop", parent=brand)
    other = create_workspace("Other")
    for place in (brand, shop, other):
        contact(place)

    erased = erase_person(brand, contact_phone(), by="test")

    assert erased["contacts"] == 2
    assert Contact.objects.get().workspace == other


def test_erasing_somebody_unknown_says_so() -> None:
    with pytest.raises(NobodyFound, match="Nothing is kept"):
        erase_person(create_workspace("Brand"), contact_phone(), by="test")


def contact_phone() -> str:
    """Return the number of the contacts that `contact` makes."""
    return "+12125550101"
