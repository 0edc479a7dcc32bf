"""Reports as files: whole, in bounded memory, harmless in a spreadsheet."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from django.db.models import F
from django.urls import reverse

from tapline.broadcasts import audience_shares, exporting
from tapline.broadcasts.models import Broadcast, Message
from tapline.cells import harmless
from tapline.contacts.models import Contact, Tag
from tapline.web.streaming import FileStream
from tapline.workspaces.audit import history
from tapline.workspaces.models import Role
from tests.clicks.world import PIXEL, WHATSAPP, World, make_world, take_in
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """A broadcast to five, of whom two tapped, one failed, one is only counted."""
    world = make_world(recipients=5)
    Message.objects.filter(broadcast=world.broadcast, position__lt=3).update(cost="0.01")
    take_in(world.tap(0), world.tap(0, agent=PIXEL), world.tap(1), world.tap(2, agent=WHATSAPP))
    of = Message.objects.filter(broadcast=world.broadcast)
    of.filter(position=3).update(
        state="failed", error_code="30005", accepted_at="2026-11-02T12:00Z"
    )
    of.filter(position=4).update(only_counted=True)
    Contact.objects.filter(message=world.messages[0]).update(
        attributes={"first_name": "=1+1", "last_name": 'O"Neill, Jr'}
    )
    return world


def download(world: World, what: str, format_name: str, role: Role = Role.VIEWER) -> bytes:
    address = reverse(f"broadcasts:export-{what}", args=[*world.of, format_name])
    browser = member_of(world.workspace, role)
    answer = browser.get(address) if what == "figures" else browser.post(address)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].endswith(f'-{what}.{format_name}"')
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def read_csv(file: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.decode(), newline="")))


def read_parquet(file: bytes, folder: Path) -> list[dict[str, Any]]:
    path = folder / "file.parquet"
    path.write_bytes(file)
    found = duckdb.connect().execute(f"select * from '{path}'")
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


@pytest.mark.parametrize("rows_at_once", [2, 5_000])
def test_recipients_come_whole_however_they_are_cut(
    world: World, rows_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "ROWS_AT_ONCE", rows_at_once)

    rows = read_csv(download(world, "recipients", "csv"))

    assert [row["number"] for row in rows] == [message.phone for message in world.messages]
    assert [row["did"] for row in rows] == [
        *("tapped", "tapped", "not_tapped", "failed", "only_counted")
    ]
    assert rows[0]["first_tap_at"].startswith("2026-11-02 12:00:00")
    assert rows[2]["first_tap_at"] == ""
    assert rows[3]["reason"] == "30005"


def test_no_cell_is_a_formula_and_no_value_is_lost(world: World, tmp_path: Path) -> None:
    as_csv = read_csv(download(world, "recipients", "csv"))[0]
    as_parquet = read_parquet(download(world, "recipients", "parquet"), tmp_path)[0]

    assert as_csv["first_name"] == "'=1+1"
    assert as_csv["last_name"] == as_parquet["last_name"] == 'O"Neill, Jr'
    assert as_parquet["first_name"] == "=1+1"


@pytest.mark.parametrize("cell", ["=A1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_whatever_can_begin_a_formula_is_guarded_alike_everywhere(cell: str) -> None:
    in_sql = duckdb.connect().execute(f"select {exporting.guard_sql('$1')}", [cell]).fetchone()

    assert harmless(cell) == f"'{cell}"
    assert in_sql == (f"'{cell}",)


def test_parquet_holds_types(world: World, tmp_path: Path) -> None:
    rows = read_parquet(download(world, "recipients", "parquet"), tmp_path)

    assert len(rows) == 5
    assert rows[0]["first_tap_at"].isoformat() == "2026-11-02T12:00:00"
    assert rows[2]["first_tap_at"] is None
    assert rows[0]["text"] == world.messages[0].pk
    assert rows[0]["number"] == world.messages[0].phone


@pytest.mark.parametrize("format_name", ["csv", "parquet"])
def test_openings_are_those_of_people_and_of_machines(
    world: World, format_name: str, tmp_path: Path
) -> None:
    file = download(world, "openings", format_name)
    rows = read_csv(file) if format_name == "csv" else read_parquet(file, tmp_path)

    assert sorted((int(row["text"]), row["verdict"]) for row in rows) == [
        (world.messages[0].pk, "human"),
        (world.messages[0].pk, "human"),
        (world.messages[1].pk, "human"),
        (world.messages[2].pk, "preview"),
    ]
    assert {row["destination"] for row in rows} == {"https://www.example.com/menu"}
    assert not any(message.phone.encode() in file for message in world.messages)


def test_figures_are_for_those_above_as_well_and_name_nobody(world: World, tmp_path: Path) -> None:
    file = download(world, "figures", "csv")
    values = {(row["section"], row["name"], row["measure"]): row["value"] for row in read_csv(file)}
    again = read_parquet(download(world, "figures", "parquet"), tmp_path)

    assert float(values["report", "human_clickers", "number"]) == 2
    assert float(values["report", "cost", "number"]) == 0.03
    assert float(values["Device", "iPhone", "people"]) == 2
    assert ("report", "name", "number") not in values
    assert len(again) == len(values)
    assert not any(message.phone.encode() in file for message in world.messages)


@pytest.mark.parametrize("format_name", ["csv", "parquet"])
def test_audiences_are_counted_to_the_end_for_a_file(
    world: World, format_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audience_shares, "POSITIONS_PER_CHUNK", 2)
    monkeypatch.setattr(audience_shares.count_shares, "__defaults__", (0.0,))
    Broadcast.objects.update(next_position=5)
    tag = Tag.objects.create(workspace=world.workspace, name="=vip")
    tag.contacts.set(Contact.objects.filter(message__in=world.messages))

    file = download(world, "figures", format_name)
    rows = read_csv(file) if format_name == "csv" else read_parquet(file, tmp_path)

    name = "'=vip" if format_name == "csv" else "=vip"
    found = {row["measure"]: float(row["value"]) for row in rows if row["name"] == name}
    assert found == {"reached": 3, "tapped": 2}


def test_taking_people_away_is_written_down(world: World) -> None:
    download(world, "recipients", "csv")

    entry = history(world.workspace)[0]
    assert (entry.action, entry.after) == ("broadcast.exported", {"what": "recipients"})
    assert entry.actor.startswith("user ")


def test_another_workspaces_recipients_are_in_no_file(world: World) -> None:
    other = make_world(recipients=3)
    astray = Message.objects.filter(broadcast=other.broadcast)
    astray.update(broadcast=world.broadcast, position=F("position") + 100)
    broadcast = Broadcast.objects.get(pk=world.broadcast.pk)

    lines = b"".join(exporting.recipients(broadcast, guarded=True))

    assert len(lines.splitlines()) == 1 + 5


def test_a_file_leaves_piece_by_piece_as_the_server_asks_for_it() -> None:
    made: list[int] = []

    def pieces() -> Iterator[bytes]:
        for number in range(3):
            made.append(number)
            yield b"%d" % number

    async def serve() -> list[tuple[bytes, int]]:
        stream = FileStream(pieces(), "a.csv", "text/csv")
        return [(piece, len(made)) async for piece in stream]

    assert asyncio.run(serve()) == [(b"0", 1), (b"1", 2), (b"2", 3)]
