"""Finding people, opting them out and importing a file of them, in the browser."""

from __future__ import annotations

import csv
import datetime as dt
import html
import re
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tapline import config
from tapline.contacts.models import Contact, ContactImport
from tapline.contacts.uploaded import import_next
from tapline.workspaces.models import Role, Workspace
from tapline.workspaces.tree import create_workspace
from tests.broadcasts.making import make_contacts, make_workspace
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db

CSV = (
    "First name;Mobile;City\r\n"
    "Ana;(212) 555-0100;Lisbon\r\n"
    "Ben;212 555 0101;Oslo\r\n"
    "Eve;12345;Rome\r\n"
).encode("utf-8-sig")
AGREED = {
    "how": "form on our website",
    "agreed_at": "2026-01-05",
    "wording": "Text me offers. Reply STOP to end.",
}


def _words(page: bytes) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page.decode())))


def _upload(browser: Client, workspace: Workspace, content: bytes, name: str = "a b.csv") -> str:
    answer = browser.post(
        reverse("contacts:upload", args=[workspace.pk]),
        {"file": SimpleUploadedFile(name, content)},
    )
    return answer.headers.get("Location", "")


def _kept_files(workspace: Workspace) -> list[Path]:
    return list((config.current().data_dir / "uploads" / str(workspace.pk)).glob("*"))


def _ask(browser: Client, address: str, **form: str) -> str:
    """Post the questions' form and let the worker do it; return the address of the outcome."""
    asked = browser.post(address, {"column_phone": "Mobile"} | form)
    assert asked.status_code == 302, _words(asked.content)
    assert import_next()
    return asked.headers["Location"]


def test_a_file_is_looked_at_tried_out_and_imported() -> None:
    workspace = create_workspace("Bakery")
    editor = member_of(workspace, Role.SENDER)
    address = _upload(editor, workspace, CSV)

    asked = editor.get(address)
    assert "How did these people agree" in _words(asked.content)
    assert "<option selected>Mobile</option>" in asked.content.decode()

    outcome = _ask(editor, address, step="try", tags="vip, new", **AGREED)
    tried = editor.get(outcome)
    assert "What would happen Rows 3 New contacts 2" in _words(tried.content)
    assert "Line Why 4" in _words(tried.content)
    assert not Contact.objects.exists()

    gone_on = editor.post(outcome + "go-on")
    assert import_next()
    done = editor.get(gone_on.headers["Location"])
    assert "New contacts 2" in _words(done.content)
    contacts = Contact.objects.in_workspace(workspace)
    assert contacts.textable("marketing").count() == 2
    assert {tag.name for tag in contacts[0].tags.all()} == {"vip", "new"}
    assert ContactImport.objects.get(is_trial=False).file_name.endswith("a_b.csv")


def test_the_first_rows_are_shown_as_they_would_be_read_with_their_errors() -> None:
    workspace = create_workspace("Bakery")
    editor = member_of(workspace, Role.SENDER)

    page = _words(editor.get(_upload(editor, workspace, CSV)).content)

    assert "2 +12125550100 Ana Lisbon – not said: gets no texts" in page
    assert "4 Would be refused:" in page
    assert not ContactImport.objects.exists()


def test_other_columns_and_answers_are_read_again_before_anything_starts() -> None:
    workspace = create_workspace("Bakery")
    editor = member_of(workspace, Role.SENDER)
    address = _upload(editor, workspace, CSV)
    form = {"step": "look", "column_phone": "Mobile", "column_first_name": "City", "tags": "vip"}

    seen = editor.post(address, form | AGREED)
    wrong = editor.post(address, form | {"column_phone": "Street"})

    assert "2 +12125550100 Ana Lisbon vip form on our website" in _words(seen.content)
    assert seen.content.decode().count("<option selected>City</option>") == 1
    assert wrong.status_code == 422
    assert "The file has no column" in _words(wrong.content)
    assert not ContactImport.objects.exists()
    assert not Contact.objects.exists()


@pytest.mark.parametrize(
    ("header", "agreed"),
    [
        ("Phone;First name;Agreed how;Agreed at;Wording", "2026-01-05"),
        ("Telefon;Vorname;Quelle der Einwilligung;Einwilligung am;Wortlaut", "05.01.2026"),
        (
            "Teléfono;Nombre;Origen del consentimiento;Fecha consentimiento;Wording",
            "2026-01-05",
        ),
    ],
)
def test_columns_are_known_by_their_english_german_and_spanish_names(
    header: str, agreed: str
) -> None:
    workspace = create_workspace("Bakery")
    editor = member_of(workspace, Role.SENDER)
    row = f"+12125550100;Ana;paper form;{agreed};Text me."

    page = editor.get(_upload(editor, workspace, f"{header}\r\n{row}\r\n".encode()))

    assert "2 +12125550100 Ana – paper form" in _words(page.content)
    for name in header.split(";"):
        assert page.content.decode().count(f"<option selected>{name}</option>") == 1


def test_the_answers_of_a_trial_can_be_changed_without_typing_them_again() -> None:
    workspace = create_workspace("Bakery")
    editor = member_of(workspace, Role.SENDER)
    address = _upload(editor, workspace, CSV)
    outcome = _ask(editor, address, step="try", tags="vip", column_first_name="City", **AGREED)

    (change,) = re.findall(r'href="([^"]+tried=\d+)"', editor.get(outcome).content.decode())
    form = editor.get(change).content.decode()

    assert 'value="2026-01-05"' in form
    assert 'value="form on our website"' in form
    assert "Reply STOP to end." in form
    assert 'value="vip"' in form
    assert 'name="column_first_name">' in form
    assert form.count("<option selected>City</option>") == 1


def test_while_it_is_imported_the_page_shows_how_far_it_is() -> None:
    workspace = create_workspace("Bakery")
    editor = member_of(workspace, Role.SENDER)
    outcome = editor.post(
        _upload(editor, workspace, CSV), {"step": "import", "column_phone": "Mobile"}
    ).headers["Location"]

    waiting = editor.get(outcome).content.decode()
    ContactImport.objects.update(
        state="running", rows_in_file=1000, rows=500, created=300, updated=50, refused=9,
        leased_until=timezone.now() + dt.timedelta(minutes=1),
    )  # fmt: skip
    running = editor.get(outcome + "progress").content.decode()
    ContactImport.objects.update(state="done")
    over = editor.get(outcome + "progress").content.decode()

    assert "Waiting for its turn" in waiting
    assert f'hx-get="{outcome}progress"' in waiting
    assert "<noscript>" in waiting
    assert '<progress max="1000" value="359"' in running
    assert "Rows read 500 of 1,000 New contacts 300 Updated 50 Refused 9" in _words(
        running.encode()
    )
    assert "<html" not in running
    assert "hx-get" not in over
    assert "To the contacts" in over


def test_a_file_posted_twice_is_imported_once() -> None:
    workspace = create_workspace("Bakery")
    editor = member_of(workspace, Role.SENDER)
    address = _upload(editor, workspace, CSV)
    form = {"step": "import", "column_phone": "Mobile"}

    first, second = (editor.post(address, form).headers["Location"] for _ in range(2))

    assert first == second
    assert import_next()
    assert not import_next()


def test_the_file_is_gone_after_its_import() -> None:
    workspace = create_workspace("Bakery")
    editor = member_of(workspace, Role.SENDER)
    address = _upload(editor, workspace, CSV)
    assert len(_kept_files(workspace)) == 1

    _ask(editor, address, step="import")

    assert [path.name for path in _kept_files(workspace)] == [
        f"refused-{ContactImport.objects.get().pk}.csv"
    ]
    assert editor.get(address).status_code == 404


def test_all_refused_rows_can_be_downloaded_and_no_spreadsheet_runs_them() -> None:
    workspace = create_workspace("Bakery")
    editor = member_of(workspace, Role.SENDER)
    rows = "".join(f"=cmd|'/C calc'!A{number},{number}\n" for number in range(150))
    address = _upload(editor, workspace, f"@name,Mobile\n{rows}".encode())
    outcome = _ask(editor, address, step="import")

    page = _words(editor.get(outcome).content)
    sent = editor.get(outcome + "refused.csv")

    assert "50 more are in it." in page
    table = list(csv.reader(sent.content.decode("utf-8-sig").splitlines()))
    assert table[0] == ["line", "why", "'@name", "Mobile"]
    assert len(table) == 151
    assert {row[2][0] for row in table[1:]} == {"'"}
    assert "attachment" in sent.headers["Content-Disposition"]


def test_past_imports_are_listed_without_the_trials() -> None:
    workspace = create_workspace("Bakery")
    editor = member_of(workspace, Role.SENDER)
    address = _upload(editor, workspace, CSV)
    _ask(editor, address, step="try")
    outcome = _ask(editor, address, step="import")

    listed = editor.get(reverse("contacts:imports", args=[workspace.pk])).content.decode()

    assert re.findall(r'href="([^"]+/imports/\d+/)"', listed) == [outcome]
    assert "done" in _words(listed.encode())


def test_without_an_answer_how_they_agreed_nobody_can_be_texted() -> None:
    workspace = create_workspace("Bakery")
    editor = member_of(workspace, Role.SENDER)

    outcome = _ask(editor, _upload(editor, workspace, CSV), step="import")

    assert "Nobody of this file can be texted" in _words(editor.get(outcome).content)
    contacts = Contact.objects.in_workspace(workspace)
    assert (contacts.count(), contacts.textable("marketing").count()) == (2, 0)


@pytest.mark.parametrize(
    "part", [{"how": "form"}, {"how": "form", "agreed_at": "soon", "wording": "Yes"}]
)
def test_half_an_answer_is_refused_and_kept_in_the_form(part: dict[str, str]) -> None:
    workspace = create_workspace("Bakery")
    editor = member_of(workspace, Role.SENDER)

    answer = editor.post(
        _upload(editor, workspace, CSV), part | {"step": "import", "column_phone": "Mobile"}
    )

    assert answer.status_code == 422
    assert 'value="form"' in answer.content.decode()
    assert not Contact.objects.exists()


def test_what_is_no_csv_is_refused_in_words_and_not_kept() -> None:
    workspace = create_workspace("Bakery")
    editor = member_of(workspace, Role.SENDER)
    address = reverse("contacts:upload", args=[workspace.pk])

    workbook = SimpleUploadedFile("contacts.xlsx", b"PK\x03\x04" + bytes(100))
    answer = editor.post(address, {"file": workbook})
    nothing = editor.post(address)

    assert (answer.status_code, nothing.status_code) == (422, 422)
    assert "'contacts.xlsx' is not a CSV file. It is an Excel workbook" in _words(answer.content)
    assert "No file was sent." in _words(nothing.content)
    for page in (answer, nothing):
        assert b'type="file"' in page.content  # Another file can be chosen at once.
    assert not _kept_files(workspace)


@pytest.mark.parametrize("name", ["../../etc/passwd", ".hidden", "é\x00\n.csv", "x" * 300])
def test_a_file_name_cannot_lead_out_of_the_folder(name: str) -> None:
    workspace = create_workspace("Bakery")

    address = _upload(member_of(workspace), workspace, CSV, name)

    (kept,) = _kept_files(workspace)
    assert member_of(workspace).get(address).status_code == 200
    kept.unlink()


def test_people_are_found_by_number_and_name_without_either_in_an_address() -> None:
    workspace = make_workspace()
    make_contacts(workspace, 3)
    browser = member_of(workspace)
    address = reverse("contacts:list", args=[workspace.pk])

    by_number = _words(browser.post(address, {"search": "(200) 555-0101"}).content)
    by_name = _words(browser.post(address, {"search": "N2"}).content)

    assert "+12005550101" in by_number
    assert "+12005550102" not in by_number
    assert "+12005550102" in by_name
    assert "+12005550101" not in by_name
    assert "phone" not in address


def test_a_contact_shows_what_was_agreed_and_opting_out_ends_it() -> None:
    workspace = make_workspace()
    (contact,) = make_contacts(workspace, 1)
    editor = member_of(workspace, Role.SENDER)
    address = reverse("contacts:show", args=[workspace.pk, contact.pk])

    before = _words(editor.get(address).content)
    editor.post(reverse("contacts:stop", args=[workspace.pk, contact.pk]))
    after = _words(editor.get(address).content)

    assert "Marketing yes" in before
    assert "Yes, text me offers." in before
    assert "Marketing no" in after
    assert "Opted out" in after
    assert not Contact.objects.in_workspace(workspace).textable("marketing").exists()
