"""The whole main job as a newcomer sees it: real processes, real sockets, the truth beside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tapline.config import variable
from tapline.contacts.models import Contact
from tapline.providers.simulator.demo_instance import LISTENERS
from tapline.providers.simulator.demo_job import (
    OWN_PHONE,
    NobodyToText,
    OwnTextNotSent,
    begin,
    own_link,
)
from tapline.providers.simulator.people import fate_of

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
# A day of simulated time passes in two seconds.
SPEED = "40000"


@pytest.mark.slow
def test_the_demos_report_agrees_with_the_truth(tmp_path: Path) -> None:
    report = run_demo("--contacts", str(first_contacts(400, tmp_path)))
    truth = report["truth"]

    assert truth["done"]
    assert report["sent"] == truth["sent"] == 400
    assert report["delivered"] == truth["delivered"] > 350
    assert report["failed"] == truth["failed"] == 400 - report["delivered"]
    assert truth["sent_twice"] == 0
    # People whose browser hides itself are unknown to the rules: the range covers them.
    assert 0 < report["click_rate_low"] <= truth["click_rate"] <= report["click_rate_high"] < 0.5
    assert report["human_clicks"] + report["unknown"] == truth["human_clicks"]
    for kind in ("preview", "scanner", "prefetch", "tool", "operator"):
        assert report[kind] == truth[kind], kind
    assert report["page"].startswith("http://127.0.0.1:")


def run_demo(*arguments: str) -> dict[str, Any]:
    """Return what `tapline demo --exit --json` prints; ports are chosen by the system."""
    environment = os.environ | {variable(name): "127.0.0.1:0" for name in LISTENERS}
    ended = subprocess.run(
        [sys.executable, "-m", "tapline", "demo", "--exit", "--json", "--speed", SPEED, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert ended.returncode == 0, ended.stderr
    report: dict[str, Any] = json.loads(ended.stdout)
    return report


def first_contacts(count: int, folder: Path) -> Path:
    """Return a file with the first of the example's contacts."""
    lines = (EXAMPLES / "contacts.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    path = folder / "contacts.csv"
    path.write_text("".join(lines[: count + 1]), encoding="utf-8")
    return path


@pytest.mark.django_db(transaction=True)
def test_a_file_that_gives_nobody_to_text_is_explained(tmp_path: Path) -> None:
    contacts = tmp_path / "contacts.csv"
    contacts.write_text("first_name,phone\nAda,not a number\n", encoding="utf-8")

    with pytest.raises(NobodyToText, match=r"nobody to text.*line 2.*examples/contacts\.csv"):
        begin(contacts, EXAMPLES / "broadcast.txt")


@pytest.mark.django_db(transaction=True)
def test_your_own_phone_gets_the_text_and_nobody_else_taps_it(tmp_path: Path) -> None:
    contacts = first_contacts(3, tmp_path)

    job = begin(contacts, EXAMPLES / "broadcast.txt", with_own_phone=True)

    assert job.contacts == 4
    assert Contact.objects.filter(phone=OWN_PHONE).exists()
    assert fate_of(1, OWN_PHONE, 0, ["https://go.example.com/BCDFGHJK"]).openings == ()
    with pytest.raises(OwnTextNotSent):  # No worker runs here.
        own_link(job)


def test_the_example_numbers_are_reserved_for_fiction() -> None:
    rows = (EXAMPLES / "contacts.csv").read_text(encoding="utf-8").splitlines()[1:]
    numbers = [row.split(",")[1] for row in rows]

    assert len(numbers) == len(set(numbers)) == 1000
    for number in numbers:
        country, area, exchange, line = number.split()
        assert (country, exchange) == ("+1", "555")
        assert area[0] in "23456789"
        assert 101 <= int(line) <= 199
