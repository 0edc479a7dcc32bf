"""How answers that were written down become messages: with tracked links, many at a time.

Whoever comes second changes nothing. From here an answer goes the way of every message.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from tapline.broadcasts.models import (
    Broadcast,
    BroadcastKind,
    BroadcastState,
    Message,
    MessageState,
)
from tapline.broadcasts.placing import note_place, places_if_they_wait
from tapline.broadcasts.tracked_links import DestinationReader, FinishedText, track_texts
from tapline.broadcasts.tracking import take_positions
from tapline.contacts.models import Purpose
from tapline.errors import TaplineError
from tapline.links.domains import NoDomain, domain_for, own_hosts
from tapline.links.models import Domain
from tapline.providers.senders import Sender, sender_of
from tapline.replies.models import Answer, AnswerKind, Thread
from tapline.texts.parts import count_parts
from tapline.workspaces.counting import OnlyCounted, only_counted
from tapline.workspaces.models import Workspace

# A text that confirms an opt-out within five minutes counts as consented to. Source: 47 CFR
# 64.1200(a)(12). One that is late is not sent at all.
CONFIRMED_WITHIN = dt.timedelta(minutes=5)
ANSWERS_AT_ONCE = 50

NAMES = {BroadcastKind.ANSWERS: "Answers", BroadcastKind.NOTICES: "Opt-out confirmations"}


@dataclass(frozen=True, slots=True)
class _Written:
    """An answer as it leaves."""

    made: Answer
    position: int
    text: str
    parts: int
    only_counted: bool
    place: str | None  # where it goes, if it may have to wait for that place's morning


def queue_waiting() -> bool:
    """Put the answers that wait into the queue of messages; say if there were any."""
    waiting = Answer.objects.filter(message=None, refused="").select_related(
        "thread__workspace",
        "thread__contact",
        "gathered_in__workspace",
        "gathered_in__domain",
    )
    found = list(waiting.order_by("pk")[:ANSWERS_AT_ONCE])
    queue(found)
    return bool(found)


def queue(waiting: Sequence[Answer]) -> None:
    """Make answers messages, those that are gathered together in one go. Must not be called inside
    a transaction."""
    now = timezone.now()
    for made in waiting:
        if now >= made.expires_at:
            _refuse(made, "expired")
    fresh = [made for made in waiting if now < made.expires_at]
    for broadcast, answers in _gathered(fresh):
        _queue_in(broadcast, answers)


def _gathered(waiting: Iterable[Answer]) -> list[tuple[Broadcast, list[Answer]]]:
    """Return the answers by the broadcast that gathers them."""
    known: dict[tuple[object, ...], Broadcast] = {}
    answers: dict[int, list[Answer]] = {}
    for made in waiting:
        kind = BroadcastKind.ANSWERS
        if made.kind == AnswerKind.CONFIRMATION:
            kind = BroadcastKind.NOTICES
        key = (made.gathered_in_id, made.thread.workspace_id, kind, sender_of_thread(made.thread))
        if key not in known:
            gathering = made.gathered_in or broadcast_of(made.thread, kind, made.made_by)
            known[key] = gathering
        answers.setdefault(known[key].pk, []).append(made)
    by_id = {broadcast.pk: broadcast for broadcast in known.values()}
    return [(by_id[number], some) for number, some in answers.items()]


def _queue_in(broadcast: Broadcast, answers: Sequence[Answer]) -> None:
    """Queue answers; one that cannot be written is nobody else's loss."""
    try:
        written = _write(broadcast, answers)
    except TaplineError as error:  # A domain or a link that went meanwhile.
        if len(answers) == 1:
            _refuse(answers[0], type(error).__name__)
        else:
            for made in answers:
                _queue_in(broadcast, [made])
        return
    _put(broadcast, written)


def _write(broadcast: Broadcast, answers: Sequence[Answer]) -> list[_Written]:
    """Return answers with tracked links. Without a domain links stay as they are."""
    counted = only_counted(broadcast.workspace)
    reader = DestinationReader(own_hosts(), {})
    read = [(made, _read(made, reader, counted)) for made in answers]
    # Neighbours with the same links share a range of codes.
    read.sort(key=lambda each: each[1].distinct)
    first = take_positions(broadcast, len(read))
    texts = _texts(broadcast, [finished for _, finished in read], first, answers[0].made_by)
    threads = [made.thread for made, _ in read]
    places = places_if_they_wait(broadcast, [(each.contact, each.phone) for each in threads])
    return [
        _Written(made, first + turn, *texts[turn], bool(finished.crowd_member), places[turn])
        for turn, (made, finished) in enumerate(read)
    ]


def _read(made: Answer, reader: DestinationReader, counted: OnlyCounted) -> FinishedText:
    phone = made.thread.phone
    return reader.read(made.text, crowd_member=phone if counted.covers(phone) else "")


def _texts(
    broadcast: Broadcast, finished: Sequence[FinishedText], first: int, actor: str
) -> list[tuple[str, int]]:
    """Return each text as it leaves, and its parts."""
    if broadcast.domain is None or not any(each.destinations for each in finished):
        return [(each.text, count_parts(each.text)) for each in finished]
    tracked = track_texts(broadcast, broadcast.domain, finished, first, actor=actor)
    return [(each.text, each.parts) for each in tracked]


def _put(broadcast: Broadcast, written: Sequence[_Written]) -> None:
    """Put answers into the queue that nobody put there meanwhile."""
    with transaction.atomic():
        numbers = [each.made.pk for each in written]
        locked = Answer.objects.select_for_update().filter(pk__in=numbers, message=None, refused="")
        waiting = locked.in_bulk()
        fresh = [each for each in written if each.made.pk in waiting]
        messages = Message.objects.bulk_create(_message(broadcast, each) for each in fresh)
        for each, message in zip(fresh, messages, strict=True):
            waiting[each.made.pk].message = message
            if message.place is not None:
                note_place(message)
        Answer.objects.bulk_update(waiting.values(), ["message"])


def _message(broadcast: Broadcast, written: _Written) -> Message:
    return Message(
        broadcast=broadcast,
        position=written.position,
        workspace=broadcast.workspace,
        contact=written.made.thread.contact,
        phone=written.made.thread.phone,
        state=MessageState.PENDING,
        text=written.text,
        parts=written.parts,
        only_counted=written.only_counted,
        place=written.place,
    )


def broadcast_of(thread: Thread, kind: BroadcastKind, actor: str) -> Broadcast:
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


def _refuse(made: Answer, why: str) -> None:
    Answer.objects.filter(pk=made.pk, message=None).update(refused=why[:40])
