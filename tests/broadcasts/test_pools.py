"""Numbers keep to what carriers let them send; a pool's people always hear from the same one."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest

from tapline.broadcasts.channels import Channel, assign
from tapline.broadcasts.models import Broadcast, Message
from tapline.broadcasts.sending import Sender
from tapline.providers.accounts import name_of
from tapline.providers.base import InboundText
from tapline.providers.models import ProviderAccount, SenderDay, SenderNumber, SenderPool
from tapline.replies.taking import take_inbound
from tapline.workspaces.models import Workspace
from tests.broadcasts.making import (
    Clock,
    StandIn,
    make_broadcast,
    make_contacts,
    make_workspace,
    phone,
    prepare,
    states,
)
from tests.providers.making import make_number, make_twilio, set_config

pytestmark = pytest.mark.django_db

NUMBERS = ["+12125550101", "+12125550102", "+12125550103"]
LONG = "x" * 400  # three parts


@pytest.fixture(autouse=True)
def _nobody_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    set_config(monkeypatch, quiet_hours="off")


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


@pytest.fixture
def account(workspace: Workspace) -> ProviderAccount:
    return make_twilio(workspace)


def make_pool(account: ProviderAccount, **values: float) -> list[SenderNumber]:
    pool = SenderPool.objects.create(account=account, name="Shops")
    return [
        make_number(account, number, is_default=number == NUMBERS[0], pool=pool, **values)
        for number in NUMBERS
    ]


def send_all(clock: Clock, *, seconds: float = 10.0, chunk: int = 100) -> StandIn:
    """Send for some seconds, a tenth at a time."""
    provider = StandIn()
    sender = Sender(
        find_provider=lambda _: provider,
        now=clock,
        monotonic=lambda: clock().timestamp(),
        chunk=chunk,
    )
    for _ in range(int(seconds * 10)):
        sender.send_next()
        clock.move(0.1)
    return provider


def test_a_number_keeps_to_its_parts_a_second(
    workspace: Workspace, account: ProviderAccount
) -> None:
    make_number(account, parts_per_second=3)
    make_contacts(workspace, 60)
    prepare(make_broadcast(workspace))

    provider = send_all(Clock())

    assert 30 <= len(provider.taken) <= 33


def test_long_texts_use_as_many_turns_as_they_have_parts(
    workspace: Workspace, account: ProviderAccount
) -> None:
    make_number(account, parts_per_second=3)
    make_contacts(workspace, 60)
    prepare(make_broadcast(workspace, text=LONG))

    provider = send_all(Clock())

    assert 10 <= len(provider.taken) <= 13


def test_a_number_that_has_sent_its_days_count_goes_on_at_its_carriers_midnight(
    workspace: Workspace, account: ProviderAccount
) -> None:
    number = make_number(account, parts_per_day=10, day_zone="America/Los_Angeles")
    make_contacts(workspace, 25)
    broadcast = prepare(make_broadcast(workspace))
    # 23:59 in Los Angeles.
    clock = Clock(dt.datetime(2026, 12, 2, 7, 59, tzinfo=dt.UTC))

    provider = send_all(clock, seconds=2)
    assert len(provider.taken) == 10
    assert states(broadcast).count("pending") == 15

    clock.move(60)
    provider = send_all(clock, seconds=2)
    assert len(provider.taken) == 10
    days = SenderDay.objects.filter(sender=number).order_by("day").values_list("day", "parts")
    assert list(days) == [(dt.date(2026, 12, 1), 10), (dt.date(2026, 12, 2), 10)]


def test_a_days_count_is_never_passed_by_long_texts(
    workspace: Workspace, account: ProviderAccount
) -> None:
    make_number(account, parts_per_day=10)
    make_contacts(workspace, 25)
    prepare(make_broadcast(workspace, text=LONG))

    provider = send_all(Clock(), seconds=3)

    assert len(provider.taken) == 3


def test_everybody_in_a_pool_hears_from_one_number_again_and_again(
    workspace: Workspace, account: ProviderAccount
) -> None:
    make_pool(account)
    make_contacts(workspace, 90)
    heard: list[dict[str, str]] = []

    for _ in range(2):
        broadcast = prepare(make_broadcast(workspace))
        provider = send_all(Clock(), seconds=1)
        heard.append({text.to: text.sender for text in provider.taken})
        stored = dict(Message.objects.filter(broadcast=broadcast).values_list("phone", "sender"))
        assert stored == heard[-1]

    assert heard[0] == heard[1]
    assert len(heard[0]) == 90
    assert all(count >= 15 for count in Counter(heard[0].values()).values())


def test_a_number_that_joins_takes_its_share_and_moves_nobody_else() -> None:
    def channels(count: int) -> list[Channel]:
        return [
            Channel(provider="twilio:1", number=f"+1212555010{n}", sender=n) for n in range(count)
        ]

    before = {phone(n): assign(phone(n), channels(4)).number for n in range(1_000)}
    after = {phone(n): assign(phone(n), channels(5)).number for n in range(1_000)}

    moved = {who for who in before if before[who] != after[who]}
    assert 150 <= len(moved) <= 250
    assert {after[who] for who in moved} == {"+12125550104"}


def test_a_faster_number_of_a_pool_gets_more_people() -> None:
    slow = Channel(provider="p", number="+12125550101", sender=1, parts_per_second=1)
    fast = Channel(provider="p", number="+12125550102", sender=2, parts_per_second=3)

    shares = Counter(assign(phone(n), [slow, fast]).number for n in range(1_000))

    assert 700 <= shares[fast.number] <= 800


def test_a_pool_sends_as_fast_as_its_numbers_together(
    workspace: Workspace, account: ProviderAccount
) -> None:
    make_pool(account, parts_per_second=2)
    make_contacts(workspace, 90)
    prepare(make_broadcast(workspace))

    provider = send_all(Clock())

    assert 50 <= len(provider.taken) <= 66


def test_a_number_that_is_done_for_the_day_hands_its_people_to_the_others(
    workspace: Workspace, account: ProviderAccount
) -> None:
    one, *others = make_pool(account)
    SenderNumber.objects.filter(pk=one.pk).update(parts_per_day=5)
    make_contacts(workspace, 60)
    broadcast = prepare(make_broadcast(workspace))

    provider = send_all(Clock(), seconds=2)

    counted = Counter(text.sender for text in provider.taken)
    assert counted[one.number] == 5
    assert sum(counted.values()) == 60
    assert states(broadcast) == ["accepted"] * 60
    assert len(others) == 2


def test_an_answer_to_a_number_of_a_pool_finds_its_broadcast(
    workspace: Workspace, account: ProviderAccount
) -> None:
    make_pool(account)
    make_contacts(workspace, 1)
    broadcast: Broadcast = prepare(make_broadcast(workspace))
    (text,) = send_all(Clock(), seconds=1).taken

    reply = take_inbound(
        InboundText(
            provider_id="SM1",
            sender=text.to,
            to=text.sender,
            text="Hello",
            received_at=Clock()(),
            account=name_of(account),
            provider=name_of(account),
            workspace=workspace.pk,
        )
    )

    assert reply is not None
    assert reply.broadcast == broadcast
