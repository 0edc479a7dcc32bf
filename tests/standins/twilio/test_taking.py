"""That the stand-in takes, refuses and lists texts as Twilio documents, asked over real HTTP; and
that it can fail."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.running import wait_for
from tests.standins.twilio.faults import Faults, request_fault
from tests.standins.twilio.receiver import Receiver
from tests.standins.twilio.running import TwilioProcess, running_twilio
from tests.standins.twilio.sending import MESSAGES, OURS, PEOPLE, SERVICE, client, send

# --- taking texts ---------------------------------------------------------------------------------


def test_a_text_is_taken_with_the_documented_resource(twilio: TwilioProcess) -> None:
    answer = send(twilio, To=PEOPLE[0], Body="Grüße")

    resource = answer.json()
    assert answer.status_code == 201
    assert resource.keys() == {
        *("account_sid", "api_version", "body", "date_created", "date_sent", "date_updated"),
        *("direction", "error_code", "error_message", "from", "messaging_service_sid"),
        *("num_media", "num_segments", "price", "price_unit", "sid", "status"),
        *("subresource_uris", "to", "uri"),
    }
    assert resource["sid"].startswith("SM")
    assert len(resource["sid"]) == 34
    assert (resource["status"], resource["direction"]) == ("queued", "outbound-api")
    assert (resource["to"], resource["from"], resource["body"]) == (PEOPLE[0], OURS, "Grüße")
    assert resource["date_created"].endswith("+0000")


def test_a_service_chooses_the_sender_later(twilio: TwilioProcess) -> None:
    answer = send(twilio, From=None, MessagingServiceSid=SERVICE).json()

    assert (answer["status"], answer["from"], answer["num_segments"]) == ("accepted", None, "0")
    wait_for(twilio.ledger.is_settled, seconds=5, what="it is delivered")
    assert twilio.ledger.rows("select sender from messages")[0][0] in (OURS, "+15005550010")


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({"To": "+1202"}, 400, 21211),
        ({"To": "Ada"}, 400, 21211),
        ({"To": ""}, 400, 21604),
        ({"To": "+15005550001"}, 400, 21211),
        ({"To": "+15005550002"}, 400, 21612),
        ({"To": "+15005550003"}, 400, 21408),
        ({"To": "+15005550004"}, 400, 21610),
        ({"To": "+15005550009"}, 400, 21614),
        ({"From": ""}, 400, 21603),
        ({"From": "+15005550001"}, 400, 21212),
        ({"From": "+15005550007"}, 400, 21606),
        ({"From": "+12025550199"}, 400, 21606),
        ({"From": "+15005550008"}, 400, 21611),
        ({"From": "", "MessagingServiceSid": "MG" + "f" * 32}, 400, 21701),
        ({"Body": ""}, 400, 21602),
        ({"Body": "a" * 1601}, 400, 21617),
        ({"MediaUrl": ["https://example.com/a.png"] * 11}, 400, 21623),
        ({"StatusCallback": "not an address"}, 400, 21609),
        ({"ValidityPeriod": "36001"}, 400, 20001),
    ],
)
def test_what_is_wrong_with_a_request_is_said_by_code(
    twilio: TwilioProcess, form: dict[str, Any], status: int, code: int
) -> None:
    answer = send(twilio, **form)

    assert answer.status_code == status
    body = answer.json()
    assert body.keys() == {"code", "message", "more_info", "status"}
    assert (body["code"], body["status"]) == (code, status)
    assert body["more_info"] == f"https://www.twilio.com/docs/errors/{code}"
    assert twilio.ledger.count() == 0


def test_a_stranger_is_not_let_in(twilio: TwilioProcess) -> None:
    with client(twilio, token="wrong") as http:
        answer = http.post(MESSAGES, data={"To": PEOPLE[0], "From": OURS, "Body": "Hi"})

    assert (answer.status_code, answer.json()["code"]) == (401, 20003)
    assert twilio.ledger.count() == 0


def test_what_is_not_there_is_not_found(twilio: TwilioProcess) -> None:
    with client(twilio) as http:
        assert http.get("/2010-04-01/Accounts/ACother/Messages.json").json()["code"] == 20404
        assert http.get(MESSAGES.replace(".json", "/SMnone.json")).status_code == 404
        assert http.delete(MESSAGES).status_code == 405


# --- asking ---------------------------------------------------------------------------------------


def test_one_message_can_be_fetched(twilio: TwilioProcess) -> None:
    sid = send(twilio).json()["sid"]
    wait_for(twilio.ledger.is_settled, seconds=5, what="it is delivered")

    with client(twilio) as http:
        found = http.get(MESSAGES.replace(".json", f"/{sid}.json")).json()

    assert (found["sid"], found["status"], found["error_code"]) == (sid, "delivered", None)
    assert found["date_sent"]


def test_the_list_comes_newest_first_in_pages_that_lead_to_each_other(
    twilio: TwilioProcess,
) -> None:
    sids = [send(twilio, To=number).json()["sid"] for number in PEOPLE[:5]]

    listed, path = [], f"{MESSAGES}?PageSize=2"
    with client(twilio) as http:
        while path:
            page = http.get(path).json()
            listed += [message["sid"] for message in page["messages"]]
            path = page["next_page_uri"]

    assert listed == sids[::-1]


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"To": PEOPLE[1]}, 1),
        ({"To": PEOPLE[9]}, 0),
        ({"From": OURS}, 3),
        ({"From": PEOPLE[1]}, 0),
        ({"DateSent>": "2026-01-01T00:00:00Z", "To": PEOPLE[1]}, 1),
        ({"DateSent>": "2199-01-01"}, 0),
        ({"DateSent<": "2199-01-01"}, 3),
        ({"DateSent<": "2020-01-01"}, 0),
        ({"DateSent": f"{dt.datetime.now(dt.UTC):%Y-%m-%d}"}, 3),
        ({"DateSent": "2020-01-01"}, 0),
    ],
)
def test_the_list_is_filtered(twilio: TwilioProcess, filters: dict[str, str], count: int) -> None:
    for number in PEOPLE[:3]:
        send(twilio, To=number)

    with client(twilio) as http:
        assert len(http.get(MESSAGES, params=filters).json()["messages"]) == count


# --- faults of requests ---------------------------------------------------------------------------


def test_a_time_out_after_acceptance_takes_the_text_and_says_nothing(
    twilio: TwilioProcess,
) -> None:
    twilio.set_faults(Faults(time_out_after_acceptance=1.0, hang_seconds=0.1))

    with pytest.raises(httpx2.RemoteProtocolError):
        send(twilio)

    assert twilio.ledger.count() == 1
    assert twilio.ledger.faults() == {"time_out_after_acceptance": 1}


def test_too_many_requests_takes_nothing_and_says_how_long_to_wait(
    twilio: TwilioProcess,
) -> None:
    twilio.set_faults(Faults(too_many_requests=1.0, retry_after_seconds=3))

    answer = send(twilio)

    assert (answer.status_code, answer.json()["code"]) == (429, 20429)
    assert answer.headers["Retry-After"] == "3"
    assert twilio.ledger.count() == 0


@pytest.mark.parametrize(
    ("faults", "status", "taken"),
    [
        (Faults(server_error=1.0), 503, 0),
        (Faults(server_error_after_acceptance=1.0), 500, 1),
    ],
)
def test_a_server_error_may_come_before_or_after_the_text_was_taken(
    twilio: TwilioProcess, faults: Faults, status: int, taken: int
) -> None:
    twilio.set_faults(faults)

    assert send(twilio).status_code == status
    assert twilio.ledger.count() == taken
    assert sum(twilio.ledger.faults().values()) == 1


def test_a_slow_answer_is_an_answer(twilio: TwilioProcess) -> None:
    twilio.set_faults(Faults(slow=1.0, slow_seconds=0.5))

    answer = send(twilio)

    assert answer.status_code == 201
    assert answer.elapsed >= dt.timedelta(seconds=0.5)


def test_an_outage_takes_nothing_while_it_lasts(twilio: TwilioProcess) -> None:
    twilio.set_faults(Faults(outages=((0.0, 3600.0),)))
    assert send(twilio).status_code == 503

    twilio.set_faults(Faults(outages=((3600.0, 7200.0),)))
    assert send(twilio).status_code == 201


def test_faults_befall_their_share_and_the_same_ones_again() -> None:
    faults = Faults(time_out_after_acceptance=0.05, too_many_requests=0.05)
    befallen = [request_fault(faults, number) for number in range(1, 20_001)]

    shares = {fault: befallen.count(fault) / 20_000 for fault in set(befallen) - {None}}
    assert len(shares) == 2
    assert all(0.045 < share < 0.055 for share in shares.values())
    assert befallen == [request_fault(faults, number) for number in range(1, 20_001)]


# --- the ledger -----------------------------------------------------------------------------------


def test_the_ledger_tells_what_was_sent_twice_and_what_came_after_a_moment(
    twilio: TwilioProcess,
) -> None:
    for number, text in [(PEOPLE[0], "A"), (PEOPLE[0], "B"), (PEOPLE[1], "A"), (PEOPLE[0], "A")]:
        send(twilio, To=number, Body=text)

    assert twilio.ledger.sent_twice() == [(PEOPLE[0], "A", 2)]
    (last,) = twilio.ledger.rows("select max(created_at) from messages")[0]
    assert twilio.ledger.taken_after(PEOPLE[0], last - 0.000_001) == ["A"]


def test_a_killed_stand_in_goes_on_with_what_it_took(tmp_path: Path, receiver: Receiver) -> None:
    with running_twilio(tmp_path, queue_seconds=2.0, delivery_seconds=0.1) as twilio:
        sids = {
            send(twilio, To=number, StatusCallback=receiver.url).json()["sid"]
            for number in PEOPLE[:5]
        }
        twilio.kill()
        twilio.start()

        assert {sid for (sid,) in twilio.ledger.rows("select sid from messages")} == sids
        wait_for(twilio.ledger.is_settled, seconds=10, what="all are delivered")
