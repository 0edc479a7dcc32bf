"""What strangers send, from the edge's socket through click log and ingest to the report.

A real edge serves a copy of the tests' database and writes the click log that ingest reads.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import connection

from tapline import config
from tapline.clicks import reports, store
from tapline.clicks.ingest import ingest_once
from tapline.clicks.second_look import look_again
from tapline.geo import network_lists
from tapline.geo.files import NETWORK_FILE, PLACE_FILE, path_of
from tapline.geo.network_lists import keep_lists, networks_path
from tapline.geo.ranges import PREVIEW, RangeList
from tapline.instance.keys import load_or_create_master_key
from tapline.links.codebook import load_codebook
from tests.clicks.world import IPHONE, PIXEL, World, elsewhere, make_world
from tests.edge.control import RunningEdge
from tests.geo.mmdb import write_mmdb

pytestmark = pytest.mark.django_db(transaction=True)

HERE, FORGED = "127.0.0.0/24", "198.51.100.66"
PAGE_LINES = (b"Accept: text/html,application/xhtml+xml", b"Accept-Language: en-US")


@dataclass(slots=True)
class Street:
    """A world with a real edge in front of it."""

    world: World
    edge: RunningEdge
    codes: list[str]

    def tap(self, position: int, agent: bytes, *lines: bytes) -> bytes:
        """Open one recipient's link with these header lines; return the answer."""
        head = (
            f"GET /{self.codes[position]} HTTP/1.1\r\nHost: {self.world.domain.host}\r\n".encode()
            + b"User-Agent: "
            + b"\r\n".join((agent, *PAGE_LINES, *lines))
        )
        return self.edge.talk(head + b"\r\n\r\n")

    def phone_taps(self, position: int) -> bytes:
        """Let somebody tap with an ordinary phone."""
        return self.tap(position, IPHONE.encode())

    def take_in(self) -> None:
        """Take in what the edge has written, and look again, as the worker does."""
        while ingest_once():
            pass
        look_again()

    def stored(self, columns: str) -> list[tuple[object, ...]]:
        """Return what is stored of each click, by recipient."""
        return store.query(f"select {columns} from clicks order by message, clicked_at")


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    world = elsewhere(make_world(10))
    folder = tmp_path / "edge"
    _serve_the_same(folder)
    edge = RunningEdge(folder).start()
    try:
        codes = load_codebook([world.link.pk]).codes(world.link.pk, range(10))
        _wait_until_served(edge, world)
        yield Street(world, edge, codes)
    finally:
        assert edge.stop() == 0


def _serve_the_same(folder: Path) -> None:
    """Make a data folder for an edge: the same links, the same keys, the same click log."""
    folder.mkdir()
    with connection.cursor() as cursor:
        cursor.execute("vacuum into %s", [str(folder / "control.sqlite3")])
    settings = config.current()
    load_or_create_master_key(settings.master_key_path)
    shutil.copy(settings.master_key_path, folder / "master.key")
    settings.click_log_dir.mkdir(mode=0o700)
    (folder / "clicklog").symlink_to(settings.click_log_dir)


def _wait_until_served(edge: RunningEdge, world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select value from links_changecounter")
        (change,) = cursor.fetchone()
    deadline = time.monotonic() + 20
    while edge.health()["replica"]["change"] != change:
        assert time.monotonic() < deadline, "the replica never followed"
        time.sleep(0.02)


@pytest.fixture
def geo_files() -> Iterator[tuple[Path, Path]]:
    """Where files about addresses lie: of places, and of kinds of networks."""
    settings = config.current()
    paths = path_of(PLACE_FILE, settings), networks_path(settings)
    paths[0].parent.mkdir(parents=True, exist_ok=True)
    yield paths
    for path in (*paths, path_of(NETWORK_FILE, settings)):
        path.unlink(missing_ok=True)


def test_an_agent_of_10_kb_is_cut_and_the_tap_counts_as_what_it_is(street: Street) -> None:
    long_name = PIXEL.encode() + b" " + b"Shop/1.0 " * 1_100
    assert len(long_name) > 10_000

    assert street.tap(0, long_name).startswith(b"HTTP/1.1 302 ")
    street.tap(1, b"A" * 10_000)
    street.phone_taps(2)
    street.take_in()

    assert street.stored("length(agent) <= 512, verdict") == [
        (True, "human"),
        (True, "unknown"),  # in no browser's form, and no machine's that is known
        (True, "human"),
    ]
    summary = reports.summarise(*street.world.of)
    assert (summary.human_clickers, summary.unknown, summary.unknown_only_messages) == (2, 1, 1)


def test_an_agent_that_is_no_utf_8_is_kept_readable_and_stops_nothing(street: Street) -> None:
    assert street.tap(0, b"\xff\xfe\xc3(\x80 curl/8.1").startswith(b"HTTP/1.1 302 ")
    street.tap(1, IPHONE.encode() + b" Caf\xe9/1.0")
    street.tap(2, b"\x80" * 2_000)
    street.tap(3, IPHONE.encode(), b"Referer: https://www.example.com/\xed\xa0\x80")
    street.take_in()

    (tool, cafe, bytes_alone, referred) = street.stored("agent, verdict, human")  # none set aside
    assert "\\xff\\xfe" in str(tool[0])
    assert "Caf\\xe9" in str(cafe[0])
    assert [tool[2], cafe[2], bytes_alone[2], referred[2]] == [0, 1, 0, 1]
    assert reports.summarise(*street.world.of).human_clickers == 2


# What strangers write to seem somebody else, and each is asked by a machine that is nobody's proxy.
FORGERIES: tuple[tuple[bytes, ...], ...] = (
    (f"X-Forwarded-For: {FORGED}".encode(),),
    (f"X-Forwarded-For: {FORGED}, {FORGED}".encode(), b"X-Forwarded-For: ::1"),
    (f"Forwarded: for={FORGED};proto=https;by=203.0.113.43".encode(),),
    (f"X-Real-IP: {FORGED}".encode(), f"True-Client-IP: {FORGED}".encode()),
    (f"CF-Connecting-IP: {FORGED}".encode(), f"Via: 1.1 {FORGED}".encode()),
)


def test_a_header_that_no_configured_proxy_wrote_moves_nobody(
    street: Street, geo_files: tuple[Path, Path]
) -> None:
    places, networks = geo_files
    there = {"198.51.100.0/24": "US", "127.0.0.0/8": "FR"}
    write_mmdb(places, {range_: {"country": {"iso_code": of}} for range_, of in there.items()})
    keep_lists([RangeList("fetchers", PREVIEW, "", "2026-11-21", ["198.51.100.0/24"])], networks)

    for position, lines in enumerate(FORGERIES):
        assert street.tap(position, IPHONE.encode(), *lines).startswith(b"HTTP/1.1 302 ")
    street.take_in()

    assert street.stored("network, country, verdict") == [(HERE, "FR", "human")] * len(FORGERIES)
    [share] = reports.by_country(*street.world.of)
    assert (share.value, share.people) == ("FR", len(FORGERIES))


CONTRADICTIONS: tuple[tuple[str, tuple[bytes, ...], str], ...] = (
    (IPHONE, (b'Sec-CH-UA: "Chromium";v="126"',), "hints_of_another_engine"),
    (IPHONE, (b'Sec-CH-UA-Platform: "Android"',), "two_platforms"),
    (PIXEL, (b"Sec-Fetch-Mode: cors", b"Sec-Fetch-Dest: empty"), "fetched_by_script"),
    (IPHONE, (b"Sec-Purpose: prefetch", b"Purpose: preview"), "sec_purpose"),
)


def test_headers_that_contradict_the_agent_are_a_machines_in_the_report(street: Street) -> None:
    for position, (agent, lines, _) in enumerate(CONTRADICTIONS):
        street.tap(position, agent.encode(), *lines)
    street.phone_taps(len(CONTRADICTIONS))
    street.take_in()

    assert street.stored("human, reasons") == [
        *((0, reason) for _, _, reason in CONTRADICTIONS),
        (1, ""),
    ]
    summary = reports.summarise(*street.world.of)
    assert (summary.human_clickers, summary.scanner, summary.prefetch) == (1, 3, 1)


def test_a_corrupt_geo_file_is_told_and_leaves_place_unknown(
    street: Street, geo_files: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    corrupt = (b"no such file", b"\xab\xcd\xefMaxMind.com", b"\0" * 4_096, b"\x80\xff" * 2_048)

    for position, content in enumerate(corrupt):
        caplog.clear()
        geo_files[0].write_bytes(content)
        street.phone_taps(position)
        street.take_in()
        [told] = errors(caplog)
        assert told.startswith(f"{geo_files[0]} cannot be read: ")
        assert told.endswith("where taps came from is unknown")

    [share] = reports.by_country(*street.world.of)
    assert (share.value, share.people) == ("", len(corrupt))


def test_a_corrupt_or_oversized_networks_file_is_told_and_counts_as_empty(
    street: Street,
    geo_files: tuple[Path, Path],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(network_lists, "LARGEST_BYTES", 5_000)
    corrupt = {
        b'{"lists": [': "holds no lists of networks. Input data was truncated",
        b'{"lists": [{"name": "\xff\xfe"}]}': "holds no lists of networks. 'utf-8' codec",
        b"\0" * 4_096: "holds no lists of networks. JSON is malformed",
        b'{"lists": []}' + b" " * 5_000: "is too large. It has 5,013 bytes",
    }

    for position, (content, told) in enumerate(corrupt.items()):
        caplog.clear()
        geo_files[1].write_bytes(content)
        street.phone_taps(position)
        street.take_in()
        [said] = errors(caplog)
        assert told in said

    assert reports.summarise(*street.world.of).human_clickers == len(corrupt)
    assert street.stored("network_kind") == [("",)] * len(corrupt)


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was logged as an error."""
    return [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR]
