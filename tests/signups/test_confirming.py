"""The second yes: asked for by text, given from the phone itself."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from tapline.contacts.consent import opt_out
from tapline.contacts.models import Consent, Contact
from tapline.replies.models import Answer, Thread
from tapline.signups.confirming import QUESTION, WELCOME, expire_waiting
from tapline.signups.models import SignUp
from tapline.texts.parts import describe
from tapline.workspaces.models import Workspace
from tests.broadcasts.making import make_workspace, phone
from tests.replies.making import send_answers, write
from tests.signups.making import WORDING, fill_in, make_form

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


def _textable(workspace: Workspace) -> bool:
    return Contact.objects.in_workspace(workspace).textable("marketing").exists()


def test_a_yes_counts_when_the_phone_said_it_too(workspace: Workspace) -> None:
    fill_in(make_form(workspace, needs_confirmation=True), phone=phone(0))
    assert not _textable(workspace)

    (question,) = send_answers()
    assert (question.to, question.text[:17]) == (phone(0), "Bakery: reply YES")
    write("Yes!", 0)

    assert _textable(workspace)
    consent = Consent.objects.get()
    assert consent.wording is not None
    assert consent.wording.text == WORDING
    assert consent.evidence["confirmed_with"] == "Yes!"
    assert SignUp.objects.get().state == "agreed"
    assert [text.text for text in send_answers()] == [
        "Bakery: you are in. Reply STOP to end, HELP for help."
    ]


@pytest.mark.parametrize("text", ["no", "who is this?", "yes but not today", ""])
def test_anything_else_is_no_yes(workspace: Workspace, text: str) -> None:
    fill_in(make_form(workspace, needs_confirmation=True), phone=phone(0))

    write(text, 0)

    assert not _textable(workspace)
    assert SignUp.objects.get().state == "waiting"


def test_the_yes_of_another_phone_confirms_nothing(workspace: Workspace) -> None:
    fill_in(make_form(workspace, needs_confirmation=True), phone=phone(0))

    write("YES", 1)

    assert not _textable(workspace)


def test_a_number_is_asked_once_an_hour_and_three_times_a_day(workspace: Workspace) -> None:
    form = make_form(workspace, needs_confirmation=True)
    for _ in range(3):
        fill_in(form, phone=phone(0))
    assert Answer.objects.count() == 1

    for _ in range(4):
        Answer.objects.update(made_at=timezone.now() - dt.timedelta(hours=2))
        fill_in(form, phone=phone(0))

    assert Answer.objects.count() == 3


def test_who_opted_out_is_asked_nothing_and_comes_back_with_start(workspace: Workspace) -> None:
    opt_out(phone(0), scope=workspace, reason="reply", at=timezone.now(), by="reply")
    fill_in(make_form(workspace, needs_confirmation=True), phone=phone(0))
    assert send_answers() == []

    write("START", 0)

    assert _textable(workspace)
    assert SignUp.objects.get().state == "agreed"


def test_a_question_makes_no_work_for_anybody(workspace: Workspace) -> None:
    fill_in(make_form(workspace, needs_confirmation=True), phone=phone(0))

    thread = Thread.objects.get()
    assert (thread.state, thread.unread) == ("done", 0)


def test_a_sign_up_that_nobody_confirms_expires(workspace: Workspace) -> None:
    fill_in(make_form(workspace, needs_confirmation=True), phone=phone(0))
    SignUp.objects.update(at=timezone.now() - dt.timedelta(days=8))

    assert expire_waiting()
    assert not expire_waiting()

    write("YES", 0)
    assert SignUp.objects.get().state == "expired"
    assert not _textable(workspace)


def test_a_form_in_german_asks_in_german(workspace: Workspace) -> None:
    fill_in(make_form(workspace, needs_confirmation=True, language="de"), phone=phone(0))

    assert "Mit JA bekommen Sie" in send_answers()[0].text
    write("Ja", 0)
    assert _textable(workspace)


@pytest.mark.parametrize("words", [QUESTION, WELCOME])
def test_what_we_say_fits_one_part_in_every_language(words: dict[str, str]) -> None:
    for text in words.values():
        counted = describe(text.format(brand="The Bakery in the Harbour"))
        assert (counted.encoding, counted.parts) == ("GSM-7", 1), text
