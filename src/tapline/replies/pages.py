"""The pages of conversations: the list of them, what waits for a decision, and one conversation.

Looking changes nothing: that something was read is posted, by the page itself where scripts run.
"""

from __future__ import annotations

import secrets
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect

from tapline.contacts.marks import Mark, read_mark
from tapline.contacts.models import Contact, Purpose
from tapline.digits import whole_number
from tapline.errors import TaplineError
from tapline.replies.answering import answer, can_get_texts, may_be_answered
from tapline.replies.conversation import read_conversation
from tapline.replies.handling import assign, assignable, close, mark_read, reopen
from tapline.replies.heeding import decide, opt_out_thread
from tapline.replies.models import Reply, Thread, ThreadState
from tapline.replies.threads import (
    LISTS,
    PER_PAGE,
    hashes_out,
    page_of_threads,
    rows_of,
    search_threads,
    undecided,
)
from tapline.replies.writing import count
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need

LIST_SECONDS, CONVERSATION_SECONDS = 5, 3


@inside(Need.PEOPLE, "GET", "HEAD", "POST")
def list_threads(visit: Visit, list_name: str = "open") -> HttpResponse:
    """Show one list of conversations, or those that a posted search finds."""
    return visit.render("replies/list.html", _list_context(visit, list_name))


@inside(Need.PEOPLE)
def list_live(visit: Visit, list_name: str) -> HttpResponse:
    """Show, as a fragment, the newest of one list."""
    return visit.render("replies/_list.html", _list_context(visit, list_name))


@inside(Need.PEOPLE)
def list_undecided(visit: Visit) -> HttpResponse:
    """Show what may mean STOP, the most urgent first."""
    found = undecided(visit.workspace)[:PER_PAGE]
    context = {"room": "replies", "list_name": "decisions", "doubts": found}
    return visit.render("replies/decisions.html", context)


@inside(Need.PEOPLE)
def show(visit: Visit, thread_id: int) -> HttpResponse:
    """Show one conversation, its newest page unless an earlier one is asked for."""
    return _show(visit, _find(visit, thread_id))


@inside(Need.PEOPLE)
def show_live(visit: Visit, thread_id: int) -> HttpResponse:
    """Show, as a fragment, the newest page of a conversation and how it stands."""
    return _fragment(visit, thread_id)


@inside(Need.EDIT, "POST")
def write(visit: Visit, thread_id: int) -> HttpResponse:
    """Send an answer, and be done with the conversation where that was asked for."""
    thread = _find(visit, thread_id)
    text = visit.form("text").replace("\r\n", "\n")
    try:
        answer(thread, text, actor=visit.actor, once=visit.form("once")[:40] or None)
    except TaplineError as error:
        return _show(visit, thread, error=error, text=text, once=visit.form("once"), status=422)
    if visit.form("then") == "done":
        close(thread, actor=visit.actor)
    return _back(visit, thread)


@inside(Need.EDIT, "POST")
def show_parts(visit: Visit, thread_id: int) -> HttpResponse:
    """Show, as a fragment, what the answer that is being written will cost."""
    thread = _find(visit, thread_id)
    text = visit.form("text").replace("\r\n", "\n")
    parts = count(thread.workspace, text) if text else None
    return visit.render("replies/_parts.html", {"parts": parts})


@inside(Need.EDIT, "POST")
def read(visit: Visit, thread_id: int) -> HttpResponse:
    """Count as seen what the page showed; the page posts it by itself where scripts run."""
    thread = _find(visit, thread_id)
    mark_read(thread, whole_number(visit.form("up_to")) or 0)
    if visit.wants_fragment:
        return _fragment(visit, thread_id)
    return _back(visit, thread)


@inside(Need.EDIT, "POST")
def give(visit: Visit, thread_id: int) -> HttpResponse:
    """Say whose a conversation is to answer."""
    thread = _find(visit, thread_id)
    wanted = visit.form("user")
    user = next((each for each in assignable(visit.workspace) if str(each.pk) == wanted), None)
    assign(thread, user, actor=visit.actor)
    return _back(visit, thread)


@inside(Need.EDIT, "POST")
def finish(visit: Visit, thread_id: int) -> HttpResponse:
    """Be done with a conversation."""
    close(_find(visit, thread_id), actor=visit.actor)
    return redirect("replies:list", visit.workspace.pk)


@inside(Need.EDIT, "POST")
def open_again(visit: Visit, thread_id: int) -> HttpResponse:
    """Have a conversation among the open ones again."""
    thread = _find(visit, thread_id)
    reopen(thread, actor=visit.actor)
    return _back(visit, thread)


@inside(Need.EDIT, "POST")
def stop(visit: Visit, thread_id: int) -> HttpResponse:
    """Opt a conversation's person out, as they asked somebody to."""
    thread = _find(visit, thread_id)
    opt_out_thread(thread, actor=visit.actor)
    return _back(visit, thread)


@inside(Need.EDIT, "POST")
def settle(visit: Visit, reply_id: int) -> HttpResponse:
    """Say whether a doubtful text was a wish to be left alone."""
    reply = get_object_or_404(Reply, pk=reply_id, workspace=visit.workspace)
    decide(reply, is_wish=visit.form("is_wish") == "yes", actor=visit.actor)
    if visit.form("back") == "decisions" or reply.thread is None:
        return redirect("replies:decisions", visit.workspace.pk)
    return _back(visit, reply.thread)


def _find(visit: Visit, thread_id: int) -> Thread:
    known = Thread.objects.select_related("workspace", "contact", "assigned_to")
    return get_object_or_404(known, pk=thread_id, workspace=visit.workspace)


def _fragment(visit: Visit, thread_id: int) -> HttpResponse:
    context = _thread_context(visit, _find(visit, thread_id), None)
    return visit.render("replies/_thread.html", context)


def _back(visit: Visit, thread: Thread) -> HttpResponse:
    return redirect("replies:show", visit.workspace.pk, thread.pk)


def _list_context(visit: Visit, list_name: str) -> dict[str, Any]:
    search = visit.form("search")
    before = read_mark(visit.request.GET.get("before", ""))
    following: Mark | None = None
    if search:
        threads = search_threads(visit.workspace, search)
    else:
        wanted = LISTS[list_name](visit.workspace, visit.user)
        threads, following = page_of_threads(wanted, before)
    return {
        "room": "replies",
        "list_name": "" if search else list_name,
        "rows": rows_of(visit.workspace, threads),
        "search": search,
        "following": following,
        "is_first_page": before is None and not search,
        "seconds": LIST_SECONDS,
    }


def _show(visit: Visit, thread: Thread, status: int = 200, **more: Any) -> HttpResponse:
    before = read_mark(visit.request.GET.get("before", ""))
    context = _thread_context(visit, thread, before)
    context |= {
        "room": "replies",
        "seconds": CONVERSATION_SECONDS,
        # A second press of the button is the same answer, not another one.
        "once": secrets.token_hex(16),
        "users": assignable(visit.workspace) if visit.access.edits else [],
        **more,
    }
    return visit.render("replies/thread.html", context, status=status)


def _thread_context(visit: Visit, thread: Thread, before: Mark | None) -> dict[str, Any]:
    return {
        "thread": thread,
        "is_done": thread.state == ThreadState.DONE,
        "conversation": read_conversation(thread, before),
        "is_newest_page": before is None,
        "is_out": bool(hashes_out(visit.workspace, [thread.phone_hash])),
        "takes_texts": can_get_texts(thread.phone),
        "may_be_answered": may_be_answered(thread),
        "purposes": _purposes(visit, thread),
    }


def _purposes(visit: Visit, thread: Thread) -> list[tuple[str, bool]]:
    """Return for each kind of text whether the person may get it now."""
    own = Contact.objects.in_workspace(visit.workspace).filter(pk=thread.contact_id or 0)
    return [(str(words), own.textable(purpose).exists()) for purpose, words in Purpose.choices]
