"""A reply is kept once and belongs to what it answers; a stop word is honoured at once."""

from __future__ import annotations

import pytest
from django.utils import timezone

from tapline.broadcasts.models import Broadcast, Reply
from tapline.broadcasts.replies import is_stop_word, take_reply
from tapline.contacts.models import Suppression
from tapline.providers.base import InboundText
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


@pytest.mark.parametrize(
    "text", ["STOP", " stop. ", "Stop!", "OPT-OUT", "opt out", "Stop all", "Unsubscribe", "END"]
)
def test_a_stop_word_alone_means_no(text: str) -> None:
    assert is_stop_word(text)


@pytest.mark.parametrize("text", ["", "stop by at 5?", "the end", "Don't stop", "yes", "👍"])
def test_other_words_do_not(text: str) -> None:
    assert not is_stop_word(text)


def test_a_reply_belongs_to_the_newest_text_from_the_number_it_was_sent_to() -> None:
    workspace = make_workspace()
    make_contacts(workspace, 1)
    first = _sent(workspace, sender_number="+12125550198")
    _sent(workspace, sender_number="+12125550199")

    reply = take_reply(_inbound("What time?", to="+12125550198"))

    assert reply is not None
    assert reply.broadcast == first
    assert not reply.is_opt_out


def test_the_same_reply_twice_is_kept_once() -> None:
    workspace = make_workspace()
    make_contacts(workspace, 1)
    _sent(workspace)

    assert take_reply(_inbound("STOP")) is not None
    assert take_reply(_inbound("STOP")) is None

    assert Reply.objects.count() == 1
    assert Suppression.objects.filter(lifted_at=None).count() == 1


def test_stop_stops_what_waits_for_that_person_and_nobody_else() -> None:
    workspace = make_workspace()
    make_contacts(workspace, 2)
    _sent(workspace)
    waiting = prepare(make_broadcast(workspace))

    take_reply(_inbound("STOP"))

    assert states(waiting) == ["cancelled", "pending"]


def test_stop_to_a_branch_stops_the_whole_tree() -> None:
    root = make_workspace()
    branch = create_workspace("Branch", parent=root)
    make_contacts(branch, 1)
    _sent(branch)

    take_reply(_inbound("STOP"))

    assert Suppression.objects.get().scope == root


def test_a_reply_from_nobody_that_we_know_is_not_kept() -> None:
    make_workspace()

    assert take_reply(_inbound("STOP", number=42)) is None
    assert not Reply.objects.exists()
