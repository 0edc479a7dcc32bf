"""Conversations in the browser: the lists, one conversation, answering, deciding."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tapline.replies.automatic import opt_out_scope
from tapline.replies.models import Answer, Listener, Reply, Thread
from tapline.workspaces.models import Role, User, Workspace
from tapline.workspaces.tree import create_workspace
from tests.broadcasts.making import make_contacts, make_workspace, phone
from tests.replies.making import send_answers, write
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


@pytest.fixture
def editor(workspace: Workspace) -> Client:
    return member_of(workspace, Role.SENDER)


def _page(browser: Client, name: str, workspace: Workspace, *ids: object) -> str:
    answer = browser.get(reverse(f"replies:{name}", args=[workspace.pk, *ids]))
    assert answer.status_code == 200
    return answer.content.decode()


def _post(
    browser: Client, name: str, workspace: Workspace, *ids: object, **form: str
) -> tuple[int, str]:
    answer = browser.post(reverse(f"replies:{name}", args=[workspace.pk, *ids]), form)
    return answer.status_code, answer.content.decode()


def test_the_navigation_counts_what_waits(workspace: Workspace, editor: Client) -> None:
    write("Open on Sunday?", 0)
    write("stpo", 1)

    home = re.sub(
        r"<[^>]+>", "", editor.get(reverse("web:home", args=[workspace.pk])).content.decode()
    )

    assert "Replies 2 unread 1 to decide" in home


def test_the_home_page_warns_when_the_time_to_decide_is_nearly_up(
    workspace: Workspace, editor: Client
) -> None:
    home = reverse("web:home", args=[workspace.pk])
    write("stpo", 0)
    assert "Their time is nearly up" not in editor.get(home).content.decode()

    write("too many texts", 1, at=timezone.now() - dt.timedelta(days=13))

    assert "Their time is nearly up" in editor.get(home).content.decode()


def test_a_list_shows_who_wrote_what(workspace: Workspace, editor: Client) -> None:
    make_contacts(workspace, 1, last_name="Rossi")
    write("Open on Sunday?", 0)

    page = _page(editor, "list", workspace)

    assert "N0 Rossi" in page
    assert "Open on Sunday?" in page
    assert "Open on Sunday?" not in _page(editor, "list-of", workspace, "done")
    assert "Open on Sunday?" in _page(editor, "list-live", workspace, "open")


def test_a_posted_search_finds_people(workspace: Workspace, editor: Client) -> None:
    write("Open on Sunday?", 0)
    write("Cakes?", 1)

    status, page = _post(editor, "list", workspace, search="0101")

    assert status == 200
    assert "Cakes?" in page
    assert "Open on Sunday?" not in page


def test_an_answer_leaves_once_however_often_the_button_is_pressed(
    workspace: Workspace, editor: Client
) -> None:
    write("Open on Sunday?")
    thread = Thread.objects.get()
    once = re.search(r'name="once" value="(\w+)"', _page(editor, "show", workspace, thread.pk))
    assert once is not None

    for _ in range(2):
        status, _body = _post(
            editor, "answer", workspace, thread.pk, text="Until noon.", once=once[1]
        )
        assert status == 302

    assert [text.text for text in send_answers()] == ["Until noon."]
    page = _page(editor, "show", workspace, thread.pk)
    assert "Until noon." in page
    assert User.objects.get().email in page


def test_a_refused_answer_is_explained_and_keeps_what_was_written(
    workspace: Workspace, editor: Client
) -> None:
    write("STOP")
    thread = Thread.objects.get()

    assert "They cannot be answered now" in _page(editor, "show", workspace, thread.pk)
    status, page = _post(editor, "answer", workspace, thread.pk, text="Why?", once="a")

    assert status == 422
    assert "This person may not be answered." in page
    assert ">Why?</textarea>" in page
    assert not Answer.objects.filter(kind="written").exists()


def test_an_answer_may_end_the_conversation(workspace: Workspace, editor: Client) -> None:
    write("Thanks!")

    _post(editor, "answer", workspace, Thread.objects.get().pk, text="Welcome.", then="done")

    thread = Thread.objects.get()
    assert (thread.state, thread.unread) == ("done", 0)
    _post(editor, "reopen", workspace, thread.pk)
    assert Thread.objects.get().state == "open"


def test_looking_reads_nothing_and_the_page_says_what_it_showed(
    workspace: Workspace, editor: Client
) -> None:
    shown = write("Hello?")
    page = _page(editor, "show", workspace, shown.thread_id)
    assert Thread.objects.get().unread == 1
    assert f'name="up_to" value="{shown.pk}"' in page

    write("Are you there?")
    _post(editor, "read", workspace, shown.thread_id, up_to=str(shown.pk))

    assert Thread.objects.get().unread == 1


def test_a_viewer_sees_conversations_and_can_do_nothing_in_them(workspace: Workspace) -> None:
    reply = write("stpo")
    page = _page(member_of(workspace, Role.VIEWER), "show", workspace, reply.thread_id)

    assert "stpo" in page
    assert "<textarea" not in page
    assert "Yes, opt out" not in page
    assert "Mark as read" not in page


def test_a_doubtful_text_is_decided_with_one_button(workspace: Workspace, editor: Client) -> None:
    make_contacts(workspace, 2)
    wish, question = write("stpo", 0), write("too many texts", 1)
    page = _page(editor, "decisions", workspace)
    assert "stpo" in page
    assert "days left" in page

    _post(editor, "decide", workspace, wish.pk, is_wish="yes", back="decisions")
    _post(editor, "decide", workspace, question.pk, is_wish="no", back="decisions")

    assert Reply.objects.get(pk=wish.pk).is_opt_out
    assert not Reply.objects.get(pk=question.pk).is_opt_out
    assert "Nothing waits for you." in _page(editor, "decisions", workspace)
    assert "opted out of all texts" in _page(editor, "show", workspace, wish.thread_id)


def test_a_conversation_is_given_to_a_member(workspace: Workspace, editor: Client) -> None:
    reply = write("Hello?")
    user = User.objects.get()

    _post(editor, "assign", workspace, reply.thread_id, user=str(user.pk))

    assert Thread.objects.get().assigned_to == user
    assert "Hello?" in _page(editor, "list-of", workspace, "mine")
    _post(editor, "assign", workspace, reply.thread_id, user="")
    assert Thread.objects.get().assigned_to is None


def test_a_person_is_opted_out_as_they_asked_somebody_to(
    workspace: Workspace, editor: Client
) -> None:
    (contact,) = make_contacts(workspace, 1)
    reply = write("Please call me.")

    _post(editor, "opt-out", workspace, reply.thread_id)

    page = editor.get(reverse("contacts:show", args=[workspace.pk, contact.pk])).content.decode()
    assert "Opted out" in page
    assert reverse("replies:show", args=[workspace.pk, reply.thread_id]) in page


def test_the_cost_of_an_answer_is_told_while_it_is_written(
    workspace: Workspace, editor: Client
) -> None:
    thread = write("Hello?").thread_id

    _, short = _post(editor, "parts", workspace, thread, text="See example.com/a-long-address")
    _, long = _post(editor, "parts", workspace, thread, text="Bienvenue, à bientôt. " * 4)

    assert "1 part, room for" in short
    # «ô» is outside GSM-7.
    assert "2 parts" in long
    assert "GSM-7" in long


def test_a_word_or_a_short_code_is_shown_and_not_answered(
    workspace: Workspace, editor: Client
) -> None:
    reply = write("Your bill is due.")
    Thread.objects.update(phone="BANK")

    page = _page(editor, "show", workspace, reply.thread_id)

    assert "This sender cannot be answered" in page
    assert "<textarea" not in page
    assert phone(0) not in page


def test_a_member_chooses_which_mails_they_get(workspace: Workspace, editor: Client) -> None:
    _post(editor, "choose-mails", workspace, decisions="on")

    listener = Listener.objects.get()
    assert (listener.hears_replies, listener.hears_decisions) == (False, True)
    page = _page(editor, "settings", workspace)
    assert 'name="decisions" checked' in page
    assert "TAPLINE_MAIL_URL" in page  # there is no mail server here


def test_what_is_said_by_itself_is_worded_and_shown_as_people_get_it(
    workspace: Workspace, editor: Client
) -> None:
    words = {"brand": "Harbour Bread", "contact": "help@example.com"}
    _post(editor, "change-words", workspace, **words)

    assert "Harbour Bread: Help: help@example.com." in _page(editor, "settings", workspace)
    status, page = _post(editor, "change-words", workspace, **words, help_text="Call us.")
    assert status == 422
    assert "does not say how to stop" in page
    assert "Call us.</textarea>" in page


def test_only_owners_at_the_top_choose_how_far_an_opt_out_reaches(
    workspace: Workspace, editor: Client
) -> None:
    owner = member_of(workspace, Role.OWNER)
    below = create_workspace("Below", parent=workspace)

    assert _post(editor, "change-reach", workspace, reach="workspace")[0] == 403
    assert _post(member_of(below), "change-reach", below, reach="workspace")[0] == 422
    assert opt_out_scope(below) == workspace

    assert _post(owner, "change-reach", workspace, reach="workspace")[0] == 302
    assert opt_out_scope(below) == below
