"""Many links in one call of the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from tapline.links.aliases import create_alias
from tapline.links.api_bulk import MOST_LINKS
from tapline.links.codebook import load_codebook
from tapline.links.domains import create_domain
from tapline.links.models import Campaign, Domain, Link
from tapline.workspaces.idempotency import LEASE
from tapline.workspaces.models import IdempotentRequest
from tapline.workspaces.tree import create_workspace
from tests.links.making import make_link
from tests.web.api_client import Caller, caller_of, error_of

pytestmark = pytest.mark.django_db(transaction=True)

MENU = "https://example.com/menu"


@pytest.fixture
def caller() -> Caller:
    workspace = create_workspace("Casa Verde")
    create_domain(workspace, "https://go.example.com", proved=True, actor="test")
    return caller_of(workspace)


def _ask(caller: Caller, *links: dict[str, Any]) -> Any:
    return caller.call("POST", "/links/bulk", {"links": list(links)})


def test_each_gets_its_alias_or_a_code_in_the_order_of_the_call(caller: Caller) -> None:
    made = caller.post(
        "/links/bulk",
        {
            "links": [
                {"destination": MENU, "alias": "Lunch", "campaign": "Spring", "name": "Menu"},
                {"destination": MENU, "utm": {"source": "poster"}},
            ]
        },
    )["links"]

    (code,) = load_codebook([made[1]["id"]], last_position=0).codes(made[1]["id"], [0])
    assert [each["url"] for each in made] == [
        "https://go.example.com/lunch",
        f"https://go.example.com/{code}",
    ]
    assert made[1]["destination"] == f"{MENU}?utm_source=poster"
    first = caller.get(f"/links/{made[0]['id']}")
    assert (first["name"], first["campaign"]) == ("Menu", "Spring")
    assert first["aliases"] == ["https://go.example.com/lunch"]


def test_every_bad_one_is_named_and_none_is_made(caller: Caller) -> None:
    domain = Domain.objects.get()
    create_alias(domain, "taken", make_link(domain), actor="test")

    refused = _ask(
        caller,
        {"destination": MENU, "alias": "lunch", "campaign": "Spring"},
        {"destination": "nowhere"},
        {"destination": MENU, "alias": "LUNCH"},
        {"destination": MENU, "alias": "taken"},
    )

    assert refused.status_code == 422
    error = error_of(refused)
    assert [each["index"] for each in error["items"]] == [1, 2, 3]
    assert all(each["what"] and each["why"] and each["do"] for each in error["items"])
    assert Link.objects.count() == 1
    assert not Campaign.objects.exists()


def test_a_call_holds_so_many_and_no_more(caller: Caller) -> None:
    assert _ask(caller, *[{"destination": MENU}] * (MOST_LINKS + 1)).status_code == 422
    assert _ask(caller).status_code == 422
    most = {"links": [{"destination": MENU}] * MOST_LINKS}
    assert len(caller.post("/links/bulk", most)["links"]) == MOST_LINKS


def test_the_same_call_again_with_its_key_makes_nothing_more(caller: Caller) -> None:
    body = {"links": [{"destination": MENU}]}

    first, again = (
        caller.post("/links/bulk", body, **{"Idempotency-Key": "tables"}) for _ in range(2)
    )

    assert first == again
    assert Link.objects.count() == 1


def test_a_call_whose_process_died_before_it_answered_makes_nothing_more(caller: Caller) -> None:
    body, key = {"links": [{"destination": MENU}]}, {"Idempotency-Key": "tables"}
    first = caller.post("/links/bulk", body, **key)
    past = timezone.now() - LEASE * 2
    IdempotentRequest.objects.update(status=None, packed_body=b"", attempt_at=past)

    again = caller.post("/links/bulk", body, **key)

    assert again == first
    assert Link.objects.count() == 1
