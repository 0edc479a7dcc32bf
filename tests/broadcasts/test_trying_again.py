"""A text that Twilio's full queue dropped is sent again, and nobody gets it twice."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from tapline.broadcasts.models import Broadcast, FailedTry, Message
from tapline.broadcasts.receipts import apply_receipts
from tapline.broadcasts.sending import Sender
from tapline.broadcasts.settling import finish_sent
from tapline.providers.base import Accepted, Answer, Outgoing, Receipt, Status
from tests.broadcasts.making import (
    Clock,
    StandIn,
    make_broadcast,
    make_contacts,
    make_workspace,
    prepare,
)
from tests.providers.making import make_number, make_twilio, set_config

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nobody_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    set_config(monkeypatch, quiet_hours="off")


@pytest.fixture
def broadcast() -> Broadcast:
    workspace = make_workspace()
    make_number(make_twilio(workspace))
    make_contacts(workspace, 1)
    return prepare(make_broadcast(workspace))


class Twilio:
    """Takes every text, under a new id each time."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.provider = StandIn(answer=self._take)
        self.sender = Sender(
            find_provider=lambda _: self.provider,
            now=self.clock,
            monotonic=lambda: self.clock().timestamp(),
        )

    def _take(self, text: Outgoing) -> Answer:
        taken = len(self.provider.taken)
        return Accepted(reference=text.reference, provider_id=f"SM{taken}")

    def send(self, *, later: float = 61) -> int:
        """Let time pass and send; return how many texts were taken so far."""
        self.clock.move(later)
        self.sender.send_next()
        return len(self.provider.taken)


def say(message: Message, number: int, status: Status, code: str = "") -> str:
    """Post a receipt about one try, as Twilio does: with our reference. Return the state."""
    apply_receipts(
        [
            Receipt(
                provider_id=f"SM{number}",
                status=status,
                at=timezone.now(),
                reference=f"{message.broadcast.token}-0",
                error_code=code,
            )
        ]
    )
    message.refresh_from_db()
    return message.state


def test_a_dropped_text_waits_a_minute_and_leaves_again(broadcast: Broadcast) -> None:
    twilio = Twilio()
    assert twilio.send(later=0) == 1
    message = Message.objects.get()

    assert say(message, 1, Status.FAILED, "30001") == "pending"
    assert twilio.send(later=30) == 1
    assert twilio.send(later=31) == 2
    assert say(message, 2, Status.DELIVERED) == "delivered"
    assert message.provider_id == "SM2"


def test_late_news_of_the_failed_try_changes_nothing(broadcast: Broadcast) -> None:
    twilio = Twilio()
    twilio.send(later=0)
    message = Message.objects.get()
    say(message, 1, Status.FAILED, "30001")

    assert say(message, 1, Status.ACCEPTED) == "pending"
    assert say(message, 1, Status.FAILED, "30001") == "pending"
    assert twilio.send() == 2
    assert say(message, 1, Status.FAILED, "30001") == "accepted"
    assert FailedTry.objects.count() == 1


def test_a_failed_try_that_arrived_after_all_is_not_sent_again(broadcast: Broadcast) -> None:
    twilio = Twilio()
    twilio.send(later=0)
    message = Message.objects.get()
    say(message, 1, Status.FAILED, "30001")

    assert say(message, 1, Status.DELIVERED) == "delivered"
    assert twilio.send() == 1


def test_it_is_tried_four_times_in_all(broadcast: Broadcast) -> None:
    twilio = Twilio()
    twilio.send(later=0)
    message = Message.objects.get()

    for number in range(1, 5):
        say(message, number, Status.FAILED, "30001")
        twilio.send()

    assert len(twilio.provider.taken) == 4
    assert (message.state, message.error_code) == ("failed", "30001")


def test_a_broadcast_that_was_over_goes_on(broadcast: Broadcast) -> None:
    twilio = Twilio()
    twilio.send(later=0)
    finish_sent(timezone.now())
    broadcast.refresh_from_db()
    assert broadcast.state == "sent"

    say(Message.objects.get(), 1, Status.FAILED, "30001")

    broadcast.refresh_from_db()
    assert broadcast.state == "sending"
    assert twilio.send() == 2


@pytest.mark.parametrize(
    ("code", "hours"), [("30007", 0), ("30003", 0), ("30005", 0), ("", 0), ("30001", 5)]
)
def test_other_failures_and_old_texts_are_final(
    broadcast: Broadcast, code: str, hours: int
) -> None:
    twilio = Twilio()
    twilio.send(later=0)
    message = Message.objects.get()
    old = timezone.now() - dt.timedelta(hours=hours)
    Message.objects.filter(pk=message.pk).update(submitted_at=old)

    assert say(message, 1, Status.FAILED, code) == "failed"
    assert twilio.send() == 1
