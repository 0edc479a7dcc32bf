"""Many links from one table: how it is read, and the pages on which it becomes links."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tapline.csv_files import NotACsv
from tapline.links import bulk
from tapline.links.bulk import BadTable, Line, as_csv, decode_table, read_lines
from tapline.links.domains import create_domain
from tapline.links.models import Alias, Link, LinkTable
from tapline.links.tables import work_next
from tapline.workspaces.audit import history
from tapline.workspaces.models import Role, Workspace
from tapline.workspaces.tree import create_workspace
from tests.links.test_pages_making import words_of
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db(transaction=True)

MENU = "https://www.example.com/menu"


@pytest.fixture
def workspace() -> Workspace:
    workspace = create_workspace("Bakery")
    create_domain(workspace, "https://go.example.com", proved=True, actor="test")
    return workspace


@pytest.fixture
def browser(workspace: Workspace) -> Client:
    return member_of(workspace, Role.SENDER)


def address(workspace: Workspace, name: str, *more: object) -> str:
    return reverse(f"links:{name}", args=[workspace.pk, *more])


def give(workspace: Workspace, browser: Client, table: str) -> LinkTable:
    """Give a table on the page, let the worker check it, and return it."""
    file = SimpleUploadedFile("links.csv", table.encode())
    browser.post(address(workspace, "bulk"), {"file": file})
    while work_next():
        pass
    return LinkTable.objects.latest("pk")


def make(workspace: Workspace, browser: Client, table: LinkTable) -> list[dict[str, str]]:
    """Let a checked table be made, and return the file that comes back."""
    browser.post(address(workspace, "make-table", table.pk))
    while work_next():
        pass
    return saved(workspace, browser, table)


def saved(workspace: Workspace, browser: Client, table: LinkTable) -> list[dict[str, str]]:
    answer: Any = browser.get(address(workspace, "save-table", table.pk))
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))


@pytest.mark.parametrize(
    "table",
    [
        f"{MENU},Menu,lunch\n",
        f"destination,name,alias\n{MENU},Menu,/Lunch",
        f"Alias;Name;Destination\r\nlunch;Menu;{MENU}\r\n\r\n",
        f"destination\tname\talias\n{MENU}\tMenu\tlunch\n",
        f"sep=;\r\ndestination;name;alias\r\n{MENU};Menu;lunch\r\n",
    ],
)
def test_a_table_is_read_however_its_columns_are_divided_and_ordered(table: str) -> None:
    (line,) = read_lines(table)
    assert line[1:] == Line(0, MENU, "Menu", "lunch")[1:]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_a_table_is_read_in_whatever_encoding_a_spreadsheet_wrote(codec: str) -> None:
    table = f"destination;name\r\n{MENU};Menü\r\n".encode(codec)

    (line,) = read_lines(decode_table("links.csv", table))

    assert (line.destination, line.name) == (MENU, "Menü")


def test_a_quotation_mark_that_is_left_open_is_named_by_its_line() -> None:
    table = f'destination,name\n{MENU},Menu\n{MENU},"Lunch' + "\n" * 300

    with pytest.raises(NotACsv, match="line 3"):
        read_lines(table)


def test_each_line_knows_where_it_begins() -> None:
    table = f'destination,name\n\n{MENU},"two\nlines"\n{MENU},x\n'

    assert [each.line for each in read_lines(table)] == [3, 5]


@pytest.mark.parametrize(
    "table", ["", "\n \n", "name,alias\nMenu,lunch", "destination,name\n", f"{MENU}\n" * 4]
)
def test_what_is_no_table_of_links_is_refused_as_a_whole(
    table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST_LINES", 3)

    with pytest.raises(BadTable):
        read_lines(table)


def test_what_is_written_is_read_again_as_it_was() -> None:
    row = (MENU, "=Menu", "lunch", "Summer", "", "https://go.example.com/lunch", "")

    written = b"".join(as_csv([row]))

    assert b"'=Menu" in written  # No spreadsheet takes it for a formula.
    assert [each[1:] for each in read_lines(decode_table("links.csv", written))] == [row[:-1]]


def test_a_table_is_shown_before_anything_is_made(workspace: Workspace, browser: Client) -> None:
    table = give(
        workspace, browser, f"destination,name,alias\n{MENU},Menu,lunch\n{MENU},,\nnowhere,,\n"
    )

    page = words_of(browser.get(address(workspace, "table", table.pk)))

    assert "Make 2 links" in page
    assert "https://go.example.com/lunch" in page
    assert "gets a code" in page
    assert "4 nowhere" in page  # the line in the file, and what it says
    assert f"2 Menu {MENU}" in page
    assert not Link.objects.exists()


def test_a_table_becomes_links_and_comes_back_with_them_or_with_reasons(
    workspace: Workspace, browser: Client
) -> None:
    given = f"destination,name,alias,campaign\n{MENU},=Menu,lunch,Summer\n{MENU},,,\nnowhere,,,\n"
    table = give(workspace, browser, given)

    first, second, third = make(workspace, browser, table)

    assert (first["name"], first["short_link"]) == ("'=Menu", "https://go.example.com/lunch")
    assert second["short_link"].startswith("https://go.example.com/")
    assert not first["problem"]
    assert not third["short_link"]
    assert "has no scheme" in third["problem"]
    named = Link.objects.get(name="=Menu")
    assert named.campaign is not None
    assert (named.workspace, named.campaign.name) == (workspace, "Summer")
    assert Link.objects.count() == 2
    entry = history(workspace).get(action="links.made")
    assert entry.after == {"file": "links.csv", "links": 2}


def test_a_mended_table_is_given_again_and_makes_only_what_is_missing(
    workspace: Workspace, browser: Client
) -> None:
    rows = make(
        workspace, browser, give(workspace, browser, f"destination,alias\n{MENU},lunch\nno,\n")
    )
    rows[1]["destination"] = f"{MENU}/2"
    file = io.StringIO()
    writer = csv.DictWriter(file, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)

    again = give(workspace, browser, file.getvalue())
    mended = make(workspace, browser, again)

    assert (again.kept, Link.objects.count(), Alias.objects.count()) == (1, 2, 1)
    assert all(row["short_link"] and not row["problem"] for row in mended)


def test_pasted_lines_are_a_table_too(workspace: Workspace, browser: Client) -> None:
    answer = browser.post(address(workspace, "bulk"), {"lines": f"{MENU}, Menu, lunch"})

    table = LinkTable.objects.get()
    assert answer.headers["Location"] == address(workspace, "table", table.pk)
    assert table.lines == 1


@pytest.mark.parametrize("content", [b"\x89PNG\xff\xfe", b"PK\x03\x04", bytes(range(32)) * 9])
def test_a_file_that_is_no_text_is_refused_and_keeps_nothing(
    workspace: Workspace, browser: Client, content: bytes
) -> None:
    picture = SimpleUploadedFile("links.csv", content)

    answer = browser.post(address(workspace, "bulk"), {"file": picture})

    assert answer.status_code == 422
    assert "UTF-8" in answer.content.decode()
    assert not LinkTable.objects.exists()


def test_a_table_under_way_shows_how_far_it_is_and_asks_again_by_itself(
    workspace: Workspace, browser: Client
) -> None:
    browser.post(address(workspace, "bulk"), {"lines": MENU})
    table = LinkTable.objects.get()

    page = browser.get(address(workspace, "table", table.pk))
    progress = address(workspace, "table-progress", table.pk)
    fragment = browser.get(progress).content.decode()

    assert "0 of 1 lines" in words_of(page)
    assert f'hx-get="{progress}"' in fragment
    work_next()
    assert (
        "hx-get" not in browser.get(address(workspace, "table-progress", table.pk)).content.decode()
    )


def test_a_table_is_found_again_among_the_tables_and_can_be_left_unmade(
    workspace: Workspace, browser: Client
) -> None:
    table = give(workspace, browser, MENU)

    listed = words_of(browser.get(address(workspace, "tables")))
    browser.post(address(workspace, "discard-table", table.pk))

    assert "links.csv" in listed
    assert "waits for you" in listed
    assert not LinkTable.objects.exists()


def test_a_viewer_sees_and_saves_a_table_and_makes_nothing(
    workspace: Workspace, browser: Client
) -> None:
    table = give(workspace, browser, MENU)
    viewer = member_of(workspace, Role.VIEWER)

    page = viewer.get(address(workspace, "table", table.pk)).content.decode()
    refused = viewer.post(address(workspace, "make-table", table.pk))

    assert "Make 1 link" not in page
    assert len(saved(workspace, viewer, table)) == 1
    assert refused.status_code == 403
