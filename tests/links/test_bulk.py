"""Many links from one table: what each line became, and what cannot be read at all."""

from __future__ import annotations

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from tapline.links import bulk
from tapline.links.bulk import BadTable, Line, make_links, read_lines
from tapline.links.codebook import load_codebook
from tapline.links.domains import create_domain
from tapline.links.models import Alias, Link
from tapline.workspaces.models import Role, Workspace
from tapline.workspaces.tree import create_workspace
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db(transaction=True)

MENU = "https://www.example.com/menu"


@pytest.fixture
def workspace() -> Workspace:
    workspace = create_workspace("Bakery")
    create_domain(workspace, "https://go.example.com", proved=True, actor="test")
    return workspace


@pytest.mark.parametrize(
    "table",
    [
        f"{MENU},Menu,lunch\n",
        f"destination,name,alias\n{MENU},Menu,lunch",
        f"Alias;Name;Destination\r\nlunch;Menu;{MENU}\r\n\r\n",
        f"destination\tname\talias\n{MENU}\tMenu\tlunch\n",
    ],
)
def test_a_table_is_read_however_its_columns_are_divided_and_ordered(table: str) -> None:
    assert read_lines(table) == [Line(MENU, "Menu", "lunch")]


@pytest.mark.parametrize("table", ["", "\n \n", "name,alias\nMenu,lunch", f"{MENU}\n" * 501])
def test_what_is_no_table_of_links_is_refused_as_a_whole(table: str) -> None:
    with pytest.raises(BadTable):
        read_lines(table)


def test_each_line_becomes_a_link_or_says_why_not(workspace: Workspace) -> None:
    domain = workspace.domains.get()
    lines = [
        Line(MENU, "Menu", "Lunch"),
        Line(MENU),
        Line(MENU, alias="lunch"),
        Line("ftp://example.com/"),
        Line(MENU, short_link="https://go.example.com/kept"),
    ]

    aliased, coded, taken, wrong, kept = make_links(workspace, domain, lines, actor="test")

    with_code = Link.objects.get(name="", aliases=None)
    (code,) = load_codebook([with_code.pk], last_position=0).codes(with_code.pk, [0])
    assert aliased.short_link == "https://go.example.com/lunch"
    assert coded.short_link == f"https://go.example.com/{code}"
    assert "lunch" in taken.problem
    assert not taken.short_link
    assert wrong.problem
    assert kept == lines[-1]
    assert Link.objects.count() == 2


def test_the_answer_is_the_table_with_short_links_and_can_be_given_again(
    workspace: Workspace,
) -> None:
    browser = member_of(workspace, Role.SENDER)
    address = reverse("links:bulk", args=[workspace.pk])
    table = f"destination,name,alias\n{MENU},=Menu,lunch\nnowhere,,\n"

    answer = browser.post(address, {"file": SimpleUploadedFile("links.csv", table.encode())})
    text = answer.content.decode("utf-8-sig")
    first, second = csv.DictReader(io.StringIO(text))
    again = browser.post(address, {"lines": text})

    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert (first["name"], first["short_link"]) == ("'=Menu", "https://go.example.com/lunch")
    assert not first["problem"]
    assert second["problem"]
    assert again.content.decode("utf-8-sig").count("https://go.example.com/lunch") == 1
    assert Link.objects.get().workspace == workspace
    assert Alias.objects.count() == 1


def test_a_file_that_is_no_text_is_refused_and_makes_nothing(workspace: Workspace) -> None:
    browser = member_of(workspace, Role.SENDER)
    picture = SimpleUploadedFile("links.csv", b"\x89PNG\xff\xfe")

    answer = browser.post(reverse("links:bulk", args=[workspace.pk]), {"file": picture})

    assert answer.status_code == 422
    assert "UTF-8" in answer.content.decode()
    assert not Link.objects.exists()


def test_more_than_can_be_waited_for_is_refused(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST_LINES", 1)
    browser = member_of(workspace, Role.SENDER)

    answer = browser.post(
        reverse("links:bulk", args=[workspace.pk]), {"lines": f"{MENU}\n{MENU}\n"}
    )

    assert answer.status_code == 422
    assert not Link.objects.exists()
