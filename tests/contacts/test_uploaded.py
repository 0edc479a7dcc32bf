"""The worker imports uploaded files: once each, whatever dies on the way."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pysqlite3
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from tapline.contacts import keeping, uploaded
from tapline.contacts.chunks import ChunkWriter
from tapline.contacts.columns import BadMapping
from tapline.contacts.importing import ImportOptions, answer
from tapline.contacts.models import Consent, Contact, ContactImport, ImportState
from tapline.contacts.uploaded import MOST_ATTEMPTS, ask_again, ask_for, import_next, options_of
from tapline.contacts.uploads import (
    KEPT_SECONDS,
    REFUSED_KEPT_SECONDS,
    find_upload,
    forget_old_files,
    keep_upload,
    refused_file,
    refused_rows,
)
from tapline.errors import Conflict, NotFound
from tapline.workspaces.models import Workspace
from tapline.workspaces.tree import create_workspace
from tests.contacts.people import ANNA, day, may_text
from tests.contacts.test_commands import count
from tests.running import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

AGREED = answer("card", day(1), "Yes, text me.")
ROWS = 2_000


@pytest.fixture
def shop() -> Workspace:
    return create_workspace("Shop")


def _upload(shop: Workspace, content: str) -> str:
    return keep_upload(shop, SimpleUploadedFile("guests.csv", content.encode()))


def _many(rows: int = ROWS) -> str:
    lines = (f"212{2000000 + number},N{number}\n" for number in range(rows))
    return "phone,first_name\n" + "".join(lines) + "12,bad\n"


def _options(**changes: object) -> ImportOptions:
    return ImportOptions(by="test", answer=AGREED, **changes)  # type: ignore[arg-type]


def _leave_by_the_worker(asked: ContactImport) -> None:
    """Let the lease of a worker that died run out."""
    past = timezone.now() - dt.timedelta(seconds=1)
    ContactImport.objects.filter(pk=asked.pk).update(leased_until=past)


def test_what_the_importer_said_is_what_the_worker_reads(shop: Workspace) -> None:
    said = _options(tags=("vip",), mapping={"phone": "Handy"}, country="DE", purpose="service")

    asked = ask_for(shop, _upload(shop, "Handy\n0151 23456789\n"), said)

    assert options_of(ContactImport.objects.get(pk=asked.pk)) == said


def test_a_file_is_imported_and_every_count_is_kept(shop: Workspace) -> None:
    asked = ask_for(shop, _upload(shop, "phone\n2125550101\n212-555-0101\n12\n"), _options())

    assert import_next()

    asked.refresh_from_db()
    assert asked.state == ImportState.DONE
    assert (asked.rows_in_file, asked.rows, asked.handled) == (3, 3, 3)
    assert (asked.created, asked.duplicates, asked.refused, asked.agreed) == (1, 1, 1, 2)
    assert may_text(shop) == {ANNA}
    assert [row.line for row in refused_rows(asked, 10)] == [4]
    assert not import_next()


def test_a_column_that_is_not_there_is_refused_before_anything_waits(shop: Workspace) -> None:
    name = _upload(shop, "phone\n2125550101\n")

    with pytest.raises(BadMapping):
        ask_for(shop, name, _options(mapping={"phone": "Handy"}))

    assert not ContactImport.objects.exists()


def test_a_file_that_breaks_half_way_ends_in_words_and_writes_nothing(shop: Workspace) -> None:
    broken = _many() + '2125559999,"open\n' + "x\n" * 500
    asked = ask_for(shop, _upload(shop, broken), _options())

    import_next()

    asked.refresh_from_db()
    assert asked.state == ImportState.FAILED
    assert "does not end" in asked.failure["what"]
    assert not Contact.objects.exists()


def test_one_whose_worker_died_is_begun_again_and_counted_alike(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = _upload(shop, "phone\n2122000000\n")
    ask_for(shop, known, ImportOptions(by="test"))
    import_next()
    asked = ask_for(shop, _upload(shop, _many()), _options())
    write, written = ChunkWriter.write, []

    def die_in_the_third(self: ChunkWriter, chunk: list[object]) -> object:
        written.append(len(chunk))
        if len(written) == 3:
            raise KeyboardInterrupt
        return write(self, chunk)  # type: ignore[arg-type]

    monkeypatch.setattr(ChunkWriter, "write", die_in_the_third)
    with pytest.raises(KeyboardInterrupt):
        import_next()
    monkeypatch.undo()
    half = Contact.objects.count()

    assert 0 < half < ROWS
    assert not import_next()  # Its lease is in force: perhaps it only sleeps.
    _leave_by_the_worker(asked)
    assert import_next()

    asked.refresh_from_db()
    assert (asked.state, asked.attempts) == (ImportState.DONE, 2)
    assert (asked.created, asked.updated, asked.refused) == (ROWS - 1, 1, 1)
    assert Contact.objects.count() == Consent.objects.count() == ROWS


def test_a_worker_that_slept_too_long_stops_when_another_has_its_import(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ask_for(shop, _upload(shop, _many()), _options())
    write = ChunkWriter.write

    def lose_the_lease(self: ChunkWriter, chunk: list[object]) -> object:
        ContactImport.objects.filter(pk=asked.pk).update(leased_by="another")
        return write(self, chunk)  # type: ignore[arg-type]

    monkeypatch.setattr(ChunkWriter, "write", lose_the_lease)
    monkeypatch.setattr(uploaded, "TOLD_EVERY_SECONDS", 0.0)
    import_next()

    asked.refresh_from_db()
    assert asked.state == ImportState.RUNNING
    assert Contact.objects.count() < ROWS


def test_what_kills_its_worker_again_and_again_is_given_up_and_can_be_begun_again(
    shop: Workspace,
) -> None:
    asked = ask_for(shop, _upload(shop, _many(3)), _options())
    ContactImport.objects.update(state="running", attempts=MOST_ATTEMPTS)
    _leave_by_the_worker(asked)

    import_next()
    asked.refresh_from_db()
    assert asked.state == ImportState.FAILED
    assert "broke off" in asked.failure["why"]

    ask_again(asked)
    import_next()
    asked.refresh_from_db()
    assert (asked.state, asked.created) == (ImportState.DONE, 3)
    with pytest.raises(NotFound):  # The file went with its import.
        ask_again(asked)


def test_only_what_failed_is_begun_again(shop: Workspace) -> None:
    asked = ask_for(shop, _upload(shop, _many(3)), _options())

    with pytest.raises(Conflict):
        ask_again(asked)


def test_a_file_that_is_gone_is_said(shop: Workspace) -> None:
    name = _upload(shop, _many(3))
    asked = ask_for(shop, name, _options())
    find_upload(shop, name).unlink()

    import_next()

    asked.refresh_from_db()
    assert asked.failure["what"] == "The uploaded file is gone."


def test_a_trial_writes_nothing_and_keeps_the_file(shop: Workspace) -> None:
    name = _upload(shop, _many(3))
    tried = ask_for(shop, name, _options(dry_run=True))

    import_next()

    tried.refresh_from_db()
    assert (tried.created, tried.refused, tried.state) == (3, 1, ImportState.DONE)
    assert not Contact.objects.exists()
    assert find_upload(shop, name).is_file()


def test_files_go_by_age_but_not_from_under_an_import(shop: Workspace) -> None:
    forgotten, waiting = _upload(shop, _many(3)), _upload(shop, _many(3))
    ask_for(shop, waiting, _options())
    done = ask_for(shop, _upload(shop, "phone\n12\n"), _options())
    ContactImport.objects.filter(pk=done.pk).update(state="done")
    refused_file(done).write_text("line,why,phone\n2,bad,12\n", encoding="utf-8")
    now = time.time()

    assert forget_old_files(now) == 0
    assert forget_old_files(now + KEPT_SECONDS + 60) == 2  # `forgotten`, and the file of `done`

    assert find_upload(shop, waiting).is_file()
    assert refused_file(done).is_file()
    with pytest.raises(NotFound):
        find_upload(shop, forgotten)
    assert forget_old_files(now + REFUSED_KEPT_SECONDS + 60) == 1
    assert refused_rows(done, 10) == []


def test_a_person_is_found_in_refused_rows_and_erased_from_them(shop: Workspace) -> None:
    asked = ask_for(
        shop,
        _upload(shop, "phone,agreed_at\n(212) 555-0101,03/04/2026\n12,\n"),
        ImportOptions(by="t"),
    )
    import_next()
    (kind,) = [each for each in keeping.kinds() if each.name == "refused_rows"]

    found = kind.find(keeping.person(shop, ANNA))
    assert [row["line"] for row in found] == [2]
    assert kind.find(keeping.person(shop, "+12125550199")) == []
    assert kind.find(keeping.person(create_workspace("Other"), ANNA)) == []

    assert kind.follow is not None
    assert kind.follow(keeping.person(shop, ANNA)) == 1
    assert not refused_file(asked).exists()


@pytest.mark.slow
@pytest.mark.django_db(transaction=False)
def test_killed_at_any_point_it_goes_on_in_the_next_worker(tmp_path: Path) -> None:
    environment = os.environ | {"TAPLINE_DATA_DIR": str(tmp_path / "data")}
    database = tmp_path / "data" / "control.sqlite3"
    made = [sys.executable, "-c", _ASK, str(tmp_path / "guests.csv")]
    (tmp_path / "guests.csv").write_text(_many(20_000), encoding="utf-8")
    subprocess.run(made, env=environment, check=True)
    worker = [sys.executable, "-m", "tapline", "worker", "imports"]

    with subprocess.Popen(worker, env=environment) as first:
        wait_for(lambda: count(database, "contacts_contact") > 0, seconds=60, what="a chunk")
        first.send_signal(signal.SIGKILL)
    half = count(database, "contacts_contact")
    with closing(pysqlite3.connect(database)) as connection:
        connection.execute("update contacts_contactimport set leased_until = '2020-01-01 00:00:00'")
        connection.commit()
    with subprocess.Popen(worker, env=environment) as second:
        wait_for(lambda: _state(database)[0] == "done", seconds=60, what="the end")
        second.send_signal(signal.SIGTERM)

    assert 0 < half < 20_000
    assert _state(database) == ("done", 20_000, 0, 1)
    assert count(database, "contacts_contact") == count(database, "contacts_consent") == 20_000


# Uploads the file named and asks for its import, as the page does.
_ASK = """
import sys
from pathlib import Path
from tapline.cli import set_up_django
set_up_django()
from django.core.files.uploadedfile import SimpleUploadedFile
from tapline.contacts.uploaded import ask_for
from tapline.contacts.uploads import keep_upload
from tapline.instance.first_start import make_ready
from tests.contacts.test_uploaded import _options
shop = make_ready().workspace
name = keep_upload(shop, SimpleUploadedFile("guests.csv", Path(sys.argv[1]).read_bytes()))
ask_for(shop, name, _options())
"""


def _state(database: Path) -> tuple[object, ...]:
    with closing(pysqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        query = "select state, created, updated, refused from contacts_contactimport"
        row: tuple[object, ...] = connection.execute(query).fetchone()
        return row
