"""`tapline contacts …` as a person and as a program use it, in processes of their own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pysqlite3
import pytest
from click.testing import CliRunner

from tapline.contacts.commands import contacts
from tapline.contacts.models import Contact
from tapline.workspaces.models import Sample
from tapline.workspaces.tree import create_workspace
from tests.contacts.people import ANNA, may_text
from tests.running import wait_for

AGREED = ["--agreed-how", "card", "--agreed-at", "2026-05-01", "--wording", "Yes, text me."]
ROWS = 20_000


@pytest.fixture
def guests(tmp_path: Path) -> Path:
    path = tmp_path / "guests.csv"
    path.write_text("Mobile,First name\n(212) 555-0101,Anna\nnobody,Ben\n", encoding="utf-8")
    return path


def run(*arguments: str | Path, feed: str = "") -> Any:
    """Return what a command printed, which must have ended well."""
    result = CliRunner().invoke(contacts, [str(argument) for argument in arguments], input=feed)
    if result.exception:
        raise result.exception
    return result


def run_json(*arguments: str | Path) -> dict[str, Any]:
    printed: dict[str, Any] = json.loads(run(*arguments, "--json").stdout)
    return printed


@pytest.mark.django_db(transaction=True)
def test_a_person_comes_in_opts_out_is_shown_and_erased(guests: Path) -> None:
    shop = create_workspace("Shop")

    report = run_json("import", guests, *AGREED, "--tag", "spring")
    assert (report["created"], report["refused"], report["agreed"]) == (1, 1, 1)
    assert report["bad_rows"][0]["line"] == 3
    assert may_text(shop) == {ANNA}

    assert run_json("opt-out", "212 555 0101") == {"opted_out": True, "contacts": 1}
    assert may_text(shop) == set()

    assert run_json("find", ANNA)["opted_out"] is True
    assert json.loads(run("export", ANNA).stdout)["contacts"][0]["tags"] == ["spring"]

    assert run_json("erase", ANNA, "--yes")["contacts"] == 1
    assert not Contact.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_person_reads_what_became_of_the_file(guests: Path, tmp_path: Path) -> None:
    create_workspace("Shop")

    result = run("import", guests, "--bad-rows", tmp_path / "bad.csv")

    assert "new contacts" in result.stdout
    assert "get no texts" in result.stdout
    assert "bad.csv" in result.stderr
    assert (tmp_path / "bad.csv").read_text(encoding="utf-8-sig").count("nobody") == 2


@pytest.mark.django_db(transaction=True)
def test_the_only_real_workspace_is_meant_beside_a_sample_shop(guests: Path) -> None:
    shop = create_workspace("Shop")
    sample = create_workspace("Sample shop")
    sample.sample = Sample.THERE
    sample.save()

    run("import", guests)

    assert set(Contact.objects.values_list("workspace", flat=True)) == {shop.pk}


@pytest.mark.django_db(transaction=True)
def test_no_number_is_shown_whole_on_the_terminal(guests: Path) -> None:
    create_workspace("Shop")
    run("import", guests)

    result = run("opt-out", ANNA)

    assert ANNA not in result.output


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ((), "Several workspaces"),
        (("--workspace", "Nowhere"), "no workspace 'Nowhere'"),
        (("--workspace", "shop a", "--map", "phone"), "--map phone"),
        (("--workspace", "shop a", "--agreed-how", "form"), "in part"),
        (("--workspace", "shop a", "--agreed-at", "03/04/2026"), "--agreed-at"),
        (("--workspace", "shop a", "--country", "UK"), "'UK' is no country"),
    ],
)
def test_what_a_command_cannot_do_is_said(
    guests: Path, arguments: tuple[str, ...], what: str
) -> None:
    create_workspace("Shop A")
    create_workspace("Shop B")

    with pytest.raises(Exception, match=what):
        run("import", guests, *arguments)


@pytest.mark.slow
def test_an_import_killed_half_way_is_finished_by_running_it_again(tmp_path: Path) -> None:
    path, data_dir = tmp_path / "guests.csv", tmp_path / "data"
    with path.open("w", encoding="utf-8") as file:
        file.write("phone,first_name\n")
        file.writelines(f"212{2000000 + number},N{number}\n" for number in range(ROWS))
    command = [sys.executable, "-m", "tapline", "contacts", "import", str(path)]
    command += [*AGREED, "--json"]
    environment = os.environ | {"TAPLINE_DATA_DIR": str(data_dir)}
    database = data_dir / "control.sqlite3"

    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as first:
        wait_for(
            lambda: count(database, "contacts_contact") > 0 or first.poll() is not None,
            seconds=60,
            what="the first chunk",
        )
        first.send_signal(signal.SIGKILL)
    half = count(database, "contacts_contact")
    assert count(database, "contacts_consent") == half

    again = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)

    report = json.loads(again.stdout)
    assert 0 < half < ROWS
    assert report["updated"] == half
    assert report["created"] == ROWS - half
    assert count(database, "contacts_contact") == count(database, "contacts_consent") == ROWS


def count(database: Path, table: str) -> int:
    """Return how many rows a table has; 0 while it is not there."""
    if not database.exists():
        return 0
    with contextlib.closing(pysqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        try:
            return int(connection.execute(f"select count(*) from {table}").fetchone()[0])
        except pysqlite3.OperationalError:
            return 0
