"""Making links by hand: campaign fields, QR codes, and finding them again."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tapline.links import pages
from tapline.links.addresses import own_addresses
from tapline.links.aliases import create_alias
from tapline.links.domains import create_domain
from tapline.links.goals import campaign_named
from tapline.links.minting import create_link, mint_range
from tapline.links.models import Campaign, Link, LinkKind, Offer
from tapline.links.utm import last_values
from tapline.workspaces.audit import history
from tapline.workspaces.models import Role, Workspace
from tapline.workspaces.tree import create_workspace
from tests.links.making import make_link
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db(transaction=True)


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


def test_an_address_may_be_typed_without_its_beginning(
    workspace: Workspace, browser: Client
) -> None:
    browser.post(address(workspace, "new"), {"destination": "www.example.com/menu"})
    link = Link.objects.get()
    assert link.destination == "https://www.example.com/menu"

    browser.post(address(workspace, "destination", link.pk), {"destination": "example.org"})
    link.refresh_from_db()
    assert link.destination == "https://example.org"


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


def test_a_code_is_given_as_a_qr_code_as_well(workspace: Workspace, browser: Client) -> None:
    link, uncoded = (make_link(workspace.domains.get()) for _ in range(2))
    mint_range(link, 1)
    code = own_addresses([link])[link.pk].rpartition("/")[2]

    picture = browser.get(address(workspace, "code-qr", link.pk, "png"))

    assert picture.content.startswith(b"\x89PNG")
    assert f'filename="{code}.png"' in picture.headers["Content-Disposition"]
    page = browser.get(address(workspace, "show", link.pk)).content.decode()
    assert address(workspace, "code-qr", link.pk, "svg") in page
    assert browser.get(address(workspace, "code-qr", uncoded.pk, "png")).status_code == 404


def test_a_viewer_sees_and_saves_aliases_and_changes_none(workspace: Workspace) -> None:
    link = make_link(workspace.domains.get())
    alias = create_alias(link.domain, "sale", link, actor="test")
    viewer = member_of(workspace, Role.VIEWER)

    page = viewer.get(address(workspace, "show", link.pk)).content.decode()

    assert "https://go.example.com/sale" in page
    for kind in ("svg", "png"):
        assert address(workspace, "qr", alias.pk, kind) in page
        assert viewer.get(address(workspace, "qr", alias.pk, kind)).status_code == 200
    main = page[page.index("<main") : page.index("</main")]
    assert "<form" not in main
    assert viewer.post(address(workspace, "remove-alias", alias.pk)).status_code == 403


def test_a_link_without_alias_gets_a_code_that_its_page_and_the_list_tell(
    workspace: Workspace, browser: Client
) -> None:
    browser.post(address(workspace, "new"), {"destination": MENU})

    link = Link.objects.get()
    short = own_addresses([link])[link.pk]
    assert short in words_of(browser.get(address(workspace, "show", link.pk)))
    assert short in words_of(browser.get(address(workspace, "list")))


def test_a_taken_alias_makes_neither_link_nor_campaign(
    workspace: Workspace, browser: Client
) -> None:
    create_alias(workspace.domains.get(), "sale", make_link(workspace.domains.get()), actor="test")

    refused = browser.post(
        address(workspace, "new"), {"destination": MENU, "path": "sale", "campaign": "Summer"}
    )

    assert refused.status_code == 422
    assert 'value="Summer"' in refused.content.decode()
    assert Link.objects.count() == 1
    assert not Campaign.objects.exists()


def test_a_link_is_made_for_a_campaign_and_an_offer_old_or_new(
    workspace: Workspace, browser: Client
) -> None:
    known = Campaign.objects.create(workspace=workspace, name="Summer")
    other = create_workspace("Next")
    Campaign.objects.create(workspace=other, name="Secret")

    form = browser.get(address(workspace, "new")).content.decode()
    said = {"campaign": "Summer", "offer": "Two for one"}
    browser.post(address(workspace, "new"), {"destination": MENU} | said)

    link = Link.objects.get()
    assert link.campaign == known
    assert link.offer == Offer.objects.get(workspace=workspace, name="Two for one")
    assert '<option value="Summer">' in form
    assert "Secret" not in form
    for name in ("links:show", "broadcasts:link-report"):
        page = words_of(browser.get(reverse(name, args=[workspace.pk, link.pk])))
        assert "Campaign «Summer», offer «Two for one»" in page


def test_campaign_and_offer_are_changed_on_the_links_page_and_written_down(
    workspace: Workspace, browser: Client
) -> None:
    link = make_link(workspace.domains.get())
    choose = address(workspace, "goals", link.pk)

    browser.post(choose, {"campaign": "Autumn", "offer": "Free soup"})
    browser.post(choose, {"campaign": "Autumn", "offer": ""})

    link.refresh_from_db()
    assert link.campaign is not None
    assert (link.campaign.name, link.offer) == ("Autumn", None)
    assert Campaign.objects.count() == 1
    newest = history(workspace).filter(action="link.goals_changed").first()
    assert newest is not None
    assert newest.before == {"campaign": "Autumn", "offer": "Free soup"}
    assert newest.after == {"campaign": "Autumn", "offer": None}


def test_a_name_that_exists_above_is_used_rather_than_made_again(workspace: Workspace) -> None:
    above = Campaign.objects.create(workspace=workspace, name="Summer")
    branch = create_workspace("Branch", parent=workspace)

    assert campaign_named(branch, "Summer") == above
    own = Campaign.objects.create(workspace=branch, name="Summer")
    assert campaign_named(branch, "Summer") == own


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
