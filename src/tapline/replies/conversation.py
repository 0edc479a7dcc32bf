"""What one conversation holds, in order of time: texts both ways, broadcasts, and people's taps.

Read a page at a time from the newest, from one query per kind of thing.
"""

from __future__ import annotations

import datetime as dt
import enum
import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import F, Max, Model, Q, QuerySet
from django.db.models.functions import Coalesce

from tapline.broadcasts.models import Message, MessageState
from tapline.replies.fates import Fate, fate_of_answer, fate_of_message
from tapline.replies.marks import Mark
from tapline.replies.models import Answer, Reply, Thread
from tapline.workspaces.audit import names_of_actors

ITEMS_PER_PAGE = 50

Row = TypeVar("Row", bound=Model)

# Features that made something of a text («Keyword PIZZA») add a function here, in their
# AppConfig.ready: ids of replies in, id → words out. One query for a page.
ON_READ: list[Callable[[Sequence[int]], Mapping[int, str]]] = []


class Kind(enum.IntEnum):
    """What an item is. Of several at the same time the lower one comes first."""

    REPLY = 1  # they wrote
    ANSWER = 2  # somebody answered, or we did by ourselves
    BROADCAST = 3  # they got a text that was no answer
    TAP = 4  # they opened a link of ours for the first time


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of a conversation."""

    kind: Kind
    pk: int
    at: dt.datetime
    text: str = ""
    by: str = ""  # an answer: who wrote it, empty where we answer by ourselves
    name: str = ""  # a broadcast's, also of the text that was tapped
    broadcast_id: int | None = None
    parts: int = 0
    fate: Fate | None = None
    note: str = ""  # what a feature made of a reply
    reply: Reply | None = None

    @property
    def mark(self) -> Mark:
        return Mark(at=self.at, pk=self.pk, kind=self.kind)

    @property
    def is_theirs(self) -> bool:
        return self.kind == Kind.REPLY


@dataclass(frozen=True, slots=True)
class Conversation:
    """One page: its items, the oldest first, and where the page of earlier ones begins."""

    items: list[Item]
    earlier: Mark | None
    newest_reply: int  # id of the newest reply of the thread when it was read, 0 for none


def read_conversation(
    thread: Thread, before: Mark | None = None, limit: int = ITEMS_PER_PAGE
) -> Conversation:
    """Return the newest items of a thread that are older than `before`."""
    # Before the items are read: what comes in between is not on the page and stays unread.
    newest_reply = Reply.objects.filter(thread=thread).aggregate(newest=Max("pk"))["newest"]
    sources = (_replies, _answers, _broadcasts, _taps)
    found = [item for source in sources for item in source(thread, before, limit + 1)]
    newest = heapq.nlargest(limit + 1, found, key=lambda item: (item.at, item.kind, item.pk))
    items = newest[:limit][::-1]
    return Conversation(
        items=items,
        earlier=items[0].mark if len(newest) > limit else None,
        newest_reply=newest_reply or 0,
    )


def _replies(thread: Thread, before: Mark | None, limit: int) -> list[Item]:
    rows = Reply.objects.filter(thread=thread, workspace=thread.workspace)
    found = list(_newest(rows, "received_at", Kind.REPLY, before, limit))
    notes = {pk: words for read in ON_READ for pk, words in read([r.pk for r in found]).items()}
    return [
        Item(
            kind=Kind.REPLY,
            pk=reply.pk,
            at=reply.received_at,
            text=reply.text,
            note=notes.get(reply.pk, ""),
            reply=reply,
        )
        for reply in found
    ]


def _answers(thread: Thread, before: Mark | None, limit: int) -> list[Item]:
    rows = Answer.objects.filter(thread=thread).select_related("message__broadcast")
    found = list(_newest(rows, "made_at", Kind.ANSWER, before, limit))
    names = names_of_actors(answer.made_by for answer in found)
    return [
        Item(
            kind=Kind.ANSWER,
            pk=answer.pk,
            at=answer.made_at,
            text=answer.message.text if answer.message and answer.message.text else answer.text,
            by="" if answer.made_by == "worker" else names[answer.made_by],
            parts=answer.message.parts if answer.message else 0,
            fate=fate_of_answer(answer),
        )
        for answer in found
    ]


def _broadcasts(thread: Thread, before: Mark | None, limit: int) -> list[Item]:
    """Return texts to the thread's contact that were no answers and have left, or been refused.

    Those that we handed over come from the index, in its order. The others (never handed over, or
    by another system) have the times of their receipts alone; they are few.
    """
    if thread.contact_id is None:
        return []
    rows = _messages(thread).filter(answer=None)
    ours = rows.filter(submitted_at__isnull=False).annotate(left_at=F("submitted_at"))
    found = list(_newest(ours, "submitted_at", Kind.BROADCAST, before, limit))
    others = rows.filter(submitted_at=None).exclude(state__in=_NOT_YET).annotate(left_at=_LEFT_AT)
    found += _newest(others, "left_at", Kind.BROADCAST, before, limit)
    return [
        Item(
            kind=Kind.BROADCAST,
            pk=message.pk,
            at=message.left_at,  # type: ignore[attr-defined]  # annotated above
            text=message.text,
            name=message.broadcast.name,
            broadcast_id=message.broadcast_id,
            parts=message.parts,
            fate=fate_of_message(message),
        )
        for message in found
    ]


def _taps(thread: Thread, before: Mark | None, limit: int) -> list[Item]:
    """Return when they first opened the links of each text, by the marks that ingest sets."""
    rows = _messages(thread).filter(first_human_click_at__isnull=False)
    found = _newest(rows, "first_human_click_at", Kind.TAP, before, limit)
    return [
        Item(
            kind=Kind.TAP,
            pk=message.pk,
            at=message.first_human_click_at,
            name=message.broadcast.name,
            broadcast_id=message.broadcast_id,
        )
        for message in found
        if message.first_human_click_at is not None
    ]


_NOT_YET = (MessageState.PENDING, MessageState.LEASED)
_LEFT_AT = Coalesce(
    "accepted_at",
    "delivered_at",
    "failed_at",
    "broadcast__started_at",
    "broadcast__created_at",
)


def _messages(thread: Thread) -> QuerySet[Message]:
    """Return what this workspace sent to the thread's person."""
    theirs = Q(contact=thread.contact_id) if thread.contact_id else Q(answer__thread=thread)
    return Message.objects.filter(theirs, workspace=thread.workspace).select_related("broadcast")


def _newest(
    rows: QuerySet[Row], time: str, kind: Kind, before: Mark | None, limit: int
) -> Iterable[Row]:
    """Return the newest of `rows` below `before`, in the order of (time, kind, id)."""
    if before is not None:
        older = Q(**{f"{time}__lt": before.at})
        same = Q(**{time: before.at})
        if kind < before.kind:
            older |= same
        elif kind == before.kind:
            older |= same & Q(pk__lt=before.pk)
        rows = rows.filter(older)
    return rows.order_by(f"-{time}", "-pk")[:limit]
