"""Making links by hand: campaign fields, QR codes, and finding them again."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tapline.links import pages
from tapline.links.aliases import create_alias
from tapline.links.domains import create_domain
from tapline.links.minting import create_link
from tapline.links.models import Link, LinkKind
from tapline.links.utm import last_values
from tapline.workspaces.models import Role, Workspace
from tapline.workspaces.tree import create_workspace
from tests.links.making import make_link
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db


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


def words_of(page: Any) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page.content.decode())))


UTM = {"utm_source": "poster", "utm_medium": "print", "utm_campaign": "May & June"}
MENU = "https://www.example.com/menu?utm_medium=qr#today"


def test_campaign_fields_join_the_address_and_are_offered_again(
    workspace: Workspace, browser: Client
) -> None:
    seen = browser.post(address(workspace, "utm"), UTM | {"destination": MENU})
    browser.post(address(workspace, "new"), UTM | {"destination": MENU, "name": "Poster"})

    link = Link.objects.get()
    assert link.destination == (
        "https://www.example.com/menu?utm_medium=qr&utm_source=poster"
        "&utm_campaign=May%20%26%20June#today"
    )
    assert link.destination in words_of(seen)
    assert last_values(workspace) == {
        "source": "poster",
        "medium": "qr",
        "campaign": "May & June",
    }
    form = browser.get(address(workspace, "new")).content.decode()
    assert '<datalist id="last-source"><option value="poster"></datalist>' in form
    assert last_values(create_workspace("Next")) == {}


def test_what_cannot_be_an_address_is_said_while_it_is_typed(
    workspace: Workspace, browser: Client
) -> None:
    answer = browser.post(address(workspace, "utm"), {"destination": "ftp://example.com"})

    assert answer.status_code == 200
    assert "It leads to" not in words_of(answer)
    assert not Link.objects.exists()


@pytest.mark.parametrize(
    ("kind", "content_type", "begins"),
    [("svg", "image/svg+xml", b"<?xml"), ("png", "image/png", b"\x89PNG")],
)
def test_an_alias_is_given_as_a_qr_code(
    workspace: Workspace, browser: Client, kind: str, content_type: str, begins: bytes
) -> None:
    link = make_link(workspace.domains.get())
    alias = create_alias(link.domain, "sale", link, actor="test")

    picture = browser.get(address(workspace, "qr", alias.pk, kind))

    assert picture.headers["Content-Type"] == content_type
    assert picture.content.startswith(begins)
    assert f'filename="sale.{kind}"' in picture.headers["Content-Disposition"]
    assert browser.get(address(workspace, "qr", alias.pk, "exe")).status_code == 404
    assert address(workspace, "qr", alias.pk, kind) in (
        browser.get(address(workspace, "show", link.pk)).content.decode()
    )


def test_links_are_found_by_name_address_and_alias(workspace: Workspace, browser: Client) -> None:
    domain = workspace.domains.get()
    for name in ("Lunch", "Prices"):
        link = create_link(
            workspace, domain, f"https://www.example.com/{name[0]}", name=name, actor="test"
        )
    create_alias(domain, "costs", link, actor="test")

    def found(search: str) -> set[str]:
        page = words_of(browser.get(address(workspace, "list"), {"search": search}))
        return {name for name in ("Lunch", "Prices") if name in page}

    assert found("lunch") == {"Lunch"}
    assert found("example.com/p") == {"Prices"}
    assert found("cost") == {"Prices"}
    assert found("nothing") == set()


def test_links_are_paged_without_the_personal_ones(
    workspace: Workspace, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PER_PAGE", 2)
    domain = workspace.domains.get()
    for name in ("one", "two", "three"):
        link = create_link(workspace, domain, "https://example.com/", name=name, actor="test")
    Link.objects.filter(pk=link.pk).update(kind=LinkKind.PERSONAL)
    create_link(workspace, domain, "https://example.com/", name="four", actor="test")

    first = browser.get(address(workspace, "list"))
    (onward,) = re.findall(r'href="(\?older=\d+)"', first.content.decode())
    second = browser.get(address(workspace, "list") + onward)

    assert re.findall(r"\b(one|two|three|four)\b", words_of(first)) == ["four", "two"]
    assert re.findall(r"\b(one|two|three|four)\b", words_of(second)) == ["one"]
