"""Wishes are honoured: at once where they are clear, by somebody's word where they are not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pytest
from django.utils import timezone

from tapline.broadcasts.models import Message, MessageState
from tapline.contacts.consent import opt_out
from tapline.contacts.models import Consent, Contact, Suppression
from tapline.errors import Conflict
from tapline.replies.clock import due_at
from tapline.replies.heeding import decide, opt_out_thread
from tapline.replies.models import Answer, AnswerKind, Reply
from tapline.replies.taking import ON_REPLY
from tapline.workspaces.models import Workspace
from tapline.workspaces.tree import create_workspace
from tests.broadcasts.making import make_contacts, make_workspace, phone
from tests.replies.making import send_answers, write

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


def _is_textable(workspace: Workspace, purpose: str = "marketing") -> bool:
    return Contact.objects.in_workspace(workspace).textable(purpose).exists()


def _stop_and_get_it_confirmed() -> None:
    write("STOP")
    send_answers()
    Message.objects.update(state=MessageState.DELIVERED)


@pytest.mark.parametrize("text", ["STOP", "please take me off your list", "No más mensajes"])
def test_a_clear_wish_holds_at_once(workspace: Workspace, text: str) -> None:
    make_contacts(workspace, 1)

    reply = write(text)

    assert reply.is_opt_out
    assert reply.wish_reason
    assert not _is_textable(workspace)


def test_the_confirmation_speaks_the_language_of_the_wish(workspace: Workspace) -> None:
    write("keine SMS mehr bitte")

    assert [text.text for text in send_answers()] == [
        "Bakery: Sie bekommen keine Nachrichten mehr. Mit START bekommen Sie sie wieder."
    ]


def test_a_doubtful_text_waits_and_nothing_is_claimed(workspace: Workspace) -> None:
    make_contacts(workspace, 1)

    reply = write("stpo")

    reply.refresh_from_db()
    assert reply.decide_by == due_at(reply.received_at)
    assert _is_textable(workspace)
    assert send_answers() == []


def test_a_doubtful_text_of_somebody_who_is_out_needs_no_decision(workspace: Workspace) -> None:
    write("STOP")

    reply = write("stpo")

    reply.refresh_from_db()
    assert reply.decide_by is None


def test_somebody_decides_that_it_was_a_wish(workspace: Workspace) -> None:
    make_contacts(workspace, 1)
    reply = write("stpo")
    reply.refresh_from_db()

    decide(reply, is_wish=True, actor="user 1")

    reply.refresh_from_db()
    assert reply.is_opt_out
    assert not _is_textable(workspace)
    assert len(send_answers()) == 1


def test_somebody_decides_that_it_was_none(workspace: Workspace) -> None:
    make_contacts(workspace, 1)
    reply = write("too many texts")

    decide(reply, is_wish=False, actor="user 1")

    assert _is_textable(workspace)
    with pytest.raises(Conflict):
        decide(reply, is_wish=True, actor="user 2")


def test_a_decision_days_later_is_not_confirmed_by_a_text(workspace: Workspace) -> None:
    reply = write("stpo", at=timezone.now() - dt.timedelta(days=3))

    decide(reply, is_wish=True, actor="user 1")

    assert not Answer.objects.exists()
    assert Suppression.objects.filter(lifted_at=None).exists()


def test_a_wish_that_was_said_otherwise_is_marked_by_hand(workspace: Workspace) -> None:
    make_contacts(workspace, 1)
    doubtful = write("not interested")
    assert doubtful.thread is not None

    opt_out_thread(doubtful.thread, actor="user 1")

    doubtful.refresh_from_db()
    assert doubtful.is_opt_out
    assert not _is_textable(workspace)


def test_start_renews_what_they_had_agreed_to_with_the_words_that_they_were_shown(
    workspace: Workspace,
) -> None:
    make_contacts(workspace, 1)
    _stop_and_get_it_confirmed()

    reply = write("START")

    assert _is_textable(workspace)
    assert not _is_textable(workspace, "service")
    renewed = Consent.objects.order_by("-id")[0]
    assert renewed.wording is not None
    assert "Reply START" in renewed.wording.text
    assert (renewed.source, renewed.evidence["reply"]) == ("reply", reply.pk)
    assert [text.text for text in send_answers()] == [
        "Bakery: you will get our texts again. Reply STOP to end, HELP for help."
    ]


def test_start_without_words_that_offered_it_records_no_consent(workspace: Workspace) -> None:
    make_contacts(workspace, 1)
    write("STOP")  # Its confirmation never left.

    write("START")

    assert not _is_textable(workspace)
    assert not Suppression.objects.filter(lifted_at=None).exists()


def test_start_gives_nobody_a_consent_that_they_never_gave(workspace: Workspace) -> None:
    make_contacts(workspace, 1, agreed=False)
    _stop_and_get_it_confirmed()

    write("START")

    assert not _is_textable(workspace)
    assert not Answer.objects.filter(kind=AnswerKind.RETURN).exists()


def test_start_does_not_undo_what_somebody_else_recorded(workspace: Workspace) -> None:
    make_contacts(workspace, 1)
    opt_out(phone(0), scope=workspace, reason="page", at=timezone.now(), by="user 1")

    write("START")

    assert not _is_textable(workspace)
    assert Suppression.objects.filter(lifted_at=None).exists()


def test_yes_after_the_confirmation_is_start(workspace: Workspace) -> None:
    make_contacts(workspace, 1)
    _stop_and_get_it_confirmed()

    write("Yes please")

    assert _is_textable(workspace)


def test_yes_to_anything_else_changes_nothing(workspace: Workspace) -> None:
    make_contacts(workspace, 1, agreed=False)

    write("Yes")

    assert not _is_textable(workspace)


def test_stop_and_start_reach_every_branch_in_which_the_person_had_agreed(
    workspace: Workspace,
) -> None:
    first, second = (create_workspace(name, parent=workspace) for name in ("First", "Second"))
    make_contacts(first, 1)
    make_contacts(second, 1)
    _stop_and_get_it_confirmed()
    assert not _is_textable(first)
    assert not _is_textable(second)

    write("START")

    assert _is_textable(first)
    assert _is_textable(second)


def test_features_hear_of_what_asks_for_nothing_of_the_law_s(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Reply] = []

    def hear(replies: Sequence[Reply]) -> list[bool]:
        heard.extend(replies)
        return [False] * len(replies)

    monkeypatch.setattr("tapline.replies.taking.ON_REPLY", [*ON_REPLY, hear])

    for text in ("menu", "STOP", "stpo", "HELP", "menu please"):
        write(text)

    assert [reply.text for reply in heard] == ["menu", "stpo", "menu please"]


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-03-02", "2026-03-16"),  # a Monday
        ("2026-03-06", "2026-03-20"),  # a Friday
        ("2026-03-07", "2026-03-20"),  # a Saturday
        ("2026-12-24", "2027-01-07"),  # holidays count, so that the clock never runs late
    ],
)
def test_ten_business_days_are_two_weeks_without_their_weekends(received: str, due: str) -> None:
    at = dt.datetime.fromisoformat(f"{received}T15:00:00+00:00")

    assert due_at(at) == dt.datetime.fromisoformat(f"{due}T15:00:00+00:00")
