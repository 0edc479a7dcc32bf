"""What all calls of the API share: keys, scopes, walls, errors, limits, the description."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from tapline.broadcasts.singles import standing_broadcast
from tapline.broadcasts.tracking import Untracked, track, tracked_broadcast
from tapline.links.domains import create_domain
from tapline.web.api import LARGEST_SMALL_BODY_BYTES
from tapline.workspaces.api_keys import authenticate, revoke
from tapline.workspaces.models import Workspace
from tapline.workspaces.tree import create_workspace
from tests.web.api_client import Caller, caller_of, error_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def brand() -> Workspace:
    brand = create_workspace("Casa Verde")
    create_domain(brand, "https://go.example.com", proved=True, actor="test")
    return brand


@pytest.fixture
def location(brand: Workspace) -> Workspace:
    return create_workspace("Casa Verde, Austin", parent=brand)


def test_a_report_is_seen_from_above_as_rates_without_people(
    brand: Workspace, location: Workspace
) -> None:
    tracked = tracked_broadcast(location, "Reminders", actor="test")
    track(location, [Untracked(to="+12125550124", text="hi")], broadcast=tracked, actor="test")
    caller = caller_of(brand)

    report = caller.get(f"/broadcasts/{tracked.pk}/report")

    assert report["sent"] == 1
    assert "+1212" not in str(report)
    assert caller.call("GET", f"/broadcasts/{tracked.pk}").status_code == 404


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
