"""Links through the API."""

from __future__ import annotations

from typing import Any

import pytest

from tapline.links.domains import create_domain
from tapline.links.models import Link
from tapline.workspaces.models import AuditEntry
from tapline.workspaces.tree import create_workspace
from tests.web.api_client import Caller, caller_of, error_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def caller() -> Caller:
    workspace = create_workspace("Casa Verde")
    create_domain(workspace, "https://go.example.com", proved=True, actor="test")
    return caller_of(workspace)


def _link(caller: Caller, **changes: Any) -> Any:
    return caller.post("/links", {"destination": "https://example.com/menu", **changes})


def test_a_link_has_an_address_for_a_poster(caller: Caller) -> None:
    link = _link(caller, name="Poster", campaign="Spring", utm={"source": "poster"})

    assert link["url"].startswith("https://go.example.com/")
    assert link["destination"] == "https://example.com/menu?utm_source=poster"
    assert link["campaign"] == "Spring"
    assert caller.get(f"/links/{link['id']}") == link
    assert caller.get("/links")["items"] == [link]
    assert caller.get("/campaigns")["items"][0]["name"] == "Spring"


@pytest.mark.parametrize(
    "destination",
    [
        "javascript:alert(1)",
        "data:text/html,hi",
        "https://user@example.com/",
        "https://go.example.com/sale",
        "https://",
        "example",
        "https://example.com/\r\nSet-Cookie: a=b",
        "https://example.com/" + "x" * 2048,
        "https://example.com/\x00",
    ],
)
def test_a_bad_destination_is_refused(caller: Caller, destination: str) -> None:
    made = caller.call("POST", "/links", {"destination": destination})
    link = _link(caller)
    changed = caller.call("PATCH", f"/links/{link['id']}", {"destination": destination})

    for answer in (made, changed):
        assert answer.status_code == 422
        error_of(answer)
    assert Link.objects.get().destination == "https://example.com/menu"


def test_a_destination_is_changed_after_sending_and_audited(caller: Caller) -> None:
    link = _link(caller)

    changed = caller.patch(f"/links/{link['id']}", {"destination": "https://example.com/new"})

    assert changed == {**link, "destination": "https://example.com/new"}
    entry = AuditEntry.objects.get(action="link.destination_changed")
    assert entry.actor.startswith("api key ")


def test_campaign_and_offer_of_a_link_are_changed_and_taken_away(caller: Caller) -> None:
    path = f"/links/{_link(caller, campaign='Spring')['id']}"

    named = caller.patch(path, {"offer": "Free soup"})

    assert (named["campaign"], named["offer"]) == ("Spring", "Free soup")
    assert caller.patch(path, {"campaign": None})["campaign"] is None
    assert caller.get(path)["offer"] == "Free soup"


def test_a_refused_link_leaves_no_campaign_behind(caller: Caller) -> None:
    caller.call("POST", "/links", {"destination": "nowhere", "campaign": "Spring"})

    assert caller.get("/campaigns")["items"] == []


def test_a_link_is_stopped_started_and_given_an_end(caller: Caller) -> None:
    path = f"/links/{_link(caller)['id']}"

    assert caller.patch(path, {"disabled": True})["disabled_at"]
    assert caller.patch(path, {"expires_at": "2027-01-01T00:00:00Z"})["disabled_at"]
    ended = caller.patch(path, {"disabled": False})
    assert ended["disabled_at"] is None
    assert ended["expires_at"] == "2027-01-01T00:00:00Z"
    assert caller.patch(path, {"expires_at": None})["expires_at"] is None


def test_of_several_changes_all_or_none_are_made(caller: Caller) -> None:
    link = _link(caller)
    changes = {"destination": "https://example.com/new", "expires_at": "tomorrow"}

    assert caller.call("PATCH", f"/links/{link['id']}", changes).status_code == 422
    assert caller.get(f"/links/{link['id']}") == link


def test_an_alias_is_given_taken_and_given_back(caller: Caller) -> None:
    first, second = _link(caller), _link(caller)

    told = caller.post(f"/links/{first['id']}/aliases", {"path": "/Sale"})
    assert told["aliases"] == ["https://go.example.com/sale"]
    taken = caller.call("POST", f"/links/{second['id']}/aliases", {"path": "sale"})
    assert taken.status_code == 409
    removed = caller.call("DELETE", f"/links/{first['id']}/aliases/sale")
    assert removed.status_code == 204
    caller.post(f"/links/{second['id']}/aliases", {"path": "sale"})

    assert caller.get(f"/links/{first['id']}")["aliases"] == []


@pytest.mark.parametrize("path", ["", "BCDFGHJK", "-/health", "a b", "x" * 101])
def test_an_alias_that_could_be_something_else_is_refused(caller: Caller, path: str) -> None:
    link = _link(caller)

    answer = caller.call("POST", f"/links/{link['id']}/aliases", {"path": path})

    assert answer.status_code == 422
    error_of(answer)


def test_without_a_domain_there_are_no_links(caller: Caller) -> None:
    nobody = caller_of(create_workspace("No domain yet"))

    answer = nobody.call("POST", "/links", {"destination": "https://example.com"})

    assert answer.status_code == 409
    assert "domain" in error_of(answer)["do"].lower()


def test_a_card_is_given_changed_and_taken_away(caller: Caller) -> None:
    card = {"title": "The menu", "description": "Pizza", "picture": "https://x.example/a.jpg"}
    link = _link(caller, card=card)

    def change(changes: dict[str, Any]) -> Any:
        caller.call("PATCH", f"/links/{link['id']}", changes)
        return caller.get(f"/links/{link['id']}")

    assert link["card"] == card
    changed = change({"card": {"title": "Lunch"}})
    assert changed["card"] == {"title": "Lunch", "description": "", "picture": ""}
    assert change({"disabled": True})["card"] == changed["card"]
    assert change({"card": None})["card"] is None
    assert AuditEntry.objects.filter(action="link.card_changed").count() == 3


@pytest.mark.parametrize(
    "card",
    [{"title": ""}, {"title": "x" * 121}, {"title": "x", "picture": "ftp://x.example/"}, {}],
)
def test_a_card_that_cannot_be_shown_is_refused(caller: Caller, card: dict[str, str]) -> None:
    made = caller.call("POST", "/links", {"destination": "https://example.com/", "card": card})

    assert made.status_code == 422
    assert error_of(made)["what"]
