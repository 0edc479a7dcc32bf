"""Sending through a Twilio that misbehaves: what was taken is known, and nothing is taken twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tapline.broadcasts.models import Broadcast, BroadcastState
from tapline.broadcasts.sending import Sender
from tapline.broadcasts.settling import Settler
from tapline.providers.accounts import name_of
from tests.broadcasts.making import (
    Clock,
    make_broadcast,
    make_contacts,
    make_workspace,
    prepare,
    states,
)
from tests.providers.making import OUR_NUMBER, make_number, make_twilio, set_config
from tests.standins.twilio.faults import Faults
from tests.standins.twilio.running import ACCOUNT_SID, AUTH_TOKEN, TwilioProcess, running_twilio

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 12


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwilioProcess]:
    with running_twilio(
        tmp_path_factory.mktemp("twilio"), queue_seconds=0.02, delivery_seconds=0.02
    ) as running:
        yield running


@dataclass
class World:
    """A broadcast to some people through the stand-in, and a clock that tests move by hand."""

    twilio: TwilioProcess
    broadcast: Broadcast
    clock: Clock

    def send(self, *, faults: Faults) -> list[str]:
        """Send what waits while these faults befall; return the states."""
        self.twilio.set_faults(faults)
        sender = Sender(now=self.clock, monotonic=self.clock.seconds)
        while sender.send_next():
            pass
        return states(self.broadcast)

    def settle(self, after_seconds: float) -> list[str]:
        """Let time pass, settle what is in doubt; return the states."""
        self.clock.move(after_seconds)
        settler = Settler(now=self.clock)
        while settler.settle_next():
            pass
        return states(self.broadcast)


@pytest.fixture
def world(process: TwilioProcess, monkeypatch: pytest.MonkeyPatch) -> World:
    set_config(monkeypatch, outbound_local=True)
    process.clear()
    workspace = make_workspace()
    make_contacts(workspace, PEOPLE)
    account = make_twilio(
        workspace, base_url=process.url, account_sid=ACCOUNT_SID, auth_token=AUTH_TOKEN
    )
    make_number(account)
    monkeypatch.setattr("tapline.broadcasts.night.reaches_people", lambda name: False)
    broadcast = prepare(
        make_broadcast(workspace, provider=name_of(account), sender_number=OUR_NUMBER)
    )
    return World(process, broadcast, Clock())


def test_texts_whose_answers_were_lost_are_asked_for_and_not_sent_again(world: World) -> None:
    lost = world.send(faults=Faults(time_out_after_acceptance=1.0, hang_seconds=0.05))
    # On a busy machine some cannot even connect: those wait.
    assert set(lost) <= {"unknown", "pending"}
    assert "unknown" in lost

    world.settle(after_seconds=100)
    assert world.send(faults=Faults()) == ["accepted"] * PEOPLE
    assert world.twilio.ledger.count() == PEOPLE
    assert world.twilio.ledger.sent_twice() == []


def test_texts_that_an_outage_swallowed_are_sent_once_it_is_over(world: World) -> None:
    out = world.send(faults=Faults(outages=((0.0, 86_400.0),)))
    assert set(out) <= {"unknown", "pending"}

    world.twilio.set_faults(Faults())
    assert world.settle(after_seconds=200) == ["pending"] * PEOPLE

    assert world.send(faults=Faults()) == ["accepted"] * PEOPLE
    assert world.twilio.ledger.count() == PEOPLE


def test_too_many_requests_slow_down_and_lose_nothing(world: World) -> None:
    seen = world.send(faults=Faults(too_many_requests=0.5, retry_after_seconds=2))
    assert "pending" in seen

    for _ in range(20):
        world.clock.move(60)
        seen = world.send(faults=Faults(too_many_requests=0.3, retry_after_seconds=2))

    assert seen == ["accepted"] * PEOPLE
    assert world.twilio.ledger.count() == PEOPLE


def test_errors_after_acceptance_are_doubts_and_not_refusals(world: World) -> None:
    assert set(world.send(faults=Faults(server_error_after_acceptance=1.0))) <= {
        "unknown",
        "pending",
    }

    for _ in range(5):
        world.settle(after_seconds=200)
        seen = world.send(faults=Faults())

    assert seen == ["accepted"] * PEOPLE
    assert world.twilio.ledger.sent_twice() == []


def test_a_provider_that_accepts_and_then_forgets_keeps_no_broadcast_open(world: World) -> None:
    assert world.send(faults=Faults(forgotten=1.0)) == ["accepted"] * PEOPLE

    world.settle(after_seconds=60)

    world.broadcast.refresh_from_db()
    assert world.broadcast.state == BroadcastState.SENT
    # Nobody says that they arrived, so nobody may count them as delivered.
    assert world.settle(after_seconds=86_400) == ["accepted"] * PEOPLE
