"""What a text with a keyword sets off."""

from __future__ import annotations

import dataclasses

import pytest
from django.utils import timezone

from tapline.broadcasts.models import Message
from tapline.contacts import keeping
from tapline.contacts.consent import opt_out
from tapline.contacts.models import Consent, Contact
from tapline.keywords.models import KeywordUse
from tapline.keywords.reports import report_keywords
from tapline.keywords.writing import end_keyword
from tapline.replies.models import Answer
from tapline.replies.queueing import queue_waiting
from tapline.replies.taking import take_inbound
from tapline.workspaces.models import Workspace
from tests.broadcasts.making import ACTOR, make_contacts, make_workspace, phone
from tests.keywords.making import WORDING, make_keyword
from tests.replies.making import OUR_NUMBER, inbound, send_answers, write

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


def test_a_known_person_gets_the_reply_with_a_link_of_their_own(workspace: Workspace) -> None:
    make_contacts(workspace, 1)
    make_keyword(workspace, tags=("pizza",))

    write("Pizza please!", 0)
    (sent,) = send_answers()

    assert sent.to == phone(0)
    assert sent.text.startswith("Hi N0, today's pizza: https://go.example.com/")
    assert "www.example.com" not in sent.text
    assert [tag.name for tag in Contact.objects.get().tags.all()] == ["pizza"]


def test_a_stranger_becomes_a_contact_who_agreed_to_nothing(workspace: Workspace) -> None:
    make_keyword(workspace)

    write("PIZZA", 0)
    (sent,) = send_answers()

    assert sent.text.startswith("Hi there,")
    contact = Contact.objects.get()
    assert contact.phone == phone(0)
    assert not Contact.objects.in_workspace(workspace).textable("marketing").exists()


def test_the_reply_leaves_from_the_number_that_a_stranger_wrote_to(workspace: Workspace) -> None:
    make_keyword(workspace)

    take_inbound(dataclasses.replace(inbound("PIZZA", 0), provider="twilio:1"))
    queue_waiting()

    broadcast = Message.objects.get().broadcast
    assert (broadcast.provider, broadcast.sender_number) == ("twilio:1", OUR_NUMBER)


def test_texting_the_word_is_a_yes_where_the_poster_says_so(workspace: Workspace) -> None:
    keyword = make_keyword(workspace, purpose="marketing", wording=WORDING)

    write("pizza", 0)

    assert Contact.objects.in_workspace(workspace).textable("marketing").count() == 1
    consent = Consent.objects.get()
    assert consent.wording is not None
    assert consent.wording.text == WORDING
    assert (consent.source, consent.recorded_by) == ("keyword", f"keyword {keyword.pk}")
    assert consent.evidence["text"] == "pizza"
    assert consent.evidence["number"] == OUR_NUMBER


def test_the_phone_itself_may_undo_its_opt_out_by_a_keyword_that_agrees(
    workspace: Workspace,
) -> None:
    make_contacts(workspace, 1)
    make_keyword(workspace, purpose="marketing", wording=WORDING)
    opt_out(phone(0), scope=workspace, reason="reply", at=timezone.now(), by="reply")

    write("PIZZA", 0)

    assert Contact.objects.in_workspace(workspace).textable("marketing").count() == 1


def test_the_same_text_twice_is_one_use_and_one_reply(workspace: Workspace) -> None:
    make_keyword(workspace)
    text = inbound("PIZZA", 0)

    take_inbound(text)
    take_inbound(text)

    assert (KeywordUse.objects.count(), Answer.objects.count()) == (1, 1)


@pytest.mark.parametrize("text", ["STOP", "HELP", "I love pizza", "calzone", ""])
def test_other_texts_use_no_keyword(workspace: Workspace, text: str) -> None:
    make_keyword(workspace)

    write(text, 0)

    assert not KeywordUse.objects.exists()


def test_a_keyword_that_looks_like_a_mistyped_stop_is_the_keyword(workspace: Workspace) -> None:
    make_keyword(workspace, word="STOB")

    known, doubtful = write("STOB", 0), write("STPO", 0)

    assert [use.reply for use in KeywordUse.objects.all()] == [known]
    known.refresh_from_db()
    doubtful.refresh_from_db()
    assert known.decide_by is None
    assert doubtful.decide_by is not None


def test_a_word_on_one_number_does_nothing_on_another(workspace: Workspace) -> None:
    make_keyword(workspace, number=OUR_NUMBER)

    write("PIZZA", 0, to="+12125550191")
    assert not KeywordUse.objects.exists()
    write("PIZZA", 0, to=OUR_NUMBER)
    assert KeywordUse.objects.count() == 1


def test_an_ended_keyword_does_nothing(workspace: Workspace) -> None:
    end_keyword(make_keyword(workspace), actor=ACTOR)

    write("PIZZA", 0)

    assert not KeywordUse.objects.exists()


def test_a_sender_that_takes_no_texts_is_counted_and_not_answered(workspace: Workspace) -> None:
    make_keyword(workspace)

    take_inbound(dataclasses.replace(inbound("PIZZA"), sender="ALERTS"))

    assert KeywordUse.objects.get().contact is None
    assert not Answer.objects.exists()


def test_the_report_counts_texts_people_yeses_replies_and_taps(workspace: Workspace) -> None:
    keyword = make_keyword(workspace, purpose="marketing", wording=WORDING)
    write("pizza", 0)
    write("PIZZA", 0)
    write("piza", 1)
    send_answers()
    Message.objects.filter(phone=phone(0)).update(
        state="delivered", first_human_click_at=timezone.now()
    )

    (report,) = report_keywords([keyword])

    assert (report.texts, report.people, report.misspelt, report.agreed) == (3, 2, 1, 3)
    assert (report.replies_sent, report.replies_delivered, report.people_who_tapped) == (3, 2, 2)
    assert report.click_rate == 1.0


def test_an_erased_person_leaves_the_count_alone(workspace: Workspace) -> None:
    keyword = make_keyword(workspace)
    write("PIZZA", 0)
    (kind,) = (each for each in keeping.kinds() if each.name == "keywords")
    person = keeping.person(workspace, phone(0))
    assert len(kind.find(person)) == 1

    kind.erase(person)

    assert KeywordUse.objects.get().contact is None
    assert report_keywords([keyword])[0].texts == 1
