"""What the simulator was given for somebody, or for a broadcast, is forgotten whole."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from tapline import config
from tapline.contacts.keeping import Person
from tapline.providers.simulator.agents import IPHONES
from tapline.providers.simulator.kept import KEPT, forget_texts
from tapline.providers.simulator.ledger import Ledger
from tapline.providers.simulator.people import Fate, InboundText, Opening
from tapline.providers.simulator.wire import Submitted
from tapline.workspaces.models import Workspace

NOW = 1_780_000_000.0
LATER = NOW + 1_000
ONE, OTHER = "+12125550101", "+12125550102"
URL = "https://go.example.com/BCDFGHJK"
TAP = Opening(20, URL, IPHONES[0], "127.20.1.2")
FATE = Fate(4, openings=(TAP,), reply=InboundText(30, "thanks"))


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    settings = dataclasses.replace(config.current(), data_dir=tmp_path)
    monkeypatch.setattr(config, "current", lambda: settings)
    ledger = Ledger(settings.simulator_dir)
    texts = [
        (Submitted(f"{tag}-{number}", number, "+12125550100", "text", 3600, tag), FATE)
        for tag in ("a", "b")
        for number in (ONE, OTHER)
    ]
    ledger.accept(texts, now=NOW, speed=1)
    yield ledger
    ledger.close()


def left(ledger: Ledger) -> dict[str, int]:
    """How much is still to come, and in how many rows somebody or a text stands."""
    stands = "select count(*) from acceptances where recipient <> '' or text <> ''"
    [(rows,)] = ledger.query(stands, {})
    return {
        "rows": int(str(rows)),
        "receipts": len(ledger.due_receipts(now=LATER, limit=9)),
        "replies": len(ledger.due_replies(now=LATER, limit=9)),
        "openings": len(ledger.begin_openings(now=LATER, limit=9)),
    }


def test_forgotten_texts_open_answer_and_report_nothing_any_more(ledger: Ledger) -> None:
    forget_texts(["a", "never sent"])

    assert left(ledger) == {"rows": 2, "receipts": 2, "replies": 2, "openings": 2}
    assert {line.reference for line in ledger.due_receipts(now=LATER, limit=9)} == {
        f"b-{ONE}",
        f"b-{OTHER}",
    }


def test_an_erased_persons_texts_are_empty_and_only_their_receipts_are_still_told(
    ledger: Ledger,
) -> None:
    [kept] = KEPT
    person = Person(workspace=Workspace(), workspace_ids=[], phone=ONE, contact_ids=[])
    assert {row["reference"] for row in kept.find(person)} == {f"a-{ONE}", f"b-{ONE}"}

    assert kept.follow is not None
    kept.follow(person)

    assert kept.find(person) == []
    assert left(ledger) == {"rows": 2, "receipts": 4, "replies": 2, "openings": 2}


def test_without_a_simulator_there_is_nothing_to_forget(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = dataclasses.replace(config.current(), data_dir=tmp_path / "another")
    monkeypatch.setattr(config, "current", lambda: settings)

    forget_texts(["a"])

    assert not settings.simulator_dir.exists()
