"""Walks the walls: every page of a workspace, tried by everybody who must not see it.

The pages are taken from the addresses themselves, so a new page is walked without being listed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tapline.broadcasts.models import Message
from tapline.contacts.uploads import keep_upload
from tapline.links.aliases import create_alias
from tapline.workspaces.api_keys import create_api_key
from tapline.workspaces.members import add_member
from tapline.workspaces.models import Role, Workspace
from tapline.workspaces.tree import create_workspace, move_workspace
from tests.broadcasts.making import ACTOR, make_broadcast, make_contacts, make_workspace
from tests.contacts.people import make_refused_import
from tests.keywords.making import make_keyword
from tests.links.making import make_link
from tests.providers.making import make_number, make_twilio
from tests.replies.making import write
from tests.signups.making import make_form
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db


# Searching posts, so that no number stands in an address; whoever sees people may search.
SEARCHES = {"contacts:list", "replies:list", "replies:list-of"}
# Pages that show counts and rates alone: who looks from above may see them.
RATES = {
    "web:home",
    "broadcasts:list",
    "broadcasts:show",
    "broadcasts:live",
    "broadcasts:details",
    "links:list",
    "links:show",
    "keywords:list",
    "keywords:show",
}
POSTS_ONLY = {
    "broadcasts:act",
    "broadcasts:preview",
    "broadcasts:schedule",
    "contacts:go-on",
    "contacts:publish-notice",
    "contacts:role",
    "contacts:stop",
    "contacts:withdraw-notice",
    "hours:change",
    "hours:replace",
    "keywords:end",
    "links:add-alias",
    "links:add-domain",
    "links:card",
    "links:check-domain",
    "links:destination",
    "links:domain-answers",
    "links:expiry",
    "links:move-domain",
    "links:remove-alias",
    "links:remove-domain",
    "links:switch",
    "links:vouch-domain",
    "providers:prices",
    "providers:retire",
    "providers:retire-sender",
    "providers:test",
    "replies:answer",
    "replies:assign",
    "replies:change-reach",
    "replies:change-words",
    "replies:choose-mails",
    "replies:decide",
    "replies:done",
    "replies:opt-out",
    "replies:parts",
    "replies:read",
    "replies:reopen",
    "signups:switch",
    "workspaces:count-only",
    "workspaces:add-member",
    "workspaces:create-below",
    "workspaces:create-key",
    "workspaces:remove-member",
    "workspaces:revoke-key",
}


@dataclass(frozen=True)
class House:
    """A brand with two locations; one of them holds one of everything."""

    brand: Workspace
    own: Workspace
    sibling: Workspace
    below: Workspace
    things: dict[str, object]


@pytest.fixture
def house() -> House:
    brand = create_workspace("Brand")
    own = make_workspace()
    move_workspace(own, brand)
    sibling = create_workspace("Sibling", parent=brand)
    below = create_workspace("Below", parent=own)
    (contact,) = make_contacts(own, 1)
    domain = own.domains.get()
    link = make_link(domain)
    alias = create_alias(domain, "sale", link, actor=ACTOR)
    member = add_member(own, "somebody@example.com", Role.VIEWER, actor=ACTOR)
    key, _token = create_api_key(own, "Shop", ["links:read"])
    upload = keep_upload(own, SimpleUploadedFile("a.csv", b"phone\n+12125550100\n"))
    imported = make_refused_import(own)
    make_contacts(own, 1, first=1)
    reply = write("stpo", 1)
    account = make_twilio(own, base_url="https://127-0-0-1.invalid")
    broadcast = make_broadcast(own)
    message = Message.objects.create(
        broadcast=broadcast, workspace=own, position=0, contact=contact, phone=contact.phone
    )
    things: dict[str, object] = {
        "broadcast_id": broadcast.pk,
        "message_id": message.pk,
        "contact_id": contact.pk,
        "link_id": link.pk,
        "alias_id": alias.pk,
        "domain_id": domain.pk,
        "member_id": member.pk,
        "key_id": key.pk,
        "name": upload,
        "form_id": make_form(own).pk,
        "keyword_id": make_keyword(own).pk,
        "kind": "svg",
        "import_id": imported.pk,
        "action": "start",
        "group": "tapped",
        "thread_id": reply.thread_id,
        "reply_id": reply.pk,
        "list_name": "open",
        "account_id": account.pk,
        "sender_id": make_number(account, is_default=False).pk,
    }
    return House(brand, own, sibling, below, things)


def _page_patterns() -> Iterator[tuple[str, set[str]]]:
    """Yield name and parameters of every address that belongs to a workspace."""

    def walk(
        patterns: list[URLPattern | URLResolver], space: str, above: set[str]
    ) -> Iterator[tuple[str, set[str]]]:
        for each in patterns:
            known = above | set(each.pattern.converters)
            if isinstance(each, URLResolver):
                yield from walk(each.url_patterns, each.namespace or space, known)
            elif "workspace_id" in known and not space.startswith("api"):
                yield f"{space}:{each.name}", known

    yield from walk(get_resolver().url_patterns, "", set())


PAGES = dict(_page_patterns())


def _addresses(house: House, workspace: Workspace) -> Iterator[tuple[str, str]]:
    for name, parameters in PAGES.items():
        wanted = {each: house.things[each] for each in parameters if each != "workspace_id"}
        yield name, reverse(name, kwargs={"workspace_id": workspace.pk, **wanted})


def _answers(browser: Client, house: House, workspace: Workspace) -> dict[str, set[int]]:
    return {
        name: {browser.get(address).status_code, browser.post(address).status_code}
        for name, address in _addresses(house, workspace)
    }


def _without_tokens(page: bytes) -> bytes:
    return re.sub(rb'value="\w{64}"', b"", page)


def test_there_are_pages_to_walk() -> None:
    assert len(PAGES) > 30
    assert set(PAGES) >= RATES | POSTS_ONLY


def test_strangers_and_neighbours_cannot_tell_that_anything_is_there(house: House) -> None:
    stranger = member_of(create_workspace("Elsewhere"))
    sibling = member_of(house.sibling, sees_people_below=True)
    child = member_of(house.below, sees_people_below=True)

    for browser in (stranger, sibling, child):
        for name, statuses in _answers(browser, house, house.own).items():
            assert statuses <= {404, 405}, name
            assert 404 in statuses, name


def test_a_workspace_that_does_not_exist_looks_the_same_as_somebody_elses(house: House) -> None:
    browser = member_of(house.sibling)

    theirs = browser.get(reverse("broadcasts:list", args=[house.own.pk]))
    nobodys = browser.get(reverse("broadcasts:list", args=[10**9]))

    assert theirs.status_code == nobodys.status_code == 404
    assert _without_tokens(theirs.content) == _without_tokens(nobodys.content)


def test_from_above_one_sees_rates_and_nothing_else(house: House) -> None:
    head_office = member_of(house.brand)

    for name, address in _addresses(house, house.own):
        answer = head_office.get(address)
        expected = 200 if name in RATES else 405 if name in POSTS_ONLY else 403
        assert answer.status_code == expected, name
        assert b"+1200555" not in answer.content, name
        if name not in RATES:
            assert head_office.post(address).status_code in (403, 405), name


def test_with_the_people_granted_an_owner_above_sees_all_of_it(house: House) -> None:
    granted = member_of(house.brand, sees_people_below=True)

    for name, address in _addresses(house, house.own):
        expected = 405 if name in POSTS_ONLY else 200
        assert granted.get(address).status_code == expected, name


def test_viewers_change_nothing(house: House) -> None:
    viewer = member_of(house.own, Role.VIEWER)

    for name, address in _addresses(house, house.own):
        assert viewer.post(address).status_code in (403, 405) or name in SEARCHES, name


def test_things_of_another_workspace_are_not_found_through_ones_own(house: House) -> None:
    neighbour = member_of(house.sibling)

    for name, address in _addresses(house, house.sibling):
        if PAGES[name] <= {"workspace_id", "list_name"}:
            continue
        assert neighbour.get(address).status_code in (404, 405), name
        assert neighbour.post(address).status_code in (404, 405), name


def test_whoever_is_not_signed_in_is_asked_to(house: House) -> None:
    for name, address in _addresses(house, house.own):
        for answer in (Client().get(address), Client().post(address)):
            if answer.status_code != 405:
                assert answer.status_code == 302, name
                assert answer.headers["Location"].startswith("/sign-in"), name
