"""Answers leave once, to people who wrote to us and have not opted out since."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tapline.broadcasts.models import Message
from tapline.broadcasts.tracked_links import DestinationReader, FinishedText
from tapline.contacts.consent import opt_out
from tapline.contacts.models import Suppression
from tapline.errors import Conflict
from tapline.replies import answering, automatic
from tapline.replies.answering import NotAnswerable, answer, answer_by_itself
from tapline.replies.models import Answer, AnswerKind, ConversationSettings, Scope, Thread
from tapline.replies.queueing import queue, queue_waiting
from tapline.workspaces.models import Workspace
from tapline.workspaces.tree import create_workspace
from tests.broadcasts.making import (
    Clock,
    StandIn,
    make_contacts,
    make_sender,
    make_workspace,
    phone,
)
from tests.replies.making import OUR_NUMBER, send_answers, states, write

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


def _thread(text: str = "Are you open?", at: dt.datetime | None = None) -> Thread:
    thread = write(text, at=at).thread
    assert thread is not None
    thread.refresh_from_db()
    return thread


def test_an_answer_leaves_from_the_number_that_was_written_to(workspace: Workspace) -> None:
    make_contacts(workspace, 1, agreed=False)

    answer(_thread(), "Until six.", actor="user 1")

    [sent] = send_answers()
    assert (sent.to, sent.sender, sent.text) == (phone(0), OUR_NUMBER, "Until six.")
    assert send_answers() == []


def test_a_stranger_is_answered_too(workspace: Workspace) -> None:
    answer(_thread(), "Until six.", actor="user 1")

    assert [text.to for text in send_answers()] == [phone(0)]


def test_a_link_in_an_answer_is_the_recipient_s_own(workspace: Workspace) -> None:
    made = answer(_thread(), "See https://www.example.com/menu", actor="user 1")

    [sent] = send_answers()
    assert sent.text.startswith("See https://go.example.com/")
    made.refresh_from_db()
    assert made.text == "See https://www.example.com/menu"


def test_without_a_domain_answers_without_links_leave_all_the_same() -> None:
    create_workspace("Bakery")

    answer(_thread(), "Until six.", actor="user 1")

    assert len(send_answers()) == 1


def test_whoever_opted_out_after_they_wrote_is_not_answered(workspace: Workspace) -> None:
    thread = _thread()
    write("STOP")

    with pytest.raises(NotAnswerable):
        answer(thread, "Until six.", actor="user 1")


def test_whoever_writes_again_after_an_opt_out_may_be_answered_once_more(
    workspace: Workspace,
) -> None:
    now = timezone.now()
    write("STOP", at=now - dt.timedelta(hours=2))

    answer(_thread(at=now), "Until six.", actor="user 1")

    assert len(send_answers()) == 1


def test_an_opt_out_stops_an_answer_that_waits(workspace: Workspace) -> None:
    answer(_thread(), "Until six.", actor="user 1")
    queue_waiting()

    opt_out(phone(0), scope=workspace, reason="page", at=timezone.now(), by="test")

    assert send_answers() == []
    assert states() == ["cancelled"]


def test_the_statement_that_leases_looks_again(workspace: Workspace) -> None:
    thread = _thread()
    answer(thread, "Until six.", actor="user 1")
    Suppression.objects.create(
        scope=workspace, phone_hash=thread.phone_hash, reason="by hand", at=timezone.now()
    )

    assert send_answers() == []
    assert states() == ["cancelled"]


def test_whoever_wrote_too_long_ago_is_not_answered(workspace: Workspace) -> None:
    thread = _thread(at=timezone.now() - dt.timedelta(days=31))

    with pytest.raises(NotAnswerable):
        answer(thread, "Until six.", actor="user 1")


def test_an_answer_that_waited_too_long_stays(workspace: Workspace) -> None:
    answer(_thread(), "Until six.", actor="user 1")
    queue_waiting()
    clock = Clock()
    clock.move(dt.timedelta(days=31).total_seconds())

    assert send_answers(clock) == []


@pytest.mark.parametrize("sender", ["32665", "TAPLINE", ""])
def test_what_takes_no_texts_is_not_answered(workspace: Workspace, sender: str) -> None:
    thread = Thread.objects.create(
        workspace=workspace, phone=sender, phone_hash="", last_at=timezone.now(),
        last_wrote_at=timezone.now(),
    )  # fmt: skip

    with pytest.raises(NotAnswerable):
        answer(thread, "Hello", actor="user 1")


def test_an_opt_out_is_confirmed_once(workspace: Workspace) -> None:
    write("STOP")
    write("STOP")

    [sent] = send_answers()
    assert sent.text == "Bakery: you will get no more texts from us. Reply START to get them again."
    assert sent.sender == OUR_NUMBER
    write("STOP")
    assert send_answers() == []


def test_a_second_stop_does_not_take_the_confirmation_of_the_first_away(
    workspace: Workspace,
) -> None:
    write("STOP")
    queue_waiting()
    write("STOP")

    assert len(send_answers()) == 1


def test_a_confirmation_that_is_late_is_not_sent(workspace: Workspace) -> None:
    write("STOP", at=timezone.now() - dt.timedelta(minutes=6))
    assert send_answers() == []

    write("STOP", number=1)
    Answer.objects.update(expires_at=timezone.now())  # The worker was down.

    assert send_answers() == []
    assert Answer.objects.get().refused == "expired"


def test_a_confirmation_that_waited_too_long_in_the_queue_is_not_sent(workspace: Workspace) -> None:
    write("STOP")
    queue_waiting()
    clock = Clock()
    clock.move(301)

    assert send_answers(clock) == []


def test_the_provider_must_not_deliver_a_confirmation_late(workspace: Workspace) -> None:
    write("STOP")

    [sent] = send_answers()

    assert sent.send_before_at < timezone.now() + dt.timedelta(minutes=6)


def test_help_is_answered_also_for_those_who_opted_out(workspace: Workspace) -> None:
    now = timezone.now()
    write("STOP", at=now - dt.timedelta(minutes=10))
    write("HELP", at=now)

    sent = [text.text for text in send_answers()]

    assert sent == ["Bakery: Write here what you need. Reply STOP to get no more texts."]


def test_two_machines_do_not_answer_each_other_for_ever(workspace: Workspace) -> None:
    for _ in range(30):
        write("INFO")

    assert Answer.objects.count() == answering.AUTOMATIC_PER_HOUR


def test_our_own_number_is_not_answered(workspace: Workspace) -> None:
    write("HELP", to=phone(0))

    assert not Answer.objects.exists()


def test_a_reply_gets_one_automatic_answer_of_a_kind(workspace: Workspace) -> None:
    reply = write("menu")

    assert answer_by_itself(reply, AnswerKind.KEYWORD, "One") is not None
    assert answer_by_itself(reply, AnswerKind.KEYWORD, "Two") is None


def test_two_workers_at_once_make_one_message(workspace: Workspace) -> None:
    made = answer(_thread(), "Until six.", actor="user 1")
    stale = Answer.objects.get(pk=made.pk)
    Answer.objects.filter(pk=made.pk).update(message=None)
    Message.objects.all().delete()
    queue([stale])
    queue([stale])

    assert Message.objects.count() == 1


def test_answers_that_wait_together_are_queued_together_each_with_its_own_link(
    workspace: Workspace,
) -> None:
    linked = "Menu: https://www.example.com/menu"
    for number in range(12):
        reply = write("menu", number)
        answer_by_itself(reply, AnswerKind.KEYWORD, linked if number % 2 else "No link.")
        write("STOP", number + 20)

    with CaptureQueriesContext(connection) as seen:
        queue_waiting()

    texts = list(Message.objects.values_list("phone", "text"))
    codes = {text for _, text in texts if text.startswith("Menu: https://go.example.com/")}
    assert len(texts) == 24
    assert len(codes) == 6
    assert sum(text == "No link." for _, text in texts) == 6
    assert len({each.broadcast_id for each in Message.objects.all()}) == 2
    assert len(seen) < 70  # one by one it took 15 statements each


def test_one_answer_that_cannot_be_written_holds_up_no_other(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, text in enumerate(("One https://www.example.com/a", "Bad", "Three")):
        answer_by_itself(write("menu", number), AnswerKind.KEYWORD, text)

    def read(self: object, text: str, **how: object) -> FinishedText:
        if text == "Bad":
            raise Conflict("Stopped.", why="By hand.", do="Nothing.")
        return real(self, text, **how)  # type: ignore[arg-type]

    real = DestinationReader.read
    monkeypatch.setattr(DestinationReader, "read", read)

    queue_waiting()

    assert Message.objects.count() == 2
    assert Answer.objects.get(message=None).refused == "Conflict"


def test_an_answer_whose_worker_died_is_queued_by_the_next(workspace: Workspace) -> None:
    write("HELP")
    provider = StandIn()

    queue_waiting()
    queue_waiting()
    make_sender(provider).send_next()

    assert len(provider.taken) == 1


def test_a_branch_says_what_its_brand_says_unless_it_has_words_of_its_own(
    workspace: Workspace,
) -> None:
    branch = create_workspace("Bakery, Main Street", parent=workspace)
    automatic.save_words(workspace, {"brand": "Bread", "contact": "help@example.com"}, actor="test")
    automatic.save_words(branch, {"confirmation_text": "{brand}: you are out."}, actor="test")

    assert automatic.automatic_text(branch, AnswerKind.CONFIRMATION) == "Bread: you are out."
    assert automatic.automatic_text(branch, AnswerKind.HELP, "de") == (
        "Bread: Hilfe: help@example.com. Mit STOP bekommen Sie keine Nachrichten mehr."
    )


@pytest.mark.parametrize(
    "words",
    [
        {"help_text": "Call us."},
        {"confirmation_text": "You are out. Our offers: https://www.example.com"},
        {"brand": "B" * 61},
    ],
)
def test_words_that_must_not_be_said_are_refused(
    workspace: Workspace, words: dict[str, str]
) -> None:
    with pytest.raises(automatic.BadWords):
        automatic.save_words(workspace, words, actor="test")


def test_a_brand_may_let_opt_outs_hold_for_one_workspace_alone(workspace: Workspace) -> None:
    branch = create_workspace("Branch", parent=workspace)
    make_contacts(branch, 1)
    ConversationSettings.objects.create(workspace=workspace, opt_out_scope=Scope.WORKSPACE)

    write("STOP", to="")

    assert Suppression.objects.get().scope == branch
