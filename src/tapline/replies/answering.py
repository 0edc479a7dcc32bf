"""The one way in which a single text leaves that is no broadcast: as an answer, to its thread.

An answer is written down first, in the transaction that asks for it, so that none is lost and none
is made twice; the worker gives it tracked links and puts it into the queue. From there it goes the
way of every message: leased, submitted once, settled, with receipts. Who may get it is said by
`contacts.textable.answerable_sql`, in the statement that leases.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Count
from django.utils import timezone

from tapline import config
from tapline.broadcasts.bulk import in_database
from tapline.broadcasts.models import Broadcast, BroadcastKind
from tapline.broadcasts.tracked_links import DestinationReader, refuse_stopped
from tapline.broadcasts.tracking import check_text
from tapline.errors import Conflict
from tapline.links.domains import domain_for, own_hosts
from tapline.replies.models import Answer, AnswerKind, Reply, Thread
from tapline.replies.queueing import CONFIRMED_WITHIN, broadcast_of, queue

# What we say by ourselves is of no use to anybody later than this.
AUTOMATIC_WITHIN = dt.timedelta(hours=1)
# Two machines that answer each other would never end.
AUTOMATIC_PER_HOUR = 10

# Short codes and words take no texts from us.
_ANSWERABLE_NUMBER = re.compile(r"\+\d{7,15}", re.ASCII)

MAY_BE_ANSWERED = """
-- May this thread's person get an answer: they wrote, and have not opted out since. The same as in
-- `contacts.textable.answerable_sql`, before there is a message.
select not exists (
  select 1 from contacts_suppression stop
  where stop.phone_hash = %(hash)s and stop.scope_id in ({scopes}) and stop.lifted_at is null
    and stop.purpose in ('', 'service') and stop.at >= %(wrote)s)
"""


class NotAnswerable(Conflict):
    """Nobody may write to this person, or nobody can."""


def answer(
    thread: Thread, text: str, *, actor: str, reply: Reply | None = None, once: str | None = None
) -> Answer:
    """Write an answer to a thread's person and return it; it leaves within a second.

    `once` names it: asked for again by the same name, the first one is returned and none is made.
    Raises `NotAnswerable`, `BadText`, `BadDestination`, `LinkStopped`, `NoDomain`. Must not be
    called inside a transaction.
    """
    if once and (made := Answer.objects.filter(thread=thread, once=once).first()):
        return made
    check_text(text)
    _refuse_unanswerable(thread)
    broadcast = broadcast_of(thread, BroadcastKind.ANSWERS, actor)
    finished = DestinationReader(own_hosts(), {}).read(text)
    if finished.destinations:
        domain_for(thread.workspace)
    for refusal in refuse_stopped(broadcast, finished.destinations).values():
        raise refusal
    fields: dict[str, object] = {
        "reply": reply,
        "kind": AnswerKind.WRITTEN,
        "text": text,
        "made_by": actor,
        "made_at": timezone.now(),
        "expires_at": _answerable_until(thread),
    }
    made = _make(thread, once, fields)
    queue([made])
    return made


def _make(thread: Thread, once: str | None, fields: dict[str, object]) -> Answer:
    if once is None:
        return Answer.objects.create(thread=thread, **fields)
    return Answer.objects.get_or_create(thread=thread, once=once, defaults=fields)[0]


@dataclass(frozen=True, slots=True)
class ToSay:
    """An automatic answer that is asked for. `gathered_in` (of kind ANSWERS, from the same number)
    is for features that report their own."""

    reply: Reply
    kind: AnswerKind
    text: str
    gathered_in: Broadcast | None = None


def answer_by_itself(reply: Reply, kind: AnswerKind, text: str) -> Answer | None:
    """Ask for one automatic answer; None where it must not be sent. See `answer_by_themselves`."""
    return next(iter(answer_by_themselves([ToSay(reply, kind, text)])), None)


def answer_by_themselves(asked: Sequence[ToSay]) -> list[Answer]:
    """Ask for automatic answers, one of a kind to a reply, and return those that are made.

    Cheap, and safe inside the transaction that stores the replies: a worker does the rest. Who must
    be quiet decides: nobody is answered whose number takes no texts, nor a machine that answers
    each of ours.
    """
    possible = [each for each in asked if _takes_an_answer(each.reply)]
    if not possible:
        return []
    with transaction.atomic(savepoint=False):
        said = set(
            Answer.objects.filter(reply__in=[each.reply.pk for each in possible]).values_list(
                "reply_id", "kind"
            )
        )
        enough = _said_enough(
            {each.reply.thread_id for each in possible if each.kind != AnswerKind.CONFIRMATION}
        )
        return Answer.objects.bulk_create(
            _automatic(each)
            for each in possible
            if (each.reply.pk, each.kind) not in said
            and (each.kind == AnswerKind.CONFIRMATION or each.reply.thread_id not in enough)
        )


def _takes_an_answer(reply: Reply) -> bool:
    thread = reply.thread
    return thread is not None and can_get_texts(thread.phone) and thread.phone != reply.number


def _automatic(asked: ToSay) -> Answer:
    within = CONFIRMED_WITHIN if asked.kind == AnswerKind.CONFIRMATION else AUTOMATIC_WITHIN
    return Answer(
        reply=asked.reply,
        kind=asked.kind,
        thread=asked.reply.thread,
        text=asked.text,
        gathered_in=asked.gathered_in,
        made_by="worker",
        made_at=timezone.now(),
        expires_at=asked.reply.received_at + within,
    )


def write_first(thread: Thread, kind: AnswerKind, text: str, *, within: dt.timedelta) -> Answer:
    """Ask for a text that answers no reply, but what somebody did elsewhere: filled in a form.

    Whoever calls says how often that may be. Cheap, and safe inside a transaction. It does not
    leave after `within`, nor to somebody who has opted out.
    """
    now = timezone.now()
    return Answer.objects.create(
        thread=thread,
        kind=kind,
        text=text,
        made_by="worker",
        made_at=now,
        expires_at=now + within,
    )


def can_get_texts(phone: str) -> bool:
    """Say whether this is a number that takes texts: no short code, no word, not nothing."""
    return bool(_ANSWERABLE_NUMBER.fullmatch(phone))


def may_be_answered(thread: Thread) -> bool:
    """Say whether this thread's person may get an answer now."""
    wrote_at = thread.last_wrote_at
    if wrote_at is None or timezone.now() >= _answerable_until(thread):
        return False
    scopes = ", ".join(str(int(scope)) for scope in thread.workspace.ancestor_ids)
    with connection.cursor() as cursor:
        values = {"hash": thread.phone_hash, "wrote": in_database(wrote_at)}
        cursor.execute(MAY_BE_ANSWERED.format(scopes=scopes), values)
        (may,) = cursor.fetchone()
    return bool(may) and can_get_texts(thread.phone)


def _said_enough(threads: Collection[int | None]) -> set[int]:
    """Return in which of these threads enough was said by itself within the last hour."""
    hour_ago = timezone.now() - dt.timedelta(hours=1)
    said = Answer.objects.filter(thread__in=threads, made_at__gt=hour_ago)
    counted = said.exclude(kind=AnswerKind.WRITTEN).values("thread").annotate(count=Count("pk"))
    return set(counted.filter(count__gte=AUTOMATIC_PER_HOUR).values_list("thread", flat=True))


def _answerable_until(thread: Thread) -> dt.datetime:
    assert thread.last_wrote_at is not None
    return thread.last_wrote_at + dt.timedelta(days=config.current().answer_days)


def _refuse_unanswerable(thread: Thread) -> None:
    if not can_get_texts(thread.phone):
        raise NotAnswerable(
            "This sender cannot be answered.",
            why="It is a short code, a word or nothing, and takes no texts.",
            do="Write to them another way.",
        )
    if not may_be_answered(thread):
        raise NotAnswerable(
            "This person may not be answered.",
            why="They opted out after they last wrote, or wrote too long ago"
            f" ({config.current().answer_days} days at most).",
            do="Wait until they write again.",
        )
