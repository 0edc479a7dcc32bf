"""SQL tells a contact's place by the strongest evidence there is."""

from __future__ import annotations

import pytest
from django.db import connection

from tapline.broadcasts.placing import place_of
from tapline.contacts.models import Contact
from tapline.contacts.phones import hash_phone
from tapline.hours.clues import make_tables, place_sql
from tapline.hours.places import read_place
from tapline.hours.words import describe_place
from tapline.workspaces.models import Workspace
from tapline.workspaces.tree import create_workspace

pytestmark = pytest.mark.django_db

# number, zone, attributes: key of the place
EVIDENCE = [
    ("+13055550100", "", {}, "area:305"),
    ("+13055550100", "", {"first_name": "Ana", "city": "Miami"}, "area:305"),
    ("+12125550100", "", {"state": "FL"}, "address:US-FL"),
    ("+12125550100", "", {"region": " florida "}, "address:US-FL"),
    ("+12125550100", "", {"state": "Ontario"}, "address:CA-ON"),
    ("+12125550100", "", {"state": "FL", "zip": "33101"}, "address:US-FL/331"),
    ("+12125550100", "", {"state": "FL", "zip": "33101", "country": "USA"}, "address:US-FL/331"),
    ("+12125550100", "", {"state": "Nowhere", "zip": "33101"}, "postcode:331"),
    ("+12125550100", "", {"zip": "33101-1234"}, "postcode:331"),
    ("+12125550100", "", {"postal_code": "2134"}, "postcode:021"),  # a spreadsheet took the zero
    ("+12125550100", "", {"postcode": "m5v 3l9"}, "postcode:M"),
    ("+12125550100", "America/Denver", {"zip": "33101"}, "postcode:331"),
    ("+12125550100", "America/Denver", {}, "zone:America/Denver area:212"),
    ("+12125550100", "America/Denver", {"country": "US"}, "zone:America/Denver area:212"),
    ("+12125550100", "Mars/Olympus", {}, "area:212"),
    ("+12125550100", "", {"country": "Deutschland"}, "address:DE"),
    ("+12125550100", "", {"country": "de", "state": "CA", "zip": "10115"}, "address:DE"),
    ("+12125550100", "", {"country": "Atlantis"}, "area:212"),
    ("+12125550100", "", {"zip": "00000"}, "area:212"),
    ("+33612345678", "", {}, "number:+33"),
    ("+33612345678", "", {"zip": "75001"}, "number:+33"),  # no ZIP code: it is in Paris
    ("+33612345678", "", {"country": "US", "zip": "10001"}, "postcode:100"),
    ("+33612345678", "", {"country": "US"}, "address:US"),
    ("+33612345678", "Europe/Paris", {}, "zone:Europe/Paris number:+33"),
    ("+18765550100", "", {}, "area:876"),
]


@pytest.mark.parametrize(("phone", "zone", "attributes", "key"), EVIDENCE)
def test_the_strongest_evidence_counts(
    phone: str, zone: str, attributes: dict[str, str], key: str
) -> None:
    contact = Contact.objects.create(
        workspace=create_workspace("Bakery"),
        phone=phone,
        phone_hash=hash_phone(phone),
        zone=zone,
        attributes=attributes,
    )

    assert place_of(contact) == key


def test_evidence_is_told_in_words() -> None:
    told = {
        key: describe_place(read_place(key, "Europe/Berlin", "DE"))
        for key in ("area:305", "address:US-FL/331", "postcode:021", "area:999", "number:+33", "")
    }
    assert told == {
        "area:305": "Florida, by area code 305",
        "address:US-FL/331": "Florida, by the address they gave",
        "postcode:021": "Massachusetts, by postcode 021…",
        "area:999": "one of 64 places, by area code 999",
        "number:+33": "France, by calling code +33",
        "": "Germany, by the workspace's own time zone Europe/Berlin",
    }


def test_every_clue_is_found_by_an_index() -> None:
    with connection.cursor() as cursor:
        make_tables(cursor)
        make_tables(cursor)  # Again changes nothing.
        cursor.execute(f"explain query plan select {place_sql()} from contacts_contact c")
        plan = [row[3] for row in cursor.fetchall()]
        cursor.execute("select count(*) from temp.hours_clue where kind = 'state' and word = 'tx'")
        assert cursor.fetchone() == (1,)

    # `at` is the one row of what the contact says.
    scans = [step for step in plan if step.startswith("SCAN") and "CONSTANT ROW" not in step]
    assert scans == ["SCAN c", "SCAN at"]


def test_a_workspace_without_evidence_stands_in_with_its_own_zone(db: None) -> None:
    workspace = create_workspace("Bakery")
    Workspace.objects.filter(pk=workspace.pk).update(zone="America/Denver")
    workspace.refresh_from_db()
    place = read_place("", workspace.zone, workspace.default_country)
    assert place.spots == (("US", "America/Denver"),)
