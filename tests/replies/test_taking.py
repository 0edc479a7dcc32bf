"""A reply is kept once and belongs to what it answers; a stop word is honoured at once."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from django.utils import timezone

from tapline.broadcasts.models import Broadcast
from tapline.contacts.erasing import erase_person
from tapline.contacts.models import Suppression
from tapline.providers.base import InboundText
from tapline.replies.models import Reply, Thread
from tapline.replies.taking import take_inbound
from tapline.workspaces.models import Workspace
from tapline.workspaces.tree import create_workspace
from tests.broadcasts.making import (
    StandIn,
    make_broadcast,
    make_contacts,
    make_sender,
    make_workspace,
    phone,
    prepare,
    states,
)

pytestmark = pytest.mark.django_db(transaction=True)


def _inbound(text: str, number: int = 0, provider_id: str = "in-1", to: str = "") -> InboundText:
    return InboundText(
        provider_id=provider_id,
        sender=phone(number),
        to=to,
        text=text,
        received_at=timezone.now(),
    )


def _sent(workspace: Workspace, **changes: str) -> Broadcast:
    broadcast = prepare(make_broadcast(workspace, **changes))
    make_sender(StandIn()).send_next()
    return broadcast


def test_a_reply_belongs_to_the_newest_text_from_the_number_it_was_sent_to() -> None:
    workspace = make_workspace()
    make_contacts(workspace, 1)
    first = _sent(workspace, sender_number="+12125550198")
    _sent(workspace, sender_number="+12125550199")

    reply = take_inbound(_inbound("What time?", to="+12125550198"))

    assert reply is not None
    assert reply.broadcast == first
    assert not reply.is_opt_out


def test_the_same_reply_twice_is_kept_once() -> None:
    workspace = make_workspace()
    make_contacts(workspace, 1)
    _sent(workspace)

    assert take_inbound(_inbound("STOP")) is not None
    assert take_inbound(_inbound("STOP")) is None

    assert Reply.objects.count() == 1
    assert Suppression.objects.filter(lifted_at=None).count() == 1


def test_stop_stops_what_waits_for_that_person_and_nobody_else() -> None:
    workspace = make_workspace()
    make_contacts(workspace, 2)
    _sent(workspace)
    waiting = prepare(make_broadcast(workspace))

    take_inbound(_inbound("STOP"))

    assert states(waiting) == ["cancelled", "pending"]


def test_stop_to_a_branch_stops_the_whole_tree() -> None:
    root = make_workspace()
    branch = create_workspace("Branch", parent=root)
    make_contacts(branch, 1)
    _sent(branch)

    take_inbound(_inbound("STOP"))

    assert Suppression.objects.get().scope == root


def test_a_stranger_is_kept_in_a_thread_without_a_contact_and_may_opt_out() -> None:
    workspace = make_workspace()

    reply = take_inbound(_inbound("STOP", number=42))

    assert reply is not None
    assert reply.thread is not None
    assert (reply.thread.workspace, reply.thread.contact) == (workspace, None)
    assert Suppression.objects.filter(phone_hash=reply.thread.phone_hash).exists()


def test_texts_to_any_number_of_ours_form_one_thread() -> None:
    workspace = make_workspace()
    [contact] = make_contacts(workspace, 1)

    take_inbound(_inbound("Hello", to="+12125550198", provider_id="a"))
    take_inbound(_inbound("Anybody there?", to="+12125550199", provider_id="b"))

    thread = Thread.objects.get()
    assert (thread.contact, thread.number, thread.unread) == (contact, "+12125550199", 2)


@pytest.mark.parametrize("sender", ["32665", "TAPLINE", "", "+4915112345678901234567890" * 3, "☎"])
@pytest.mark.parametrize(
    "text", ["", "a\x00b", "é" * 1600, "سلام", "你好", "\ud83d", "👩\u200d👩\u200d👧", "stop\x00"]
)
def test_whoever_writes_whatever_it_is_kept(sender: str, text: str) -> None:
    make_workspace()
    inbound = replace(_inbound(text), sender=sender)

    assert take_inbound(inbound) is not None
    assert take_inbound(inbound) is None

    kept = Reply.objects.get()
    assert len(kept.text) == len(text)
    assert "\x00" not in kept.text


def test_a_text_without_an_id_is_never_a_repeat() -> None:
    make_workspace()

    take_inbound(_inbound("Hello", provider_id=""))
    take_inbound(_inbound("Hello", provider_id=""))

    assert Reply.objects.count() == 2


def test_two_accounts_may_use_the_same_id() -> None:
    make_workspace()

    take_inbound(_inbound("Hello"))
    take_inbound(replace(_inbound("Hello"), account="other"))

    assert Reply.objects.count() == 2


def test_a_stranger_s_text_goes_to_whose_number_it_was_sent_to() -> None:
    make_workspace()
    other = create_workspace("Florist")

    told = take_inbound(replace(_inbound("Hello", number=7), workspace=other.pk))

    assert told is not None
    assert told.workspace == other


def test_a_person_known_to_several_businesses_writes_to_the_one_whose_number_it_is() -> None:
    bakery, florist = make_workspace(), create_workspace("Florist")
    make_contacts(florist, 1)
    make_contacts(bakery, 1)
    _sent(bakery)

    told = take_inbound(replace(_inbound("Hello", to="+12125550177"), workspace=florist.pk))

    assert told is not None
    assert told.workspace == florist
    assert told.contact is not None


def test_a_late_text_does_not_move_a_thread_back() -> None:
    make_workspace()
    now = timezone.now()
    take_inbound(replace(_inbound("Second", provider_id="b"), received_at=now))

    take_inbound(replace(_inbound("First", provider_id="a"), received_at=now - dt.timedelta(1)))

    thread = Thread.objects.get()
    assert (thread.last_at, thread.last_wrote_at) == (now, now)


def test_an_opt_out_is_nothing_that_may_be_answered() -> None:
    make_workspace()

    take_inbound(_inbound("STOP"))

    assert Thread.objects.get().last_wrote_at is None


def test_an_erased_person_leaves_a_blank_reply_and_no_thread() -> None:
    workspace = make_workspace()
    make_contacts(workspace, 1)
    take_inbound(_inbound("Call me"))

    erase_person(workspace, phone(0), by="test")

    [reply] = Reply.objects.all()
    assert (reply.phone, reply.text, reply.thread, reply.contact) == ("", "", None, None)
    assert not Thread.objects.exists()
