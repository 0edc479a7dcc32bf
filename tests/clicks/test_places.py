"""Clicks are stored with where they came from, coarsely, and reports divide people by it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from tapline import config
from tapline.clicks import columns, judging, parquet, reports, rewrite, second_look, store
from tapline.clicks.evidence import Evidence, Judgement
from tapline.clicks.listing import read_list
from tapline.clicks.merge import FILES_PER_MERGE, merge_once
from tapline.clicks.models import ClickFile
from tapline.clicks.rules import judge
from tapline.geo.files import NETWORK_FILE, PLACE_FILE, path_of
from tapline.geo.network_lists import keep_lists, networks_path
from tapline.geo.ranges import RangeList
from tests.clicks.world import NOON, World, make_world, take_in
from tests.geo.mmdb import write_mmdb

pytestmark = pytest.mark.django_db(transaction=True)

FLORIDA, GEORGIA = "198.51.1.1", "198.51.2.1"
PLACES = {
    "198.51.1.0/24": {
        "country": {"iso_code": "US"},
        "subdivisions": [{"names": {"en": "Florida"}}],
        "city": {"names": {"en": "Miami"}},
        "location": {"latitude": 25.7, "longitude": -80.2},
    },
    "198.51.2.0/24": {
        "country": {"iso_code": "US"},
        "subdivisions": [{"names": {"en": "Georgia"}}],
        "city": {"names": {"en": "Atlanta"}},
    },
}
NETWORKS = {"198.51.0.0/16": {"autonomous_system_organization": "Example Mobile"}}


@pytest.fixture
def place_path() -> Iterator[Path]:
    """Files that say where some addresses are."""
    settings = config.current()
    place, network = path_of(PLACE_FILE, settings), path_of(NETWORK_FILE, settings)
    write_mmdb(place, PLACES)
    write_mmdb(network, NETWORKS)
    yield place
    place.unlink(missing_ok=True)
    network.unlink()


def shares(ask: object, world: World) -> dict[str, tuple[int, int]]:
    assert callable(ask)
    return {share.value: (share.people, share.taps) for share in ask(*world.of)}


def test_people_are_told_apart_by_place(place_path: Path) -> None:
    world = make_world(4)
    take_in(
        world.tap(0, address=FLORIDA),
        world.tap(0, address=FLORIDA),
        world.tap(1, address=GEORGIA),
        world.tap(2, address=GEORGIA),
        world.tap(3, address="203.0.113.9"),
    )

    assert shares(reports.by_country, world) == {"US": (3, 4), "": (1, 1)}
    assert shares(reports.by_region, world) == {
        "Georgia, US": (2, 2),
        "Florida, US": (1, 2),
        "": (1, 1),
    }
    assert shares(reports.by_city, world) == {
        "Atlanta, Georgia, US": (2, 2),
        "Miami, Florida, US": (1, 2),
        "": (1, 1),
    }
    assert shares(reports.by_network, world) == {"Example Mobile": (3, 4), "": (1, 1)}
    clicks, _ = reports.feed([world.workspace.pk])
    assert clicks[0]["city"] == "Miami, Florida, US"


def test_coordinates_are_never_kept(place_path: Path) -> None:
    world = make_world(1)
    take_in(world.tap(0, address=FLORIDA))

    [row] = store.query("select * from clicks")
    assert not {value for value in row if value in (25.7, -80.2)}


def test_without_a_file_place_is_unknown() -> None:
    world = make_world(1)
    take_in(world.tap(0, address=FLORIDA))

    assert shares(reports.by_country, world) == {"": (1, 1)}


def test_a_broken_file_leaves_place_unknown_and_ingest_goes_on_until_it_is_mended(
    place_path: Path,
) -> None:
    world = make_world(3)
    whole = place_path.read_bytes()
    take_in(world.tap(0, address=FLORIDA))
    place_path.write_bytes(b"no such file")
    take_in(world.tap(1, address=FLORIDA))
    (place_path.parent / "new").write_bytes(whole)
    (place_path.parent / "new").replace(place_path)
    take_in(world.tap(2, address=FLORIDA))

    assert shares(reports.by_city, world) == {"Miami, Florida, US": (2, 2), "": (1, 1)}


def test_erasing_a_person_takes_city_and_network_and_leaves_the_region(place_path: Path) -> None:
    world = make_world(2)
    take_in(world.tap(0, address=FLORIDA), world.tap(1, address=FLORIDA))
    erased = world.messages[0]
    assert erased.contact_id is not None

    rewrite.erase_people([erased.contact_id], [])

    assert shares(reports.by_region, world) == {"Florida, US": (2, 2)}
    assert shares(reports.by_city, world) == {"Miami, Florida, US": (1, 1), "": (1, 1)}
    assert shares(reports.by_network, world) == {"Example Mobile": (1, 1), "": (1, 1)}


def take_in_as_an_older_version(
    monkeypatch: pytest.MonkeyPatch, world: World, *positions: int
) -> None:
    """Write a file as it was before places came."""
    names = [column.name for column in columns.COLUMNS if column.since == 1]
    with monkeypatch.context() as older:
        older.setattr(parquet, "NAMES", names)
        older.setattr("tapline.clicks.listing.COLUMNS_VERSION", 1)
        take_in(*(world.tap(position) for position in positions))


def test_files_from_before_places_were_kept_are_read_beside_new_ones(
    monkeypatch: pytest.MonkeyPatch, place_path: Path
) -> None:
    world = make_world(3)
    take_in_as_an_older_version(monkeypatch, world, 0)
    assert shares(reports.by_country, world) == {"": (1, 1)}, "of old files alone"

    take_in(world.tap(1, address=FLORIDA), world.tap(2, address=GEORGIA))

    assert shares(reports.by_country, world) == {"US": (2, 2), "": (1, 1)}
    assert sorted(ClickFile.objects.values_list("columns_version", flat=True)) == [
        1,
        columns.COLUMNS_VERSION,
    ]


def test_merging_and_rewriting_bring_old_files_up_to_date(
    monkeypatch: pytest.MonkeyPatch, place_path: Path
) -> None:
    world = make_world(FILES_PER_MERGE + 1)
    for position in range(FILES_PER_MERGE - 1):
        take_in_as_an_older_version(monkeypatch, world, position)
    take_in(world.tap(FILES_PER_MERGE - 1, address=FLORIDA))
    assert merge_once()
    take_in_as_an_older_version(monkeypatch, world, FILES_PER_MERGE)
    rewrite.forget_people_before(NOON + dt.timedelta(days=1))

    assert {file.columns_version for file in read_list()} == {columns.COLUMNS_VERSION}
    assert shares(reports.by_country, world) == {
        "": (FILES_PER_MERGE, FILES_PER_MERGE),
        "US": (1, 1),
    }


@pytest.fixture
def network_lists() -> Iterator[Path]:
    """A list that says what kind of network some addresses lie in."""
    path = networks_path(config.current())
    hosting = RangeList(
        "cloud", "hosting", "https://a.example.com/", "2026-11-20", ["198.51.2.0/24"]
    )
    keep_lists([hosting], path)
    yield path
    path.unlink(missing_ok=True)


def kinds(world: World) -> list[tuple[str, str, str]]:
    sql = "select network_kind, network_source, verdict from clicks order by sequence"
    rows: list[tuple[str, str, str]] = store.query(sql)
    return rows


def test_a_click_keeps_the_kind_of_its_network_and_stays_a_persons(network_lists: Path) -> None:
    world = make_world(2)
    take_in(world.tap(0, address=FLORIDA), world.tap(1, address=GEORGIA))

    assert kinds(world) == [("", "", "human"), ("hosting", "cloud 2026-11-20", "human")]


def test_judging_again_goes_by_the_kind_that_was_stored(
    network_lists: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(2)
    take_in(world.tap(0, address=FLORIDA), world.tap(1, address=GEORGIA))
    network_lists.unlink()
    seen = []

    def judge_and_look(evidence: Evidence) -> Judgement:
        seen.append((evidence.network_kind, evidence.network_source))
        return judge(evidence)

    monkeypatch.setattr(judging, "judge", judge_and_look)
    assert second_look.rejudge() == 0

    assert sorted(set(seen)) == [("", ""), ("hosting", "cloud 2026-11-20")]
    assert kinds(world) == [("", "", "human"), ("hosting", "cloud 2026-11-20", "human")]
