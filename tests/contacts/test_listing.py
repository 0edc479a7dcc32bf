"""The list of contacts: paged in both directions, found, filtered, in either order."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from django.utils import timezone

from tapline.broadcasts.models import Message
from tapline.contacts import listing
from tapline.contacts.importing import ImportOptions, import_file
from tapline.contacts.listing import Filter, Listed, every_id, list_page
from tapline.contacts.models import Contact
from tapline.contacts.questions import read_question
from tapline.contacts.searching import named
from tapline.contacts.segments import create_segment
from tapline.contacts.upserting import tag_contacts
from tapline.workspaces.models import Workspace
from tapline.workspaces.tree import create_workspace
from tests.broadcasts.making import ACTOR, make_broadcast, make_contacts, make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


def page(workspace: Workspace, wanted: Filter | None = None, **more: object) -> Listed:
    options: dict[str, object] = {"per_page": 3, "seconds": None} | more
    return list_page(workspace, wanted or Filter(), **options)  # type: ignore[arg-type]


def names(listed: Listed) -> list[str]:
    people = Contact.objects.in_bulk(listed.ids)
    return [people[number].attributes["first_name"] for number in listed.ids]


def test_pages_lead_on_and_back_again(workspace: Workspace) -> None:
    make_contacts(workspace, 7)

    first = page(workspace)
    second = page(workspace, older_than=first.older)
    third = page(workspace, older_than=second.older)
    back = page(workspace, newer_than=third.newer)
    start = page(workspace, newer_than=back.newer)

    assert [names(each) for each in (first, second, third)] == [
        ["N6", "N5", "N4"],
        ["N3", "N2", "N1"],
        ["N0"],
    ]
    assert (names(back), names(start)) == (names(second), names(first))
    assert (first.newer, third.older, start.newer) == ("", "", "")
    assert page(workspace, older_than=back.older).ids == third.ids
    assert page(workspace, older_than="1 or 1=1").ids == first.ids


def tap(workspace: Workspace, *taps: tuple[str, int, dt.datetime]) -> None:
    """Let contacts tap: name, in which broadcast, when."""
    people = {each.attributes["first_name"]: each for each in Contact.objects.all()}
    broadcasts = {number: make_broadcast(workspace) for number in {each[1] for each in taps}}
    Message.objects.bulk_create(
        Message(
            broadcast=broadcasts[number],
            workspace=workspace,
            position=position,
            contact=people[name],
            state="delivered",
            first_human_click_at=at,
        )
        for position, (name, number, at) in enumerate(taps)
    )


def test_who_tapped_last_comes_first_and_once(workspace: Workspace) -> None:
    make_contacts(workspace, 6)
    noon = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)
    hours = [noon + dt.timedelta(hours=number) for number in range(6)]
    half = noon + dt.timedelta(microseconds=500_000)
    tap(
        workspace,
        *[("N0", 1, hours[5]), ("N0", 2, hours[1]), ("N1", 1, hours[4]), ("N2", 1, hours[3])],
        *[("N3", 1, noon), ("N4", 1, half)],
    )

    first = page(workspace, order="taps")
    second = page(workspace, order="taps", older_than=first.older)
    back = page(workspace, order="taps", newer_than=second.newer)

    assert (names(first), names(second)) == (["N0", "N1", "N2"], ["N4", "N3"])
    assert (names(back), second.older, back.newer) == (names(first), "", "")
    assert page(workspace, order="taps", older_than="nonsense").ids == first.ids


SEARCHES: list[tuple[str, set[str]]] = [
    ("(200) 555-0101", {"N1"}),
    ("+12005550102", {"N2"}),
    ("0103", {"N3"}),
    ("münchen", {"N0", "Ülkü"}),
    ("MÜNCHEN", {"N0", "Ülkü"}),
    ("ülkü", {"Ülkü"}),
    ("Ülkü MÜNCHEN", {"Ülkü"}),
    ("n1", {"N1"}),
    ("'; drop", set()),
    ("50% {x}", set()),
]


@pytest.mark.parametrize(("search", "found"), SEARCHES)
def test_people_are_found_by_number_part_of_it_and_words(
    workspace: Workspace, tmp_path: Path, search: str, found: set[str]
) -> None:
    make_contacts(workspace, 4)
    Contact.objects.filter(attributes__first_name="N0").update(
        attributes={"first_name": "N0", "city": "München"}
    )
    file = tmp_path / "guests.csv"
    file.write_text("phone,first_name,city\n+12005550199,Ülkü,MÜNCHEN\n")
    import_file(workspace, file, ImportOptions(by=ACTOR))

    assert set(names(page(workspace, Filter(search=search), per_page=9))) == found
    if any(map(str.isalpha, search)):  # Other rooms look for words alone.
        people = Contact.objects.in_workspace(workspace).filter(named(search))
        assert set(people.values_list("attributes__first_name", flat=True)) == found


@pytest.mark.parametrize("country", ["US", "DE", "GB"])
def test_a_part_of_a_number_is_a_part_also_where_it_could_be_a_whole_one(
    workspace: Workspace, country: str
) -> None:
    workspace.default_country = country
    people = make_contacts(workspace, 2)
    part = Filter(search="5550101")

    assert names(page(workspace, part)) == ["N1"]
    assert list(every_id(workspace, part, 9)) == [[people[1].pk]]
    assert names(page(workspace, Filter(search="+49 5550101"))) == []  # which is a whole one


def test_whoever_has_that_very_number_is_found_wherever_in_the_list_they_stand(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "WINDOW", 2)
    monkeypatch.setattr(listing, "FEWEST_OF_WHOLE", 11)
    make_contacts(workspace, 7)

    assert names(page(workspace, Filter(search="2005550100"), seconds=0)) == ["N0"]
    assert names(page(workspace, Filter(search="200555010"), seconds=0)) == ["N6", "N5"]


def test_filters_narrow_the_list_together(workspace: Workspace) -> None:
    people = make_contacts(workspace, 3)
    others = make_contacts(workspace, 2, first=3, agreed=False)
    tag_contacts([people[0], others[0]], ["vip"])
    vip = read_question({"groups": [{"conditions": [{"kind": "tag", "name": "vip"}]}]})
    segment = create_segment(workspace, "VIP", vip, actor=ACTOR)

    assert names(page(workspace, Filter(tag="vip"))) == ["N3", "N0"]
    assert names(page(workspace, Filter(consent="agreed"))) == ["N2", "N1", "N0"]
    assert names(page(workspace, Filter(tag="vip", consent="not_agreed"))) == ["N3"]
    assert names(page(workspace, Filter(segment=segment.pk, search="N0"))) == ["N0"]


def test_a_page_stops_looking_in_time_and_the_next_looks_further(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "WINDOW", 2)
    make_contacts(workspace, 7)
    wanted = Filter(search="N0")

    places, listed = [""], page(workspace, wanted, seconds=0)
    while listed.is_unfinished:
        assert listed.ids == []
        places.append(listed.older)
        listed = page(workspace, wanted, older_than=places[-1], seconds=0)

    assert len(places) == 4
    assert names(listed) == ["N0"]
    assert names(page(workspace, wanted)) == ["N0"]


def test_everybody_is_gone_through_in_chunks(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "WINDOW", 4)
    people = make_contacts(workspace, 7)

    chunks = list(every_id(workspace, Filter(), 3))

    assert [number for chunk in chunks for number in chunk] == [
        each.pk for each in reversed(people)
    ]
    assert max(map(len, chunks)) == 3


def test_nobody_of_another_workspace_is_listed(workspace: Workspace) -> None:
    make_contacts(workspace, 2)
    tap(workspace, ("N0", 1, timezone.now()))
    for elsewhere in (create_workspace("Next"), create_workspace("Below", parent=workspace)):
        assert page(elsewhere).ids == []
        assert page(elsewhere, order="taps").ids == []
        assert page(elsewhere, Filter(search="+12005550101")).ids == []
