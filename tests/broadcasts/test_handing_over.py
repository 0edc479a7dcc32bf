"""A provider in trouble slows sending and stops nothing for good; an opt-out there holds here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from django.utils import timezone

from tapline import config
from tapline.broadcasts.models import Broadcast, Message
from tapline.broadcasts.receipts import apply_receipts
from tapline.broadcasts.sending import Sender
from tapline.broadcasts.settling import Settler
from tapline.broadcasts.singles import standing_broadcast
from tapline.contacts.consent import is_suppressed
from tapline.contacts.models import Suppression
from tapline.pictures.media import own
from tapline.providers.accounts import name_of
from tapline.providers.base import (
    Answer,
    Asked,
    Found,
    Outgoing,
    Provider,
    Receipt,
    Refused,
    Status,
    Unsure,
)
from tapline.providers.models import ProviderAccount
from tapline.providers.registry import provider as provider_named
from tapline.providers.senders import NoSuchSender
from tapline.replies.models import Thread
from tapline.replies.queueing import sender_of_thread
from tapline.workspaces.models import Workspace
from tapline.workspaces.tree import create_workspace
from tests.broadcasts.making import (
    ACTOR,
    Clock,
    StandIn,
    accept,
    make_broadcast,
    make_contacts,
    make_workspace,
    phone,
    prepare,
    states,
)
from tests.pictures.test_pictures import choose
from tests.providers.making import OUR_NUMBER, make_number, make_twilio, set_config

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nobody_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    set_config(monkeypatch, quiet_hours="off")


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


@pytest.fixture
def account(workspace: Workspace) -> ProviderAccount:
    account = make_twilio(workspace)
    make_number(account)
    return account


@pytest.fixture
def broadcast(workspace: Workspace, account: ProviderAccount) -> Broadcast:
    make_contacts(workspace, 4)
    return prepare(make_broadcast(workspace))


def make_sender(provider: StandIn, clock: Clock, chunk: int = 2) -> Sender:
    return Sender(
        find_provider=lambda _: provider,
        now=clock,
        monotonic=lambda: clock().timestamp(),
        chunk=chunk,
    )


def refuse(code: str, **more: Any) -> StandIn:
    def answer(text: Outgoing) -> Answer:
        values: dict[str, Any] = {"code": code, "text": "In their words.", "can_retry": False}
        return Refused(reference=text.reference, **values | more)

    return StandIn(answer=answer)


def test_a_broadcast_leaves_from_the_workspaces_own_number(
    broadcast: Broadcast, account: ProviderAccount
) -> None:
    provider, clock = StandIn(), Clock()

    make_sender(provider, clock).send_next()

    assert broadcast.provider == name_of(account)
    assert {text.sender for text in provider.taken} == {OUR_NUMBER}


def test_a_provider_gets_the_whole_addresses_of_pictures(
    workspace: Workspace, account: ProviderAccount
) -> None:
    make_contacts(workspace, 1)
    picture, elsewhere = choose(workspace), "https://cdn.example.com/a.png"
    prepare(make_broadcast(workspace, media=[own(picture), elsewhere]))
    provider = StandIn()

    make_sender(provider, Clock()).send_next()

    (text,) = provider.taken
    assert text.media == (config.current().web_url + picture.path, elsewhere)


def test_single_texts_and_first_questions_leave_from_there_too(
    workspace: Workspace, account: ProviderAccount
) -> None:
    single = standing_broadcast(workspace, None, "marketing", actor=ACTOR)
    asked = Thread(workspace=workspace, phone=phone(1), last_at=timezone.now())
    wrote = Thread(workspace=workspace, phone=phone(1), number="+12125550177", provider="simulator")

    assert (single.provider, single.sender_number) == (name_of(account), OUR_NUMBER)
    assert sender_of_thread(asked).number == OUR_NUMBER
    assert sender_of_thread(wrote).number == "+12125550177"


def test_a_number_of_nobody_and_a_strangers_number_are_no_senders(
    workspace: Workspace, account: ProviderAccount
) -> None:
    stranger = make_twilio(create_workspace("Stranger"))
    make_number(stranger, "+12125550166")

    for number in ("+12125550166", "+12125550188"):
        with pytest.raises(NoSuchSender):
            make_broadcast(workspace, sender_number=number)


def test_the_wait_that_a_provider_asks_for_is_kept(broadcast: Broadcast) -> None:
    clock = Clock()
    provider = StandIn()
    provider.answer = lambda text: (
        accept(text)
        if text.reference.endswith("0")
        else Refused(
            reference=text.reference, code="429", text="", can_retry=True, retry_after_seconds=40
        )
    )
    sender = make_sender(provider, clock)
    sender.send_next()
    assert states(broadcast) == ["accepted", "pending", "pending", "pending"]

    clock.move(39)
    assert not sender.send_next()
    provider.answer = accept
    clock.move(2)
    while sender.send_next():
        pass

    assert states(broadcast) == ["accepted"] * 4
    assert len({text.reference for text in provider.taken}) == 4


def test_a_provider_that_answers_nothing_clear_is_left_alone_for_a_while(
    broadcast: Broadcast,
) -> None:
    clock = Clock()
    provider = StandIn(answer=lambda text: Unsure(reference=text.reference, why="503"))
    sender = make_sender(provider, clock, chunk=1)

    for _ in range(30):  # three seconds
        sender.send_next()
        clock.move(0.1)

    assert len(provider.taken) == 3  # after 0, 0.5 and 1.5 seconds


def test_an_account_that_cannot_send_pauses_the_broadcast_and_says_why(
    broadcast: Broadcast,
) -> None:
    provider = refuse("20003", can_retry=True, stops=True)

    make_sender(provider, Clock()).send_next()

    broadcast.refresh_from_db()
    assert broadcast.state == "paused"
    assert "SID or token" in broadcast.pause_reason
    assert states(broadcast) == ["pending"] * 4


def test_an_opt_out_at_the_provider_is_one_here(broadcast: Broadcast, workspace: Workspace) -> None:
    make_sender(refuse("21610"), Clock(), chunk=1).send_next()

    assert states(broadcast) == ["failed", "pending", "pending", "pending"]
    assert is_suppressed(phone(0), workspace)
    assert not is_suppressed(phone(1), workspace)


def test_it_reaches_as_far_as_the_brand_chose(account: ProviderAccount) -> None:
    brand = create_workspace("Brand")
    shop = account.workspace
    Workspace.objects.filter(pk=shop.pk).update(parent=brand, path=f"{brand.path}{shop.pk}/")
    shop.refresh_from_db()
    make_contacts(shop, 1)
    prepare(make_broadcast(shop))

    make_sender(refuse("21610"), Clock()).send_next()

    assert Suppression.objects.get().scope == brand


def test_an_opt_out_that_a_receipt_tells_is_one_here(
    broadcast: Broadcast, workspace: Workspace
) -> None:
    make_sender(StandIn(), Clock(), chunk=4).send_next()
    receipt = Receipt(
        provider_id=f"id-{broadcast.token}-2",
        status=Status.FAILED,
        at=timezone.now(),
        error_code="21610",
    )

    apply_receipts([receipt])
    apply_receipts([receipt])

    assert [is_suppressed(phone(number), workspace) for number in range(4)] == [
        False,
        False,
        True,
        False,
    ]


def test_a_text_that_is_someone_elses_is_not_taken_for_the_lost_one(broadcast: Broadcast) -> None:
    """Two texts with the same words to one person: the provider's list shows both."""
    clock = Clock()
    lose = StandIn(answer=lambda text: Unsure(reference=text.reference, why="time-out"))
    make_sender(lose, clock, chunk=4).send_next()
    Message.objects.filter(position=0).update(state="accepted", provider_id="SM1")

    class Lists(StandIn):
        questions: list[Asked]

        def look_up(self, asked: Sequence[Asked]) -> Mapping[str, Found]:
            self.questions = list(asked)
            return {each.reference: Found(provider_id="SM1") for each in asked}

    provider = Lists()
    clock.move(30)
    Settler(find_provider=lambda _: provider, now=clock).settle_next()

    assert len(provider.questions) == 3
    assert states(broadcast) == ["accepted", "unknown", "unknown", "unknown"]


def test_what_is_asked_names_recipient_words_and_the_other_texts_to_them(
    broadcast: Broadcast, workspace: Workspace
) -> None:
    clock = Clock()
    make_sender(StandIn(), clock, chunk=4).send_next()
    second = prepare(make_broadcast(workspace))
    lose = StandIn(answer=lambda text: Unsure(reference=text.reference, why="time-out"))
    make_sender(lose, clock, chunk=4).send_next()
    questions: list[Asked] = []

    class Asks(StandIn):
        def look_up(self, asked: Sequence[Asked]) -> Mapping[str, Found]:
            questions.extend(asked)
            return {}

    clock.move(30)
    Settler(find_provider=lambda _: Asks(), now=clock).settle_next()

    first = questions[0]
    assert (first.to, first.sender) == (phone(0), OUR_NUMBER)
    assert first.text == Message.objects.get(broadcast=second, position=0).text
    assert first.other_ids == {f"id-{broadcast.token}-0"}


def test_an_account_that_cannot_be_opened_holds_up_nobody_else(
    broadcast: Broadcast, workspace: Workspace, account: ProviderAccount
) -> None:
    ProviderAccount.objects.filter(pk=account.pk).update(secrets="v1.broken")
    other = prepare(make_broadcast(workspace, provider="simulator"))
    provider, clock = StandIn(), Clock()

    def find(name: str) -> Provider:
        return provider if name == "simulator" else provider_named(name)

    Sender(find_provider=find, now=clock, chunk=100).send_next()
    Settler(find_provider=find, now=clock).settle_next()

    broadcast.refresh_from_db()
    assert broadcast.state == "paused"
    assert "Enter the secret again" in broadcast.pause_reason
    assert states(broadcast) == ["pending"] * 4
    assert states(other) == ["accepted"] * 4
