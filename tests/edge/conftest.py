"""One real edge for most tests, on a data folder of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from tapline.clicklog.reader import list_segments, read_batch
from tapline.clicklog.record import Record, decode_line
from tests.edge.control import ControlDatabase, RunningEdge, eventually, make_control_database

HOST = "go.example.com"
FALLBACK = "https://example.com/"
DESTINATION = "https://example.com/menu"


@dataclass(slots=True)
class World:
    """A control database with one domain and link, and an edge that serves it."""

    control: ControlDatabase
    edge: RunningEdge
    domain: int
    link: int

    def code(self, serial: int) -> str:
        return self.control.code(self.domain, serial)

    def records(self, path: str) -> list[Record]:
        """Return what the click log holds of one path."""
        segments = list_segments(self.control.data_dir / "clicklog")
        batches = [read_batch(segment, 0, 1 << 26) for segment in segments]
        assert not [bad for batch in batches for bad in batch.bad]
        lines = [item for batch in batches for _, item in batch.lines if item.path == path]
        return [decode_line(msgspec.json.encode(line)) for line in lines]

    def wait_for_replica(self) -> None:
        """Wait until every change so far is in the replica."""
        [(value,)] = self.control.connection.execute("select value from links_changecounter")
        eventually(lambda: self.edge.health()["replica"]["change"] == value, "the replica follows")


def make_world(data_dir: Path, **settings: str) -> World:
    control = make_control_database(data_dir)
    domain = control.domain(HOST, fallback=FALLBACK)
    link = control.link(domain, DESTINATION)
    control.hand_out(domain, link, 0, 10_000)
    world = World(control, RunningEdge(data_dir, settings), domain, link)
    world.edge.start()
    world.wait_for_replica()
    return world


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The edge that most tests share. Each test uses serials and hosts of its own."""
    made = make_world(tmp_path_factory.mktemp("edge"), TAPLINE_EDGE_REQUEST_SECONDS="2")
    yield made
    assert made.edge.stop() == 0
