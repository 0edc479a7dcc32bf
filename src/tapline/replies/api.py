"""The API's calls on conversations: what people write as a feed, and all that the pages can do."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from ninja import Query, Router, Status
from pydantic import Field

from tapline.contacts.marks import read_mark
from tapline.errors import NotFound
from tapline.replies import answering, handling, heeding
from tapline.replies.conversation import Item, read_conversation
from tapline.replies.fates import fate_of_answer
from tapline.replies.models import Answer as AnswerRow
from tapline.replies.models import Reply, Thread
from tapline.replies.threads import LISTS, hashes_out, page_of_threads, search_threads
from tapline.workspaces.api_access import ApiRequest, actor_of, needs, workspace_of
from tapline.workspaces.api_types import (
    Answer,
    Cursor,
    Limit,
    Name,
    Payload,
    Text,
    Word,
    found_or_404,
)
from tapline.workspaces.models import User

router = Router(tags=["replies"])

MostThreads = Annotated[int, Query(50, ge=1, le=200, description="Items per page.")]
Earlier = Annotated[str, Query("", max_length=60, description="`next_cursor` of the page before.")]
ListName = Literal["open", "unread", "assigned", "done"]


class ReplyOut(Answer):
    id: int
    thread_id: int | None
    contact_id: int | None
    phone: str = Field(description="Who wrote; empty once they were erased.")
    number: str = Field(description="Yours, that they wrote to.")
    text: str
    broadcast_id: int | None = Field(description="The broadcast that they answered.")
    is_opt_out: bool
    decide_by: dt.datetime | None = Field(
        description="It may mean STOP: somebody must say so until then, unless `decided_at` is set."
    )
    decided_at: dt.datetime | None
    received_at: dt.datetime


class RepliesOut(Answer):
    items: list[ReplyOut]
    next_cursor: int = Field(description="Keep it, also when `items` is empty, and ask again.")


class ThreadOut(Answer):
    id: int
    contact_id: int | None
    phone: str
    number: str = Field(description="Yours, that they wrote to last; answers leave from it.")
    state: str = Field(description="open or done.")
    unread: int
    assigned_to: str | None = Field(description="A member's e-mail address.")
    is_opted_out: bool
    may_be_answered: bool | None = Field(description="null in lists: ask for the conversation.")
    last_at: dt.datetime


class ThreadsOut(Answer):
    items: list[ThreadOut]
    next_cursor: str | None = Field(description="null: these were the last.")


class ItemOut(Answer):
    kind: str = Field(description="reply, answer, broadcast, or tap: a link's first by a person.")
    id: int = Field(description="Of the reply, the answer, or else the message.")
    at: dt.datetime
    text: str
    by: str = Field(description="An answer: who wrote it; empty: Tapline by itself.")
    broadcast_id: int | None
    state: str = Field(description="Of a text of yours: a message's state, waiting or refused.")
    why: str = Field(description="In words, where it went wrong.")
    note: str = Field(description="What a feature made of a reply, such as its keyword.")


class ItemsOut(Answer):
    items: list[ItemOut] = Field(description="The newest first.")
    next_cursor: str | None = Field(description="Leads to earlier ones; null: there are none.")


class AnswerIn(Payload):
    text: Text = Field(description="With links as they are: they get tracked ones.")


class AnswerOut(Answer):
    id: int
    thread_id: int
    phone: str
    text: str
    parts: int
    state: str
    why: str
    message_id: int | None
    made_at: dt.datetime


class FindIn(Payload):
    search: Name = Field(description="The end of a number, or a name.")


class AssignIn(Payload):
    user: Word | None = Field(description="A member's e-mail address; null: nobody in particular.")


class ReadIn(Payload):
    up_to: int = Field(ge=0, lt=2**63, description="The newest reply that was seen.")


class DecideIn(Payload):
    is_wish: bool = Field(description="true opts its sender out at once.")


@router.get(
    "/replies",
    auth=needs("replies:read"),
    response=RepliesOut,
    summary="Read what people wrote, in the order in which it came in",
)
def read_replies(request: ApiRequest, cursor: Cursor, limit: Limit) -> dict[str, Any]:
    """Start at cursor 0 and store each reply by its id, then the cursor, and ask again with it."""
    rows = Reply.objects.filter(workspace=workspace_of(request), pk__gt=cursor)
    found = list(rows.order_by("pk")[:limit])
    return {"items": found, "next_cursor": found[-1].pk if found else cursor}


@router.post(
    "/replies/{int:reply_id}/decide",
    auth=needs("replies:write"),
    response=ReplyOut,
    summary="Say whether a doubtful text was a wish to be left alone",
)
def decide(request: ApiRequest, reply_id: int, decided: DecideIn) -> Reply:
    rows = Reply.objects.filter(pk=reply_id, workspace=workspace_of(request))
    reply = found_or_404(rows.first(), "reply")
    heeding.decide(reply, is_wish=decided.is_wish, actor=actor_of(request))
    reply.refresh_from_db()
    return reply


@router.get(
    "/threads",
    auth=needs("replies:read"),
    response=ThreadsOut,
    summary="List conversations, the newest first",
)
def list_threads(
    request: ApiRequest, cursor: Earlier, limit: MostThreads, show: ListName = "open"
) -> dict[str, Any]:
    wanted = LISTS[show](workspace_of(request), None)
    threads, following = page_of_threads(wanted, read_mark(cursor), limit)
    next_cursor = str(following) if following else None
    return {"items": _write(request, threads), "next_cursor": next_cursor}


@router.post(
    "/threads/find",
    auth=needs("replies:read"),
    response=ThreadsOut,
    summary="Find conversations by name or the end of a number",
)
def find_threads(request: ApiRequest, wanted: FindIn) -> dict[str, Any]:
    threads = search_threads(workspace_of(request), wanted.search)
    return {"items": _write(request, threads), "next_cursor": None}


@router.get(
    "/threads/{int:thread_id}",
    auth=needs("replies:read"),
    response=ThreadOut,
    summary="Get a conversation",
)
def get_thread(request: ApiRequest, thread_id: int) -> dict[str, Any]:
    return _one(request, thread_id)


@router.get(
    "/threads/{int:thread_id}/items",
    auth=needs("replies:read"),
    response=ItemsOut,
    summary="Read a conversation: texts both ways, broadcasts and taps",
)
def read_thread(
    request: ApiRequest, thread_id: int, cursor: Earlier, limit: MostThreads
) -> dict[str, Any]:
    told = read_conversation(_find(request, thread_id), read_mark(cursor), limit)
    items = [_item(each) for each in reversed(told.items)]
    return {"items": items, "next_cursor": str(told.earlier) if told.earlier else None}


@router.post(
    "/threads/{int:thread_id}/answers",
    auth=needs("replies:write"),
    response={201: AnswerOut},
    summary="Answer",
)
def add_answer(request: ApiRequest, thread_id: int, sent: AnswerIn) -> Status[dict[str, Any]]:
    """It leaves within a second, to somebody who wrote to you and has not opted out since."""
    once = f"api-{request.attempt.row_id}" if request.attempt else None
    thread = _find(request, thread_id)
    made = answering.answer(thread, sent.text, actor=actor_of(request), once=once)
    return Status(201, _answer(made.pk))


@router.post(
    "/threads/{int:thread_id}/assign",
    auth=needs("replies:write"),
    response=ThreadOut,
    summary="Say whose a conversation is to answer",
)
def assign(request: ApiRequest, thread_id: int, wanted: AssignIn) -> dict[str, Any]:
    user = _member(request, wanted.user) if wanted.user else None
    handling.assign(_find(request, thread_id), user, actor=actor_of(request))
    return _one(request, thread_id)


@router.post(
    "/threads/{int:thread_id}/read",
    auth=needs("replies:write"),
    response=ThreadOut,
    summary="Count as seen what was seen",
)
def mark_read(request: ApiRequest, thread_id: int, seen: ReadIn) -> dict[str, Any]:
    handling.mark_read(_find(request, thread_id), seen.up_to)
    return _one(request, thread_id)


@router.post(
    "/threads/{int:thread_id}/done",
    auth=needs("replies:write"),
    response=ThreadOut,
    summary="Be done with a conversation, until its person writes again",
)
def close(request: ApiRequest, thread_id: int) -> dict[str, Any]:
    handling.close(_find(request, thread_id), actor=actor_of(request))
    return _one(request, thread_id)


@router.post(
    "/threads/{int:thread_id}/reopen",
    auth=needs("replies:write"),
    response=ThreadOut,
    summary="Have a conversation among the open ones again",
)
def reopen(request: ApiRequest, thread_id: int) -> dict[str, Any]:
    handling.reopen(_find(request, thread_id), actor=actor_of(request))
    return _one(request, thread_id)


def _find(request: ApiRequest, thread_id: int) -> Thread:
    known = Thread.objects.select_related("workspace", "contact", "assigned_to")
    found = known.filter(pk=thread_id, workspace=workspace_of(request)).first()
    return found_or_404(found, "thread")


def _one(request: ApiRequest, thread_id: int) -> dict[str, Any]:
    thread = _find(request, thread_id)
    may = answering.may_be_answered(thread)
    return _write(request, [thread])[0] | {"may_be_answered": may}


def _write(request: ApiRequest, threads: list[Thread]) -> list[dict[str, Any]]:
    workspace = workspace_of(request)
    out = hashes_out(workspace, [thread.phone_hash for thread in threads])
    return [
        {
            "id": thread.pk,
            "contact_id": thread.contact_id,
            "phone": thread.phone,
            "number": thread.number,
            "state": thread.state,
            "unread": thread.unread,
            "assigned_to": thread.assigned_to.email if thread.assigned_to else None,
            "is_opted_out": thread.phone_hash in out,
            "may_be_answered": None,
            "last_at": thread.last_at,
        }
        for thread in threads
    ]


def _item(item: Item) -> dict[str, Any]:
    return {
        "kind": item.kind.name.lower(),
        "id": item.pk,
        "at": item.at,
        "text": item.text,
        "by": item.by,
        "broadcast_id": item.broadcast_id,
        "state": item.fate.state if item.fate else "",
        "why": item.fate.why if item.fate else "",
        "note": item.note,
    }


def _answer(pk: int) -> dict[str, Any]:
    row = AnswerRow.objects.select_related("thread", "message__broadcast").get(pk=pk)
    fate = fate_of_answer(row)
    return {
        "id": row.pk,
        "thread_id": row.thread_id,
        "phone": row.thread.phone,
        "text": row.message.text if row.message else row.text,
        "parts": row.message.parts if row.message else 0,
        "state": fate.state,
        "why": fate.why,
        "message_id": row.message_id,
        "made_at": row.made_at,
    }


def _member(request: ApiRequest, email: str) -> User:
    people = handling.assignable(workspace_of(request))
    found = next((each for each in people if each.email.lower() == email.lower()), None)
    if found is None:
        raise NotFound(
            f"Nobody of this workspace has the address '{email}'.",
            why="A conversation can be given to whoever may answer: senders, managers and owners.",
            do="Look at the members in the workspace's settings.",
        )
    return found
