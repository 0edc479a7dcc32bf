"""The one way in which a single text leaves that is no broadcast: as an answer, to its thread.

An answer is written down first, in the transaction that asks for it, so that none is lost and none
is made twice; the worker gives it tracked links and puts it into the queue. From there it goes the
way of every message: leased, submitted once, settled, with receipts. Who may get it is said by
`contacts.textable.answerable_sql`, in the statement that leases.
"""

from __future__ import annotations

import datetime as dt
import re

from django.db import connection, transaction
from django.utils import timezone

from tapline import config
from tapline.broadcasts.bulk import in_database
from tapline.broadcasts.models import (
    Broadcast,
    BroadcastKind,
    BroadcastState,
    Message,
    MessageState,
)
from tapline.broadcasts.placing import note_place, place_if_it_waits
from tapline.broadcasts.tracked_links import (
    DestinationReader,
    FinishedText,
    refuse_stopped,
    track_texts,
)
from tapline.broadcasts.tracking import check_text, take_positions
from tapline.contacts.models import Purpose
from tapline.errors import Conflict, TaplineError
from tapline.links.domains import NoDomain, domain_for, own_hosts
from tapline.links.models import Domain
from tapline.providers.senders import Sender, sender_of
from tapline.replies.models import Answer, AnswerKind, Reply, Thread
from tapline.texts.parts import count_parts
from tapline.workspaces.counting import only_counted
from tapline.workspaces.models import Workspace

# A text that confirms an opt-out within five minutes counts as consented to. Source: 47 CFR
# 64.1200(a)(12). One that is late is not sent at all.
CONFIRMED_WITHIN = dt.timedelta(minutes=5)
# What we say by ourselves is of no use to anybody later than this.
AUTOMATIC_WITHIN = dt.timedelta(hours=1)
# Two machines that answer each other would never end.
AUTOMATIC_PER_HOUR = 10
ANSWERS_AT_ONCE = 50

NAMES = {BroadcastKind.ANSWERS: "Answers", BroadcastKind.NOTICES: "Opt-out confirmations"}

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
    broadcast = _broadcast_of(thread, BroadcastKind.ANSWERS, actor)
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
    queue(made)
    return made


def _make(thread: Thread, once: str | None, fields: dict[str, object]) -> Answer:
    if once is None:
        return Answer.objects.create(thread=thread, **fields)
    return Answer.objects.get_or_create(thread=thread, once=once, defaults=fields)[0]


def answer_by_itself(
    reply: Reply, kind: AnswerKind, text: str, *, gathered_in: Broadcast | None = None
) -> Answer | None:
    """Ask for an automatic answer to a reply, once; None where it must not be sent.

    `gathered_in` (of kind ANSWERS, from the same number) is for features that report their own.

    Cheap, and safe inside the transaction that stores the reply: a worker does the rest. Who must
    be quiet decides: nobody is answered whose number takes no texts, nor a machine that answers
    each of ours.
    """
    thread = reply.thread
    if thread is None or not can_get_texts(thread.phone) or thread.phone == reply.number:
        return None
    if kind != AnswerKind.CONFIRMATION and _said_enough(thread):
        return None
    within = CONFIRMED_WITHIN if kind == AnswerKind.CONFIRMATION else AUTOMATIC_WITHIN
    made, is_new = Answer.objects.get_or_create(
        reply=reply,
        kind=kind,
        defaults={
            "thread": thread,
            "text": text,
            "gathered_in": gathered_in,
            "made_by": "worker",
            "made_at": timezone.now(),
            "expires_at": reply.received_at + within,
        },
    )
    return made if is_new else None


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


def queue_waiting() -> bool:
    """Put the answers that wait into the queue of messages; say if there were any."""
    waiting = Answer.objects.filter(message=None, refused="").select_related(
        "thread__workspace",
        "thread__contact",
        "reply",
        "gathered_in__workspace",
        "gathered_in__domain",
    )
    found = list(waiting.order_by("pk")[:ANSWERS_AT_ONCE])
    for each in found:
        queue(each)
    return bool(found)


def queue(made: Answer) -> None:
    """Make one answer a message, with tracked links; whoever comes second changes nothing."""
    if timezone.now() >= made.expires_at:
        _refuse(made, "expired")
        return
    kind = BroadcastKind.NOTICES if made.kind == AnswerKind.CONFIRMATION else BroadcastKind.ANSWERS
    try:
        broadcast = made.gathered_in or _broadcast_of(made.thread, kind, made.made_by)
        position = take_positions(broadcast, 1)
        is_counted = only_counted(broadcast.workspace).covers(made.thread.phone)
        text, parts = _written(broadcast, made, position, is_counted)
        place = place_if_it_waits(broadcast, made.thread.contact, made.thread.phone)
    except TaplineError as error:  # A domain or a link that went meanwhile.
        _refuse(made, type(error).__name__)
        return
    with transaction.atomic():
        fresh = Answer.objects.select_for_update().get(pk=made.pk)
        if fresh.message_id is None and not fresh.refused:
            fresh.message = Message.objects.create(
                broadcast=broadcast,
                position=position,
                workspace=broadcast.workspace,
                contact=made.thread.contact,
                phone=made.thread.phone,
                state=MessageState.PENDING,
                text=text,
                parts=parts,
                only_counted=is_counted,
                place=place,
            )
            if place is not None:
                note_place(fresh.message)
            fresh.save(update_fields=["message"])


def _written(
    broadcast: Broadcast, made: Answer, position: int, is_counted: bool
) -> tuple[str, int]:
    """Return the text as it leaves, and its parts. Without a domain links stay as they are."""
    finished: FinishedText = DestinationReader(own_hosts(), {}).read(
        made.text, crowd_member=made.thread.phone if is_counted else ""
    )
    if broadcast.domain is None or not finished.destinations:
        return made.text, count_parts(made.text)
    (tracked,) = track_texts(broadcast, broadcast.domain, [finished], position, actor=made.made_by)
    return tracked.text, tracked.parts


def _broadcast_of(thread: Thread, kind: BroadcastKind, actor: str) -> Broadcast:
    """Return the broadcast that gathers answers from the number that the thread's person wrote to,
    made where there is none yet."""
    sender = sender_of_thread(thread)
    wanted = {
        "workspace": thread.workspace,
        "kind": kind,
        "sender_number": sender.number,
        "provider": sender.provider,
    }
    rows = Broadcast.objects.select_related("workspace", "domain", "campaign", "offer")
    found = rows.filter(**wanted).order_by("id").first()
    if found is not None and found.domain_id is not None:
        return found
    with transaction.atomic():
        # The lock lets two answers at once agree on one broadcast.
        Workspace.objects.select_for_update().get(pk=thread.workspace_id)
        found = rows.filter(**wanted).order_by("id").first()
        domain = _domain(thread.workspace)
        if found is None:
            return _make_broadcast(wanted, kind, domain, actor)
        if domain is not None and found.domain is None:  # Added since.
            found.domain = domain
            found.save(update_fields=["domain"])
    return found


def sender_of_thread(thread: Thread) -> Sender:
    """Return from what a thread's answers come: the number that its person wrote to; the
    workspace's own for somebody who never wrote."""
    if not thread.number:
        return sender_of(thread.workspace)
    longest = Broadcast._meta.get_field("sender_number").max_length
    return Sender(provider=thread.provider, number=thread.number[:longest])


def _make_broadcast(
    wanted: dict[str, object], kind: BroadcastKind, domain: Domain | None, actor: str
) -> Broadcast:
    seconds = CONFIRMED_WITHIN.total_seconds() if kind == BroadcastKind.NOTICES else 4 * 3600
    return Broadcast.objects.create(
        **wanted,
        state=BroadcastState.SENDING,
        purpose=Purpose.SERVICE,
        name=NAMES[kind],
        domain=domain,
        validity_seconds=int(seconds),
        created_by=actor,
        started_at=timezone.now(),
    )


def _domain(workspace: Workspace) -> Domain | None:
    try:
        return domain_for(workspace)
    except NoDomain:
        return None


def _said_enough(thread: Thread) -> bool:
    hour_ago = timezone.now() - dt.timedelta(hours=1)
    said = Answer.objects.filter(thread=thread, made_at__gt=hour_ago)
    return said.exclude(kind=AnswerKind.WRITTEN).count() >= AUTOMATIC_PER_HOUR


def _answerable_until(thread: Thread) -> dt.datetime:
    assert thread.last_wrote_at is not None
    return thread.last_wrote_at + dt.timedelta(days=config.current().answer_days)


def _refuse(made: Answer, why: str) -> None:
    Answer.objects.filter(pk=made.pk, message=None).update(refused=why[:40])


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
