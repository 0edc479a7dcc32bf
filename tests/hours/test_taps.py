"""Where people last tapped is evidence of where they live: from clicks, while it is fresh."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tapline import config
from tapline.broadcasts.placing import place_of, whereabouts
from tapline.clicks import second_look
from tapline.contacts import erasing, keeping
from tapline.contacts.models import Contact
from tapline.geo.files import PLACE_FILE, path_of
from tapline.geo.network_lists import keep_lists, networks_path
from tapline.geo.ranges import RangeList
from tapline.hours import taps
from tapline.hours.loops import HOURS_LOOPS
from tapline.hours.models import TapMark, TapPlace
from tapline.hours.places import key_of_tap, read_place
from tapline.hours.words import describe_place
from tapline.instance.worker import loops_of
from tapline.workspaces.counting import set_only_counted
from tests.clicks.world import PIXEL, WHATSAPP, World, make_world, take_in
from tests.geo.mmdb import write_mmdb

pytestmark = pytest.mark.django_db(transaction=True)

FLORIDA, GEORGIA, FRANCE, AMERICA = "198.51.1.1", "198.51.2.1", "198.51.3.1", "198.51.4.1"
CLOUD, UNKNOWN = "198.51.5.1", "203.0.113.9"
STATES = {"198.51.1.0/24": "Florida", "198.51.2.0/24": "Georgia", "198.51.5.0/24": "Georgia"}
PLACES: dict[str, dict[str, Any]] = {
    network: {"country": {"iso_code": "US"}, "subdivisions": [{"names": {"en": state}}]}
    for network, state in STATES.items()
} | {
    "198.51.3.0/24": {"country": {"iso_code": "FR"}},
    "198.51.4.0/24": {"country": {"iso_code": "US"}},
}
NOW = timezone.now()
LONG_AGO = (NOW - dt.timedelta(days=9)).replace(tzinfo=None)  # as the click store tells times


@pytest.fixture(autouse=True)
def geo_files() -> Iterator[None]:
    """Files that say where some addresses are, and which of them is a data centre's."""
    settings = config.current()
    places, networks = path_of(PLACE_FILE, settings), networks_path(settings)
    write_mmdb(places, PLACES)
    keep_lists(
        [RangeList("cloud", "hosting", "https://a.example.com/", "", ["198.51.5.0/24"])], networks
    )
    yield
    places.unlink()
    networks.unlink()


def tap(
    world: World, address: str, *, position: int = 0, days_ago: float = 1, **values: Any
) -> None:
    """Let a recipient tap, and the worker notice."""
    at = NOW - dt.timedelta(days=days_ago)
    take_in(world.tap(position, at=at, address=address, **values))
    note()


def note() -> None:
    while taps.note_taps():
        pass


def contact_of(world: World, position: int = 0, **known: Any) -> Contact:
    contact = world.messages[position].contact
    assert contact is not None
    Contact.objects.filter(pk=contact.pk).update(**known)
    return Contact.objects.get(pk=contact.pk)


def place(world: World, position: int = 0, **known: Any) -> str:
    return place_of(contact_of(world, position, **known))


def test_the_worker_reads_taps_where_clicks_are_taken_in() -> None:
    assert set(HOURS_LOOPS) <= set(loops_of("clicks"))


def test_a_persons_tap_says_more_than_their_area_code() -> None:
    world = make_world(2)
    assert place(world) == "area:212"

    tap(world, FLORIDA)

    assert place(world) == "tap:US-FL"
    assert place(world, position=1) == "area:212", "of somebody else nothing is known by it"


def test_what_they_stated_says_more_than_a_tap() -> None:
    world = make_world(1)
    tap(world, FLORIDA)

    assert place(world, attributes={"state": "NY"}) == "address:US-NY"
    assert place(world, attributes={"zip": "10001"}) == "postcode:100"
    assert place(world, attributes={"country": "DE"}) == "address:DE"
    assert place(world, attributes={"country": "US"}) == "tap:US-FL"
    assert place(world, attributes={"country": "Atlantis"}) == "tap:US-FL"


def test_who_lives_in_the_us_and_taps_in_france_is_on_a_journey() -> None:
    world = make_world(1)
    tap(world, FRANCE)

    assert place(world) == "tap:FR"
    assert place(world, attributes={"country": "US"}) == "area:212"


def test_a_stated_zone_holds_and_the_tap_tells_the_state_in_it() -> None:
    world = make_world(1)
    tap(world, FLORIDA)
    key = place(world, zone="America/New_York")

    assert key == "zone:America/New_York tap:US-FL"
    assert read_place(key, "UTC", "US").spots == (("US-FL", "America/New_York"),)
    elsewhere = read_place("zone:America/Denver tap:US-FL", "UTC", "US")
    assert "US-CO" in elsewhere.regions
    assert elsewhere.zones == ("America/Denver",)


def test_the_newest_tap_counts_in_whatever_order_they_are_taken_in() -> None:
    world = make_world(1)
    tap(world, FLORIDA, days_ago=3)
    tap(world, GEORGIA, days_ago=2)
    tap(world, FLORIDA, days_ago=4)

    assert place(world) == "tap:US-GA"


@pytest.mark.parametrize(
    ("address", "values"),
    [
        (FLORIDA, {"agent": WHATSAPP}),
        (CLOUD, {}),
        (UNKNOWN, {}),
        (AMERICA, {}),
        (FLORIDA, {"days_ago": taps.DAYS + 1}),
    ],
    ids=["a preview", "a data centre", "place unknown", "state unknown", "too long ago"],
)
def test_what_tells_no_place_is_no_evidence(address: str, values: dict[str, Any]) -> None:
    world = make_world(1)

    tap(world, address, **values)

    assert place(world) == "area:212"
    assert not TapPlace.objects.exists()


def test_a_tap_that_turns_out_to_be_a_scanners_is_evidence_no_more() -> None:
    walked = 30
    world = make_world(walked + 1)
    type(world.broadcast).objects.update(provider="elsewhere")
    tap(world, FLORIDA, position=walked)
    began = NOW - dt.timedelta(days=1)
    take_in(
        *(
            world.tap(n, at=began + dt.timedelta(seconds=n), agent=PIXEL, address=GEORGIA)
            for n in range(walked)
        )
    )
    note()
    assert TapPlace.objects.filter(place="tap:US-GA").count() == walked

    second_look.look_again()
    note()

    assert list(TapPlace.objects.values_list("contact", "place")) == [
        (world.messages[walked].contact_id, "tap:US-FL")
    ]


def test_a_correction_of_an_older_tap_leaves_the_newer_one() -> None:
    world = make_world(1)
    tap(world, FLORIDA)
    older = taps.Click(9, world.workspace.pk, contact_of(world).pk, LONG_AGO, 0, "", "")

    taps._apply([older])

    assert place(world) == "tap:US-FL"


def test_a_workspaces_clicks_say_nothing_of_anothers_contacts() -> None:
    world, stranger = make_world(1), make_world(1)
    theirs = contact_of(stranger).pk

    taps._apply([taps.Click(9, world.workspace.pk, theirs, LONG_AGO, 1, "US", "Florida, US")])
    assert not TapPlace.objects.exists()

    tap(stranger, FLORIDA)
    at = TapPlace.objects.get().tapped_at.replace(tzinfo=None)
    taps._apply([taps.Click(10, world.workspace.pk, theirs, at, 0, "", "")])
    assert place(stranger) == "tap:US-FL"


def test_of_who_is_only_counted_no_place_is_kept() -> None:
    world = make_world(2)
    set_only_counted(world.workspace, ["US"], actor="test")
    contact_of(world, 1, phone="+33612345678")

    tap(world, FLORIDA)
    tap(world, FRANCE, position=1)

    assert [each.contact_id for each in TapPlace.objects.all()] == [world.messages[1].contact_id]


def test_a_tap_without_a_message_is_nobodys() -> None:
    world = make_world(1)
    tap(world, FLORIDA, position=-1)
    assert not TapPlace.objects.exists()


def test_evidence_ends_after_its_days() -> None:
    world = make_world(2)
    tap(world, FLORIDA, days_ago=20)
    tap(world, FLORIDA, position=1, days_ago=1)

    taps.forget_old_taps(NOW + dt.timedelta(days=taps.DAYS - 10))

    assert (place(world), place(world, position=1)) == ("area:212", "tap:US-FL")


def test_a_place_is_kept_no_longer_than_clicks_say_whose_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = make_world(2)
    tap(world, FLORIDA, days_ago=8)
    settings = dataclasses.replace(config.current(), clicks_keep_people_days=7)
    monkeypatch.setattr(config, "current", lambda: settings)

    tap(world, FLORIDA, position=1, days_ago=6)
    taps.forget_old_taps()

    assert [each.contact_id for each in TapPlace.objects.all()] == [world.messages[1].contact_id]


def test_a_piece_that_was_killed_is_done_again_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world(1)
    take_in(world.tap(0, at=NOW, address=FLORIDA))

    with monkeypatch.context() as broken:
        broken.setattr(TapMark.objects, "update_or_create", _fail)
        with pytest.raises(OSError, match="killed"):
            taps.note_taps()
    assert not TapPlace.objects.exists(), "the place and how far it came are kept together"

    note()
    assert place(world) == "tap:US-FL"


def test_many_taps_are_read_piece_by_piece_and_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taps, "CLICKS_PER_READ", 4)
    monkeypatch.setattr(taps, "CLICKS_PER_TURN", 2)
    world = make_world(5)
    take_in(*(world.tap(n, at=NOW, address=FLORIDA) for n in range(5)))

    pieces = [taps.note_taps() for _ in range(2)]

    assert pieces == [True, False]
    assert TapPlace.objects.count() == 5
    TapPlace.objects.all().delete()
    note()
    assert not TapPlace.objects.exists(), "nothing is read twice"


# Each contact by its number, in the index that names its workspace.
KEPT_BY = "SEARCH c USING COVERING INDEX contact_of_workspace (workspace_id=? AND rowid=?)"


@pytest.mark.parametrize(
    ("statement", "search"),
    [
        (taps.FORGET, "SEARCH hours_tapplace USING INDEX sqlite_autoindex_hours_tapplace_1"),
        (
            taps.KEEP.format(only_counted="false"),
            KEPT_BY,
        ),
    ],
    ids=["forget", "keep"],
)
def test_statements_find_their_rows_by_contact(statement: str, search: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"explain query plan {statement}", {"workspace": 1, "taps": "[]"})
        plan = [row[3] for row in cursor.fetchall()]

    assert any(step.startswith(search) for step in plan), plan


def test_a_persons_page_tells_it_and_erasing_takes_it() -> None:
    world = make_world(1)
    tap(world, FLORIDA)
    contact = contact_of(world, zone="America/Denver")

    found = whereabouts(contact, NOW)
    assert [describe_place(each) for each in found.weaker] == [
        "Florida, by where they last tapped",
        "New York, by area code 212",
    ]
    person = keeping.person(world.workspace, contact.phone)
    [kind] = [each for each in keeping.kinds() if each.name == "tap_places"]
    assert [row["place"] for row in kind.find(person)] == ["tap:US-FL"]
    assert str(taps.DAYS) in str(kind.kept_for)
    assert kind.find(keeping.person(make_world(1).workspace, contact.phone)) == []

    assert erasing.erase_person(world.workspace, contact.phone, by="test")["tap_places"] == 1
    assert not TapPlace.objects.exists()


@pytest.mark.parametrize(
    ("country", "region", "key"),
    [
        ("US", "Florida, US", "tap:US-FL"),
        ("US", "Georgia, US", "tap:US-GA"),
        ("GE", "", "tap:GE"),
        ("CA", "Quebec, CA", "tap:CA-QC"),
        ("US", "", ""),
        ("US", "Ontario, US", ""),
        ("PR", "", "tap:US-PR"),
        ("FR", "Brittany, FR", "tap:FR"),
        ("AU", "Victoria, AU", "tap:AU"),
        ("XX", "", ""),
    ],
)
def test_country_and_region_of_a_tap_are_a_place(country: str, region: str, key: str) -> None:
    assert key_of_tap(country, region) == key
    assert not key or read_place(key, "UTC", "").evidence == "tap"


def _fail(**_: Any) -> None:
    raise OSError("killed")
