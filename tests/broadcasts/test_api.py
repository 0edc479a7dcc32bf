"""Broadcasts, single texts, tracked texts and their receipts through the API."""

from __future__ import annotations

from typing import Any

import pytest

from tapline.broadcasts.models import Broadcast, Message
from tapline.broadcasts.sending import Sender
from tapline.contacts.consent import opt_out
from tapline.contacts.models import Consent, Contact
from tapline.links.changing import disable
from tapline.links.domains import create_domain
from tapline.links.models import Link
from tapline.workspaces.models import Workspace
from tapline.workspaces.tree import create_workspace
from tests.web.api_client import Caller, caller_of, error_of

pytestmark = pytest.mark.django_db

PHONE = "+12125550123"
AT = "2026-01-01T00:00:00Z"
CONSENT = {"wording": "Texts about my order, please.", "at": AT}


@pytest.fixture
def workspace() -> Workspace:
    workspace = create_workspace("Casa Verde")
    create_domain(workspace, "https://go.example.com", proved=True, actor="test")
    return workspace


@pytest.fixture
def caller(workspace: Workspace) -> Caller:
    return caller_of(workspace)


def _message(**changes: Any) -> dict[str, Any]:
    message = {"to": PHONE, "text": "See example.com", "purpose": "service", "consent": CONSENT}
    return {**message, **changes}


def _track(caller: Caller, *texts: dict[str, Any], **changes: Any) -> Any:
    return caller.post("/track", {"texts": list(texts), **changes})


def _agreed(caller: Caller, phone: str = PHONE) -> int:
    contact: int = caller.post("/contacts", {"phone": phone})["id"]
    yes = {"purpose": "marketing", "given": True, "wording": "Offers? Yes.", "at": AT}
    caller.post(f"/contacts/{contact}/consents", yes)
    return contact


def test_a_single_text_waits_with_its_tracked_link(caller: Caller) -> None:
    sent = caller.post("/messages", _message(reference="order 7", campaign="Orders"))

    assert sent["state"] == "pending"
    assert sent["text"].startswith("See https://go.example.com/")
    assert sent["parts"] == sent["num_segments"] == 1
    assert caller.get(f"/messages/{sent['id']}") == sent
    standing = Broadcast.objects.get()
    assert (standing.kind, standing.state) == ("standing", "sending")
    assert standing.campaign is not None


def test_a_single_text_never_leads_to_a_page_that_somebody_stopped(caller: Caller) -> None:
    caller.post("/messages", _message())
    disable(Link.objects.get(), actor="test")

    answer = caller.call("POST", "/messages", _message(to="+12125550124"))

    assert answer.status_code == 422
    assert "was disabled" in error_of(answer)["what"]
    assert Message.objects.count() == 1


def test_single_texts_share_one_standing_broadcast_and_one_link(caller: Caller) -> None:
    caller.post("/messages", _message())
    caller.post("/messages", _message(to="+12125550124"))

    broadcast = Broadcast.objects.get()
    assert broadcast.links.count() == 1
    assert list(Message.objects.order_by("id").values_list("position", flat=True)) == [0, 1]


def test_a_single_text_needs_consent(caller: Caller) -> None:
    answer = caller.call("POST", "/messages", _message(consent=None))

    assert answer.status_code == 409
    assert "agreed" in error_of(answer)["why"]
    assert not Message.objects.exists()


def test_marketing_consent_cannot_be_stated_in_passing(caller: Caller) -> None:
    answer = caller.call("POST", "/messages", _message(purpose="marketing"))

    assert answer.status_code == 422
    assert not Consent.objects.exists()


def test_marketing_goes_to_those_who_agreed_before(caller: Caller) -> None:
    _agreed(caller)

    caller.post("/messages", _message(purpose="marketing", consent=None))

    assert Message.objects.get().state == "pending"


def test_stated_consent_does_not_undo_an_opt_out(caller: Caller, workspace: Workspace) -> None:
    caller.post("/messages", _message())
    opt_out(PHONE, scope=workspace, reason="reply", at=Contact.objects.get().created_at, by="test")

    answer = caller.call("POST", "/messages", _message(consent={**CONSENT, "at": AT}))

    assert answer.status_code == 409
    assert "opted out" in error_of(answer)["what"]
    assert [row.state for row in Message.objects.all()] == ["cancelled"]


def test_a_waiting_single_text_is_what_the_sending_loop_takes(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = caller.post("/messages", _message())
    handed_over: list[tuple[str, str]] = []

    def take(self: Sender, broadcast: Any, submitted: Any, *rest: Any) -> None:
        handed_over.extend((each.phone, each.text) for each in submitted)

    monkeypatch.setattr(Sender, "_hand_over", take)
    Sender().send_next()

    assert handed_over == [(PHONE, sent["text"])]


BAD_MESSAGES: list[dict[str, Any]] = [
    {"to": "12"},
    {"text": ""},
    {"text": "x" * 1601},
    {"text": "https://user@example.com/"},
    {"purpose": "fun"},
    {"consent": {"wording": "", "at": AT}},
    {"reference": "x" * 121},
]


@pytest.mark.parametrize("changes", BAD_MESSAGES, ids=str)
def test_a_bad_single_text_is_refused(caller: Caller, changes: dict[str, Any]) -> None:
    answer = caller.call("POST", "/messages", _message(**changes))

    assert answer.status_code == 422
    error_of(answer)
    assert not Message.objects.exists()


def test_a_broadcast_is_written_checked_and_started(caller: Caller) -> None:
    _agreed(caller)
    draft = {"name": "Sale", "text": "Hi, see example.com", "audience": {"all": True}}

    made = caller.post("/broadcasts", {**draft, "campaign": "Spring"})
    assert made["state"] == "draft"
    assert all(
        finding["level"] != "error" for finding in caller.post(f"/broadcasts/{made['id']}/check")
    )
    started = caller.post(f"/broadcasts/{made['id']}/start")
    assert started["state"] == "preparing"
    assert caller.post(f"/broadcasts/{made['id']}/pause")["state"] == "paused"
    assert caller.post(f"/broadcasts/{made['id']}/resume")["state"] == "preparing"
    assert caller.post(f"/broadcasts/{made['id']}/cancel")["state"] == "cancelled"

    again = caller.call("POST", f"/broadcasts/{made['id']}/start", {})
    assert again.status_code == 409
    assert [each["id"] for each in caller.get("/broadcasts")["items"]] == [made["id"]]


def test_a_broadcast_can_be_scheduled(caller: Caller) -> None:
    _agreed(caller)
    draft = {"name": "Sale", "text": "Hi example.com", "audience": {"all": True}}
    made = caller.post("/broadcasts", draft)

    told = caller.post(f"/broadcasts/{made['id']}/start", {"at": "2999-01-01T09:00:00Z"})

    assert told["state"] == "scheduled"
    assert told["scheduled_at"] == "2999-01-01T09:00:00Z"


def test_a_broadcast_to_nobody_is_not_started(caller: Caller) -> None:
    draft = {"name": "Sale", "text": "Hi example.com", "audience": {"all": True}}
    made = caller.post("/broadcasts", draft)

    assert caller.call("POST", f"/broadcasts/{made['id']}/start", {}).status_code == 422


@pytest.mark.parametrize(
    "changes",
    [
        {"text": "Hi {{ name"},
        {"text": "javascript:alert(1) https://user@example.com"},
        {"text": "x" * 1601},
        {"audience": {}},
        {"audience": {"all": True, "tags": ["vip"]}},
        {"name": ""},
        {"validity_seconds": 0},
        {"spend_limit": -1},
    ],
    ids=str,
)
def test_a_bad_broadcast_is_refused(caller: Caller, changes: dict[str, Any]) -> None:
    draft = {"name": "Sale", "text": "Hi example.com", "audience": {"all": True}}

    answer = caller.call("POST", "/broadcasts", {**draft, **changes})

    assert answer.status_code == 422
    error_of(answer)
    assert not Broadcast.objects.exists()


def test_texts_of_another_system_are_tracked_and_gathered(caller: Caller) -> None:
    told = _track(
        caller,
        {"to": PHONE, "text": "Your table: example.com/t", "reference": "r1"},
        {"to": "+12125550124", "text": "No link here"},
        broadcast="Reminders",
        campaign="Spring",
    )
    again = _track(
        caller, {"to": PHONE, "text": "example.com/t"}, broadcast_id=told["broadcast_id"]
    )

    assert again["broadcast_id"] == told["broadcast_id"]
    first, second = told["texts"]
    assert first["reference"] == "r1"
    assert first["text"] == f"Your table: {first['links'][0]['url']}"
    assert second == {**second, "text": "No link here", "links": [], "num_segments": 1}
    assert caller.get("/broadcasts")["items"][0]["name"] == "Reminders"


def test_ten_thousand_and_one_texts_are_too_many(caller: Caller) -> None:
    texts = [{"to": PHONE, "text": "hi"}] * 10_001

    answer = caller.call("POST", "/track", {"texts": texts})

    assert answer.status_code == 422
    assert "10000" in error_of(answer)["why"]


def test_every_bad_text_of_a_call_is_named(caller: Caller) -> None:
    texts = [{"to": PHONE, "text": "fine"}, {"to": "12", "text": "a"}, {"to": PHONE, "text": " "}]

    answer = caller.call("POST", "/track", {"texts": texts})

    assert answer.status_code == 422
    assert [item["index"] for item in error_of(answer)["items"]] == [1, 2]
    assert not Message.objects.exists()


def test_receipts_give_tracked_texts_their_denominator(caller: Caller) -> None:
    told = _track(
        caller,
        {"to": PHONE, "text": "example.com", "reference": "r1"},
        {"to": "+12125550124", "text": "example.com", "reference": "r2"},
        {"to": "+12125550125", "text": "example.com"},
        campaign="Spring",
    )
    report = f"/broadcasts/{told['broadcast_id']}/report"
    assert caller.get(report)["rate_base"] == "sent"

    receipts = [
        {"reference": "r1", "status": "delivered", "at": AT},
        {"reference": "r2", "status": "failed", "at": AT, "error_code": "30003"},
        {"message_id": told["texts"][2]["message_id"], "status": "accepted", "at": AT},
        {"reference": "nobody's", "status": "delivered", "at": AT},
        {"message_id": 999_999, "status": "delivered", "at": AT},
    ]
    first = caller.post("/receipts", {"receipts": receipts})
    again = caller.post("/receipts", {"receipts": receipts})

    assert first == {"applied": 3, "repeated": 0, "unknown": [3, 4]}
    assert again == {"applied": 0, "repeated": 3, "unknown": [3, 4]}
    numbers = caller.get(report)
    assert (numbers["sent"], numbers["delivered"], numbers["failed"]) == (3, 1, 1)
    assert numbers["failed_by_reason"] == {"30003": 1}
    assert numbers["rate_base"] == "delivered"
    (campaign,) = caller.get("/campaigns")["items"]
    summed = caller.get(f"/reports/campaigns/{campaign['id']}")
    assert (summed["sent"], summed["delivered"], summed["click_rate"]) == (3, 1, 0.0)
    assert [each["broadcast"] for each in summed["broadcasts"]] == [told["broadcast_id"]]


def test_receipts_in_any_order_end_alike(caller: Caller) -> None:
    told = _track(caller, {"to": PHONE, "text": "example.com", "reference": "r1"})

    for status in ("delivered", "accepted", "failed"):
        caller.post("/receipts", {"receipts": [{"reference": "r1", "status": status, "at": AT}]})

    assert caller.get(f"/messages/{told['texts'][0]['message_id']}")["state"] == "delivered"


def test_nobody_can_tell_what_became_of_texts_that_tapline_sends(caller: Caller) -> None:
    ours = caller.post("/messages", _message(reference="ours"))
    receipts = [
        {"message_id": ours["id"], "status": "delivered", "at": AT},
        {"reference": "ours", "status": "delivered", "at": AT},
    ]

    assert caller.post("/receipts", {"receipts": receipts})["unknown"] == [0, 1]
    assert caller.get(f"/messages/{ours['id']}")["state"] == "pending"


def test_receipts_of_others_texts_are_not_known(caller: Caller) -> None:
    told = _track(caller, {"to": PHONE, "text": "example.com", "reference": "r1"})
    stranger = caller_of(create_workspace("Somebody else"))
    receipts = [
        {"message_id": told["texts"][0]["message_id"], "status": "delivered", "at": AT},
        {"reference": "r1", "status": "delivered", "at": AT},
    ]

    assert stranger.post("/receipts", {"receipts": receipts})["unknown"] == [0, 1]
    assert Message.objects.get().state == "external"


@pytest.mark.parametrize(
    "receipt",
    [
        {"reference": "r1", "status": "eaten", "at": AT},
        {"reference": "r1", "status": "delivered", "at": "yesterday"},
        {"reference": "r1", "status": "delivered"},
    ],
    ids=str,
)
def test_a_receipt_that_cannot_be_read_is_refused(caller: Caller, receipt: Any) -> None:
    answer = caller.call("POST", "/receipts", {"receipts": [receipt]})

    assert answer.status_code == 422
    assert error_of(answer)["items"][0]["index"] == 0
