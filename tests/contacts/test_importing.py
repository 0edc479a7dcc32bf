"""Files as people have them, and what becomes of their rows."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.utils import timezone

from tapline.contacts import importing
from tapline.contacts.chunks import ChunkWriter
from tapline.contacts.columns import BadMapping
from tapline.contacts.consent import opt_out
from tapline.contacts.importing import (
    BadAgreement,
    BadCountry,
    ImportOptions,
    ImportReport,
    answer,
    import_file,
)
from tapline.contacts.models import Consent, Contact, ContactImport, Tag, Wording
from tapline.contacts.rows import Answer
from tapline.csv_files import NotACsv
from tapline.workspaces.models import Workspace
from tapline.workspaces.tree import create_workspace
from tests.contacts.people import ANNA, BEN, CARLA, WORDING, day, may_text

pytestmark = pytest.mark.django_db

Import = Callable[..., ImportReport]
AGREED = Answer("web form", day(1), WORDING)


@pytest.fixture
def shop() -> Workspace:
    return create_workspace("Shop", zone="America/New_York")


@pytest.fixture
def bring_in(shop: Workspace, tmp_path: Path) -> Import:
    """Return a function that imports a text (or bytes) as a file."""

    def bring(content: str | bytes, **options: object) -> ImportReport:
        path = tmp_path / "guests.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return import_file(shop, path, ImportOptions(by="test", **options))  # type: ignore[arg-type]

    return bring


def names() -> dict[str, str]:
    """Return number → first name of every contact."""
    found = Contact.objects.values_list("phone", "attributes")
    return {phone: attributes.get("first_name", "") for phone, attributes in found}


TABLE = "phone,first_name\n(212) 555-0101,Zoë\n+12125550102,Ben\n"


@pytest.mark.parametrize(
    "content",
    [
        TABLE.encode(),
        TABLE.encode("utf-8-sig"),
        TABLE.encode("utf-16"),
        TABLE.replace(",", "\t").encode("utf-16-le"),
        TABLE.encode("utf-16-be"),
        TABLE.encode("cp1252"),
        TABLE.encode("latin-1") + "2125550103,\x81\n".encode("latin-1"),
        TABLE.replace(",", ";").encode(),
        TABLE.replace(",", "\t").replace("\n", "\r\n").encode(),
        TABLE.replace("\n", "\r").encode(),
        b"sep=;\r\n" + TABLE.replace(",", ";").encode(),
        TABLE.replace("Ben", '"Ben"').replace("\n", "\n\n,\n").encode(),
        TABLE.replace("Ben", "B\x00en").encode(),
        ("Telefon;Vorname\n" + TABLE.replace(",", ";").split("\n", 1)[1]).encode(),
        ("Nom;Prénom;Portable\nX;Zoë;2125550101\nY;Ben;2125550102\n").encode(),
    ],
    ids=[
        "utf-8", "byte order mark", "utf-16 with mark", "Excel's Unicode text", "big-endian",
        "windows-1252", "latin-1", "semicolons", "tabs", "old Mac", "sep= line",
        "quotes and empty lines", "nulls", "German header", "French header",
    ],
)  # fmt: skip
def test_a_table_is_understood_as_spreadsheets_write_it(bring_in: Import, content: bytes) -> None:
    bring_in(content)

    found = names()
    assert found[ANNA] == "Zoë"
    assert found[BEN] == "Ben"


def test_a_list_of_numbers_needs_no_header(bring_in: Import) -> None:
    report = bring_in("2125550101\n2125550102\n")

    assert set(names()) == {ANNA, BEN}
    assert report.columns == {"phone": "column 1"}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"\n\n  \n", "empty"),
        (b"PK\x03\x04" + b"\x00" * 100, "Excel workbook"),
        (b"\xd0\xcf\x11\xe0rest", "old Excel"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b'{"contacts": []}', "web page or another"),
        (bytes(range(32)) * 50, "bytes that no text has"),
        (b"phone,note\n2125550101,ok\n" + b'2125550102,"open\n' + b"x,y\n" * 300, "quotation mark"),
    ],
)
def test_what_is_no_csv_is_refused_before_anything_is_written(
    bring_in: Import, content: bytes, why: str
) -> None:
    with pytest.raises(NotACsv) as caught:
        bring_in(content)

    assert why in caught.value.why
    assert not Contact.objects.exists()


def test_a_missing_file_is_named(shop: Workspace, tmp_path: Path) -> None:
    with pytest.raises(NotACsv, match=r"nowhere\.csv"):
        import_file(shop, tmp_path / "nowhere.csv", ImportOptions(by="test"))


@pytest.mark.parametrize(
    ("content", "mapping", "what"),
    [
        ("colour\nred\nblue\n", {}, "No column holds"),
        ("a,b\n2125550101,2125550102\n", {"phone": "c"}, "no column 'c'"),
        ("a,b\n2125550101,2125550102\n", {"phone": "²"}, "no column '²'"),
        ("home,work\nx,y\n", {}, "No column holds"),
        ("no,no2\n1,\n", {"": "no"}, "cannot name a field"),
    ],
)
def test_columns_that_cannot_be_told_apart_are_asked_about(
    bring_in: Import, content: str, mapping: dict[str, str], what: str
) -> None:
    with pytest.raises(BadMapping, match=what):
        bring_in(content, mapping=mapping)


def test_the_importer_can_say_which_column_is_what(bring_in: Import) -> None:
    bring_in(
        "Phone;Private;Called\n;2125550101;Anna\n",
        mapping={"phone": "private", "first_name": "3"},
    )

    assert names() == {ANNA: "Anna"}


def test_what_the_importer_says_is_not_in_the_file_is_not_looked_for(bring_in: Import) -> None:
    bring_in("phone,language,name\n2125550101,COBOL,Anna\n", mapping={"language": ""})

    contact = Contact.objects.get()
    assert contact.language == ""
    assert contact.attributes == {"name": "Anna", "language_2": "COBOL"}


def test_other_columns_become_attributes_that_texts_can_name(bring_in: Import) -> None:
    bring_in('phone,Lieblings-Café,2nd,Total\n2125550101,Zoë’s,x,"\'=1+1"\n')

    assert Contact.objects.get().attributes == {
        "lieblings_cafe": "Zoë’s",
        "field_2nd": "x",
        "total": "=1+1",
    }


def test_all_bad_rows_are_reported_at_once_with_line_and_reason(
    bring_in: Import, tmp_path: Path
) -> None:
    bad_rows = tmp_path / "bad.csv"

    report = bring_in(
        "phone,language,zone,agreed_at\n"
        "hello,en,,\n"
        "2125550101,en,,\n"
        "\n"
        "1.2E+10,en,,\n"
        ",en,,\n"
        "2125550102,English,,\n"
        "2125550103,en,Mars/Crater,\n"
        "2125550104,en,,03/04/2026\n"
        "2125550105,en,,2099-01-01\n"
        '2125550106,"e\nn",,\n'
        "=2+2,en,,\n",
        bad_rows_file=bad_rows,
    )

    assert [bad.line for bad in report.bad_rows] == [2, 5, 6, 7, 8, 9, 10, 11, 13]
    reasons = [bad.why for bad in report.bad_rows]
    for reason, said in zip(
        reasons,
        ["too few", "digits are lost", "missing", "language code", "time zone", "two dates",
         "future", "language code", "not a phone number"],
        strict=True,
    ):  # fmt: skip
        assert said in reason
    assert report.refused == 9
    with bad_rows.open(encoding="utf-8-sig", newline="") as file:
        written = list(csv.reader(file))
    assert written[0] == ["line", "why", "phone", "language", "zone", "agreed_at"]
    assert [row[0] for row in written[1:]] == [str(bad.line) for bad in report.bad_rows]
    assert written[-1][2] == "'=2+2"


def test_only_the_first_thousand_bad_rows_are_kept_in_memory(bring_in: Import) -> None:
    report = bring_in("phone\n" + "nobody\n" * 1_500 + "2125550101\n")

    assert report.refused == 1_500
    assert len(report.bad_rows) == 1_000


def test_rows_of_one_number_become_one_contact_and_the_later_cell_wins(bring_in: Import) -> None:
    report = bring_in(
        "phone,first_name,city,tags\n2125550101,Ann,Boston,vip\n(212) 555 0101,Anna,,late; early\n"
    )

    person = Contact.objects.get()
    assert person.attributes == {"first_name": "Anna", "city": "Boston"}
    assert set(person.tags.values_list("name", flat=True)) == {"vip", "late", "early"}
    assert (report.rows, report.created, report.updated, report.duplicates) == (2, 1, 0, 1)


def test_a_known_contact_keeps_what_the_file_leaves_empty(bring_in: Import) -> None:
    bring_in("phone,city,language,zone\n2125550101,Boston,en,America/New_York\n")

    report = bring_in("phone,city,language,first_name\n2125550101,,,Anna\n")

    person = Contact.objects.get()
    assert person.attributes == {"city": "Boston", "first_name": "Anna"}
    assert (person.language, person.zone) == ("en", "America/New_York")
    assert (report.created, report.updated) == (0, 1)


def test_without_an_answer_contacts_are_kept_but_not_textable(
    bring_in: Import, shop: Workspace
) -> None:
    report = bring_in(TABLE)

    assert len(names()) == 2
    assert report.agreed == 0
    assert may_text(shop) == set()


def test_with_an_answer_they_are_textable_and_it_is_proved(
    bring_in: Import, shop: Workspace
) -> None:
    bring_in(TABLE, answer=AGREED)

    assert may_text(shop) == {ANNA, BEN}
    row = Consent.objects.get(contact__phone=ANNA)
    assert row.at == day(1)
    assert row.source == "import"
    assert row.evidence == {"how": "web form", "file": "guests.csv", "line": 2}
    assert row.recorded_by == "test"
    assert Wording.objects.get().text == WORDING


def test_columns_can_say_for_each_person_how_they_agreed(bring_in: Import, shop: Workspace) -> None:
    bring_in(
        "phone,agreed_at,agreed_how,wording\n"
        "2125550101,31.05.2026 10:00,card,Yes please\n"
        "2125550102,,card,Yes please\n"
        "2125550103,2026-05-31T10:00:00Z,,Yes please\n"
    )

    assert may_text(shop) == {ANNA}
    # Without a zone of its own, a time is in the workspace's.
    assert Consent.objects.get().at == datetime(2026, 5, 31, 14, tzinfo=UTC)


def test_an_import_undoes_no_opt_out(bring_in: Import, shop: Workspace) -> None:
    bring_in(TABLE, answer=AGREED)
    opt_out(ANNA, scope=shop, reason="reply", at=day(5), by="test")

    bring_in(TABLE, answer=AGREED._replace(at=day(9)))

    assert may_text(shop) == {BEN}


def test_a_yes_older_than_the_persons_no_does_not_win(bring_in: Import, shop: Workspace) -> None:
    bring_in(TABLE, answer=AGREED)
    person = Contact.objects.get(phone=ANNA)
    Consent.objects.create(
        contact=person, scope=shop, purpose="marketing", given=False, source="form",
        at=day(5), recorded_by="test",
    )  # fmt: skip

    bring_in(TABLE, answer=AGREED._replace(at=day(4)))

    assert may_text(shop) == {BEN}


def test_importing_the_same_file_again_changes_nothing(bring_in: Import) -> None:
    for _ in range(2):
        report = bring_in(TABLE, answer=AGREED, tags=("spring",))

    assert Contact.objects.count() == Consent.objects.count() == 2
    assert Tag.objects.get().contacts.count() == 2
    assert (report.created, report.updated) == (0, 2)


def test_the_contacts_of_a_file_are_found_by_its_newest_import(bring_in: Import) -> None:
    bring_in(TABLE)
    report = bring_in("phone\n2125550101\n")

    found = Contact.objects.filter(imported_by=report.import_id)
    assert [person.phone for person in found] == [ANNA]


def test_a_dry_run_counts_but_writes_nothing(bring_in: Import, tmp_path: Path) -> None:
    bring_in("phone\n2125550101\n")

    report = bring_in(TABLE + "x,\n212-555-0102,\n", dry_run=True, tags=("new",), answer=AGREED)

    assert (report.rows, report.created, report.updated) == (4, 1, 1)
    assert (report.duplicates, report.refused, report.agreed) == (1, 1, 3)
    assert set(names()) == {ANNA}
    assert not Tag.objects.exists()
    assert not Consent.objects.exists()
    assert ContactImport.objects.count() == 1


def test_two_workspaces_keep_contacts_of_their_own(bring_in: Import, tmp_path: Path) -> None:
    bring_in(TABLE, answer=AGREED)
    other = create_workspace("Other shop")

    import_file(other, tmp_path / "guests.csv", ImportOptions(by="test"))

    assert Contact.objects.filter(phone=ANNA).count() == 2
    assert may_text(other) == set()


@pytest.mark.parametrize(
    ("how", "at", "wording"),
    [("form", None, ""), ("", day(1), ""), ("form", day(1), " "), ("", None, "Yes")],
)
def test_an_answer_told_in_part_is_asked_about(how: str, at: datetime | None, wording: str) -> None:
    with pytest.raises(BadAgreement, match="in part"):
        answer(how, at, wording)


def test_nobody_agreed_tomorrow() -> None:
    with pytest.raises(BadAgreement, match="future"):
        answer("form", timezone.now().replace(year=2099), "Yes")


def test_a_country_that_does_not_exist_is_refused_before_a_million_rows_are(
    bring_in: Import,
) -> None:
    with pytest.raises(BadCountry, match="'UK'"):
        bring_in(TABLE, country="UK")


@pytest.mark.django_db(transaction=True)
def test_a_killed_import_leaves_whole_chunks_and_can_be_run_again(
    bring_in: Import, shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "".join(f"212555{number:04},Name {number}\n" for number in range(2_000))
    write, written = ChunkWriter.write, []

    def die_in_the_third(self: ChunkWriter, chunk: list[object]) -> object:
        written.append(len(chunk))
        if len(written) == 3:
            raise KeyboardInterrupt
        return write(self, chunk)  # type: ignore[arg-type]

    monkeypatch.setattr(ChunkWriter, "write", die_in_the_third)
    with pytest.raises(KeyboardInterrupt):
        bring_in("phone,first_name\n" + rows, answer=AGREED)
    assert Contact.objects.count() == Consent.objects.count() == sum(written[:2])
    assert ContactImport.objects.get().state == "failed"
    monkeypatch.undo()

    report = bring_in("phone,first_name\n" + rows, answer=AGREED)

    assert Contact.objects.count() == Consent.objects.count() == 2_000
    assert report.created == 2_000 - sum(written[:2])
    assert len(may_text(shop)) == 2_000


@pytest.mark.django_db(transaction=True)
def test_a_large_file_is_written_by_number_and_the_later_row_still_wins(
    bring_in: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "LARGEST_CHUNK", 50)
    numbers = [(number * 37) % 1_000 for number in range(1_000)]
    rows = "".join(f"212555{number:04},first\n" for number in numbers)

    report = bring_in("phone,first_name\n" + rows + "2125550103,second\n2125550103,third\n")

    assert report.created == 1_000
    assert report.duplicates == 2
    assert names()[CARLA] == "third"
    phones = list(Contact.objects.order_by("id").values_list("phone", flat=True))
    assert phones == sorted(phones)
