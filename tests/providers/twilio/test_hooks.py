"""What Twilio posts to us: signed, or nothing happens; played again, nothing more happens."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from tapline import config
from tapline.broadcasts.models import Broadcast, Message, MessageState
from tapline.providers.accounts import name_of, retire_account
from tapline.providers.base import Status
from tapline.providers.models import ProviderAccount
from tapline.providers.twilio.receipts import STATUSES
from tapline.providers.twilio.signing import HEADER, sign
from tapline.providers.twilio.wire import TRY_AGAIN
from tapline.replies.models import Reply
from tapline.workspaces.tree import create_workspace
from tests.broadcasts.making import make_broadcast, make_contacts, make_workspace
from tests.providers.hooking import post_to
from tests.providers.making import ACTOR, AUTH_TOKEN, OUR_NUMBER, make_number, make_twilio

pytestmark = pytest.mark.django_db

THEM = "+12125550123"


@pytest.fixture
def account() -> ProviderAccount:
    account = make_twilio(make_workspace())
    make_number(account)
    return account


@pytest.fixture
def message(account: ProviderAccount) -> Message:
    (contact,) = make_contacts(account.workspace, 1)
    broadcast = make_broadcast(account.workspace)
    Broadcast.objects.filter(pk=broadcast.pk).update(provider=name_of(account))
    return Message.objects.create(
        broadcast=broadcast,
        position=0,
        workspace=account.workspace,
        contact=contact,
        phone=contact.phone,
        state=MessageState.ACCEPTED,
        provider_id="SM1",
    )


def post(
    account: ProviderAccount, path: str, form: dict[str, str], signature: str | None = None
) -> int:
    """Post as Twilio does, to the address that it was told."""
    address = f"/hooks/twilio/{account.token}/{path}"
    if signature is None:
        fields = {name: [value] for name, value in form.items()}
        signature = sign(AUTH_TOKEN, f"{config.current().web_url}{address}", fields)
    return post_to(address, urlencode(form), {HEADER: signature}).status


def state_of(message: Message) -> str:
    message.refresh_from_db()
    return message.state


def test_a_receipt_moves_its_message(account: ProviderAccount, message: Message) -> None:
    assert post(account, "receipts", {"MessageSid": "SM1", "MessageStatus": "delivered"}) == 204

    assert state_of(message) == "delivered"


def test_a_failure_keeps_twilios_code(account: ProviderAccount, message: Message) -> None:
    form = {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30007"}

    post(account, "receipts", form)

    assert (state_of(message), message.error_code) == ("failed", "30007")


def test_a_receipt_that_was_faster_than_its_answer_is_found_by_our_reference(
    account: ProviderAccount, message: Message
) -> None:
    Message.objects.filter(pk=message.pk).update(provider_id=None, state="unknown")
    reference = f"{message.broadcast.token}-0"

    path = f"receipts?reference={reference}"
    post(account, path, {"MessageSid": "SM7", "MessageStatus": "sent"})

    assert (state_of(message), message.provider_id) == ("accepted", "SM7")


@pytest.mark.parametrize("path", ["receipts", "inbound"])
@pytest.mark.parametrize("signature", ["", "RSOYDt4T1cUTdK1PDd93/VVr8B8=", "ü"])
def test_a_forged_webhook_changes_nothing(
    account: ProviderAccount, message: Message, path: str, signature: str
) -> None:
    form = {"MessageSid": "SM1", "MessageStatus": "delivered", "From": THEM, "Body": "STOP"}

    assert post(account, path, form, signature) == 403

    assert state_of(message) == "accepted"
    assert Reply.objects.count() == 0


def test_the_part_that_asks_for_more_tries_may_be_signed_or_not(
    account: ProviderAccount, message: Message
) -> None:
    form = {"MessageSid": "SM1", "MessageStatus": "delivered"}
    url = f"{config.current().web_url}/hooks/twilio/{account.token}/receipts{TRY_AGAIN}"

    signature = sign(AUTH_TOKEN, url, {name: [value] for name, value in form.items()})

    assert post(account, "receipts", form, signature) == 204


def test_one_accounts_signature_does_not_open_anothers(
    account: ProviderAccount, message: Message
) -> None:
    other = make_twilio(create_workspace("Other"), auth_token="theirs")

    assert post(other, "receipts", {"MessageSid": "SM1", "MessageStatus": "delivered"}) == 403


def test_a_receipt_played_again_later_takes_nothing_back(
    account: ProviderAccount, message: Message
) -> None:
    for status in ("sent", "delivered", "sent", "undelivered", "queued"):
        post(account, "receipts", {"MessageSid": "SM1", "MessageStatus": status})

    assert state_of(message) == "delivered"


@pytest.mark.parametrize(
    "form",
    [
        {"MessageSid": "SM404", "MessageStatus": "delivered"},
        {"MessageSid": "SM1", "MessageStatus": "a word of the future"},
        {"MessageStatus": "delivered"},
        {},
    ],
)
def test_what_we_do_not_know_is_answered_so_that_twilio_stops(
    account: ProviderAccount, message: Message, form: dict[str, str]
) -> None:
    assert post(account, "receipts", form) == 204

    assert state_of(message) == "accepted"


def test_an_inbound_text_is_stored_once_however_often_it_is_posted(
    account: ProviderAccount,
) -> None:
    form = {"MessageSid": "SM5", "From": THEM, "To": OUR_NUMBER, "Body": "Hi there \u00e9\u00e8"}

    assert [post(account, "inbound", form) for _ in range(3)] == [200] * 3

    reply = Reply.objects.get()
    assert (reply.text, reply.phone, reply.number) == ("Hi there éè", THEM, OUR_NUMBER)
    assert reply.workspace == account.workspace
    assert reply.thread is not None
    assert reply.thread.provider == name_of(account)


def test_a_text_to_a_shops_number_goes_to_the_shop(account: ProviderAccount) -> None:
    shop = create_workspace("Shop", parent=account.workspace)
    make_number(account, "+12125550109", workspace=shop)

    post(
        account,
        "inbound",
        {"MessageSid": "SM6", "From": THEM, "To": "+12125550109", "Body": "Open?"},
    )

    assert Reply.objects.get().workspace == shop


def test_a_retired_account_still_hears_of_its_last_texts(
    account: ProviderAccount, message: Message
) -> None:
    retire_account(account, actor=ACTOR)

    assert post(account, "receipts", {"MessageSid": "SM1", "MessageStatus": "delivered"}) == 204
    assert state_of(message) == "delivered"


def test_an_address_that_no_account_has_is_none() -> None:
    assert post_to("/hooks/twilio/nobody/receipts", "").status == 404


def test_every_status_of_twilios_description_has_its_place() -> None:
    """The values of `status` in Twilio's OpenAPI description (message_enum_status)."""
    described = {
        "queued", "sending", "sent", "failed", "delivered", "undelivered", "receiving",
        "received", "accepted", "scheduled", "read", "partially_delivered", "canceled",
    }  # fmt: skip

    assert described - set(STATUSES) == {"receiving", "received", "partially_delivered"}
    assert Status.UNKNOWN not in STATUSES.values()
