"""What members do with a conversation: read it, take it on, be done with it."""

from __future__ import annotations

from django.db import transaction

from tapline.errors import TaplineError
from tapline.replies.models import Reply, Thread, ThreadState
from tapline.workspaces.access import Need
from tapline.workspaces.audit import record
from tapline.workspaces.members import people_with
from tapline.workspaces.models import User, Workspace


class BadAssignee(TaplineError):
    """A conversation cannot be given to somebody who may not answer it."""


def assignable(workspace: Workspace) -> list[User]:
    """Return who may answer in `workspace`, by address."""
    return people_with(workspace, Need.EDIT)


def assign(thread: Thread, user: User | None, *, actor: str) -> None:
    """Say whose a conversation is to answer; None: nobody's. Raises `BadAssignee`."""
    if user is not None and user not in assignable(thread.workspace):
        raise BadAssignee(
            "This conversation cannot be assigned to them.",
            why="Answering needs the role of a sender in this workspace.",
            do="Choose somebody who may answer, or give them that role in the settings.",
        )
    _change(thread, "thread.assigned", actor=actor, assigned_to_id=user.pk if user else None)


def close(thread: Thread, *, actor: str) -> None:
    """Be done with a conversation, until its person writes again: nothing in it is unread."""
    _change(thread, "thread.done", actor=actor, state=ThreadState.DONE, unread=0)


def reopen(thread: Thread, *, actor: str) -> None:
    """Have a conversation among the open ones again."""
    _change(thread, "thread.reopened", actor=actor, state=ThreadState.OPEN)


def mark_read(thread: Thread, up_to: int) -> None:
    """Count as seen what people wrote up to the reply `up_to`; what came since stays unread."""
    with transaction.atomic():
        newer = Reply.objects.filter(thread=thread, pk__gt=up_to, is_opt_out=False).count()
        Thread.objects.filter(pk=thread.pk, unread__gt=newer).update(unread=newer)


def _change(thread: Thread, action: str, *, actor: str, **values: object) -> None:
    before = {name: getattr(thread, name) for name in values}
    if before == values:
        return
    with transaction.atomic():
        Thread.objects.filter(pk=thread.pk).update(**values)
        record(thread.workspace, actor, action, thread, before=before, after=values)
    for name, value in values.items():
        setattr(thread, name, value)
