"""What all calls of the API share: keys, scopes, walls, errors, limits, the description."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from tapline.broadcasts.composing import create_broadcast
from tapline.broadcasts.singles import standing_broadcast
from tapline.broadcasts.tracking import Untracked, track, tracked_broadcast
from tapline.contacts.questions import read_question
from tapline.contacts.segments import create_segment
from tapline.contacts.upserting import upsert_contact
from tapline.links.aliases import create_alias
from tapline.links.domains import create_domain, domain_for
from tapline.links.minting import create_link
from tapline.links.models import Campaign
from tapline.replies.taking import take_inbound
from tapline.web.api import LARGEST_SMALL_BODY_BYTES
from tapline.workspaces.api_keys import SCOPES, authenticate, revoke
from tapline.workspaces.models import Workspace
from tapline.workspaces.tree import create_workspace
from tests.keywords.making import make_keyword
from tests.providers.making import make_number, make_twilio
from tests.replies.making import inbound
from tests.web.api_client import Caller, caller_of, error_of

pytestmark = pytest.mark.django_db

NOW = "2026-01-01T00:00:00Z"

# Every operation that names something by id, with a body that would be good for its owner.
BY_ID: list[tuple[str, str, Any]] = [
    ("GET", "/contacts/{contact}", None),
    ("POST", "/contacts/{contact}/tags", {"add": ["vip"]}),
    ("PUT", "/contacts/{contact}/role", {"role": "staff"}),
    ("GET", "/contacts/{contact}/consents", None),
    (
        "POST",
        "/contacts/{contact}/consents",
        {"purpose": "service", "given": False, "at": NOW},
    ),
    ("POST", "/contacts/{contact}/opt-out", {"reason": "letter"}),
    ("GET", "/segments/{segment}", None),
    ("GET", "/segments/{segment}/count", None),
    ("PUT", "/segments/{segment}", {"name": "Lately", "question": {}}),
    ("DELETE", "/segments/{segment}", None),
    ("GET", "/keywords/{keyword}", None),
    ("PUT", "/keywords/{keyword}", {"word": "CALZONE"}),
    ("POST", "/keywords/{keyword}/end", {}),
    ("POST", "/replies/{reply}/decide", {"is_wish": False}),
    ("GET", "/threads/{thread}", None),
    ("GET", "/threads/{thread}/items", None),
    ("POST", "/threads/{thread}/answers", {"text": "Yes."}),
    ("POST", "/threads/{thread}/assign", {"user": None}),
    ("POST", "/threads/{thread}/read", {"up_to": 0}),
    ("POST", "/threads/{thread}/done", {}),
    ("POST", "/threads/{thread}/reopen", {}),
    ("GET", "/links/{link}", None),
    ("PATCH", "/links/{link}", {"disabled": True}),
    ("POST", "/links/{link}/aliases", {"path": "menu"}),
    ("DELETE", "/links/{link}/aliases/sale", None),
    ("GET", "/domains/{domain}", None),
    ("PATCH", "/domains/{domain}", {"brand_name": "Casa Verde"}),
    ("POST", "/domains/{domain}/check", None),
    ("GET", "/messages/{message}", None),
    ("GET", "/broadcasts/{broadcast}", None),
    ("POST", "/broadcasts/{broadcast}/check", {}),
    ("POST", "/broadcasts/{broadcast}/start", {"at": None}),
    ("POST", "/broadcasts/{broadcast}/pause", {}),
    ("POST", "/broadcasts/{broadcast}/resume", {}),
    ("POST", "/broadcasts/{broadcast}/cancel", {}),
    ("GET", "/broadcasts/{broadcast}/report", None),
    ("GET", "/reports/campaigns/{campaign}", None),
    ("PATCH", "/provider-accounts/{account}", {"name": "Main"}),
    ("POST", "/provider-accounts/{account}/test", None),
    ("DELETE", "/provider-accounts/{account}", None),
    ("PATCH", "/sender-numbers/{sender}", {"parts_per_day": 50}),
    ("DELETE", "/sender-numbers/{sender}", None),
    (
        "POST",
        "/track",
        {"broadcast_id": "{tracked}", "texts": [{"to": "+12125550100", "text": "hi"}]},
    ),
]


@pytest.fixture
def brand() -> Workspace:
    brand = create_workspace("Casa Verde")
    create_domain(brand, "https://go.example.com", proved=True, actor="test")
    return brand


@pytest.fixture
def location(brand: Workspace) -> Workspace:
    return create_workspace("Casa Verde, Austin", parent=brand)


def _things(workspace: Workspace) -> dict[str, int]:
    """Make one of everything in `workspace`; return kind → id."""
    domain = domain_for(workspace)
    campaign = Campaign.objects.create(workspace=workspace, name="Spring")
    contact, _ = upsert_contact(workspace, "+12125550123")
    link = create_link(workspace, domain, "https://example.com/menu", actor="test")
    create_alias(domain, "sale", link, actor="test")
    broadcast = create_broadcast(
        workspace, name="Sale", text="example.com", audience={"all": True}, actor="test"
    )
    tracked = tracked_broadcast(workspace, "Reminders", actor="test")
    (text,) = track(
        workspace, [Untracked(to="+12125550124", text="hi")], broadcast=tracked, actor="test"
    )
    own_domain = create_domain(
        workspace, f"https://w{workspace.pk}.example.org", proved=False, actor="test"
    )
    reply = take_inbound(replace(inbound("stpo"), workspace=workspace.pk))
    assert reply is not None
    account = make_twilio(workspace, base_url="https://127-0-0-1.invalid")
    return {
        "account": account.pk,
        "sender": make_number(account, is_default=False).pk,
        "contact": contact.pk,
        "segment": create_segment(workspace, "All", read_question({}), actor="test").pk,
        "link": link.pk,
        "domain": own_domain.pk,
        "broadcast": broadcast.pk,
        "campaign": campaign.pk,
        "tracked": tracked.pk,
        "message": text.message_id,
        "keyword": make_keyword(workspace).pk,
        "reply": reply.pk,
        "thread": reply.thread_id or 0,
    }


def _fill(body: Any, things: dict[str, int]) -> Any:
    if isinstance(body, dict):
        return {name: _fill(value, things) for name, value in body.items()}
    if isinstance(body, str) and (match := re.fullmatch(r"\{(\w+)\}", body)):
        return things[match[1]]
    return body


@pytest.mark.parametrize(("method", "path", "body"), BY_ID, ids=lambda value: str(value)[:60])
def test_strangers_get_404_for_everything_of_others(
    brand: Workspace, location: Workspace, method: str, path: str, body: Any
) -> None:
    things = _things(location)
    missing = dict.fromkeys(things, 999_999)
    sibling = create_workspace("Casa Verde, Dallas", parent=brand)
    child = create_workspace("Terrace", parent=location)
    other = create_workspace("Somebody else")

    for stranger in (sibling, child, other):
        caller = caller_of(stranger)
        answer = caller.call(method, path.format(**things), _fill(body, things))
        nothing = caller.call(method, path.format(**missing), _fill(body, missing))

        assert (answer.status_code, nothing.status_code) == (404, 404), stranger.name
        error_of(answer)
        # What belongs to others cannot be told from what does not exist.
        assert re.sub(rb"\d+", b"", answer.content) == re.sub(rb"\d+", b"", nothing.content)


@pytest.mark.parametrize(("method", "path", "body"), BY_ID, ids=lambda value: str(value)[:60])
def test_owners_do_not_get_404(location: Workspace, method: str, path: str, body: Any) -> None:
    things = _things(location)

    answer = caller_of(location).call(method, path.format(**things), _fill(body, things))

    assert answer.status_code in {200, 201, 204, 409, 422}, answer.content


def test_the_table_of_walls_names_every_operation_with_an_id() -> None:
    operations = {
        (method.upper(), re.sub(r"\{\w+\}", "{}", path.removeprefix("/api/v1")))
        for path, methods in _openapi()["paths"].items()
        for method in methods
        if "{" in path
    }
    tried = {
        (method, re.sub(r"\{\w+\}", "{}", path).replace("/sale", "/{}"))
        for method, path, _ in BY_ID
    }

    assert operations <= tried


def test_lists_show_nothing_of_others(brand: Workspace, location: Workspace) -> None:
    _things(location)
    caller = caller_of(brand)

    for path in (
        "/contacts",
        "/segments",
        "/links",
        "/broadcasts",
        "/campaigns",
        "/replies",
        "/threads",
    ):
        assert caller.get(path)["items"] == [], path
    assert caller.get("/clicks")["items"] == []
    assert [each["host"] for each in caller.get("/domains")["items"]] == ["go.example.com"]


def test_a_report_is_seen_from_above_as_rates_without_people(
    brand: Workspace, location: Workspace
) -> None:
    things = _things(location)
    caller = caller_of(brand)

    report = caller.get(f"/broadcasts/{things['tracked']}/report")

    assert report["sent"] == 1
    assert "+1212" not in str(report)
    assert caller.call("GET", f"/broadcasts/{things['tracked']}").status_code == 404


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": "Bearer nonsense"}, {"Authorization": ""}]
)
def test_a_request_without_a_valid_key_is_refused(header: dict[str, str]) -> None:
    answer = Client().get("/api/v1/contacts", headers=header)

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    error_of(answer)


def test_a_revoked_key_is_refused(brand: Workspace) -> None:
    caller = caller_of(brand)
    key = authenticate(caller.token)
    assert key is not None

    revoke(key, actor="test")

    assert caller.call("GET", "/contacts").status_code == 401


@pytest.mark.parametrize(("method", "path", "body"), BY_ID, ids=lambda value: str(value)[:60])
def test_every_operation_needs_its_scope(
    brand: Workspace, method: str, path: str, body: Any
) -> None:
    things = dict.fromkeys(re.findall(r"\{(\w+)\}", str((path, body))), 1)
    scope = _scope_of(method, path)
    without = caller_of(brand, [each for each in SCOPES if each != scope])

    answer = without.call(method, path.format(**things), _fill(body, things))

    assert answer.status_code == 403
    assert scope in error_of(answer)["why"]


def _scope_of(method: str, path: str) -> str:
    if path.startswith(("/contacts", "/segments")):
        return "contacts:read" if method == "GET" else "contacts:write"
    if path.startswith("/keywords"):
        return "keywords:read" if method == "GET" else "keywords:write"
    if path.startswith(("/replies", "/threads")):
        return "replies:read" if method == "GET" else "replies:write"
    if path.startswith("/links"):
        return "links:read" if method == "GET" else "links:write"
    if path.startswith("/domains"):
        return "domains:read" if method == "GET" else "domains:write"
    if path.startswith(("/provider-accounts", "/sender-numbers")):
        return "providers:read" if method == "GET" else "providers:write"
    if path.startswith("/messages"):
        return "messages:send"
    if path.startswith("/track"):
        return "track:write"
    if "report" in path:
        return "reports:read"
    reads = method == "GET" or path.endswith("/check")
    return "broadcasts:read" if reads else "broadcasts:write"


BAD_BODIES: list[tuple[bytes, int, str]] = [
    (b"{", 400, "JSON"),
    (b"\xff\xfe", 400, "JSON"),
    (b"", 422, "required"),
    (b"[]", 422, ""),
    (b'"text"', 422, ""),
    (b"NaN", 400, "JSON"),
    (b'{"phone": "\\ud800"}', 400, "JSON"),
    (b'{"phone": "+12125550123", "fone": 1}', 422, "fone"),
    (b'{"phone": "+12125550123", "attributes": {"a": "\\u0000"}}', 422, "NUL"),
    (b'{"phone": "\\u0000"}', 422, "NUL"),
    (b'{"phone": 5}', 422, "phone"),
    (b'{"phone": "12"}', 422, "few digits"),
    (b"[" * 100_000, 400, "JSON"),
]


@pytest.mark.parametrize(("body", "status", "said"), BAD_BODIES, ids=lambda value: str(value)[:30])
def test_a_bad_body_is_refused_with_what_why_and_do(
    brand: Workspace, body: bytes, status: int, said: str
) -> None:
    answer = caller_of(brand).call("POST", "/contacts", body)

    assert answer.status_code == status
    assert said in " ".join(error_of(answer)[part] for part in ("what", "why", "do"))


def test_every_wrong_field_is_listed_at_once(brand: Workspace) -> None:
    texts = [{"to": "+12125550100"}, {"to": "+12125550101", "text": "hi"}, {"text": 5}]

    error = error_of(caller_of(brand).call("POST", "/track", {"texts": texts}))

    assert [(item["index"], item["field"]) for item in error["items"]] == [
        (0, "texts[0].text"),
        (2, "texts[2].to"),
        (2, "texts[2].text"),
    ]


def test_a_huge_body_is_refused_before_it_is_read(brand: Workspace) -> None:
    caller = caller_of(brand)
    huge = b'{"phone": "' + b"1" * LARGEST_SMALL_BODY_BYTES + b'"}'

    assert caller.call("POST", "/contacts", huge).status_code == 413
    assert caller.call("POST", "/contacts", huge, **{"Idempotency-Key": "1"}).status_code == 413


def test_an_unknown_address_is_answered_in_json(brand: Workspace) -> None:
    answer = caller_of(brand).call("GET", "/contact")

    assert answer.status_code == 404
    assert "openapi.json" in error_of(answer)["do"]


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "cursor=-1"])
def test_a_bad_page_is_refused(brand: Workspace, query: str) -> None:
    assert caller_of(brand).call("GET", f"/contacts?{query}").status_code == 422


def _openapi() -> dict[str, Any]:
    answer = Client().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    described: dict[str, Any] = answer.json()
    return described


def test_the_description_names_summary_answers_and_key_of_every_operation() -> None:
    described = _openapi()

    assert described["openapi"].startswith("3.")
    assert described["components"]["securitySchemes"]["BearerKey"]["scheme"] == "bearer"
    ids = []
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"][0].isupper(), (method, path)
            assert operation["security"] == [{"BearerKey": []}], (method, path)
            assert operation["responses"], (method, path)
            ids.append(operation["operationId"])
    assert len(ids) == len(set(ids)) > 20


def test_every_reference_in_the_description_can_be_followed() -> None:
    described = _openapi()

    named = set(re.findall(r"#/components/schemas/([^'\"]+)", str(described)))

    assert named
    assert named <= set(described["components"]["schemas"])


def test_no_phone_number_can_stand_in_an_address() -> None:
    described = _openapi()

    names = {
        parameter["name"]
        for methods in described["paths"].values()
        for operation in methods.values()
        for parameter in operation["parameters"]
    }

    assert not {name for name in names if "phone" in name or name == "to"}


def test_a_standing_broadcast_is_not_started_by_hand(location: Workspace) -> None:
    standing = standing_broadcast(location, None, "service", actor="test")

    answer = Caller(caller_of(location).token).call("POST", f"/broadcasts/{standing.pk}/pause", {})

    assert answer.status_code == 409
