"""Contacts through the API."""

from __future__ import annotations

import pytest

from tapline.contacts.models import Consent, Contact, Suppression
from tapline.workspaces.models import Workspace
from tapline.workspaces.tree import create_workspace
from tests.web.api_client import Caller, caller_of, error_of

pytestmark = pytest.mark.django_db

PHONE = "+12125550123"
YES = {
    "purpose": "marketing",
    "given": True,
    "wording": "Yes, text me offers.",
    "at": "2026-01-01T00:00:00Z",
    "evidence": {"form": "spring"},
}


@pytest.fixture
def workspace() -> Workspace:
    return create_workspace("Casa Verde")


@pytest.fixture
def caller(workspace: Workspace) -> Caller:
    return caller_of(workspace)


def test_a_contact_is_created_once_and_then_updated(caller: Caller) -> None:
    new = caller.call("POST", "/contacts", {"phone": "(212) 555-0123", "attributes": {"a": "1"}})
    known = caller.call(
        "POST", "/contacts", {"phone": PHONE, "attributes": {"b": "2"}, "language": "es"}
    )

    assert (new.status_code, known.status_code) == (201, 200)
    contact = Contact.objects.get()
    assert (contact.phone, contact.attributes) == (PHONE, {"a": "1", "b": "2"})
    assert contact.language == "es"


def test_null_removes_an_attribute_and_what_is_left_out_stays(caller: Caller) -> None:
    caller.post("/contacts", {"phone": PHONE, "attributes": {"a": "1", "b": "2"}, "zone": "UTC"})

    told = caller.post("/contacts", {"phone": PHONE, "attributes": {"a": None}})

    assert told["attributes"] == {"b": "2"}
    assert told["zone"] == "UTC"


@pytest.mark.parametrize(
    "attributes", [{"first name": "Ana"}, {"a" * 61: "x"}, {"a": "x" * 501}, {"": "x"}]
)
def test_attributes_that_no_text_could_name_are_refused(
    caller: Caller, attributes: dict[str, str]
) -> None:
    answer = caller.call("POST", "/contacts", {"phone": PHONE, "attributes": attributes})

    assert answer.status_code == 422
    error_of(answer)
    assert not Contact.objects.exists()


def test_a_new_contact_has_agreed_to_nothing(caller: Caller, workspace: Workspace) -> None:
    caller.post("/contacts", {"phone": PHONE})

    assert not Contact.objects.in_workspace(workspace).textable("marketing").exists()


def test_consent_and_opt_out_take_effect_and_stay_in_the_ledger(
    caller: Caller, workspace: Workspace
) -> None:
    contact = caller.post("/contacts", {"phone": PHONE})["id"]
    textable = Contact.objects.in_workspace(workspace).textable("marketing")

    caller.post(f"/contacts/{contact}/consents", YES)
    assert textable.exists()
    assert caller.call("POST", f"/contacts/{contact}/opt-out").status_code == 204
    assert not textable.exists()

    ledger = caller.get(f"/contacts/{contact}/consents")["items"]
    assert [(row["purpose"], row["given"]) for row in ledger] == [
        ("marketing", True),
        ("marketing", False),
        ("service", False),
    ]
    assert ledger[0]["wording"] == YES["wording"]
    assert ledger[0]["evidence"] == YES["evidence"]
    assert Suppression.objects.get().reason == "api"


@pytest.mark.parametrize(
    "changes", [{"wording": ""}, {"at": "2999-01-01T00:00:00Z"}, {"at": "2026-01-01T00:00:00"}]
)
def test_a_yes_needs_wording_and_a_time_in_the_past(
    caller: Caller, changes: dict[str, str]
) -> None:
    contact = caller.post("/contacts", {"phone": PHONE})["id"]

    answer = caller.call("POST", f"/contacts/{contact}/consents", {**YES, **changes})

    assert answer.status_code == 422
    assert not Consent.objects.exists()


def test_a_contact_is_found_by_number_without_the_number_in_the_address(caller: Caller) -> None:
    contact = caller.post("/contacts", {"phone": PHONE})

    assert caller.post("/contacts/find", {"phone": "212-555-0123"}) == contact
    assert caller.call("POST", "/contacts/find", {"phone": "+12125550124"}).status_code == 404


def test_tags_are_added_removed_and_listed_by(caller: Caller) -> None:
    contact = caller.post("/contacts", {"phone": PHONE, "tags": ["vip", "spring"]})
    caller.post("/contacts", {"phone": "+12125550124"})

    told = caller.post(
        f"/contacts/{contact['id']}/tags", {"add": ["new"], "remove": ["spring", "never had"]}
    )

    assert told["tags"] == ["new", "vip"]
    assert [each["id"] for each in caller.get("/contacts?tag=new")["items"]] == [contact["id"]]


def test_a_list_is_read_page_by_page(caller: Caller) -> None:
    ids = [caller.post("/contacts", {"phone": f"+1212555010{i}"})["id"] for i in range(5)]

    seen: list[int] = []
    cursor: int | None = 0
    while cursor is not None:
        page = caller.get(f"/contacts?limit=2&cursor={cursor}")
        seen += [each["id"] for each in page["items"]]
        cursor = page["next_cursor"]

    assert seen == ids
