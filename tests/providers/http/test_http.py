"""A provider that templates describe: requests as written, answers as read, webhooks as proved."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from django.utils import timezone

from tapline.broadcasts.models import Message
from tapline.broadcasts.opted_out import is_opt_out
from tapline.outbound import BadAddress
from tapline.providers.accounts import create_account, name_of, setup_of
from tapline.providers.base import Accepted, Outgoing, Refused, Unsure
from tapline.providers.http import send as sending
from tapline.providers.http.send import HttpProvider
from tapline.providers.http.templates import BadTemplate
from tapline.providers.kinds import BadAccount
from tapline.providers.models import ProviderAccount
from tapline.providers.registry import takes_media
from tapline.replies.models import Reply
from tests.broadcasts.making import make_broadcast, make_contacts, make_workspace
from tests.providers.hooking import post_to
from tests.providers.making import ACTOR, OUR_NUMBER, make_number, set_config
from tests.providers.twilio.serving import Answer, Served, serving

pytestmark = pytest.mark.django_db

TO = "+12125550123"
BODY = """
{"from": "{{ from }}", "to": "{{ to_digits }}", "body": "{{ text }}", "ref": "{{ reference }}"}
"""
TRICKY = 'Say "hi" \\ & {{ to }} – 5 % off\nnow €'


@pytest.fixture(autouse=True)
def _local(monkeypatch: pytest.MonkeyPatch) -> None:
    set_config(monkeypatch, outbound_local=True)


@pytest.fixture
def gateway() -> Iterator[Served]:
    with serving(lambda request: Answer(200, {"messages": [{"id": 7, "status": "queued"}]})) as it:
        yield it


def make_account(url: str = "https://api.example.com/send", **values: str) -> ProviderAccount:
    fields = {
        "url": url,
        "body": BODY,
        "headers": "Authorization: Bearer {{ secret }}\nX-Ref: {{ reference }}",
        "secret": "s3cret",
        "webhook_secret": "hook",
        "id_path": "messages.0.id",
    }
    return create_account(
        make_workspace(), kind_key="http", name="Gateway", values=fields | values, actor=ACTOR
    )


Adapter = Callable[..., HttpProvider]


@pytest.fixture
def adapter(gateway: Served) -> Iterator[Adapter]:
    with ExitStack() as made:

        def make(path: str = "/send", **values: str) -> HttpProvider:
            account = make_account(f"{gateway.url}{path}", **values)
            return made.enter_context(closing(HttpProvider(setup_of(account))))

        yield make


def outgoing(text: str = "Hello", **changes: Any) -> Outgoing:
    values: dict[str, Any] = {
        "reference": "abc-0",
        "to": TO,
        "sender": OUR_NUMBER,
        "text": text,
        "send_before_at": timezone.now() + dt.timedelta(hours=1),
    }
    return Outgoing(**values | changes)


def test_a_json_body_holds_a_text_as_it_is_whatever_stands_in_it(
    gateway: Served, adapter: Adapter
) -> None:
    (answer,) = adapter().send([outgoing(TRICKY)])

    (request,) = gateway.asked
    assert isinstance(answer, Accepted)
    assert answer.provider_id.endswith("-7")
    assert json.loads(request.body) == {
        "from": OUR_NUMBER,
        "to": TO[1:],
        "body": TRICKY,
        "ref": "abc-0",
    }
    assert request.headers["Authorization"] == "Bearer s3cret"
    assert request.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("/send", {"body_format": "form", "body": "to={{ to }}&text={{ text }}"}),
        (
            "/send?to={{ to }}&text={{ text }}",
            {"method": "GET", "body_format": "none", "body": ""},
        ),
    ],
)
def test_forms_and_addresses_are_encoded_for_what_they_are(
    gateway: Served, adapter: Adapter, path: str, values: dict[str, str]
) -> None:
    provider = adapter(path, **values)

    provider.send([outgoing(TRICKY)])

    (request,) = gateway.asked
    assert request.fields["to"] == [TO]
    assert request.fields["text"] == [TRICKY]
    assert request.method == values.get("method", "POST")


def test_a_text_cannot_smuggle_a_header_in(gateway: Served, adapter: Adapter) -> None:
    adapter(headers="X-Text: {{ text }}").send([outgoing("a\r\nX-Evil: 1")])

    assert gateway.asked[0].headers["X-Text"] == "aX-Evil: 1"
    assert "X-Evil" not in gateway.asked[0].headers


def test_basic_authentication_takes_the_secret_as_its_password(
    gateway: Served, adapter: Adapter
) -> None:
    adapter(headers="", username="me").send([outgoing()])

    assert gateway.asked[0].user == "me:s3cret"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(400, {"error": {"code": "bad_number"}}), ("bad_number", False, False)),
        (Answer(400, {"error": {"code": "busy"}}), ("busy", True, False)),
        (Answer(429, {}), ("429", True, False)),
        (Answer(401, {}), ("401", True, True)),
        (Answer(200, {"ok": False, "error": {"code": 9}}), ("9", False, False)),
    ],
)
def test_refusals_are_told_apart_by_what_helps(
    gateway: Served, adapter: Adapter, answer: Answer, expected: tuple[str, bool, bool]
) -> None:
    gateway.answer = lambda request: answer
    provider = adapter(success_path="ok", success_values="true", retry_codes="busy")

    (told,) = provider.send([outgoing()])

    assert isinstance(told, Refused)
    assert (told.code, told.can_retry, told.stops) == expected


@pytest.mark.parametrize("answer", [Answer(502), Answer(cut=True), Answer(after_seconds=0.6)])
def test_a_lost_answer_is_never_taken_for_a_no(
    gateway: Served, adapter: Adapter, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "TIMEOUT", httpx2.Timeout(0.3))
    gateway.answer = lambda request: answer

    (told,) = adapter().send([outgoing()])

    assert isinstance(told, Unsure)


def test_a_private_address_is_refused_unless_the_operator_allows_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    set_config(monkeypatch, outbound_local=False)

    with pytest.raises(BadAddress):
        make_account("http://127.0.0.1:9/send")


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"body": '{"to": "{{ two }}"}'}, BadTemplate),
        ({"body": '{"to": "{{ to"}'}, BadTemplate),
        ({"body": '{"to": {{ to }}}'}, BadAccount),
        ({"url": "https://{{ to }}.example.com/"}, BadAccount),
        ({"method": "DELETE"}, BadAccount),
        ({"body_format": "xml"}, BadAccount),
        ({"signing": "none"}, BadAccount),
        ({"headers": "no header"}, BadAccount),
        ({"headers": "X Y: 1"}, BadAccount),
        ({"webhook_secret": ""}, BadAccount),
        ({"success_path": "ok"}, BadAccount),
    ],
)
def test_what_cannot_work_is_refused_when_it_is_saved(
    values: dict[str, str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        make_account(**values)


def sign(body: bytes, algorithm: str = "sha256", stamp: str = "") -> bytes:
    signed = f"{stamp}.".encode() + body if stamp else body
    return hmac.new(b"hook", signed, getattr(hashlib, algorithm)).digest()


def post(
    account: ProviderAccount,
    what: str,
    body: object,
    headers: dict[str, str] | None = None,
    query: str = "",
) -> int:
    raw = body if isinstance(body, str) else json.dumps(body)
    return post_to(f"/hooks/http/{account.token}/{what}{query}", raw, headers).status


def make_message(account: ProviderAccount) -> Message:
    (contact,) = make_contacts(account.workspace, 1)
    make_number(account)
    return Message.objects.create(
        broadcast=make_broadcast(account.workspace),
        position=0,
        workspace=account.workspace,
        contact=contact,
        phone=contact.phone,
        state="accepted",
        provider_id=f"h{account.pk}-7",
    )


RECEIPT = {"id": 7, "status": "delivered"}


def test_a_receipt_with_the_shared_secret_moves_its_message() -> None:
    account = make_account()
    message = make_message(account)

    assert post(account, "receipts", RECEIPT, query="?key=hook") == 200

    message.refresh_from_db()
    assert message.state == "delivered"


@pytest.mark.parametrize("form", ["hex", "base64", "named"])
def test_a_signature_is_read_in_the_forms_that_providers_use(form: str) -> None:
    account = make_account(signing="hmac-sha256", signature_header="X-Signature")
    message = make_message(account)
    digest = sign(json.dumps(RECEIPT).encode())
    written = {
        "hex": digest.hex(),
        "base64": base64.b64encode(digest).decode(),
        "named": f"sha256={digest.hex()}",
    }[form]

    assert post(account, "receipts", RECEIPT, {"X-Signature": written}) == 200

    message.refresh_from_db()
    assert message.state == "delivered"


@pytest.mark.parametrize(
    ("options", "headers", "query"),
    [
        ({}, {}, ""),
        ({}, {}, "?key=wrong"),
        ({"signature_header": "X-Key"}, {"X-Key": "ho\u00f6k"}, ""),
        ({"signing": "hmac-sha256", "signature_header": "X-S"}, {"X-S": "0" * 64}, ""),
        ({"signing": "hmac-sha256", "signature_header": "X-S"}, {}, "?key=hook"),
        ({"signing": "hmac-sha1"}, {}, "?key="),
    ],
)
def test_a_forged_post_changes_nothing(
    options: dict[str, str], headers: dict[str, str], query: str
) -> None:
    account = make_account(**options)
    message = make_message(account)

    assert post(account, "receipts", RECEIPT, headers, query) == 403
    assert post(account, "inbound", {"from": TO, "text": "STOP"}, headers, query) == 403

    message.refresh_from_db()
    assert message.state == "accepted"
    assert Reply.objects.count() == 0


@pytest.mark.parametrize(("age", "status"), [(0, 200), (200, 200), (400, 403), (-400, 403)])
def test_with_a_time_in_the_signature_an_old_post_is_refused(age: int, status: int) -> None:
    account = make_account(signing="hmac-sha256", signature_header="X-S", timestamp_header="X-Time")
    stamp = str(int(timezone.now().timestamp()) - age)
    signature = sign(json.dumps(RECEIPT).encode(), stamp=stamp).hex()

    assert post(account, "receipts", RECEIPT, {"X-S": signature, "X-Time": stamp}) == status


def test_the_time_is_part_of_what_is_signed() -> None:
    account = make_account(signing="hmac-sha256", signature_header="X-S", timestamp_header="X-Time")
    now = int(timezone.now().timestamp())
    old = sign(json.dumps(RECEIPT).encode(), stamp=str(now - 400)).hex()

    assert post(account, "receipts", RECEIPT, {"X-S": old, "X-Time": str(now)}) == 403


def test_lists_forms_and_the_providers_own_words_are_read() -> None:
    account = make_account(
        receipt_list="results", receipt_id="messageId", receipt_status="status.name",
        receipt_error="status.code", failed_words="KO",
    )  # fmt: skip
    message = make_message(account)
    told = {"results": [{"messageId": "7", "status": {"name": "KO", "code": 12}}, {"other": 1}]}

    assert post(account, "receipts", told, query="?key=hook") == 200

    message.refresh_from_db()
    assert (message.state, message.error_code) == ("failed", "12")


def test_a_receipt_can_come_by_our_reference_alone() -> None:
    account = make_account()
    message = make_message(account)
    Message.objects.filter(pk=message.pk).update(state="unknown", provider_id=None)
    query = f"?key=hook&reference={message.broadcast.token}-0"

    post(account, "receipts", {"status": "delivered"}, query=query)

    message.refresh_from_db()
    assert message.state == "delivered"


def test_inbound_texts_come_as_json_or_form_and_each_once() -> None:
    account = make_account(inbound_from="msisdn", inbound_text="message")
    make_number(account)
    form = urlencode({"id": "a1", "msisdn": TO[1:], "to": OUR_NUMBER[1:], "message": "Hi é"})

    for _ in range(2):
        assert post(account, "inbound", form, query="?key=hook") == 200
    post(account, "inbound", {"id": "a2", "msisdn": "12345", "message": "x"}, query="?key=hook")

    first, second = Reply.objects.order_by("pk")
    assert (first.phone, first.number, first.text) == (TO, OUR_NUMBER, "Hi é")
    assert (second.phone, second.account) == ("12345", name_of(account))


@pytest.mark.parametrize("body", ["", "{broken", "[1, 2]", "null", '"x"'])
def test_what_cannot_be_read_harms_nothing(body: str) -> None:
    account = make_account()

    assert post(account, "receipts", body, query="?key=hook") in (200, 400)
    assert post(account, "inbound", body, query="?key=hook") in (200, 400)


def test_the_codes_that_an_account_lists_are_opt_outs() -> None:
    account = make_account(opt_out_codes="optout, 21610")

    assert is_opt_out(name_of(account), "optout")
    assert not is_opt_out(name_of(account), "other")


def test_a_receipt_may_tell_its_price() -> None:
    account = make_account(receipt_cost="price.amount")
    message = make_message(account)

    post(account, "receipts", RECEIPT | {"price": {"amount": "-0.0450"}}, query="?key=hook")

    message.refresh_from_db()
    assert message.cost == Decimal("0.045")


@pytest.mark.parametrize(("body", "takes"), [(BODY, False), ('{"picture": "{{ media }}"}', True)])
def test_pictures_leave_where_the_templates_name_them(body: str, takes: bool) -> None:
    assert takes_media(name_of(make_account(body=body))) == takes
