"""Before a broadcast leaves it is said what stands against its sender number."""

from __future__ import annotations

import pytest

from tapline.broadcasts.checking import check
from tapline.broadcasts.models import Broadcast
from tapline.providers.accounts import retire_account
from tapline.providers.models import ProviderAccount, Registration, SenderNumber
from tapline.providers.numbers import retire_number
from tests.broadcasts.making import ACTOR, make_broadcast, make_contacts, make_workspace
from tests.providers.making import OUR_NUMBER, make_number, make_twilio

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> ProviderAccount:
    account = make_twilio(make_workspace())
    make_number(account, registration=Registration.DONE)
    make_contacts(account.workspace, 1)
    return account


@pytest.fixture
def broadcast(account: ProviderAccount) -> Broadcast:
    return make_broadcast(account.workspace)


def told(broadcast: Broadcast) -> list[str]:
    """Return what is said about the sender: level and what."""
    found = [f"{each.level}: {each.what}" for each in check(broadcast)]
    return [each for each in found if OUR_NUMBER in each or "account" in each]


def test_nothing_is_said_about_a_registered_number(broadcast: Broadcast) -> None:
    assert told(broadcast) == []


@pytest.mark.parametrize(
    ("registration", "said"),
    [
        ("missing", "is not registered with the carriers."),
        ("pending", "is not registered with the carriers yet."),
        ("refused", "was refused by the carriers."),
    ],
)
def test_a_number_that_carriers_block_is_warned_of(
    broadcast: Broadcast, registration: str, said: str
) -> None:
    SenderNumber.objects.update(registration=registration)

    assert told(broadcast) == [f"warning: {OUR_NUMBER} {said}"]


def test_a_number_that_was_retired_meanwhile_stops_it(broadcast: Broadcast) -> None:
    retire_number(SenderNumber.objects.get(), actor=ACTOR)

    assert told(broadcast) == [f"error: {OUR_NUMBER} is no sender number any more."]


def test_an_account_that_was_retired_meanwhile_stops_it(
    broadcast: Broadcast, account: ProviderAccount
) -> None:
    retire_account(account, actor=ACTOR)

    assert told(broadcast) == ["error: The account that it was to leave through is gone."]


def test_the_simulator_takes_every_number(account: ProviderAccount) -> None:
    simulated = make_broadcast(account.workspace, provider="simulator", sender_number=OUR_NUMBER)

    assert told(simulated) == []
