"""`tapline track` writes a file anew with tracked links."""

from __future__ import annotations

import csv
import io
import json

import pytest
from click.testing import CliRunner, Result

from tapline.broadcasts.commands_track import track
from tapline.broadcasts.models import Broadcast, Message
from tapline.broadcasts.track_files import BadTextFile, read_file
from tapline.broadcasts.tracking import BadTexts
from tapline.links.domains import create_domain
from tapline.workspaces.tree import create_workspace

pytestmark = pytest.mark.django_db(transaction=True)

BASE = "https://go.example.com"


@pytest.fixture(autouse=True)
def _domain() -> None:
    create_domain(create_workspace("Casa Verde"), BASE, proved=True, actor="test")


def _run(data: str | bytes, *args: str) -> Result:
    return CliRunner().invoke(track, [*args, "-"], input=data)


def test_json_lines_come_back_with_every_other_field_as_it_was() -> None:
    given = {"to": "+12125550123", "text": "See example.com\u2028now", "extra": {"a": [1]}}

    result = _run(json.dumps(given, ensure_ascii=False) + "\n\n")

    assert result.exit_code == 0, result.output
    written = json.loads(result.stdout)
    (link,) = written["links"]
    assert written["text"] == f"See {link['url']}\u2028now"
    assert link["url"].startswith(BASE)
    assert link["destination"] == "https://example.com"
    assert (written["to"], written["extra"]) == (given["to"], given["extra"])
    assert Message.objects.get().pk == written["message_id"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_comes_back_as_csv_with_its_columns(delimiter: str) -> None:
    out = io.StringIO()
    rows = csv.writer(out, delimiter=delimiter)
    rows.writerow(["id", "Phone", "Text"])
    rows.writerow(["7", "+12125550123", 'Say "hi", see example.com\nsoon'])

    result = _run("\ufeff" + out.getvalue())

    header, row = csv.reader(io.StringIO(result.stdout, newline=""), delimiter=delimiter)
    assert header == ["id", "Phone", "Text", "message_id", "parts"]
    message = Message.objects.get()
    assert row == ["7", "+12125550123", message.text, str(message.pk), "1"]
    assert message.reference == "7"
    assert message.text.startswith('Say "hi", see https://go.example.com/')


def test_csv_without_header_has_number_and_text() -> None:
    result = _run("+12125550123,See example.com\n+12125550124,Hello\n")

    assert len(result.stdout.splitlines()) == 2
    assert Message.objects.count() == 2


def test_json_prints_one_object() -> None:
    result = _run("+12125550123,See example.com\n", "--json", "--name", "May")

    told = json.loads(result.stdout)
    assert told["broadcast_id"] == Broadcast.objects.get(name="May").pk
    assert told["texts"][0]["to"] == "+12125550123"


def test_one_bad_line_refuses_the_file_and_is_listed() -> None:
    result = _run("phone,text\n+12125550123,fine\n\n12,bad\n")

    assert isinstance(result.exception, BadTexts)
    assert "line 4: '12' is not a phone number." in result.stderr
    assert result.stdout == ""
    assert not Message.objects.exists()


BAD_FILES: list[tuple[bytes, str]] = [
    (b"", "empty"),
    (b"\n\n", "empty"),
    (b"phone,text\n", "empty"),
    (b"\xff\xfe+\x00", "not UTF-8"),
    (b"+12125550123,\x00", "NUL"),
    (b"name,text\nAna,hi\n", "no phone"),
    (b"phone,name\n+12125550123,Ana\n", "no text"),
    (b"phone,text\n+12125550123,a,b\n", "3 cells"),
    (b'phone,text\n+12125550123,"a\n', "not CSV"),
    (b'{"phone": "+12125550123", "text": "hi"}\n{"phone"', "Line 2"),
    (b'{"phone": "+12125550123", "text": "hi"}\n[]', "Line 2"),
    (b'{"phone": "+12125550123"}', "no text"),
    (b'{"a":' * 100_000, "Line 1"),
]


@pytest.mark.parametrize(("data", "said"), BAD_FILES, ids=lambda value: str(value)[:30])
def test_a_file_that_holds_no_texts_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(BadTextFile, match=said):
        read_file(data)


def test_help_teaches_by_example() -> None:
    assert "| tapline track" in CliRunner().invoke(track, ["--help"]).output
