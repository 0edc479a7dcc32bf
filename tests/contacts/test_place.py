"""A contact's page says where they live, how that is known, and what holds there now and why."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest
from django.urls import reverse

from tapline.contacts.models import Contact
from tapline.contacts.pages_place import Told, tell_place
from tapline.hours.deciding import decide
from tapline.workspaces.models import Workspace
from tests.broadcasts.making import ACTOR, make_broadcast, make_contacts, make_workspace, prepare
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db

NEW_YORK = zoneinfo.ZoneInfo("America/New_York")
EVENING = dt.datetime(2026, 3, 4, 20, 30, tzinfo=NEW_YORK)


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


def _told(workspace: Workspace, phone: str = "+12125550100", **known: str) -> Told:
    (contact,) = make_contacts(workspace, 1)
    Contact.objects.filter(pk=contact.pk).update(phone=phone, attributes=known)
    return tell_place(Contact.objects.get(pk=contact.pk), EVENING)


def test_the_evidence_that_counts_is_told_and_what_else_there_is(workspace: Workspace) -> None:
    told = _told(workspace, state="FL", zip="33101")

    assert told.place == "Florida, by the address they gave"
    assert told.weaker == ["New York, by area code 212"]
    assert told.clocks == ["Wed 4 Mar 20:30 (America/New_York)"]
    assert (told.is_open, told.until) == (False, "until Thu 5 Mar 08:00 (America/New_York)")
    assert told.is_unsure == ""
    assert [(place, hours) for place, hours, _source in told.rules] == [
        ("United States", "every day 8:00–21:00"),
        ("Florida", "every day 8:00–20:00"),
    ]
    assert all(source for _place, _hours, source in told.rules)


def test_the_number_alone_tells_the_place_where_nothing_else_is_known(workspace: Workspace) -> None:
    told = _told(workspace)

    assert told.place == "New York, by area code 212"
    assert told.weaker == []
    assert (told.is_open, told.until) == (True, "until Wed 4 Mar 21:00 (America/New_York)")


def test_several_possible_places_are_told_as_such(workspace: Workspace) -> None:
    told = _told(workspace, state="TX")

    assert told.is_unsure == (
        "Any of 2 places is possible; texts leave only while all of them are open."
    )
    assert told.clocks == ["Wed 4 Mar 19:30 (America/Chicago)", "Wed 4 Mar 18:30 (America/Denver)"]
    assert (told.is_open, told.until) == (True, "until Wed 4 Mar 21:00 (America/Chicago)")


def test_an_unknown_area_code_may_be_anywhere_and_its_rules_are_not_listed(
    workspace: Workspace,
) -> None:
    told = _told(workspace, phone="+19995550100")
    assert told.place == "one of 64 places, by area code 999"
    assert told.rules == []
    assert not told.is_open


def test_a_country_without_a_rule_is_told_by_the_default(workspace: Workspace) -> None:
    told = _told(workspace, phone="+81312345678")
    assert told.rules[0][:2] == ("JP", "every day 8:00–20:00")


def test_what_the_workspace_decided_is_told_beside_the_rules(workspace: Workspace) -> None:
    decide(workspace, own_hours="10-19", replaced={"US-FL": "8-21"}, actor=ACTOR)

    told = _told(workspace, state="FL", zip="33101")

    assert told.own == ["every day 10:00–19:00"]
    assert told.rules[1] == ("Florida", "every day 8:00–21:00", "decided by a workspace")


def test_each_text_keeps_the_evidence_that_it_was_sent_by(workspace: Workspace) -> None:
    (contact,) = make_contacts(workspace, 1, state="FL", zip="33101")
    prepare(make_broadcast(workspace))
    Contact.objects.filter(pk=contact.pk).update(attributes={"state": "NY"})  # They moved since.
    address = reverse("contacts:show", args=[workspace.pk, contact.pk])

    page = member_of(workspace).get(address).content.decode()

    assert "New York, by the address they gave" in page
    assert "Florida, by the address they gave" in page  # beside the text


def test_the_page_shows_it(workspace: Workspace) -> None:
    (contact,) = make_contacts(workspace, 1, state="FL", zip="33101")
    address = reverse("contacts:show", args=[workspace.pk, contact.pk])

    page = member_of(workspace).get(address).content.decode()

    assert "Florida, by the address they gave" in page
    assert "open now" in page or "closed now" in page
    assert "Fla. Stat. § 501.059" in page
