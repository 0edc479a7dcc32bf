"""One conversation in order of time: both sides, broadcasts, taps, and what became of each."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from tapline.broadcasts.models import Message, MessageState
from tapline.contacts.marks import Mark
from tapline.replies.answering import answer
from tapline.replies.conversation import Item, Kind, read_conversation
from tapline.replies.models import Answer, Thread
from tapline.workspaces.members import add_member
from tapline.workspaces.models import Role, Workspace
from tapline.workspaces.tree import create_workspace
from tests.broadcasts.making import (
    Clock,
    StandIn,
    make_broadcast,
    make_contacts,
    make_sender,
    make_workspace,
    phone,
    prepare,
)
from tests.keywords.making import make_keyword
from tests.replies.making import send_answers, write

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


def _items(**options: object) -> list[Item]:
    return read_conversation(Thread.objects.get(), **options).items  # type: ignore[arg-type]


def _send_broadcast(workspace: Workspace) -> Message:
    prepare(make_broadcast(workspace))
    make_sender(StandIn(), Clock(timezone.now() - dt.timedelta(hours=2))).send_next()
    return Message.objects.get()


def test_a_conversation_is_told_in_order_of_time(workspace: Workspace) -> None:
    make_contacts(workspace, 1)
    message = _send_broadcast(workspace)
    tapped_at = timezone.now() - dt.timedelta(hours=1)
    Message.objects.filter(pk=message.pk).update(first_human_click_at=tapped_at)
    write("Open on Sunday?", at=timezone.now() - dt.timedelta(minutes=5))
    member = add_member(workspace, "ana@example.com", Role.SENDER, actor="test")
    answer(Thread.objects.get(), "Yes: example.com/hours", actor=f"user {member.user.pk}")

    sent, tap, reply, answered = _items()

    assert (sent.kind, sent.name, sent.at) == (Kind.BROADCAST, "Menu", message.submitted_at)
    assert (tap.kind, tap.name, tap.at) == (Kind.TAP, "Menu", tapped_at)
    assert (reply.kind, reply.text) == (Kind.REPLY, "Open on Sunday?")
    assert (answered.kind, answered.by) == (Kind.ANSWER, "ana@example.com")
    assert answered.text.startswith("Yes: https://go.example.com/")


def test_pages_hold_everything_once_however_much_happens_at_one_moment(
    workspace: Workspace,
) -> None:
    make_contacts(workspace, 1)
    at = timezone.now() - dt.timedelta(hours=1)
    for number in range(4):
        write(f"Text {number}", at=at)
    for _ in range(3):
        answer(Thread.objects.get(), "Hello!", actor="test")
    Answer.objects.update(made_at=at)
    Message.objects.update(first_human_click_at=at)
    everything = [(item.kind, item.pk) for item in _items()]
    assert len(everything) == 10

    seen: list[tuple[Kind, int]] = []
    before: Mark | None = None
    for _ in range(4):
        page = read_conversation(Thread.objects.get(), before, limit=3)
        seen = [(item.kind, item.pk) for item in page.items] + seen
        before = page.earlier

    assert before is None
    assert seen == everything


def test_what_went_wrong_is_said_in_words(workspace: Workspace) -> None:
    write("Hello?")
    thread = Thread.objects.get()
    for _ in range(3):
        answer(thread, "Hello!", actor="test")
    failed, expired, waiting = Answer.objects.order_by("pk")
    Message.objects.filter(answer=failed).update(state=MessageState.FAILED, error_code="opted_out")
    Answer.objects.filter(pk=expired.pk).update(message=None, refused="expired")
    Answer.objects.filter(pk=waiting.pk).update(message=None)

    fates = [item.fate for item in _items() if item.fate]

    assert [(fate.words, fate.is_bad) for fate in fates] == [
        ("failed", True),
        ("not sent", True),
        ("waiting", False),
    ]
    assert (fates[0].why, fates[1].why) == ("opted out", "it was too late to send it")


def test_what_a_keyword_did_stands_beside_its_text(workspace: Workspace) -> None:
    make_keyword(workspace)
    write("pizza")

    reply = _items()[0]

    assert reply.note == "keyword PIZZA"


def test_a_strangers_answers_and_taps_are_told_too(workspace: Workspace) -> None:
    write("Who is this?")
    answer(Thread.objects.get(), "Us: example.com", actor="test")
    send_answers()
    Message.objects.update(first_human_click_at=timezone.now())

    assert [item.kind for item in _items()] == [Kind.REPLY, Kind.ANSWER, Kind.TAP]


def test_what_another_workspace_sent_them_is_not_told(workspace: Workspace) -> None:
    elsewhere = create_workspace("Elsewhere")
    make_contacts(workspace, 1)
    write("Hello?")
    make_contacts(elsewhere, 1)
    Message.objects.create(
        broadcast=make_broadcast(workspace),
        position=0,
        workspace=elsewhere,
        contact=elsewhere.contacts.get(),
        phone=phone(0),
        state=MessageState.DELIVERED,
        submitted_at=timezone.now(),
        first_human_click_at=timezone.now(),
    )

    assert [item.kind for item in _items()] == [Kind.REPLY]


def test_a_text_that_was_stopped_before_it_left_says_why(workspace: Workspace) -> None:
    make_contacts(workspace, 1)
    prepare(make_broadcast(workspace))
    write("STOP")

    (stopped,) = [item for item in _items() if item.kind == Kind.BROADCAST]

    assert stopped.fate is not None
    assert (stopped.fate.words, stopped.fate.why) == ("not sent", "opted out")


def test_a_page_knows_the_newest_reply_also_when_broadcasts_came_after_it(
    workspace: Workspace,
) -> None:
    make_contacts(workspace, 1)
    reply = write("Hello?", at=timezone.now() - dt.timedelta(days=1))
    _send_broadcast(workspace)

    assert read_conversation(Thread.objects.get(), limit=1).newest_reply == reply.pk
