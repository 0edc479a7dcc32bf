"""Receipts come late, twice and out of order, and the end is the same."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from django.utils import timezone

from tapline.broadcasts.models import Broadcast, Message
from tapline.broadcasts.receipts import apply_receipts
from tapline.providers.base import Receipt, Status
from tests.broadcasts.making import (
    StandIn,
    make_broadcast,
    make_contacts,
    make_sender,
    make_workspace,
    prepare,
    states,
)

pytestmark = pytest.mark.django_db(transaction=True)

AT = timezone.now().replace(microsecond=0)


@pytest.fixture
def broadcast() -> Broadcast:
    workspace = make_workspace()
    make_contacts(workspace, 3)
    broadcast = prepare(make_broadcast(workspace))
    make_sender(StandIn()).send_next()
    return broadcast


def _receipt(broadcast: Broadcast, position: int, status: Status, seconds: int = 0) -> Receipt:
    failed = status == Status.FAILED
    return Receipt(
        provider_id=f"id-{broadcast.token}-{position}",
        status=status,
        at=AT + dt.timedelta(seconds=seconds),
        error_code="30003" if failed else "",
        error_text="unreachable" if failed else "",
    )


def test_a_receipt_moves_its_message_and_keeps_time_and_reason(broadcast: Broadcast) -> None:
    count = apply_receipts(
        [_receipt(broadcast, 0, Status.DELIVERED), _receipt(broadcast, 1, Status.FAILED, 5)]
    )

    delivered, failed, _ = Message.objects.filter(broadcast=broadcast).order_by("position")
    assert (count.applied, count.repeated, count.unknown) == (2, 0, 0)
    assert (delivered.state, delivered.delivered_at) == ("delivered", AT)
    assert (failed.state, failed.failed_at) == ("failed", AT + dt.timedelta(seconds=5))
    assert (failed.error_code, failed.error_text) == ("30003", "unreachable")


@pytest.mark.parametrize(
    "order", list(itertools.permutations([Status.ACCEPTED, Status.FAILED, Status.DELIVERED]))
)
@pytest.mark.parametrize("together", [True, False])
def test_any_order_comes_to_the_same_end(
    broadcast: Broadcast, order: tuple[Status, ...], together: bool
) -> None:
    receipts = [_receipt(broadcast, 0, status) for status in order]

    for batch in [receipts] if together else [[receipt] for receipt in receipts]:
        apply_receipts(batch)

    message = Message.objects.get(broadcast=broadcast, position=0)
    assert (message.state, message.delivered_at, message.error_code) == ("delivered", AT, "")


def test_the_same_receipt_twice_changes_nothing(broadcast: Broadcast) -> None:
    apply_receipts([_receipt(broadcast, 0, Status.DELIVERED)])

    count = apply_receipts([_receipt(broadcast, 0, Status.DELIVERED, seconds=60)] * 2)

    assert (count.applied, count.repeated) == (0, 2)
    assert Message.objects.get(broadcast=broadcast, position=0).delivered_at == AT


def test_receipts_of_others_and_new_words_are_counted_and_ignored(broadcast: Broadcast) -> None:
    stranger = Receipt(provider_id="nobody's", status=Status.DELIVERED, at=AT)

    count = apply_receipts([stranger, _receipt(broadcast, 0, Status.UNKNOWN)])

    assert (count.applied, count.unknown) == (0, 2)
    assert states(broadcast) == ["accepted"] * 3


def test_a_receipt_that_is_faster_than_the_answer_is_kept(broadcast: Broadcast) -> None:
    Message.objects.filter(broadcast=broadcast).update(state="pending", provider_id=None)
    provider = StandIn()
    receipt = Receipt(
        provider_id=f"id-{broadcast.token}-1",
        reference=f"{broadcast.token}-1",
        status=Status.DELIVERED,
        at=AT,
    )

    def receipt_comes_first() -> None:
        apply_receipts([receipt])

    provider.during = receipt_comes_first
    make_sender(provider).send_next()

    assert states(broadcast) == ["accepted", "delivered", "accepted"]


@pytest.mark.parametrize("reference", ["", "nonsense", "a-b", "zz-1", "-1"])
def test_odd_references_harm_nothing(broadcast: Broadcast, reference: str) -> None:
    odd = Receipt(provider_id="x", reference=reference, status=Status.DELIVERED, at=AT)

    assert apply_receipts([odd]).unknown == 1


@pytest.mark.parametrize("position", ["", "²", "-1", "9" * 5000])
def test_odd_positions_of_a_known_broadcast_harm_nothing(
    broadcast: Broadcast, position: str
) -> None:
    reference = f"{broadcast.token}-{position}"
    odd = Receipt(provider_id="x", reference=reference, status=Status.DELIVERED, at=AT)

    assert apply_receipts([odd]).unknown == 1
