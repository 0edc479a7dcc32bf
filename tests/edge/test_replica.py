"""The replica copies changes and nothing else, grows, and is made anew where it cannot be read."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from tapline.edge.lookup import KnownDomain, Lookup
from tapline.edge.replica import Replica
from tapline.edge.source import ControlDatabaseAway, Source
from tapline.instance.keys import Purpose, derive, load_or_create_master_key
from tests.edge.conftest import HOST
from tests.edge.control import ControlDatabase, make_control_database


@pytest.fixture
def control(tmp_path: Path) -> ControlDatabase:
    return make_control_database(tmp_path / "data")


def fill(control: ControlDatabase, replica_dir: Path) -> None:
    """Copy everything, and close: one process may open an LMDB folder only once."""
    replica, source = Replica(replica_dir), Source(control.path)
    replica.refresh(source)
    source.close()
    replica.close()


def lookup_of(control: ControlDatabase, replica_dir: Path) -> Lookup:
    master = load_or_create_master_key(control.data_dir / "master.key")
    return Lookup(replica_dir, derive(master, Purpose.CODES), lambda _: None)


def known(lookup: Lookup) -> KnownDomain:
    domain = lookup.domain(HOST.encode())
    assert domain is not None
    return domain


def links_of(lookup: Lookup, codes: list[str]) -> list[int | None]:
    found = lookup.codes(known(lookup), codes)
    return [item.link.id if item and item.link else None for item in found]


def test_a_refresh_without_news_changes_nothing(control: ControlDatabase, tmp_path: Path) -> None:
    control.domain(HOST)
    replica, source = Replica(tmp_path / "replica"), Source(control.path)

    assert replica.refresh(source)
    assert not replica.refresh(source)
    source.close()
    replica.close()


def test_every_serial_of_many_ranges_leads_where_it_was_handed_out(
    control: ControlDatabase, tmp_path: Path
) -> None:
    domain, chance, first = control.domain(HOST), random.Random(1), 0
    expected: dict[int, int] = {}
    for _ in range(40):
        link = control.link(domain, "https://example.com/")
        count = chance.choice([1, 1, 2, 50])
        control.hand_out(domain, link, first, count)
        expected |= dict.fromkeys(range(first, first + count), link)
        first += count + chance.choice([0, 0, 3])
    fill(control, tmp_path / "replica")
    lookup = lookup_of(control, tmp_path / "replica")
    serials = list(range(first + 5)) * 2
    chance.shuffle(serials)

    for batch in (serials[:5], serials):
        codes = [control.code(domain, serial) for serial in batch]
        assert links_of(lookup, codes) == [expected.get(serial) for serial in batch]
    lookup.close()


ERASE = "update links_link set destination = '', change = ? where id = {link}"

READER = """
import sys
from pathlib import Path
from tapline.edge.lookup import Lookup

lookup = Lookup(Path(sys.argv[1]), b"k" * 32, lambda _: None)
for host in sys.stdin:
    domain = lookup.domain(host.strip().encode())
    print(domain and domain.row.host, flush=True)
    lookup.end_turn()
"""


def test_a_map_that_is_too_small_grows_under_its_readers(
    control: ControlDatabase, tmp_path: Path
) -> None:
    control.domain(HOST)
    replica, source = Replica(tmp_path / "replica", map_bytes=200_000), Source(control.path)
    replica.refresh(source)
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(tmp_path / "replica")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as reader:
        assert reader.stdin is not None
        assert reader.stdout is not None

        def ask(host: str) -> str:
            assert reader.stdin is not None
            assert reader.stdout is not None
            reader.stdin.write(f"{host}\n")
            reader.stdin.flush()
            return reader.stdout.readline().strip()

        before = ask(HOST)
        domain = control.domain("later.example.com")
        for _ in range(300):
            control.link(domain, "https://example.com/" + "x" * 1900)
        replica.refresh(source)
        after = ask("later.example.com")
        reader.stdin.close()

    assert (before, after) == (HOST, "later.example.com")
    source.close()
    replica.close()


def test_a_replica_that_cannot_be_read_is_made_anew(
    control: ControlDatabase, tmp_path: Path
) -> None:
    control.domain(HOST)
    (tmp_path / "replica").mkdir()
    (tmp_path / "replica" / "data.mdb").write_bytes(b"\x07" * 50_000)

    fill(control, tmp_path / "replica")

    lookup = lookup_of(control, tmp_path / "replica")
    assert known(lookup).row.host == HOST
    lookup.close()


@pytest.mark.parametrize("content", [None, b"", b"no database at all" * 500])
def test_a_control_database_that_is_none_is_away(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "control.sqlite3"
    if content is not None:
        path.write_bytes(content)
    replica = Replica(tmp_path / "replica")

    with pytest.raises(ControlDatabaseAway, match="tries again"):
        replica.refresh(Source(path))

    assert replica.change() == 0
    replica.close()


@pytest.mark.parametrize("others_after", [0, 40, 500])
def test_an_erased_destination_is_overwritten_in_the_file(
    control: ControlDatabase, tmp_path: Path, others_after: int
) -> None:
    domain = control.domain(HOST)
    others = ["https://example.com/for/somebody/else"] * 300
    for destination in others:
        control.link(domain, destination)
    anna = control.link(domain, "https://example.com/for/Anna/with/love")
    for destination in others[:others_after]:
        control.link(domain, destination)
    replica, source = Replica(tmp_path / "replica"), Source(control.path)
    replica.refresh(source)
    control.change(ERASE.format(link=anna))

    replica.refresh(source)
    was_there = b"or/Anna" in (tmp_path / "replica" / "data.mdb").read_bytes()
    while replica.scrub():
        pass

    assert was_there, "this test would prove nothing"
    assert b"or/Anna" not in (tmp_path / "replica" / "data.mdb").read_bytes()
    assert not replica.refresh(source)
    source.close()
    replica.close()


def test_overwriting_goes_on_after_the_edge_was_stopped_half_way(
    control: ControlDatabase, tmp_path: Path
) -> None:
    domain = control.domain(HOST)
    for _ in range(300):
        control.link(domain, "https://example.com/for/somebody/else")
    anna = control.link(domain, "https://example.com/for/Anna/with/love")
    replica, source = Replica(tmp_path / "replica"), Source(control.path)
    replica.refresh(source)
    control.change(ERASE.format(link=anna))
    replica.refresh(source)
    replica.close()
    assert b"or/Anna" in (tmp_path / "replica" / "data.mdb").read_bytes()

    replica = Replica(tmp_path / "replica")
    while replica.scrub():
        pass

    assert b"or/Anna" not in (tmp_path / "replica" / "data.mdb").read_bytes()
    replica.close()
    again = Replica(tmp_path / "replica")
    assert not again.scrub(), "there is nothing left to do"
    again.close()
    source.close()
