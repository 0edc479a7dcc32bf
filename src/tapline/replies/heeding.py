"""What becomes of a wish: an opt-out, one that somebody must read, help, or being back.

Called inside the transaction that stores the reply, so that an opt-out is in force once it is kept.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from django.db import transaction
from django.utils import timezone

from tapline.broadcasts.models import MessageState
from tapline.contacts.consent import (
    is_suppressed,
    opt_out,
    opt_out_many,
    suppressed_among,
    undo_opt_out,
)
from tapline.errors import Conflict
from tapline.replies.answering import ToSay, answer_by_themselves
from tapline.replies.automatic import automatic_text, opt_out_scope
from tapline.replies.clock import due_at
from tapline.replies.models import Answer, AnswerKind, Reply, Thread
from tapline.replies.queueing import CONFIRMED_WITHIN
from tapline.texts.wishes import NOTHING, Verdict, Wish, is_yes
from tapline.workspaces.audit import record
from tapline.workspaces.models import Workspace

# The reason of opt-outs that the person gave themselves: what they said they may take back.
BY_REPLY = "reply"
# A reply and what it was read to ask for.
Asked = tuple[Reply, Wish]

_ARRIVED = (MessageState.ACCEPTED, MessageState.DELIVERED)


def heed(asked: Sequence[Asked]) -> list[bool]:
    """Act on what replies ask for; say of each whether that was all: features do not hear of those
    who want to be left alone, or help. Being back may mean something to them too."""
    clear = [each for each in asked if each[1].verdict == Verdict.CLEAR and each[0].phone]
    _stop(clear, {reply.phone: reply.received_at for reply, _ in clear}, by=BY_REPLY)
    _say(AnswerKind.HELP, [each for each in asked if each[1].verdict == Verdict.HELP])
    for reply, wish in asked:
        _heed(reply, wish)
    return [wish.verdict in (Verdict.CLEAR, Verdict.UNCLEAR, Verdict.HELP) for _, wish in asked]


def _heed(reply: Reply, wish: Wish) -> None:
    match wish.verdict:
        case Verdict.UNCLEAR if not is_suppressed(reply.phone, reply.workspace):
            Reply.objects.filter(pk=reply.pk).update(decide_by=due_at(reply.received_at))
        case Verdict.START:
            _come_back(reply, wish)
        case Verdict.NONE if is_yes(reply.text) and _was_just_confirmed(reply):
            _come_back(reply, wish)


def _stop(asked: Sequence[Asked], at: Mapping[str, dt.datetime], *, by: str) -> None:
    """Opt the senders of replies out from when each said so, and confirm it while that is in time,
    if they had not before."""
    by_workspace: dict[Workspace, list[Asked]] = {}
    for each in asked:
        by_workspace.setdefault(each[0].workspace, []).append(each)
    for workspace, some in by_workspace.items():
        scope = opt_out_scope(workspace)
        said = {reply.phone: at[reply.phone] for reply, _ in some}
        were_out = suppressed_among(said, scope)
        opt_out_many(said, scope=scope, reason=BY_REPLY, by=by)
        now = timezone.now()
        _say(
            AnswerKind.CONFIRMATION,
            [
                (reply, wish)
                for reply, wish in some
                if reply.phone not in were_out and now < reply.received_at + CONFIRMED_WITHIN
            ],
        )


def decide(reply: Reply, *, is_wish: bool, actor: str) -> None:
    """Say whether a doubtful text was a wish to be left alone; a yes is honoured at once.

    Raises `Conflict` where somebody decided before.
    """
    with transaction.atomic():
        fresh = Reply.objects.select_for_update().select_related("workspace").get(pk=reply.pk)
        if fresh.decide_by is None or fresh.decided_at is not None:
            raise Conflict(
                "This text does not wait for a decision.",
                why="Somebody decided before, or nothing about it was in doubt.",
                do="Look at the conversation again.",
            )
        fresh.decided_at, fresh.decided_by = timezone.now(), actor
        fresh.is_opt_out = is_wish
        fresh.save(update_fields=["decided_at", "decided_by", "is_opt_out"])
        if is_wish:
            _stop([(fresh, NOTHING)], {fresh.phone: fresh.decided_at}, by=actor)
        record(fresh.workspace, actor, "reply.decided", fresh, after={"is_opt_out": is_wish})


def opt_out_thread(thread: Thread, *, actor: str) -> None:
    """Opt a conversation's person out, as they asked somebody to; what is in doubt is decided."""
    with transaction.atomic():
        scope = opt_out_scope(thread.workspace)
        opt_out(thread.phone, scope=scope, reason=BY_REPLY, at=timezone.now(), by=actor)
        doubtful = Reply.objects.filter(thread=thread, decided_at=None, decide_by__isnull=False)
        doubtful.update(decided_at=timezone.now(), decided_by=actor, is_opt_out=True)
        record(thread.workspace, actor, "thread.opted_out", thread)


def _come_back(reply: Reply, wish: Wish) -> None:
    """Take back the opt-out that a reply's sender gave, if there is one.

    What they had agreed to before they agree to again, with the words of our confirmation, which
    told them how: without those words nothing is recorded but that they asked.
    """
    confirmed = _last_confirmation(reply)
    renewed = undo_opt_out(
        reply.phone,
        workspace=reply.workspace,
        reason=BY_REPLY,
        wording=confirmed.text if confirmed else "",
        evidence={"reply": reply.pk, "said": reply.text[:160]},
        at=reply.received_at,
        by=BY_REPLY,
    )
    if renewed:
        _say(AnswerKind.RETURN, [(reply, wish)])


def _last_confirmation(reply: Reply) -> Answer | None:
    """Return the newest confirmation that reached this person before they wrote."""
    sent = Answer.objects.filter(
        thread=reply.thread, kind=AnswerKind.CONFIRMATION, message__state__in=_ARRIVED
    )
    return sent.filter(made_at__lte=reply.received_at).order_by("-pk").first()


def _was_just_confirmed(reply: Reply) -> bool:
    """Say whether the last thing that we wrote to this person confirmed their opt-out."""
    if not is_suppressed(reply.phone, reply.workspace):
        return False
    last = Answer.objects.filter(thread=reply.thread, message__isnull=False).order_by("-pk").first()
    return last is not None and last.kind == AnswerKind.CONFIRMATION


def _say(kind: AnswerKind, asked: Sequence[Asked]) -> None:
    """Answer replies in our own words, in the language of whoever wrote."""
    words: dict[tuple[int, str], str] = {}
    for reply, wish in asked:
        key = (reply.workspace_id, wish.language)
        if key not in words:
            words[key] = automatic_text(reply.workspace, kind, wish.language)
    answer_by_themselves(
        [ToSay(reply, kind, words[reply.workspace_id, wish.language]) for reply, wish in asked]
    )
