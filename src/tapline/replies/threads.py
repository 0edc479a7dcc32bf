"""Which conversations a workspace has: those that want something, whose they are, found by name.

Each list is read in its own order from an index (`models.Thread`), a page at a time, so that it
is as fast with a hundred thousand of them.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from tapline.contacts.marks import Mark
from tapline.contacts.models import Suppression
from tapline.contacts.searching import named
from tapline.replies.clock import ALARM_BEFORE
from tapline.replies.models import Answer, AnswerKind, Reply, Thread, ThreadState
from tapline.workspaces.models import User, Workspace

PER_PAGE = 50
# Beyond this many the navigation says «99+»: nobody needs the exact number, and counting costs.
COUNTED_TO = 100
SHORTEST_NUMBER_END = 3

_DECORATION = re.compile(r"[\s()+./-]")


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a workspace's conversations wait for, each counted up to `COUNTED_TO`."""

    unread: int
    decisions: int
    is_urgent: bool  # the clock of one decision has run down to its last days


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One conversation as a list shows it."""

    thread: Thread
    last: Reply | Answer | None
    is_out: bool
    waits_for_decision: bool

    @property
    def by_us(self) -> bool:
        return isinstance(self.last, Answer)


def open_threads(workspace: Workspace, user: User | None = None) -> QuerySet[Thread]:
    """Return conversations in which somebody may have to answer."""
    return Thread.objects.filter(workspace=workspace, state=ThreadState.OPEN)


def unread_threads(workspace: Workspace, user: User | None = None) -> QuerySet[Thread]:
    """Return conversations with texts that nobody has seen."""
    return Thread.objects.filter(workspace=workspace, unread__gt=0)


def my_threads(workspace: Workspace, user: User | None = None) -> QuerySet[Thread]:
    """Return the open conversations that are `user`'s to answer."""
    return open_threads(workspace).filter(assigned_to=user) if user else Thread.objects.none()


def assigned_threads(workspace: Workspace, user: User | None = None) -> QuerySet[Thread]:
    """Return the open conversations that are somebody's to answer."""
    return open_threads(workspace).filter(assigned_to__isnull=False)


def done_threads(workspace: Workspace, user: User | None = None) -> QuerySet[Thread]:
    """Return conversations in which nobody has to answer."""
    return Thread.objects.filter(workspace=workspace, state=ThreadState.DONE)


# Every list by its name in addresses and in the API.
LISTS = {
    "open": open_threads,
    "unread": unread_threads,
    "mine": my_threads,
    "assigned": assigned_threads,
    "done": done_threads,
}


def page_of_threads(
    threads: QuerySet[Thread], before: Mark | None = None, limit: int = PER_PAGE
) -> tuple[list[Thread], Mark | None]:
    """Return the newest of `threads` below `before`, and where the next page begins."""
    if before is not None:
        threads = threads.filter(last_at__lte=before.at).exclude(
            last_at=before.at, pk__lte=before.pk
        )
    wanted = threads.select_related("contact", "assigned_to").order_by("-last_at", "pk")
    found = list(wanted[: limit + 1])
    shown = found[:limit]
    more = len(found) > limit
    return shown, Mark(at=shown[-1].last_at, pk=shown[-1].pk) if more else None


def search_threads(workspace: Workspace, words: str) -> list[Thread]:
    """Return the newest conversations whose number ends like this, or whose person is called so."""
    digits = _DECORATION.sub("", words)
    if digits.isascii() and digits.isdigit():
        # A number as its country writes it begins with a zero that E.164 has not.
        end = digits.lstrip("0") or digits
        condition = Q(phone__endswith=end) if len(digits) >= SHORTEST_NUMBER_END else Q(pk=None)
    else:
        condition = named(words, "contact__")
    threads = Thread.objects.filter(condition, workspace=workspace)
    return page_of_threads(threads)[0]


def undecided(workspace: Workspace) -> QuerySet[Reply]:
    """Return the texts that may mean STOP and wait for somebody's word, the most urgent first."""
    return (
        Reply.objects.filter(workspace=workspace, decide_by__isnull=False, decided_at=None)
        .select_related("thread__contact")
        .order_by("decide_by", "pk")
    )


def count_waiting(workspace: Workspace) -> Waiting:
    """Return what waits in a workspace; cheap enough for every page."""
    doubts = undecided(workspace).select_related(None).values_list("decide_by", flat=True)
    due = list(doubts[:COUNTED_TO])
    return Waiting(
        unread=unread_threads(workspace)[:COUNTED_TO].count(),
        decisions=len(due),
        is_urgent=bool(due) and is_urgent(due[0], timezone.now()),
    )


def is_urgent(decide_by: dt.datetime | None, now: dt.datetime) -> bool:
    """Say whether little time is left to decide."""
    return decide_by is not None and decide_by - now < ALARM_BEFORE


def rows_of(workspace: Workspace, threads: Sequence[Thread]) -> list[Row]:
    """Return threads as a list shows them, with what was written last, in a few queries."""
    ids = [thread.pk for thread in threads]
    replies, answers = _newest_replies(ids), _newest_answers(ids)
    out = hashes_out(workspace, [thread.phone_hash for thread in threads])
    doubtful = set(undecided(workspace).filter(thread__in=ids).values_list("thread_id", flat=True))
    return [
        Row(
            thread=thread,
            last=_later(replies.get(thread.pk), answers.get(thread.pk)),
            is_out=thread.phone_hash in out,
            waits_for_decision=thread.pk in doubtful,
        )
        for thread in threads
    ]


def hashes_out(workspace: Workspace, hashes: Sequence[str]) -> set[str]:
    """Return those of the numbers' hashes that opted out of all texts of `workspace`."""
    stops = Suppression.objects.filter(
        scope__in=workspace.ancestor_ids, phone_hash__in=hashes, purpose="", lifted_at=None
    )
    return set(stops.values_list("phone_hash", flat=True))


def _newest_replies(ids: Sequence[int]) -> dict[int, Reply]:
    newest = Reply.objects.filter(thread=OuterRef("pk")).order_by("-received_at", "-pk")
    wanted = Thread.objects.filter(pk__in=ids).values_list(Subquery(newest.values("pk")[:1]))
    found = Reply.objects.filter(pk__in=[pk for (pk,) in wanted if pk])
    return {reply.thread_id: reply for reply in found if reply.thread_id}


def _newest_answers(ids: Sequence[int]) -> dict[int, Answer]:
    """Return what somebody of the workspace wrote last: what is said by itself is no news."""
    written = Answer.objects.filter(thread=OuterRef("pk"), kind=AnswerKind.WRITTEN)
    newest = written.order_by("-made_at", "-pk").values("pk")[:1]
    wanted = Thread.objects.filter(pk__in=ids).values_list(Subquery(newest))
    found = Answer.objects.filter(pk__in=[pk for (pk,) in wanted if pk])
    return {answer.thread_id: answer for answer in found}


def _later(reply: Reply | None, answer: Answer | None) -> Reply | Answer | None:
    if reply is None or answer is None:
        return reply or answer
    return answer if answer.made_at > reply.received_at else reply
