"""What one conversation holds, in order of time: texts both ways, broadcasts, and people's taps.

Read a page at a time from the newest, from one query per kind of thing.
"""

from __future__ import annotations

import datetime as dt
import enum
import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import F, Max, Q, QuerySet
from django.db.models.functions import Coalesce

from tapline.broadcasts.models import Message, MessageState
from tapline.contacts.history import newest_of
from tapline.contacts.marks import Mark
from tapline.replies.fates import Fate, fate_of_answer, fate_of_message
from tapline.replies.models import Answer, Reply, Thread
from tapline.workspaces.audit import names_of_actors

ITEMS_PER_PAGE = 50

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
    sources = (replies_of, answers_of, broadcasts_of, taps_of)
    found = [item for source in sources for item in source(thread, before, limit + 1)]
    newest = heapq.nlargest(limit + 1, found, key=lambda item: (item.at, item.kind, item.pk))
    items = newest[:limit][::-1]
    return Conversation(
        items=items,
        earlier=items[0].mark if len(newest) > limit else None,
        newest_reply=newest_reply or 0,
    )


def replies_of(thread: Thread, before: Mark | None, limit: int) -> list[Item]:
    """Return what they wrote."""
    rows = Reply.objects.filter(thread=thread, workspace=thread.workspace)
    found = list(newest_of(rows, "received_at", Kind.REPLY, before, limit))
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


def answers_of(thread: Thread, before: Mark | None, limit: int) -> list[Item]:
    """Return what was answered, by somebody or by ourselves."""
    rows = Answer.objects.filter(thread=thread).select_related("message__broadcast")
    found = list(newest_of(rows, "made_at", Kind.ANSWER, before, limit))
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


def broadcasts_of(thread: Thread, before: Mark | None, limit: int) -> list[Item]:
    """Return texts to the thread's contact that were no answers and have left, or been refused.

    Those that we handed over come from the index, in its order. The others (never handed over, or
    by another system) have the times of their receipts alone; they are few.
    """
    if thread.contact_id is None:
        return []
    rows = _messages(thread).filter(answer=None)
    ours = rows.filter(submitted_at__isnull=False).annotate(left_at=F("submitted_at"))
    found = list(newest_of(ours, "submitted_at", Kind.BROADCAST, before, limit))
    others = rows.filter(submitted_at=None).exclude(state__in=_NOT_YET).annotate(left_at=_LEFT_AT)
    found += newest_of(others, "left_at", Kind.BROADCAST, before, limit)
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


def taps_of(thread: Thread, before: Mark | None, limit: int) -> list[Item]:
    """Return when they first opened the links of each text, by the marks that ingest sets."""
    rows = _messages(thread).filter(first_human_click_at__isnull=False)
    found = newest_of(rows, "first_human_click_at", Kind.TAP, before, limit)
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
    # A sum hides the column from indexes: by workspace SQLite would walk over everybody's taps.
    rows = Message.objects.filter(theirs).annotate(home=F("workspace_id") + 0)
    return rows.filter(home=thread.workspace_id).select_related("broadcast")
