"""Texts that come together are taken as if each had come alone, in the order in which they came."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tapline.broadcasts.models import Message
from tapline.contacts.consent import is_suppressed, opt_out
from tapline.contacts.models import Consent, Suppression
from tapline.keywords.models import Keyword, KeywordUse, Notice
from tapline.replies.models import Answer, AnswerKind, Reply, Thread
from tapline.replies.queueing import queue_waiting
from tapline.replies.taking import take_many
from tests.broadcasts.making import (
    StandIn,
    make_broadcast,
    make_contacts,
    make_sender,
    make_workspace,
    phone,
    prepare,
)
from tests.keywords.making import make_keyword
from tests.replies.making import OUR_NUMBER, inbound

pytestmark = pytest.mark.django_db(transaction=True)


def test_each_is_stored_once_in_the_thread_of_its_sender() -> None:
    make_workspace()
    texts = [inbound(f"text {number}", number) for number in range(20)]

    taken = take_many([*texts, *texts[:5]])

    assert [reply.text if reply else None for reply in taken] == [
        *(f"text {number}" for number in range(20)),
        *[None] * 5,
    ]
    assert Reply.objects.count() == Thread.objects.count() == 20
    assert set(Thread.objects.values_list("unread", flat=True)) == {1}
    assert take_many(texts) == [None] * 20


def test_several_texts_of_one_person_count_one_after_the_other() -> None:
    workspace = make_workspace()
    make_contacts(workspace, 2)

    take_many([inbound("STOP", 0), inbound("hi", 1), inbound("START", 0), inbound("STOP", 1)])

    assert not is_suppressed(phone(0), workspace)
    assert is_suppressed(phone(1), workspace)
    # A clear opt-out is nothing that somebody must read.
    assert set(Thread.objects.values_list("unread", flat=True)) == {1}


def test_each_answers_what_its_own_sender_got_last_from_that_number() -> None:
    workspace = make_workspace()
    make_contacts(workspace, 3)
    broadcast = prepare(make_broadcast(workspace, sender_number=OUR_NUMBER))
    make_sender(StandIn()).send_next()
    prepare(make_broadcast(workspace, sender_number="+12125550191"))
    make_sender(StandIn()).send_next()

    taken = take_many([inbound("What time?", number) for number in range(4)])

    assert [reply and reply.broadcast for reply in taken] == [broadcast] * 3 + [None]
    assert [bool(reply and reply.contact) for reply in taken] == [True] * 3 + [False]


def test_every_call_for_help_is_answered() -> None:
    make_workspace()

    take_many([inbound("HELP", number) for number in range(7)])

    assert Answer.objects.filter(kind=AnswerKind.HELP).count() == 7


@pytest.mark.parametrize("text", ["see you", "HELP", "PIZZA", "STOP"])
def test_fifty_texts_cost_few_more_statements_than_five(text: str) -> None:
    workspace = make_workspace()
    make_contacts(workspace, 100)  # every other who writes; none of them got a text before
    make_keyword(workspace, tags=["hungry"])

    def statements(count: int, first: int) -> int:
        people = [each if each % 2 else each + 1000 for each in range(first, first + count)]
        texts = [replace(inbound(text, each), workspace=workspace.pk) for each in people]
        with CaptureQueriesContext(connection) as seen:
            take_many(texts)
        return len(seen)

    statements(1, 0)
    assert statements(50, 40) <= statements(5, 10) + 2


def test_a_keyword_does_for_each_what_it_does_for_one() -> None:
    workspace = make_workspace()
    make_contacts(workspace, 2)
    keyword = make_keyword(workspace, tags=["hungry"])
    Keyword.objects.update(told=["ada@example.com"])

    taken = take_many(
        [inbound("PIZZA", 0), inbound("hi", 1), inbound("pizzza please", 2), inbound("PIZZA", 3)]
    )

    uses = KeywordUse.objects.filter(keyword=keyword).order_by("id")
    assert [use.is_misspelt for use in uses] == [False, True, False]
    assert [use.contact and use.contact.phone for use in uses] == [phone(0), phone(2), phone(3)]
    assert [
        list(use.contact.tags.values_list("name", flat=True)) for use in uses if use.contact
    ] == [["hungry"]] * 3
    assert Notice.objects.count() == 3
    answers = Answer.objects.filter(kind=AnswerKind.KEYWORD).order_by("id")
    assert [each.reply_id for each in answers] == [use.reply_id for use in uses]
    assert len({each.gathered_in_id for each in answers}) == 1
    assert [thread.contact_id for thread in Thread.objects.order_by("id")] == [
        Reply.objects.get(pk=reply.pk).contact_id for reply in taken if reply
    ]


def test_a_machine_among_many_is_answered_ten_times_and_the_others_still_are() -> None:
    make_workspace()
    for _ in range(12):
        take_many([inbound("HELP", 0)])

    take_many([inbound("HELP", 0), inbound("HELP", 1)])

    assert Answer.objects.filter(thread__phone=phone(0)).count() == 10
    assert Answer.objects.filter(thread__phone=phone(1)).count() == 1


def test_opt_outs_that_come_together_stop_each_what_waits_for_it_and_nothing_else() -> None:
    workspace = make_workspace()
    make_contacts(workspace, 4)
    broadcast = prepare(make_broadcast(workspace))
    opt_out(
        phone(1), scope=workspace, reason="page", at=timezone.now(), by="user 1", purpose="service"
    )
    texts = [inbound("STOP", 0), inbound("hi", 1), inbound("stop", 2), inbound("STOP", 9)]

    take_many(texts)

    assert [is_suppressed(phone(each), workspace) for each in (0, 1, 2, 3, 9)] == [
        True, False, True, False, True,
    ]  # fmt: skip
    waiting = broadcast.messages.order_by("position").values_list("contact__phone", "state")
    assert dict(waiting) == {
        phone(0): "cancelled", phone(1): "pending", phone(2): "cancelled", phone(3): "pending",
    }  # fmt: skip
    stopped = Suppression.objects.filter(reason="reply").order_by("id")
    assert [each.at for each in stopped] == [texts[each].received_at for each in (0, 2, 3)]
    noes = Consent.objects.filter(given=False, source="reply").values_list(
        "contact__phone", "purpose"
    )
    assert sorted(noes) == [
        (phone(each), purpose) for each in (0, 2) for purpose in ("marketing", "service")
    ]
    assert Answer.objects.filter(kind=AnswerKind.CONFIRMATION).count() == 3


def test_a_second_opt_out_among_many_is_not_confirmed_again() -> None:
    make_workspace()
    take_many([inbound("STOP", 0)])

    take_many([inbound("STOP", 0), inbound("STOP", 1)])

    assert Answer.objects.filter(thread__phone=phone(0)).count() == 1
    assert Answer.objects.filter(thread__phone=phone(1)).count() == 1
    assert Suppression.objects.count() == 2


def test_opt_outs_of_people_who_are_no_contacts_stop_what_waits_for_them() -> None:
    make_workspace()
    take_many([inbound("HELP", number) for number in range(3)])
    queue_waiting()

    take_many([inbound("STOP", 0), inbound("STOP", 2)])

    waiting = Message.objects.filter(contact=None).values_list("phone", "state", "error_code")
    assert sorted(waiting) == [
        (phone(0), "cancelled", "opted_out"),
        (phone(1), "pending", ""),
        (phone(2), "cancelled", "opted_out"),
    ]
