"""Segments: which contacts a question finds, and what becomes of it as an audience."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tapline.broadcasts.audience import BadAudience
from tapline.broadcasts.commands import read_audiences
from tapline.broadcasts.drafts import describe_audience
from tapline.broadcasts.models import Broadcast, Message
from tapline.contacts.consent import opt_out
from tapline.contacts.models import Contact, ContactImport, Segment
from tapline.contacts.questions import BadSegment, Question, read_question, write_question
from tapline.contacts.segments import (
    Counted,
    NameTaken,
    change_segment,
    count,
    create_segment,
    delete_segment,
    preview,
    segment_sql,
)
from tapline.contacts.upserting import add_tags
from tapline.hours.models import TapPlace
from tapline.links.models import Campaign
from tapline.replies.models import Reply
from tapline.workspaces.models import AuditEntry, Workspace
from tapline.workspaces.tree import create_workspace
from tests.broadcasts.making import ACTOR, make_broadcast, make_contacts, make_workspace, prepare

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


def ask(*conditions: dict[str, Any], match: str = "all") -> Question:
    return read_question({"groups": [{"match": match, "conditions": list(conditions)}]})


def found(workspace: Workspace, question: Question) -> set[str]:
    """Return the first names of whom a question finds, having counted as many."""
    people = preview(workspace, question, 1_000)
    assert count(workspace, question) == Counted(len(people))
    return {each.attributes["first_name"] for each in people}


def change(name: str, **values: Any) -> Contact:
    contact = Contact.objects.get(attributes__first_name=name)
    for field, value in values.items():
        setattr(contact, field, value)
    contact.save()
    return contact


CITY: dict[str, Any] = {"kind": "attribute", "name": "city"}
ATTRIBUTES: list[tuple[dict[str, str], set[str]]] = [
    ({"test": "is", "value": "berlin"}, {"N0"}),
    ({"test": "is_not", "value": "Berlin"}, {"N1", "N2", "N3", "N4", "N5"}),
    ({"test": "contains", "value": "LIN"}, {"N0"}),
    ({"test": "contains", "value": "50% {off} 'x' %(workspace)s"}, {"N2"}),
    ({"test": "begins_with", "value": "new"}, {"N1"}),
    ({"test": "is", "value": "Łódź"}, {"N4"}),
    ({"test": "is", "value": "łódź"}, {"N4"}),
    ({"test": "contains", "value": "Österreich"}, {"N5"}),
    ({"test": "begins_with", "value": "wien, ÖS"}, {"N5"}),
    ({"test": "is_known"}, {"N0", "N1", "N2", "N4", "N5"}),
    ({"test": "is_unknown"}, {"N3"}),
]
CITIES = ("Berlin", "New York ", "50% {off} 'x' %(workspace)s", " ", "ŁÓDŹ", "Wien, Österreich")


@pytest.mark.parametrize(("test", "names"), ATTRIBUTES)
def test_attributes_are_compared_without_regard_to_capitals(
    workspace: Workspace, test: dict[str, str], names: set[str]
) -> None:
    make_contacts(workspace, len(CITIES))
    for number, city in enumerate(CITIES):
        change(f"N{number}", attributes={"first_name": f"N{number}", "city": city})

    assert found(workspace, ask(CITY | test)) == names


def test_numbers_in_attributes_are_compared_as_numbers(workspace: Workspace) -> None:
    make_contacts(workspace, 5)
    for number, said in enumerate(["9", "10,5", "100", "many", "-3"]):
        change(f"N{number}", attributes={"first_name": f"N{number}", "orders": said})
    orders = {"kind": "attribute", "name": "orders"}

    assert found(workspace, ask(orders | {"test": "at_least", "value": "10"})) == {"N1", "N2"}
    assert found(workspace, ask(orders | {"test": "at_most", "value": "9"})) == {"N0", "N4"}


def test_tags_languages_and_files_are_asked_for(workspace: Workspace) -> None:
    make_contacts(workspace, 3)
    add_tags(change("N0", language="es"), ["vip"])
    file = ContactImport.objects.create(workspace=workspace, file_name="guests.csv")
    change("N1", language="es-MX", imported_by=file)
    change("N2", language="est")

    assert found(workspace, ask({"kind": "tag", "name": "vip"})) == {"N0"}
    assert found(workspace, ask({"kind": "tag", "name": "vip", "holds": False})) == {"N1", "N2"}
    assert found(workspace, ask({"kind": "language", "code": "es"})) == {"N0", "N1"}
    assert found(workspace, ask({"kind": "import", "id": file.pk})) == {"N1"}
    assert found(workspace, ask({"kind": "import", "id": file.pk, "holds": False})) == {"N0", "N2"}


PEOPLE: list[tuple[str, dict[str, str], str]] = [
    ("+13055550101", {}, ""),  # 305 is Florida
    ("+13055550102", {"state": "Texas"}, ""),
    ("+13055550103", {}, "tap:DE"),
    ("+14165550104", {}, ""),  # 416 is Ontario
    ("+447700900105", {}, ""),
    ("+447700900106", {"country": "Deutschland"}, "tap:GB"),
]
PLACES: list[tuple[str, set[str]]] = [
    ("US", {"0101", "0102"}),
    ("US-FL", {"0101"}),
    ("US-TX", {"0102"}),
    ("CA", {"0104"}),
    ("CA-ON", {"0104"}),
    ("GB", {"0105"}),
    ("DE", {"0103", "0106"}),
    ("KZ", set()),
    ("RU", set()),
    ("PR", set()),
]


@pytest.mark.parametrize(("code", "endings"), PLACES)
def test_people_live_where_their_address_their_tap_or_their_number_says(
    workspace: Workspace, code: str, endings: set[str]
) -> None:
    for phone, attributes, place in PEOPLE:
        contact = Contact.objects.create(workspace=workspace, phone=phone, attributes=attributes)
        if place:
            TapPlace.objects.create(
                contact=contact, workspace=workspace, place=place, tapped_at=timezone.now()
            )
    there = ask({"kind": "place", "code": code})
    elsewhere = ask({"kind": "place", "code": code, "holds": False})

    assert {each.phone[-4:] for each in preview(workspace, there)} == endings
    assert len(preview(workspace, elsewhere)) == len(PEOPLE) - len(endings)


def test_consent_is_asked_as_sending_asks_it(workspace: Workspace) -> None:
    make_contacts(workspace, 2)
    make_contacts(workspace, 1, first=2, agreed=False)  # who was never asked
    opt_out(change("N1").phone, scope=workspace, reason="STOP", at=timezone.now(), by=ACTOR)

    assert found(workspace, ask({"kind": "consent"})) == {"N0"}
    assert found(workspace, ask({"kind": "consent", "answer": "not_agreed"})) == {"N1", "N2"}
    assert found(workspace, ask({"kind": "consent", "answer": "opted_out"})) == {"N1"}


def test_days_go_by_the_workspaces_clock(workspace: Workspace) -> None:
    workspace.zone = "America/New_York"
    make_contacts(workspace, 3)
    now = timezone.now()
    moments = ["2026-05-01T03:59+00:00", "2026-05-01T04:00+00:00", now.isoformat()]
    for number, moment in enumerate(moments):
        Contact.objects.filter(attributes__first_name=f"N{number}").update(created_at=moment)

    assert found(workspace, ask({"kind": "added", "since": "2026-05-01"})) == {"N1", "N2"}
    assert found(workspace, ask({"kind": "added", "before": "2026-05-01"})) == {"N0"}
    assert found(workspace, ask({"kind": "added", "within_days": 1})) == {"N2"}


@pytest.fixture
def menu(workspace: Workspace) -> Broadcast:
    """Return a broadcast to five: N0 tapped lately, N1 long ago, N4's failed. N5 got none."""
    campaign = Campaign.objects.create(workspace=workspace, name="Spring")
    people = make_contacts(workspace, 6)
    add_tags(people[5], ["later"])
    broadcast = make_broadcast(workspace, campaign=campaign)
    now = timezone.now()
    taps = {0: now - dt.timedelta(days=2), 1: now - dt.timedelta(days=200)}
    Message.objects.bulk_create(
        Message(
            broadcast=broadcast,
            workspace=workspace,
            position=position,
            contact=person,
            phone=person.phone,
            state="failed" if position == 4 else "delivered",
            first_human_click_at=taps.get(position),
        )
        for position, person in enumerate(people[:5])
    )
    return broadcast


def test_taps_and_non_taps_are_asked_for(workspace: Workspace, menu: Broadcast) -> None:
    did = {"kind": "broadcast", "id": menu.pk}

    assert found(workspace, ask(did | {"did": "tapped"})) == {"N0", "N1"}
    assert found(workspace, ask(did | {"did": "not_tapped"})) == {"N2", "N3"}
    assert found(workspace, ask(did | {"did": "failed"})) == {"N4"}
    assert found(workspace, ask(did | {"did": "got"})) == {"N0", "N1", "N2", "N3"}
    assert found(workspace, ask(did | {"did": "not_got"})) == {"N4", "N5"}
    assert found(workspace, ask({"kind": "tapped"})) == {"N0", "N1"}
    assert found(workspace, ask({"kind": "tapped", "within_days": 30})) == {"N0"}
    assert found(workspace, ask({"kind": "tapped", "campaign": menu.campaign_id})) == {"N0", "N1"}
    lately = {"kind": "tapped", "within_days": 30, "holds": False}
    assert found(workspace, ask(lately)) == {"N1", "N2", "N3", "N4", "N5"}


def test_replies_are_asked_for(workspace: Workspace) -> None:
    make_contacts(workspace, 2)
    Reply.objects.create(
        workspace=workspace,
        contact=change("N1"),
        provider_id="1",
        received_at=timezone.now() - dt.timedelta(days=10),
    )

    assert found(workspace, ask({"kind": "replied"})) == {"N1"}
    assert found(workspace, ask({"kind": "replied", "within_days": 5})) == set()
    assert found(workspace, ask({"kind": "replied", "holds": False})) == {"N0"}


def test_groups_of_conditions_are_joined_by_all_or_any(workspace: Workspace) -> None:
    make_contacts(workspace, 4)
    for name, tags in {"N0": ["a"], "N1": ["a", "b"], "N2": ["c"]}.items():
        add_tags(change(name), tags)
    a, b, c = ({"kind": "tag", "name": name} for name in "abc")

    assert found(workspace, ask(a, b)) == {"N1"}
    assert found(workspace, ask(b, c, match="any")) == {"N1", "N2"}
    groups: list[dict[str, Any]] = [
        {"match": "all", "conditions": [a, b]},
        {"conditions": [c]},
        {"match": "any"},
    ]
    assert found(workspace, read_question({"match": "any", "groups": groups})) == {"N1", "N2"}
    assert found(workspace, read_question({"groups": groups})) == set()
    assert found(workspace, read_question({})) == {"N0", "N1", "N2", "N3"}


def test_a_question_survives_being_stored() -> None:
    question = ask(
        CITY | {"value": "Köln"}, {"kind": "added", "since": "2026-05-01"}, {"kind": "tapped"}
    )

    assert read_question(write_question(question)) == question


@pytest.mark.parametrize(
    "raw",
    [
        None,
        [],
        {"match": "some"},
        {"groups": {}},
        {"groups": [{"conditions": [{"kind": "sql", "value": "1=1"}]}]},
        {"groups": [{"conditions": [{"kind": "tag"}]}]},
        {"groups": [{"conditions": [{"kind": "tag", "name": "a", "or": 1}]}]},
        {"groups": [{"conditions": [CITY]}]},
        {"groups": [{"conditions": [CITY | {"name": "a\"') or 1 --", "value": "x"}]}]},
        {"groups": [{"conditions": [CITY | {"name": "city\n", "value": "x"}]}]},
        {"groups": [{"conditions": [CITY | {"value": "a\x00b"}]}]},
        {"groups": [{"conditions": [CITY | {"test": "at_least", "value": "inf"}]}]},
        {"groups": [{"conditions": [CITY | {"test": "at_least", "value": "1 or 1"}]}]},
        {"groups": [{"conditions": [{"kind": "broadcast", "id": "1"}]}]},
        {"groups": [{"conditions": [{"kind": "broadcast", "id": 0}]}]},
        {"groups": [{"conditions": [{"kind": "language", "code": "es*"}]}]},
        {"groups": [{"conditions": [{"kind": "place", "code": "D'"}]}]},
        {"groups": [{"conditions": [{"kind": "added"}]}]},
        {"groups": [{"conditions": [{"kind": "added", "since": "soon"}]}]},
        {"groups": [{"conditions": [{"kind": "tapped"}] * 31}]},
        {"groups": [{}] * 11},
    ],
)
def test_what_is_no_question_is_refused(raw: Any) -> None:
    with pytest.raises(BadSegment):
        read_question(raw)


def test_a_segment_names_only_what_its_workspace_has(workspace: Workspace, menu: Broadcast) -> None:
    file = ContactImport.objects.create(workspace=workspace, file_name="guests.csv")
    conditions: list[dict[str, Any]] = [
        {"kind": "broadcast", "id": menu.pk},
        {"kind": "tapped", "campaign": menu.campaign_id},
        {"kind": "import", "id": file.pk},
        {"kind": "tag", "name": "later"},
    ]
    for number, condition in enumerate(conditions):
        create_segment(workspace, f"S{number}", ask(condition), actor=ACTOR)
        with pytest.raises(BadSegment):
            create_segment(create_workspace("Next"), "S", ask(condition), actor=ACTOR)
    with pytest.raises(BadSegment, match="no place"):
        create_segment(workspace, "X", ask({"kind": "place", "code": "XX"}), actor=ACTOR)


def test_a_question_finds_nobody_of_another_workspace(workspace: Workspace) -> None:
    make_contacts(workspace, 2)
    below = create_workspace("Below", parent=workspace)
    everybody = read_question({})

    assert count(below, everybody) == Counted(0)
    assert preview(below, everybody) == []


def test_changes_of_a_segment_are_written_down(workspace: Workspace) -> None:
    segment = create_segment(workspace, "All", read_question({}), actor=ACTOR)
    change_segment(segment, "Agreed", ask({"kind": "consent"}), actor=ACTOR)
    change_segment(segment, "Agreed", ask({"kind": "consent"}), actor=ACTOR)
    with pytest.raises(NameTaken):
        create_segment(workspace, "Agreed", read_question({}), actor=ACTOR)
    with pytest.raises(BadSegment):
        create_segment(workspace, " ", read_question({}), actor=ACTOR)
    delete_segment(segment, actor=ACTOR)

    actions = AuditEntry.objects.filter(object_kind="segment").order_by("id")
    assert [each.action for each in actions] == [
        "segment.created",
        "segment.changed",
        "segment.deleted",
    ]
    assert not Segment.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_broadcast_goes_to_whom_its_segment_finds_when_it_starts(workspace: Workspace) -> None:
    people = make_contacts(workspace, 4)
    add_tags(people[1], ["vip"])
    segment = create_segment(workspace, "VIP", ask({"kind": "tag", "name": "vip"}), actor=ACTOR)
    audience = read_audiences((f"segment:{segment.pk}",))
    broadcast = make_broadcast(workspace, audience=audience)
    assert describe_audience(workspace, broadcast.audience) == "Segment «VIP»"

    add_tags(people[2], ["vip"])
    started = prepare(broadcast)
    change_segment(segment, "Nobody", ask({"kind": "language", "code": "xx"}), actor=ACTOR)

    got = Message.objects.filter(broadcast=started).values_list("contact", flat=True)
    assert set(got) == {people[1].pk, people[2].pk}
    assert started.audience["question"] == write_question(ask({"kind": "tag", "name": "vip"}))
    assert describe_audience(workspace, started.audience) == "Segment «Nobody»"


def test_the_segment_of_a_neighbour_is_no_audience(workspace: Workspace) -> None:
    segment = create_segment(create_workspace("Next"), "S", read_question({}), actor=ACTOR)
    for audience in (
        {"segment": segment.pk},
        {"segment": 10**30},
        {"segment": True},
        {"segment": segment.pk, "question": {}, "at": "2026-05-01T00:00+00:00"},
    ):
        with pytest.raises(BadAudience):
            make_broadcast(workspace, audience=audience)


def test_counting_ends_when_its_time_is_over(workspace: Workspace) -> None:
    make_contacts(workspace, 500)

    assert count(workspace, read_question({}), seconds=10) == Counted(500)
    hard = ask(*[CITY | {"test": "is_not", "value": f"x{number}"} for number in range(30)])
    assert count(workspace, hard, seconds=0) == Counted(None)
    assert count(workspace, hard) == Counted(500)


def test_a_contact_is_looked_at_by_its_own_rows(workspace: Workspace, menu: Broadcast) -> None:
    """So that a chunk of preparing is bounded work, whatever others did."""
    question = ask(
        {"kind": "broadcast", "id": menu.pk, "did": "not_tapped"},
        {"kind": "tapped", "within_days": 30, "campaign": menu.campaign_id},
        {"kind": "replied"},
        {"kind": "tag", "name": "later"},
        {"kind": "consent"},
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "explain query plan select c.id from contacts_contact c where c.id > 5 and c.id < 9"
            f" and +c.workspace_id = 1 and {segment_sql(workspace, question)}"
        )
        plan = [str(row[3]) for row in cursor.fetchall()]

    assert plan[0] == "SEARCH c USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"
    for table in ("had", "tapped", "reply"):
        assert {f"SEARCH {table}"} == {each[: len(table) + 7] for each in plan if table in each}
        assert all("contact_id=?" in each for each in plan if f"SEARCH {table} " in each)
