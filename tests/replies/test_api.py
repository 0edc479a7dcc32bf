"""Conversations through the API: the feed of replies, reading, answering, deciding."""

from __future__ import annotations

import pytest
from django.utils import timezone

from tapline.broadcasts.models import Message
from tapline.replies.models import Answer, Thread
from tapline.workspaces.members import add_member
from tapline.workspaces.models import IdempotentRequest, Role, Workspace
from tapline.workspaces.tree import create_workspace
from tests.broadcasts.making import make_contacts, make_workspace, phone
from tests.replies.making import write
from tests.web.api_client import Caller, caller_of, error_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


@pytest.fixture
def caller(workspace: Workspace) -> Caller:
    return caller_of(workspace)


def test_replies_are_a_feed_that_begins_again_where_it_ended(
    workspace: Workspace, caller: Caller
) -> None:
    first, second = write("Hello?", 0), write("STOP", 1)

    page = caller.get("/replies?limit=1")
    following = caller.get(f"/replies?cursor={page['next_cursor']}")
    end = caller.get(f"/replies?cursor={following['next_cursor']}")

    assert [each["id"] for each in page["items"] + following["items"]] == [first.pk, second.pk]
    assert [each["is_opt_out"] for each in following["items"]] == [True]
    assert end == {"items": [], "next_cursor": second.pk}
    write("And me?", 2)
    (came,) = caller.get(f"/replies?cursor={end['next_cursor']}")["items"]
    assert (came["text"], came["phone"]) == ("And me?", phone(2))


def test_conversations_are_listed_found_and_read(workspace: Workspace, caller: Caller) -> None:
    make_contacts(workspace, 1)
    for number in range(3):
        write("Hello?", number)

    page = caller.get("/threads?show=unread&limit=2")
    rest = caller.get(f"/threads?show=unread&limit=2&cursor={page['next_cursor']}")
    assert [each["phone"] for each in page["items"] + rest["items"]] == [
        phone(2),
        phone(1),
        phone(0),
    ]
    assert rest["next_cursor"] is None

    (found,) = caller.post("/threads/find", {"search": "N0"})["items"]
    assert found["phone"] == phone(0)
    write("Still there?", 0)
    items = caller.get(f"/threads/{found['id']}/items?limit=1")
    assert [each["text"] for each in items["items"]] == ["Still there?"]
    earlier = caller.get(f"/threads/{found['id']}/items?cursor={items['next_cursor']}")
    assert [(each["kind"], each["text"]) for each in earlier["items"]] == [("reply", "Hello?")]


def test_an_answer_is_queued_with_tracked_links(workspace: Workspace, caller: Caller) -> None:
    thread = write("Open on Sunday?").thread_id

    made = caller.post(f"/threads/{thread}/answers", {"text": "See example.com/hours"})

    assert (made["state"], made["parts"]) == ("pending", 1)
    assert made["text"].startswith("See https://go.example.com/")
    assert Message.objects.get().pk == made["message_id"]


def test_an_answer_whose_first_call_died_half_way_is_not_sent_again(
    workspace: Workspace, caller: Caller
) -> None:
    thread = write("Open on Sunday?").thread_id
    key = {"Idempotency-Key": "one"}
    first = caller.post(f"/threads/{thread}/answers", {"text": "Yes."}, **key)
    # It was done, and its process died before it could keep what it answered.
    IdempotentRequest.objects.update(status=None, attempt_at=timezone.now().replace(year=2020))

    again = caller.post(f"/threads/{thread}/answers", {"text": "Yes."}, **key)

    assert again["id"] == first["id"]
    assert Answer.objects.count() == Message.objects.count() == 1


def test_whoever_opted_out_is_not_answered(workspace: Workspace, caller: Caller) -> None:
    thread = write("STOP").thread_id

    refused = caller.call("POST", f"/threads/{thread}/answers", {"text": "Why?"})

    assert refused.status_code == 409
    assert "opted out" in error_of(refused)["why"]
    told = caller.get(f"/threads/{thread}")
    assert (told["is_opted_out"], told["may_be_answered"]) == (True, False)


def test_a_conversation_is_assigned_read_done_and_opened_again(
    workspace: Workspace, caller: Caller
) -> None:
    reply = write("Hello?")
    at = f"/threads/{reply.thread_id}"
    add_member(workspace, "ana@example.com", Role.SENDER, actor="test")

    assert caller.post(f"{at}/assign", {"user": "Ana@example.com"})["assigned_to"]
    assert [each["id"] for each in caller.get("/threads?show=assigned")["items"]] == [
        reply.thread_id
    ]
    assert caller.call("POST", f"{at}/assign", {"user": "bo@example.com"}).status_code == 404
    assert caller.post(f"{at}/assign", {"user": None})["assigned_to"] is None
    assert caller.post(f"{at}/read", {"up_to": reply.pk})["unread"] == 0
    assert caller.post(f"{at}/done")["state"] == "done"
    assert caller.post(f"{at}/reopen")["state"] == "open"


def test_a_doubtful_text_is_decided_once(workspace: Workspace, caller: Caller) -> None:
    reply = write("stpo")
    (told,) = caller.get("/replies")["items"]
    assert told["decide_by"]

    assert caller.post(f"/replies/{reply.pk}/decide", {"is_wish": True})["is_opt_out"]
    again = caller.call("POST", f"/replies/{reply.pk}/decide", {"is_wish": False})
    assert again.status_code == 409


def test_what_others_have_is_not_found(workspace: Workspace) -> None:
    reply = write("stpo")
    stranger = caller_of(create_workspace("Elsewhere"))
    at = f"/threads/{reply.thread_id}"

    assert stranger.get("/replies")["items"] == stranger.get("/threads")["items"] == []
    for method, path, body in (
        ("GET", at, None),
        ("GET", f"{at}/items", None),
        ("POST", f"{at}/answers", {"text": "Hi"}),
        ("POST", f"{at}/assign", {"user": None}),
        ("POST", f"{at}/read", {"up_to": 9}),
        ("POST", f"{at}/done", None),
        ("POST", f"{at}/reopen", None),
        ("POST", f"/replies/{reply.pk}/decide", {"is_wish": True}),
    ):
        assert stranger.call(method, path, body).status_code == 404, path
    assert Thread.objects.get().state == "open"


def test_a_key_that_may_only_read_changes_nothing(workspace: Workspace) -> None:
    thread = write("Hello?").thread_id
    reader = caller_of(workspace, ["replies:read"])

    assert reader.get(f"/threads/{thread}")["unread"] == 1
    assert reader.call("POST", f"/threads/{thread}/done").status_code == 403
