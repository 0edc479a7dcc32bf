"""What a crash or a lost answer left behind comes to an end that is true."""

from __future__ import annotations

import datetime as dt

import pytest

from tapline.broadcasts.models import Broadcast, BroadcastState, Message
from tapline.broadcasts.receipts import apply_receipts
from tapline.broadcasts.reports import build_report
from tapline.broadcasts.settling import GRACE_SECONDS
from tapline.providers.base import Found, Outgoing, Receipt, Status, Unsure
from tests.broadcasts.making import (
    Clock,
    StandIn,
    make_broadcast,
    make_contacts,
    make_sender,
    make_settler,
    make_workspace,
    prepare,
    states,
)

pytestmark = pytest.mark.django_db(transaction=True)


def _unsure(text: Outgoing) -> Unsure:
    return Unsure(reference=text.reference, why="time-out")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def provider() -> StandIn:
    return StandIn(answer=_unsure)


@pytest.fixture
def broadcast(clock: Clock, provider: StandIn) -> Broadcast:
    """Three messages whose answers were lost."""
    workspace = make_workspace()
    make_contacts(workspace, 3)
    broadcast = prepare(make_broadcast(workspace))
    make_sender(provider, clock).send_next()
    assert states(broadcast) == ["unknown"] * 3
    return broadcast


def test_the_provider_is_asked_and_what_it_has_counts_as_accepted(
    broadcast: Broadcast, clock: Clock, provider: StandIn
) -> None:
    provider.known = {f"{broadcast.token}-{n}": Found(provider_id=f"p{n}") for n in range(3)}
    clock.move(15)

    make_settler(provider, clock).settle_next()

    assert states(broadcast) == ["accepted"] * 3
    broadcast.refresh_from_db()
    assert broadcast.state == BroadcastState.SENT


def test_a_text_is_sent_again_only_when_the_provider_can_not_get_it_any_more(
    broadcast: Broadcast, clock: Clock, provider: StandIn
) -> None:
    settler = make_settler(provider, clock)
    clock.move(15)
    settler.settle_next()
    assert states(broadcast) == ["unknown"] * 3  # It may still be on its way there.

    clock.move(15)
    settler.settle_next()
    assert states(broadcast) == ["pending"] * 3

    provider.answer = StandIn().answer
    make_sender(provider, clock).send_next()
    assert states(broadcast) == ["accepted"] * 3


def test_the_word_of_a_provider_that_forgets_is_not_taken_for_a_no(
    broadcast: Broadcast, clock: Clock, provider: StandIn
) -> None:
    provider.look_up_is_authoritative = False
    settler = make_settler(provider, clock)

    for _ in range(10):
        clock.move(60)
        settler.settle_next()

    assert states(broadcast) == ["unknown"] * 3


def test_past_its_validity_a_text_is_lost_for_good_and_the_report_says_so(
    broadcast: Broadcast, clock: Clock, provider: StandIn
) -> None:
    provider.look_up_is_authoritative = False
    settler = make_settler(provider, clock)
    clock.move(broadcast.validity_seconds + GRACE_SECONDS - 60)
    settler.settle_next()
    assert states(broadcast) == ["unknown"] * 3

    clock.move(120)
    settler.settle_next()

    assert states(broadcast) == ["lost"] * 3
    assert not make_sender(provider, clock).send_next()
    report = build_report(broadcast)
    assert (report.lost, report.sent, report.state) == (3, 0, "sent")


def test_a_receipt_settles_a_text_whose_answer_was_lost(broadcast: Broadcast, clock: Clock) -> None:
    apply_receipts(
        [
            Receipt(
                provider_id="p1",
                reference=f"{broadcast.token}-1",
                status=Status.DELIVERED,
                at=clock.at,
            )
        ]
    )

    assert states(broadcast) == ["unknown", "delivered", "unknown"]
    assert Message.objects.get(broadcast=broadcast, position=1).provider_id == "p1"


def test_a_tap_proves_that_a_text_arrived(
    broadcast: Broadcast, clock: Clock, provider: StandIn
) -> None:
    tapped_at = clock.at + dt.timedelta(seconds=3)
    Message.objects.filter(broadcast=broadcast, position=0).update(first_human_click_at=tapped_at)

    make_settler(provider, clock).settle_next()

    message = Message.objects.get(broadcast=broadcast, position=0)
    assert (message.state, message.delivered_at) == ("delivered", tapped_at)


def test_a_provider_that_cannot_be_asked_is_asked_again_later(
    broadcast: Broadcast, clock: Clock, provider: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def unreachable(references: list[str]) -> dict[str, Found]:
        asked.append(len(references))
        return {}

    monkeypatch.setattr(provider, "look_up", unreachable)
    settler = make_settler(provider, clock)

    for _ in range(60):
        clock.move(1)
        settler.settle_next()

    assert 4 <= len(asked) <= 6
    assert states(broadcast) == ["unknown"] * 3


def test_a_cancelled_broadcasts_unknown_texts_are_settled_too(
    broadcast: Broadcast, clock: Clock, provider: StandIn
) -> None:
    Broadcast.objects.filter(pk=broadcast.pk).update(state=BroadcastState.CANCELLED)
    clock.move(30)
    settler = make_settler(provider, clock)

    settler.settle_next()  # The provider never got them: they wait again …
    settler.settle_next()  # … in a broadcast that was cancelled.

    assert states(broadcast) == ["cancelled"] * 3
