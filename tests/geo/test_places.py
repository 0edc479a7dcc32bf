"""Addresses have the places that the operator's files say, whatever state the files are in."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from tapline.geo.book import PlaceBook
from tapline.geo.records import NOWHERE, Place, read_network_name, read_spot
from tests.geo.mmdb import write_mmdb

FLORIDA = {
    "continent": {"code": "NA", "names": {"en": "North America"}},
    "country": {"iso_code": "US", "names": {"de": "USA", "en": "United States"}},
    "subdivisions": [{"iso_code": "FL", "names": {"en": "Florida"}}],
    "city": {"names": {"en": "Miami"}},
    "location": {"latitude": 26, "longitude": 80, "time_zone": "America/New_York"},
}
MIAMI = Place("US", "Florida, US", "Miami, Florida, US")
RANGES: dict[str, dict[str, Any]] = {
    "198.51.0.0/16": FLORIDA,
    "198.51.100.0/24": {"country": {"iso_code": "MC"}, "city": {"names": {"en": "Monaco"}}},
    "2001:db8::/32": {"country": {"iso_code": "FR"}},
}
MOBILE = {"autonomous_system_number": 64500, "autonomous_system_organization": "Example Mobile"}


def make_book(tmp_path: Path) -> PlaceBook:
    book = PlaceBook(
        write_mmdb(tmp_path / "place.mmdb", RANGES),
        write_mmdb(tmp_path / "network.mmdb", {"198.51.0.0/17": MOBILE}),
    )
    book.refresh()
    return book


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("198.51.3.4", MIAMI._replace(network_name="Example Mobile")),
        ("198.51.3.5", MIAMI._replace(network_name="Example Mobile")),
        ("198.51.200.1", MIAMI),
        ("198.51.100.9", Place("MC", "", "Monaco, MC", "Example Mobile")),
        ("::ffff:198.51.200.1", MIAMI),
        ("2001:db8::7", Place("FR")),
        ("192.0.2.1", NOWHERE),
        ("2001:db9::1", NOWHERE),
        ("", NOWHERE),
        ("no address", NOWHERE),
        ("\0", NOWHERE),
    ],
)
def test_an_address_is_where_the_longest_network_around_it_is(
    tmp_path: Path, address: str, place: Place
) -> None:
    book = make_book(tmp_path)

    assert book.find(address) == place
    assert book.find(address) == place, "remembered"
    assert book.coverage().problems == ()


def test_every_address_of_a_network_is_asked_for_by_itself(tmp_path: Path) -> None:
    book = make_book(tmp_path)
    addresses = [f"198.51.{third}.{fourth}" for third in range(256) for fourth in (0, 128, 255)]

    found = {address: book.find(address).city for address in addresses}

    inside = {address for address, city in found.items() if city == "Monaco, MC"}
    assert inside == {f"198.51.100.{fourth}" for fourth in (0, 128, 255)}
    assert set(found.values()) == {"Monaco, MC", MIAMI.city}


@pytest.mark.parametrize(
    ("record", "place"),
    [
        (
            {"country": "United States", "country_code": "us", "region": "Ohio", "city": "Dayton"},
            Place("US", "Ohio, US", "Dayton, Ohio, US"),
        ),
        ({"country": "FR", "city": "  Lyon \n"}, Place("FR", "", "Lyon, FR")),
        ({"city": {"names": {"fr": "Genève"}}}, Place("", "", "Genève")),
        ({"traits": {"isp": "Example Cable"}}, Place(network_name="Example Cable")),
        ({"country": {"iso_code": 7}, "subdivisions": "no list", "city": ["no text"]}, NOWHERE),
        ({"country": {"iso_code": "USA"}, "city": {"names": []}}, NOWHERE),
        ({"city": "x" * 500}, Place(city="x" * 80)),
    ],
)
def test_other_shapes_of_records_are_read_and_odd_ones_are_no_place(
    record: dict[str, Any], place: Place
) -> None:
    assert read_spot(record) == place


@pytest.mark.parametrize(
    ("record", "name"),
    [
        (MOBILE, "Example Mobile"),
        ({"asn": "AS64500", "as_name": "Example Cable"}, "Example Cable"),
        ({"autonomous_system_number": 64500}, "AS64500"),
        ({}, ""),
    ],
)
def test_a_network_is_called_by_who_runs_it(record: dict[str, Any], name: str) -> None:
    assert read_network_name(record) == name


def test_without_files_place_is_unknown_and_that_is_no_fault(tmp_path: Path) -> None:
    book = PlaceBook(tmp_path / "place.mmdb", tmp_path / "network.mmdb")
    book.refresh()

    assert book.find("198.51.3.4") == NOWHERE
    assert not book.coverage().knows_places
    assert book.coverage().problems == ()


def test_a_file_that_comes_changes_or_goes_is_noticed_without_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "place.mmdb"
    book = PlaceBook(path, tmp_path / "network.mmdb")
    seen = []
    for country in ("FR", "DE", ""):
        if country:
            there: dict[str, dict[str, Any]] = {"198.51.0.0/16": {"country": {"iso_code": country}}}
            write_mmdb(tmp_path / "new.mmdb", there).replace(path)
        else:
            path.unlink()
        book.refresh()
        seen.append(book.find("198.51.3.4").country)

    assert seen == ["FR", "DE", ""]


@pytest.mark.parametrize(
    "broken", [b"", b"no such file at all" * 100, b"\0" * 5000], ids=["empty", "text", "zeros"]
)
def test_a_file_that_cannot_be_read_is_told_once_and_no_place_is_known(
    tmp_path: Path, broken: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    book = make_book(tmp_path)
    (tmp_path / "new").write_bytes(broken)
    (tmp_path / "new").replace(tmp_path / "place.mmdb")

    with caplog.at_level(logging.ERROR, "tapline.geo.book"):
        for _ in range(3):
            book.refresh()
            found = book.find("198.51.3.4")

    assert found == Place(network_name="Example Mobile")
    [problem] = book.coverage().problems
    assert str(tmp_path / "place.mmdb") in problem
    assert len(caplog.records) == 1


def test_a_file_broken_inside_leaves_places_unknown_and_raises_nothing(tmp_path: Path) -> None:
    whole = write_mmdb(tmp_path / "whole.mmdb", RANGES).read_bytes()
    path = tmp_path / "place.mmdb"
    for at in range(0, len(whole) - 200, 7):
        (tmp_path / "new").write_bytes(whole[:at] + b"\xff" * 30 + whole[at + 30 :])
        (tmp_path / "new").replace(path)
        book = PlaceBook(path, tmp_path / "network.mmdb")
        book.refresh()
        for address in ("198.51.3.4", "198.51.100.9", "2001:db8::7", "8.8.8.8"):
            assert isinstance(book.find(address), Place)
