"""Addresses have the kind of network that published lists say, and the list is named with it."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import random
from pathlib import Path

import pytest
from click.testing import CliRunner

from tapline import config
from tapline.config import BadSetting
from tapline.errors import TaplineError
from tapline.geo import network_fetching
from tapline.geo.addresses import pack_address
from tapline.geo.commands_networks import networks
from tapline.geo.network_fetching import ListSource, fetch_lists, list_sources
from tapline.geo.network_lists import (
    BadNetworkList,
    NetworkBook,
    keep_lists,
    networks_path,
    read_lists,
    read_published,
)
from tapline.geo.ranges import HOSTING, KINDS, NO_KIND, PREVIEW, RELAY, RangeList, RangeTable
from tests.geo.downloads import serving

TODAY = dt.date(2026, 11, 29)
CLOUD = RangeList("cloud", HOSTING, "https://a.example.com/", "2026-11-20", ["198.51.0.0/16"])
FETCHERS = RangeList("fetchers", PREVIEW, "", "2026-11-21", ["198.51.100.0/24", "2001:db8::/32"])


def kind_of(table: RangeTable, address: str) -> str:
    packed = pack_address(address)
    assert packed is not None
    return table.find(packed).kind


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("198.50.255.255", ""),
        ("198.51.0.0", HOSTING),
        ("198.51.99.255", HOSTING),
        ("198.51.100.0", PREVIEW),
        ("198.51.100.255", PREVIEW),
        ("198.51.101.0", HOSTING),
        ("198.51.255.255", HOSTING),
        ("198.52.0.0", ""),
        ("0.0.0.1", ""),
        ("255.255.255.255", ""),
        ("2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", ""),
        ("2001:db8::", PREVIEW),
        ("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", PREVIEW),
        ("2001:db9::", ""),
    ],
)
def test_the_smallest_range_around_an_address_counts(address: str, kind: str) -> None:
    assert kind_of(RangeTable([CLOUD, FETCHERS]), address) == kind
    assert kind_of(RangeTable([FETCHERS, CLOUD]), address) == kind


def test_of_equal_ranges_the_kind_that_says_more_counts() -> None:
    same = [RangeList(kind, kind, "", "2026-11-20", ["198.51.0.0/16"]) for kind in KINDS]
    for lists in (same, same[::-1]):
        assert kind_of(RangeTable(lists), "198.51.7.7") == PREVIEW
    assert kind_of(RangeTable(same[:2]), "198.51.7.7") == RELAY


def test_many_nested_ranges_say_what_looking_at_each_would() -> None:
    rng = random.Random(4)
    lists = [RangeList(kind, kind, "", "2026-11-20", []) for kind in KINDS]
    for each in lists:
        for _ in range(60):
            prefix = rng.randrange(18, 33)
            network = ipaddress.ip_network(f"198.51.{rng.randrange(8)}.0/{prefix}", strict=False)
            each.ranges.append(str(network))
    table = RangeTable(lists)

    for _ in range(3000):
        address = ipaddress.ip_address(f"198.51.{rng.randrange(9)}.{rng.randrange(256)}")
        around = [
            (ipaddress.ip_network(text).prefixlen, KINDS.index(each.kind), each.kind)
            for each in lists
            for text in each.ranges
            if address in ipaddress.ip_network(text)
        ]
        assert kind_of(table, str(address)) == (max(around)[2] if around else "")


@pytest.mark.parametrize(
    ("content", "ranges", "date"),
    [
        (
            json.dumps(
                {
                    "creationTime": "2026-11-12T15:46:38.000000",
                    "prefixes": [
                        {"ipv4Prefix": "198.51.100.0/28"},
                        {"ipv6Prefix": "2001:db8::/32"},
                    ],
                }
            ),
            ["198.51.100.0/28", "2001:db8::/32"],
            "2026-11-12",
        ),
        (
            json.dumps(
                {
                    "syncToken": "1790000000",
                    "createDate": "2026-11-13-01-02-03",
                    "prefixes": [{"ip_prefix": "198.51.0.0/16", "service": "EC2", "region": "a/b"}],
                    "ipv6_prefixes": [{"ipv6_prefix": "2001:db8::/40"}],
                }
            ),
            ["198.51.0.0/16", "2001:db8::/40"],
            "2026-11-13",
        ),
        (
            "# relay\n198.51.100.0/27,GB,GB-EN,London,\n\n2001:db8::/45,US\n198.51.100.0/27,GB\n",
            ["198.51.100.0/27", "2001:db8::/45"],
            "2026-11-29",
        ),
    ],
    ids=["Google's", "Amazon's", "text"],
)
def test_lists_are_read_as_their_publishers_write_them(
    content: str, ranges: list[str], date: str
) -> None:
    read = read_published(content.encode(), "list", HOSTING, "https://a.example.com/", TODAY)

    assert (read.ranges, read.date) == (ranges, date)
    assert read.told.source == f"list {date}"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<!doctype html><p>Not here / gone",
        b'{"Action needed": "update the location you are fetching from to https://example.com/moved"}',
        b'{"prefixes": []}',
        b"[1, 2, null]",
        b"0.0.0.0/0\n::/0\n",
        b"\xff\xfe\x00",
    ],
)
def test_a_list_that_names_no_network_is_refused(content: bytes) -> None:
    with pytest.raises(BadNetworkList, match="names no network"):
        read_published(content, "list", HOSTING, "https://a.example.com/", TODAY)


def test_lists_that_change_are_noticed_without_a_restart(tmp_path: Path) -> None:
    fetched, own = tmp_path / "networks.json", tmp_path / "own.json"
    book = NetworkBook(fetched, own)
    seen = []
    for lists, path in (([CLOUD], fetched), ([FETCHERS], own)):
        keep_lists(lists, path)
        book.refresh()
        seen.append(book.find("198.51.100.7"))
    own.unlink()
    book.refresh()
    seen.append(book.find("198.51.100.7"))

    assert [(each.kind, each.source) for each in seen] == [
        (HOSTING, "cloud 2026-11-20"),
        (PREVIEW, "fetchers 2026-11-21"),
        (HOSTING, "cloud 2026-11-20"),
    ]
    assert book.find("nonsense") == book.find("") == NO_KIND


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("no JSON", "malformed"),
        ('{"lists": [{"name": "\udcff"}]}', "codec can't decode"),
        ("{}", "lists"),
        ('{"lists": [{"name": "a"}]}', "missing"),
        (
            '{"lists": [{"name": "a", "kind": "bad", "source": "", "date": "", "ranges": []}]}',
            "is none of hosting, relay, preview",
        ),
        (
            (
                '{"lists": [{"name": "a", "kind": "relay", "source": "", "date": "",'
                ' "ranges": ["x/8"]}]}'
            ),
            "is no range",
        ),
        (
            (
                '{"lists": [{"name": "a", "kind": "relay", "source": "", "date": "",'
                ' "ranges": ["0.0.0.0/0"]}]}'
            ),
            "far too large",
        ),
    ],
)
def test_a_broken_file_is_told_and_counts_as_empty(tmp_path: Path, content: str, why: str) -> None:
    keep_lists([CLOUD], tmp_path / "networks.json")
    (tmp_path / "own.json").write_text(content, errors="surrogateescape")
    book = NetworkBook(tmp_path / "networks.json", tmp_path / "own.json")
    book.refresh()

    assert why in book.problems[0]
    assert book.find("198.51.100.7").kind == HOSTING
    with pytest.raises(BadNetworkList):
        read_lists(tmp_path / "own.json")


def test_the_operator_names_lists_of_their_own() -> None:
    named = "hosting https://a.example.com/lists/big.txt, relay https://b.example.com/egress.csv"
    settings = config.load({"TAPLINE_NETWORKS_ADDRESSES": named})

    assert list_sources(settings) == [
        ListSource("a.example.com/big", HOSTING, "https://a.example.com/lists/big.txt"),
        ListSource("b.example.com/egress", RELAY, "https://b.example.com/egress.csv"),
    ]
    assert list_sources(config.load({})) == network_fetching.SOURCES


@pytest.mark.parametrize("named", ["https://a.example.com/", "machines https://a.example.com/"])
def test_a_list_without_a_known_kind_is_refused(named: str) -> None:
    with pytest.raises(BadSetting, match="hosting, relay, preview"):
        list_sources(config.load({"TAPLINE_NETWORKS_ADDRESSES": named}))


def test_fetching_takes_all_lists_or_none() -> None:
    settings = config.load({"TAPLINE_OUTBOUND_LOCAL": "on"})
    with serving() as served:
        served.bodies["/a.txt"] = b"198.51.100.0/24\n"
        served.bodies["/b.json"] = b'{"moved": true}'
        a = ListSource("a", HOSTING, f"{served.url}/a.txt")
        b = ListSource("b", PREVIEW, f"{served.url}/b.json")

        assert fetch_lists([a], settings, TODAY) == [
            RangeList("a", HOSTING, a.address, "2026-11-29", ["198.51.100.0/24"])
        ]
        with pytest.raises(TaplineError, match="names no network"):
            fetch_lists([a, b], settings, TODAY)


def test_the_command_lists_and_finds() -> None:
    path = networks_path(config.current())
    keep_lists([CLOUD], path)
    try:
        listed = CliRunner().invoke(networks, ["list"])
        found = CliRunner().invoke(networks, ["find", "198.51.3.4"])
    finally:
        path.unlink()

    assert "cloud (hosting, 2026-11-20): https://a.example.com/" in listed.output
    assert "hosting (cloud 2026-11-20)" in found.output
