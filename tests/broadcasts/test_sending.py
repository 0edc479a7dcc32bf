"""Messages reach the provider once at most, whatever happens on the way."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from tapline import config
from tapline.broadcasts import sending
from tapline.broadcasts.capping import TOO_OFTEN
from tapline.broadcasts.lifecycle import cancel, pause, resume
from tapline.broadcasts.models import Broadcast, BroadcastState, Message, SenderPace
from tapline.broadcasts.night import NEXT, NEXT_OPEN, WAITING_BY_PLACE
from tapline.broadcasts.rendering import render_chunk
from tapline.codes.alphabet import is_code
from tapline.contacts.consent import opt_out
from tapline.providers.base import Refused, Unsure
from tapline.workspaces.models import Workspace
from tests.broadcasts.making import (
    ACTOR,
    Clock,
    Crash,
    StandIn,
    make_broadcast,
    make_contacts,
    make_sender,
    make_settler,
    make_workspace,
    phone,
    prepare,
    states,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


@pytest.fixture
def broadcast(workspace: Workspace) -> Broadcast:
    make_contacts(workspace, 6)
    return prepare(make_broadcast(workspace))


def _set(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    settings = config.load({f"TAPLINE_{name.upper()}": value for name, value in values.items()})
    monkeypatch.setattr(config, "current", lambda: settings)


def test_each_recipient_gets_their_name_and_a_code_of_their_own(broadcast: Broadcast) -> None:
    provider = StandIn()

    make_sender(provider).send_next()

    codes = set()
    for number, text in enumerate(provider.taken):
        greeting, _, code = text.text.rpartition("/")
        assert greeting == f"Hi N{number}, our menu: https://go.example.com"
        assert is_code(code)
        assert text.reference == f"{broadcast.token}-{number}"
        assert text.to == phone(number)
        codes.add(code)
    assert len(codes) == 6
    message = Message.objects.get(broadcast=broadcast, position=2)
    assert message.text == provider.taken[2].text
    assert message.parts == 1
    assert message.provider_id == f"id-{broadcast.token}-2"
    assert states(broadcast) == ["accepted"] * 6


def test_a_broadcast_is_sent_when_nothing_is_left_to_send_or_settle(broadcast: Broadcast) -> None:
    provider, clock = StandIn(), Clock()
    sender, settler = make_sender(provider, clock, chunk=4), make_settler(provider, clock)

    sender.send_next()
    settler.settle_next()
    broadcast.refresh_from_db()
    assert broadcast.state == BroadcastState.SENDING

    sender.send_next()
    settler.settle_next()
    broadcast.refresh_from_db()
    assert broadcast.state == BroadcastState.SENT
    assert broadcast.finished_at == clock.at


def test_two_workers_at_once_send_everything_once(broadcast: Broadcast) -> None:
    provider = StandIn()
    senders = [make_sender(provider, chunk=1) for _ in range(3)]

    def work(sender: sending.Sender) -> None:
        while sender.send_next():
            pass
        connection.close()

    threads = [threading.Thread(target=work, args=(sender,)) for sender in senders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(text.reference for text in provider.taken) == sorted(
        f"{broadcast.token}-{number}" for number in range(6)
    )


def test_an_opt_out_after_preparing_is_honoured(broadcast: Broadcast, workspace: Workspace) -> None:
    opt_out(phone(3), scope=workspace, reason="reply", at=timezone.now(), by=ACTOR)
    assert states(broadcast)[3] == "cancelled"
    provider = StandIn()

    make_sender(provider).send_next()

    assert phone(3) not in {text.to for text in provider.taken}
    assert len(provider.taken) == 5


def test_an_opt_out_between_lease_and_hand_over_is_honoured(
    broadcast: Broadcast, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = StandIn()

    def opt_out_meanwhile(*args: object) -> object:
        opt_out(phone(3), scope=workspace, reason="reply", at=timezone.now(), by=ACTOR)
        return render_chunk(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(sending, "render_chunk", opt_out_meanwhile)

    make_sender(provider).send_next()

    assert phone(3) not in {text.to for text in provider.taken}
    assert states(broadcast).count("accepted") == 5
    assert Message.objects.get(broadcast=broadcast, position=3).error_code == "opted_out"


def test_consent_withdrawn_without_a_suppression_is_seen_by_the_lease(
    broadcast: Broadcast,
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("delete from contacts_consent where contact_id % 2 = 0")
    provider = StandIn()

    make_sender(provider).send_next()

    assert len(provider.taken) == 3
    assert states(broadcast).count("cancelled") == 3


def test_an_opt_out_of_another_purpose_stops_nothing(
    broadcast: Broadcast, workspace: Workspace
) -> None:
    opt_out(
        phone(3), scope=workspace, reason="reply", at=timezone.now(), by=ACTOR, purpose="service"
    )

    assert states(broadcast)[3] == "pending"


def test_a_pause_takes_effect_within_a_chunk_and_resuming_goes_on(broadcast: Broadcast) -> None:
    provider = StandIn()
    sender = make_sender(provider, chunk=2)
    sender.send_next()

    pause(broadcast, actor=ACTOR)
    assert not sender.send_next()
    assert len(provider.taken) == 2

    resume(broadcast, actor=ACTOR)
    while sender.send_next():
        pass
    assert [text.to for text in provider.taken] == [phone(number) for number in range(6)]


def test_a_pause_between_lease_and_hand_over_keeps_the_chunk_here(
    broadcast: Broadcast, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = StandIn()

    def pause_meanwhile(*args: object) -> object:
        pause(broadcast, actor=ACTOR)
        return render_chunk(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(sending, "render_chunk", pause_meanwhile)

    make_sender(provider).send_next()

    assert provider.taken == []
    assert states(broadcast) == ["pending"] * 6


def test_a_cancelled_broadcast_sends_nothing_more(broadcast: Broadcast) -> None:
    provider = StandIn()
    make_sender(provider, chunk=2).send_next()

    cancel(broadcast, actor=ACTOR)
    make_sender(provider).send_next()
    make_settler(provider).settle_next()

    assert len(provider.taken) == 2
    assert states(broadcast) == ["accepted"] * 2 + ["cancelled"] * 4


def test_a_provider_that_cannot_be_reached_slows_sending_and_loses_nothing(
    broadcast: Broadcast,
) -> None:
    clock = Clock()
    provider = StandIn(
        answer=lambda text: Refused(
            reference=text.reference, code="not_reached", text="", can_retry=True
        )
    )
    sender = make_sender(provider, clock)

    attempts = 0
    for _ in range(600):  # one minute in tenths of a second
        attempts += sender.send_next()
        clock.move(0.1)
    assert 5 <= attempts <= 9
    assert states(broadcast) == ["pending"] * 6

    provider.answer = StandIn().answer
    clock.move(60)
    sender.send_next()
    assert states(broadcast) == ["accepted"] * 6


def test_a_refused_text_fails_with_the_providers_reason(broadcast: Broadcast) -> None:
    provider = StandIn(
        answer=lambda text: Refused(
            reference=text.reference, code="21211", text="no such number", can_retry=False
        )
    )

    make_sender(provider).send_next()

    message = Message.objects.get(broadcast=broadcast, position=0)
    assert (message.state, message.error_code, message.error_text) == (
        "failed",
        "21211",
        "no such number",
    )


def test_a_lost_answer_is_never_answered_by_sending_again(broadcast: Broadcast) -> None:
    clock = Clock()
    provider = StandIn(answer=lambda text: Unsure(reference=text.reference, why="time-out"))
    sender = make_sender(provider, clock)

    for _ in range(5):
        sender.send_next()
        clock.move(100)

    assert len(provider.taken) == 6
    assert states(broadcast) == ["unknown"] * 6


@pytest.mark.parametrize("step", ["render_chunk", "keep_answers"])
def test_a_crash_on_either_side_of_the_hand_over_sends_nothing_twice(
    broadcast: Broadcast, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    clock, provider = Clock(), StandIn()

    def crash(*args: object) -> object:
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(sending, step, crash)
        with pytest.raises(Crash):
            make_sender(provider, clock).send_next()

    sender, settler = make_sender(provider, clock), make_settler(provider, clock)
    for _ in range(20):
        clock.move(10)
        settler.settle_next()
        sender.send_next()

    assert sorted(text.to for text in provider.taken) == [phone(number) for number in range(6)]
    assert states(broadcast) == ["accepted"] * 6


def test_a_worker_that_slept_before_the_hand_over_does_not_hand_over(
    broadcast: Broadcast, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, provider = Clock(), StandIn()
    sender = make_sender(provider, clock)
    submit = sending.Sender._submit

    def fall_asleep(*args: object) -> object:
        submitted = submit(*args)  # type: ignore[arg-type]
        clock.move(60)
        return submitted

    with monkeypatch.context() as patched:
        patched.setattr(sending.Sender, "_submit", fall_asleep)
        sender.send_next()
    assert provider.taken == []
    assert states(broadcast) == ["pending"] * 6

    sender.send_next()
    assert len(provider.taken) == 6


def test_a_spend_limit_pauses_the_broadcast_before_it_is_passed(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _set(monkeypatch, part_price="0.01")
    make_contacts(workspace, 6)
    broadcast = prepare(make_broadcast(workspace, spend_limit=Decimal("0.045")))
    provider = StandIn()
    sender = make_sender(provider, chunk=3)

    while sender.send_next():
        pass

    broadcast.refresh_from_db()
    assert len(provider.taken) == 4
    assert broadcast.spent == Decimal("0.04")
    assert broadcast.state == BroadcastState.PAUSED
    assert "spend limit" in broadcast.pause_reason
    assert states(broadcast) == ["accepted"] * 4 + ["pending"] * 2


def test_what_was_not_taken_is_not_counted_as_spent(
    broadcast: Broadcast, monkeypatch: pytest.MonkeyPatch
) -> None:
    _set(monkeypatch, part_price="0.01")
    provider = StandIn(
        answer=lambda text: Refused(reference=text.reference, code="x", text="", can_retry=True)
    )

    make_sender(provider).send_next()

    broadcast.refresh_from_db()
    assert broadcast.spent == 0


def test_a_sender_number_keeps_to_its_rate_however_many_workers_send(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _set(monkeypatch, sender_rate="2")
    make_contacts(workspace, 40)
    prepare(make_broadcast(workspace, sender_number="+12125550199"))
    clock, provider = Clock(), StandIn()
    senders = [make_sender(provider, clock), make_sender(provider, clock)]

    for _ in range(100):  # ten seconds
        for sender in senders:
            sender.send_next()
        clock.move(0.1)

    assert 20 <= len(provider.taken) <= 22
    assert SenderPace.objects.get().number == "+12125550199"


def test_turns_that_nobody_used_are_not_counted(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _set(monkeypatch, sender_rate="10")
    contacts = make_contacts(workspace, 8)
    clock, provider = Clock(), StandIn()
    sender = make_sender(provider, clock)

    prepare(make_broadcast(workspace, audience={"contacts": [contacts[0].pk]}))
    sender.send_next()
    prepare(make_broadcast(workspace))
    sender.send_next()

    assert len(provider.taken) == 1 + 8  # within the ten of one second


def test_a_text_that_was_written_before_is_sent_as_it_is(broadcast: Broadcast) -> None:
    Message.objects.filter(broadcast=broadcast, position=1).update(text="As agreed.", parts=0)
    provider = StandIn()

    make_sender(provider).send_next()

    assert provider.taken[1].text == "As agreed."
    assert Message.objects.get(broadcast=broadcast, position=1).parts == 1


def test_an_attribute_that_went_missing_since_preparing_leaves_no_hole_in_a_text(
    workspace: Workspace,
) -> None:
    contacts = make_contacts(workspace, 2, city="Ulm")
    broadcast = prepare(make_broadcast(workspace, text="{{ city }} https://example.com"))
    contacts[0].attributes = {}
    contacts[0].save()
    provider = StandIn()

    make_sender(provider).send_next()

    assert [text.to for text in provider.taken] == [phone(1)]
    message = Message.objects.get(broadcast=broadcast, position=0)
    assert (message.state, message.error_code) == ("cancelled", "missing_field")


def test_what_the_loops_look_for_is_found_by_the_index_of_unfinished_messages(
    broadcast: Broadcast,
) -> None:
    values: dict[str, str | int] = {
        "owner": "x",
        "until": "x",
        "broadcast": broadcast.pk,
        "count": 1,
        "start": 0,
        "open": "[]",
        "picked": "[]",
        "cap_since": "x",
    }
    lease = sending.LEASE.format(
        may_get_it="true",
        too_often=TOO_OFTEN.format(contact="broadcasts_message.contact_id", most=1),
    )
    plans = []
    with connection.cursor() as cursor:
        for statement in (NEXT, NEXT_OPEN, WAITING_BY_PLACE, lease):
            cursor.execute("explain query plan " + statement, values)
            plans.append(" ".join(row[3] for row in cursor.fetchall()))

    for plan in plans[:3]:
        assert "COVERING INDEX message_unfinished (broadcast_id=? AND state=?" in plan
    assert "broadcasts_message USING INTEGER PRIMARY KEY (rowid=?)" in plans[3]
    assert "had USING INDEX message_of_contact (contact_id=? AND submitted_at>?)" in plans[3]
    assert "had USING INDEX message_of_contact (contact_id=? AND submitted_at=?)" in plans[3]
    for plan in plans:
        assert "SCAN" not in plan.replace("SCAN json_each", "")
