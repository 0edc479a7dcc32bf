"""That the stand-in posts receipts and inbound texts as Twilio documents, and as it can fail to."""

from __future__ import annotations

import pytest

from tests.running import wait_for
from tests.standins.twilio.carrier import Pace, steps_of
from tests.standins.twilio.faults import Faults
from tests.standins.twilio.receiver import Receiver
from tests.standins.twilio.running import AUTH_TOKEN, TwilioProcess
from tests.standins.twilio.sending import OURS, PEOPLE, SERVICE, send
from tests.standins.twilio.server import InboundText
from tests.standins.twilio.webhooks import split_overrides
from tests.standins.twilio.words import sign

# --- receipts -------------------------------------------------------------------------------------


def test_the_signature_is_the_documented_one() -> None:
    """Source: twilio.com/docs/usage/webhooks/webhooks-security, «Validating signatures»."""
    form = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+12349013030",
        "Digits": "1234",
        "From": "+12349013030",
        "To": "+18005551212",
    }
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"

    assert sign("12345", url, form) == "0/KCTR6DLpKmkAf8muzZqo1nDgQ="


def test_receipts_come_signed_for_every_status_but_the_first(
    twilio: TwilioProcess, receiver: Receiver
) -> None:
    url = f"{receiver.url}/receipts?reference=a-1"

    sid = send(twilio, StatusCallback=url).json()["sid"]

    wait_for(lambda: len(receiver.hooks) == 2, seconds=5, what="both receipts")
    assert receiver.words(sid) == ["sent", "delivered"]
    for hook in receiver.hooks:
        assert hook.path == "/receipts?reference=a-1"
        assert hook.headers["x-twilio-signature"] == sign(AUTH_TOKEN, url, hook.form)
        assert (hook.form["To"], hook.form["From"]) == (PEOPLE[0], OURS)


def test_a_text_through_a_service_is_also_said_to_be_queued(
    twilio: TwilioProcess, receiver: Receiver
) -> None:
    sid = send(twilio, From=None, MessagingServiceSid=SERVICE, StatusCallback=receiver.url).json()[
        "sid"
    ]

    wait_for(lambda: len(receiver.hooks) == 3, seconds=5, what="all receipts")
    assert receiver.words(sid) == ["queued", "sent", "delivered"]


@pytest.mark.parametrize(
    ("faults", "ending", "code"),
    [
        (Faults(queue_overflow=1.0), "failed", "30001"),
        (Faults(unreachable=1.0), "undelivered", "30003"),
        (Faults(blocked=1.0), "undelivered", "30007"),
    ],
)
def test_messages_can_fail_after_they_were_taken(
    twilio: TwilioProcess, receiver: Receiver, faults: Faults, ending: str, code: str
) -> None:
    twilio.set_faults(faults)

    send(twilio, StatusCallback=receiver.url)

    wait_for(twilio.ledger.is_settled, seconds=5, what="it ended")
    wait_for(
        lambda: receiver.hooks and receiver.hooks[-1].form["MessageStatus"] == ending,
        seconds=5,
        what="the last receipt",
    )
    assert receiver.hooks[-1].form["ErrorCode"] == code


def test_a_queue_longer_than_the_validity_ends_the_message() -> None:
    pace = Pace(queue_seconds=1000.0)
    steps = [
        steps_of(number, has_service=False, validity_seconds=1, pace=pace, faults=Faults())
        for number in range(1, 20)
    ]

    assert {(each[-1].status, each[-1].error) for each in steps} == {("failed", 30036)}


def test_receipts_can_be_doubled_late_and_out_of_order() -> None:
    faults = Faults(duplicated=1.0, late=1.0, late_seconds=5.0, reordered=1.0)
    pace = Pace(queue_seconds=0.2, delivery_seconds=1.0)

    sent, delivered = steps_of(
        7, has_service=False, validity_seconds=36_000, pace=pace, faults=faults
    )

    assert len(delivered.posts) == 2
    assert min(delivered.posts) >= delivered.after_seconds + 5.0
    assert min(sent.posts) > max(delivered.posts)


def test_a_forgotten_message_gets_no_receipt_and_no_end(
    twilio: TwilioProcess, receiver: Receiver
) -> None:
    twilio.set_faults(Faults(forgotten=1.0))
    send(twilio, StatusCallback=receiver.url)
    twilio.set_faults(Faults())
    send(twilio, To=PEOPLE[1], StatusCallback=receiver.url)

    wait_for(lambda: len(receiver.hooks) == 2, seconds=5, what="receipts of the second")

    assert {hook.form["To"] for hook in receiver.hooks} == {PEOPLE[1]}
    assert twilio.ledger.rows("select status from messages where recipient = ?", PEOPLE[0]) == [
        ("queued",)
    ]


@pytest.mark.parametrize(
    ("fragment", "status", "tries"),
    [
        ("", 503, 1),
        ("", 0, 1),
        ("#rc=2&rp=5xx", 503, 3),
        ("#rc=2&rp=4xx", 503, 1),
        ("#rc=1&rp=all", 0, 2),
    ],
)
def test_a_refused_webhook_is_tried_again_as_its_fragment_says(
    twilio: TwilioProcess, receiver: Receiver, fragment: str, status: int, tries: int
) -> None:
    receiver.status = status
    twilio.set_faults(Faults(queue_overflow=1.0))  # one receipt only

    sid = send(twilio, StatusCallback=f"{receiver.url}/r{fragment}").json()["sid"]

    count = "select count(*) from hooks where sid = ?"
    wait_for(lambda: twilio.ledger.rows(count, sid)[0][0] >= tries, seconds=8, what="its posts")
    assert len(receiver.hooks) == tries
    bare = f"{receiver.url}/r"
    assert {hook.headers["x-twilio-signature"] for hook in receiver.hooks} == {
        sign(AUTH_TOKEN, bare, receiver.hooks[0].form)
    }
    assert len({hook.headers["i-twilio-idempotency-token"] for hook in receiver.hooks}) == 1


def test_by_default_only_a_connection_that_failed_is_tried_again() -> None:
    assert split_overrides("https://example.com/r")[1].times == 1
    assert split_overrides("https://example.com/r")[1].failures == {"ct"}


# --- inbound --------------------------------------------------------------------------------------


def test_an_inbound_text_is_posted_as_often_as_asked_under_one_sid(
    twilio: TwilioProcess, receiver: Receiver
) -> None:
    twilio.say([InboundText(PEOPLE[0], OURS, "¿Qué hay? 🍲", times=2)])

    wait_for(lambda: len(receiver.hooks) == 2, seconds=5, what="both")
    first, second = receiver.hooks
    assert first.form == second.form
    assert first.path == "/inbound"
    assert (first.form["Body"], first.form["From"], first.form["To"]) == (
        *("¿Qué hay? 🍲", PEOPLE[0]),
        OURS,
    )
    url = f"{receiver.url}/inbound"
    assert first.headers["x-twilio-signature"] == sign(AUTH_TOKEN, url, first.form)


def test_stop_is_heeded_by_twilio_itself_until_start(twilio: TwilioProcess) -> None:
    twilio.say([InboundText(PEOPLE[0], OURS, " Stop ")])
    wait_for(lambda: send(twilio).json().get("code") == 21610, seconds=5, what="the opt-out")
    assert send(twilio, To=PEOPLE[1]).status_code == 201

    twilio.say([InboundText(PEOPLE[0], OURS, "START")])

    wait_for(lambda: send(twilio).status_code == 201, seconds=5, what="the way back")
