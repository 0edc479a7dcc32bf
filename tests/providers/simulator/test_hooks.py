from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from tapline import config
from tapline.broadcasts.models import Broadcast, Message, MessageState
from tapline.instance.keys import Purpose, derive, load_or_create_master_key
from tapline.providers.base import Status
from tapline.providers.simulator import hooks
from tapline.providers.simulator.receipts import STATUSES, read_receipt
from tapline.providers.simulator.signing import sign
from tapline.providers.simulator.wire import (
    DELIVERED,
    RECEIPTS_PATH,
    REPLIES_PATH,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    UNDELIVERED,
    ReceiptLine,
    Receipts,
    Replies,
    ReplyLine,
)
from tapline.replies.models import Reply
from tapline.workspaces.tree import create_workspace
from tests.contacts.people import contact, may_text, say_yes

PHONE = "+12125550101"


@pytest.fixture
def message(db: None) -> Message:
    workspace = create_workspace("Bakery")
    broadcast = Broadcast.objects.create(workspace=workspace, name="Spring", created_by="test")
    return Message.objects.create(
        broadcast=broadcast,
        workspace=workspace,
        contact=contact(workspace, PHONE),
        position=0,
        phone=PHONE,
        state=MessageState.ACCEPTED,
        provider_id="sim-ab-1",
        submitted_at=timezone.now(),
        accepted_at=timezone.now(),
    )


def post(path: str, body: object, *, timestamp: int | None = None, **more: Any) -> HttpResponse:
    """Post as the simulator does; `key` and `signature` say how it is signed otherwise."""
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    seconds = int(time.time()) if timestamp is None else timestamp
    master = load_or_create_master_key(config.current().master_key_path)
    key = more.get("key", derive(master, Purpose.SIMULATOR))
    headers = {
        TIMESTAMP_HEADER: str(seconds),
        SIGNATURE_HEADER: more.get("signature", sign(key, seconds, raw)),
    }
    request = RequestFactory(enforce_csrf_checks=True).post(
        path, raw, content_type="application/json", headers=headers
    )
    return (hooks.receipts if path == RECEIPTS_PATH else hooks.replies)(request)


def receipt(status: str, provider_id: str = "sim-ab-1", **more: str) -> Receipts:
    return Receipts([ReceiptLine(provider_id, "", status, time.time(), **more)])


def test_a_receipt_says_that_a_message_was_delivered(message: Message) -> None:
    assert post(RECEIPTS_PATH, receipt(DELIVERED)).status_code == 200

    message.refresh_from_db()
    assert message.state == MessageState.DELIVERED
    assert message.delivered_at is not None


def test_a_receipt_says_why_a_message_failed(message: Message) -> None:
    post(RECEIPTS_PATH, receipt(UNDELIVERED, error_code="30006", error_text="A landline."))

    message.refresh_from_db()
    assert (message.state, message.error_code) == (MessageState.FAILED, "30006")


def test_the_same_receipt_twice_changes_nothing(message: Message) -> None:
    post(RECEIPTS_PATH, receipt(DELIVERED))
    message.refresh_from_db()
    first = message.delivered_at

    assert post(RECEIPTS_PATH, receipt(DELIVERED)).status_code == 200

    message.refresh_from_db()
    assert message.delivered_at == first


def test_a_receipt_for_an_unknown_message_is_taken_so_that_it_stops_coming(
    message: Message,
) -> None:
    assert post(RECEIPTS_PATH, receipt(DELIVERED, "sim-zz-9")).status_code == 200

    message.refresh_from_db()
    assert message.state == MessageState.ACCEPTED


@pytest.mark.parametrize("path", [RECEIPTS_PATH, REPLIES_PATH])
@pytest.mark.parametrize(
    "how",
    [{"key": b"of somebody else"}, {"signature": ""}, {"signature": "é" * 64}, {"timestamp": 1}],
)
def test_a_request_that_is_not_our_simulators_is_refused(
    message: Message, path: str, how: dict[str, Any]
) -> None:
    reply = Replies([ReplyLine("r1", PHONE, "", "STOP", time.time())])
    body = receipt(DELIVERED) if path == RECEIPTS_PATH else reply

    assert post(path, body, **how).status_code == 403

    message.refresh_from_db()
    assert message.state == MessageState.ACCEPTED
    assert not Reply.objects.exists()


@pytest.mark.parametrize("path", [RECEIPTS_PATH, REPLIES_PATH])
def test_a_signed_body_that_cannot_be_read_is_refused(db: None, path: str) -> None:
    assert post(path, b'{"receipts": 7, "replies": 7}').status_code == 400


def test_hooks_are_posted_to_and_nothing_else(db: None) -> None:
    assert hooks.receipts(RequestFactory().get(RECEIPTS_PATH)).status_code == 405
    assert hooks.replies(RequestFactory().get(REPLIES_PATH)).status_code == 405


def test_a_reply_is_stored_once(message: Message) -> None:
    body = Replies([ReplyLine("simreply-ab-1", PHONE, "", "Thanks!", time.time())])

    post(REPLIES_PATH, body)
    post(REPLIES_PATH, body)

    assert [(reply.phone, reply.text) for reply in Reply.objects.all()] == [(PHONE, "Thanks!")]


def test_stop_is_honoured_at_once(message: Message) -> None:
    assert message.contact is not None
    say_yes(message.contact, message.workspace, on=1)
    assert may_text(message.workspace) == {PHONE}

    post(REPLIES_PATH, Replies([ReplyLine("simreply-ab-2", PHONE, "", "STOP", time.time())]))

    assert may_text(message.workspace) == set()


def test_a_word_that_the_simulator_does_not_say_yet_maps_to_unknown() -> None:
    line = ReceiptLine("sim-ab-1", "", "teleported", time.time())

    assert "teleported" not in STATUSES
    assert read_receipt(line).status is Status.UNKNOWN
