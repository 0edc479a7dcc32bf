"""Handing texts to Twilio: what is asked, and what each of its answers means."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from email.utils import format_datetime
from typing import Any

import httpx2
import pytest
from django.utils import timezone

from tapline.providers.base import Accepted, Asked, Outgoing, Refused, Unsure
from tapline.providers.kinds import Setup
from tapline.providers.twilio import send as sending
from tapline.providers.twilio.send import PAGE_SIZE, TwilioProvider, find_among
from tapline.providers.twilio.wire import message_form
from tests.providers.making import ACCOUNT_SID, AUTH_TOKEN, set_config
from tests.providers.twilio.serving import Answer, Served, serving
from tests.providers.twilio.serving import Asked as Request

# What Twilio's OpenAPI description allows (github.com/twilio/twilio-oai,
# spec/json/twilio_api_v2010.json, operations CreateMessage and ListMessage): names and limits.
CREATE_FIELDS = {
    "To", "StatusCallback", "ApplicationSid", "MaxPrice", "ProvideFeedback", "Attempt",
    "ValidityPeriod", "ForceDelivery", "ContentRetention", "AddressRetention", "SmartEncoded",
    "PersistentAction", "TrafficType", "ShortenUrls", "ScheduleType", "SendAt", "SendAsMms",
    "ContentVariables", "MessageIntent", "RiskCheck", "From", "FallbackFrom",
    "MessagingServiceSid", "Body", "MediaUrl", "ContentSid",
}  # fmt: skip
LIST_FIELDS = {"To", "From", "DateSent", "DateSent<", "DateSent>", "PageSize", "Page", "PageToken"}
VALIDITY = range(1, 36_001)
LARGEST_PAGE = 1_000

TO, FROM = "+12125550123", "+12125550100"
NOW = dt.datetime(2026, 11, 29, 15, tzinfo=dt.UTC)


def outgoing(number: int = 0, **changes: Any) -> Outgoing:
    values: dict[str, Any] = {
        "reference": f"abc-{number}",
        "to": TO,
        "sender": FROM,
        "text": f"Hello https://go.example.com/BCDFGHJ{number}",
        "send_before_at": timezone.now() + dt.timedelta(hours=4),
    }
    return Outgoing(**values | changes)


def took(request: Request) -> Answer:
    return Answer(201, {"sid": f"SM{request.fields['Body'][0][-1]}", "price": None})


@pytest.fixture
def twilio() -> Iterator[Served]:
    with serving(took) as served:
        yield served


Adapter = Callable[..., TwilioProvider]


@pytest.fixture
def adapter(twilio: Served, monkeypatch: pytest.MonkeyPatch) -> Iterator[Adapter]:
    """Makes adapters to the server, and closes them."""
    set_config(monkeypatch, outbound_local=True)
    with ExitStack() as made:

        def make(**options: str) -> TwilioProvider:
            return made.enter_context(closing(TwilioProvider(setup(twilio.url, options))))

        yield make


def setup(url: str, options: dict[str, str]) -> Setup:
    defaults = {
        "account_sid": ACCOUNT_SID,
        "base_url": url,
        "connections": "4",
        "messaging_service_sid": "",
    }
    return Setup(
        name="twilio:1",
        account_id=1,
        workspace_id=1,
        token="t",
        webhooks="https://texts.example.com/hooks/twilio/t",
        options=defaults | options,
        secrets={"auth_token": AUTH_TOKEN},
    )


def test_a_text_is_asked_for_as_twilio_describes_it(twilio: Served, adapter: Adapter) -> None:
    (answer,) = adapter().send([outgoing(media=("https://example.com/a.png",))])

    (request,) = twilio.asked
    assert answer == Accepted(reference="abc-0", provider_id="SM0")
    assert (request.method, request.path) == (
        "POST",
        f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json",
    )
    assert request.user == f"{ACCOUNT_SID}:{AUTH_TOKEN}"
    assert set(request.fields) <= CREATE_FIELDS
    assert request.fields["To"] == [TO]
    assert request.fields["From"] == [FROM]
    assert request.fields["MediaUrl"] == ["https://example.com/a.png"]
    assert request.fields["StatusCallback"] == [
        "https://texts.example.com/hooks/twilio/t/receipts?reference=abc-0#rc=5&rp=all"
    ]
    assert int(request.fields["ValidityPeriod"][0]) in VALIDITY


def test_with_a_messaging_service_twilio_may_pick_the_number(
    twilio: Served, adapter: Adapter
) -> None:
    service = "MG" + "0" * 32

    adapter(messaging_service_sid=service).send([outgoing(sender="")])

    assert twilio.asked[0].fields["MessagingServiceSid"] == [service]
    assert "From" not in twilio.asked[0].fields


@pytest.mark.parametrize(("seconds", "expected"), [(2.9, "2"), (3_600, "3600"), (90_000, "36000")])
def test_the_validity_ends_with_the_time_before_which_a_text_must_arrive(
    seconds: float, expected: str
) -> None:
    text = outgoing(send_before_at=NOW + dt.timedelta(seconds=seconds))

    form = message_form(text, service="", callback="https://texts.example.com/r", now=NOW)

    assert form["ValidityPeriod"] == expected


def test_a_text_that_could_not_be_delivered_in_time_is_not_handed_over(
    twilio: Served, adapter: Adapter
) -> None:
    (answer,) = adapter().send([outgoing(send_before_at=timezone.now())])

    assert isinstance(answer, Refused)
    assert answer.can_retry
    assert twilio.asked == []


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(400, {"code": 21211, "message": "No number."}), ("21211", False, False)),
        (Answer(400, {"code": 21610, "message": "Stopped."}), ("21610", False, False)),
        (Answer(429, {"code": 20429}), ("20429", True, False)),
        (Answer(429, {}), ("429", True, False)),
        (Answer(400, {"code": 21611}), ("21611", True, False)),
        (Answer(401, {"code": 20003}), ("20003", True, True)),
        (Answer(403, b"<html>"), ("403", True, True)),
        (Answer(400, {"code": 21660}), ("21660", True, True)),
        (Answer(400, {"code": 21606}), ("21606", False, False)),
        (Answer(403, {"code": 21408}), ("21408", False, False)),
        (Answer(403, {"code": 99999}), ("99999", False, False)),
    ],
)
def test_what_twilio_surely_did_not_take_is_told_apart_by_what_helps(
    twilio: Served,
    adapter: Adapter,
    answer: Answer,
    expected: tuple[str, bool, bool],
) -> None:
    twilio.answer = lambda request: answer

    (told,) = adapter().send([outgoing()])

    assert isinstance(told, Refused)
    assert (told.code, told.can_retry, told.stops) == expected


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500, {"code": 20500}),
        Answer(503, b"busy"),
        Answer(201, b"<html>"),
        Answer(201, {}),
        Answer(cut=True),
        Answer(after_seconds=0.6),
    ],
    ids=["500", "503", "no json", "no sid", "cut", "time-out"],
)
def test_where_twilio_may_have_taken_the_text_nobody_claims_to_know(
    twilio: Served, adapter: Adapter, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "TIMEOUT", httpx2.Timeout(0.3))
    twilio.answer = lambda request: answer

    (told,) = adapter().send([outgoing()])

    assert isinstance(told, Unsure)


def test_a_twilio_that_cannot_be_reached_has_surely_taken_nothing(
    twilio: Served, adapter: Adapter
) -> None:
    nowhere = adapter(base_url="http://127.0.0.1:1")

    (told,) = nowhere.send([outgoing()])

    assert isinstance(told, Refused)
    assert told.can_retry


def test_how_long_to_wait_is_read_from_the_answer(twilio: Served, adapter: Adapter) -> None:
    twilio.answer = lambda request: Answer(429, {"code": 20429}, {"Retry-After": "7"})

    (told,) = adapter().send([outgoing()])

    assert isinstance(told, Refused)
    assert told.retry_after_seconds == 7


def test_a_number_in_twilios_words_stands_in_no_error(twilio: Served, adapter: Adapter) -> None:
    twilio.answer = lambda request: Answer(400, {"code": 21614, "message": f"{TO} is no mobile."})

    (told,) = adapter().send([outgoing()])

    assert isinstance(told, Refused)
    assert "5550123" not in told.text


def test_a_twilio_in_trouble_is_asked_a_few_times_and_no_more(
    twilio: Served, adapter: Adapter
) -> None:
    twilio.answer = lambda request: Answer(503, {})

    answers = adapter().send([outgoing(number) for number in range(200)])

    assert len(answers) == 200
    assert 10 <= len(twilio.asked) < 20
    assert sum(isinstance(answer, Unsure) for answer in answers) == len(twilio.asked)
    waiting = [answer for answer in answers if isinstance(answer, Refused)]
    assert all(answer.can_retry for answer in waiting)


def test_one_refusal_of_the_account_ends_the_round(twilio: Served, adapter: Adapter) -> None:
    twilio.answer = lambda request: Answer(401, {"code": 20003})

    adapter().send([outgoing(number) for number in range(200)])

    assert len(twilio.asked) <= 8


def asked(number: int = 0, **changes: Any) -> Asked:
    text = outgoing(number)
    values: dict[str, Any] = {
        "reference": text.reference,
        "to": text.to,
        "sender": text.sender,
        "text": text.text,
        "submitted_at": NOW,
    }
    return Asked(**values | changes)


def listed(body: str, *, sid: str = "SM9", at: dt.datetime = NOW, **more: Any) -> dict[str, Any]:
    made = {"sid": sid, "body": body, "date_created": format_datetime(at), "price": None}
    return made | {"direction": "outbound-api"} | more


def test_a_lost_text_is_found_by_its_recipient_and_its_words(
    twilio: Served, adapter: Adapter
) -> None:
    taken = listed(outgoing(0).text, price="-0.0079")
    twilio.answer = lambda request: Answer(200, {"messages": [taken]})

    found = adapter().look_up([asked(0), asked(1)])

    assert found["abc-0"].provider_id == "SM9"
    assert str(found["abc-0"].cost) == "0.0079"
    assert found["abc-1"].provider_id is None
    assert set(twilio.asked[0].fields) <= LIST_FIELDS
    assert twilio.asked[0].fields["To"] == [TO]
    assert int(twilio.asked[0].fields["PageSize"][0]) <= LARGEST_PAGE


@pytest.mark.parametrize("answer", [Answer(500), Answer(200, b"no"), Answer(200, {}), Answer(429)])
def test_without_an_answer_a_lost_text_stays_unknown(
    twilio: Served, adapter: Adapter, answer: Answer
) -> None:
    twilio.answer = lambda request: answer

    assert adapter().look_up([asked()]) == {}


OLD = NOW - dt.timedelta(hours=1)
OTHERS = [listed("Something else", sid=f"SM{number}") for number in range(PAGE_SIZE)]


@pytest.mark.parametrize(
    ("question", "messages", "expected"),
    [
        (asked(), [], "absent"),
        (asked(), [listed("Something else")], "absent"),
        (asked(), [listed(outgoing(0).text, at=OLD)], "absent"),
        (asked(), [listed(outgoing(0).text, direction="inbound")], "absent"),
        (asked(other_ids=frozenset({"SM9"})), [listed(outgoing(0).text)], "absent"),
        (asked(), OTHERS, "not certain"),
        (
            asked(text="Yes, see https://www.example.com/menu"),
            [
                listed("No, see https://www.example.com/menu", sid="SM8"),
                listed("Yes, see https://www.example.com/menu"),
            ],
            "SM9",
        ),
        (asked(), [*OTHERS[1:], listed("Older", at=OLD)], "absent"),
        (asked(), [listed(f"Sent from your trial account - {outgoing(0).text}")], "SM9"),
        (asked(), [listed("Hallo https://go.example.com/BCDFGHJ0 !")], "SM9"),
    ],
)
def test_absence_is_claimed_only_where_the_list_goes_back_far_enough(
    question: Asked, messages: list[dict[str, Any]], expected: str
) -> None:
    found = find_among(question, messages)

    told = "not certain" if found is None else found.provider_id or "absent"
    assert told == expected


@pytest.mark.parametrize("changes", [{"to": ""}, {"text": ""}])
def test_a_text_that_was_erased_meanwhile_is_not_asked_about(
    twilio: Served, adapter: Adapter, changes: dict[str, Any]
) -> None:
    assert adapter().look_up([asked(**changes)]) == {}
    assert twilio.asked == []
