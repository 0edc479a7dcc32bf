"""How a broadcast moves between its states. Every change is one conditional, audited write.

draft, checked, scheduled → preparing → sending → sent; paused and cancelled on the way. Workers
look at the state in each of their own statements, so pausing and cancelling take effect within
one chunk.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from tapline.broadcasts.audience import freeze_audience
from tapline.broadcasts.checking import check
from tapline.broadcasts.models import Broadcast, BroadcastKind, BroadcastState
from tapline.broadcasts.reading import fingerprint as fingerprint_of
from tapline.errors import Conflict, TaplineError
from tapline.workspaces.audit import as_values, record

_WAITING = (BroadcastState.DRAFT, BroadcastState.CHECKED, BroadcastState.SCHEDULED)
# Each start counts its audience, which may take seconds.
STARTED_AT_ONCE = 10
_UNDER_WAY = (BroadcastState.PREPARING, BroadcastState.SENDING)


class ChangedMeanwhile(Conflict):
    """A broadcast is not any more what somebody read before confirming it."""


class NotReady(TaplineError):
    """A check found an error, so the broadcast is not sent."""


def start(broadcast: Broadcast, *, actor: str, fingerprint: str | None = None) -> Broadcast:
    """Send a broadcast: workers prepare it at once. Returns it as it now is.

    `fingerprint`: what somebody read before they confirmed (`reading.fingerprint`). Raises
    `NotReady` with the first error found, `Conflict` if it was started before, and
    `ChangedMeanwhile` if it is not what was read.
    """
    _refuse_errors(broadcast)
    return _move(
        broadcast,
        _WAITING,
        BroadcastState.PREPARING,
        actor=actor,
        action="broadcast.started",
        read=fingerprint,
        started_at=timezone.now(),
    )


def schedule(
    broadcast: Broadcast, at: dt.datetime, *, actor: str, fingerprint: str | None = None
) -> Broadcast:
    """Start a broadcast at an aware time; a past one means at once. Raises as `start` does."""
    _refuse_errors(broadcast)
    return _move(
        broadcast,
        _WAITING,
        BroadcastState.SCHEDULED,
        actor=actor,
        action="broadcast.scheduled",
        read=fingerprint,
        scheduled_at=at,
    )


def unschedule(broadcast: Broadcast, *, actor: str) -> Broadcast:
    """Make a scheduled broadcast a draft again. Raises `Conflict` if it is not scheduled any more:
    it has begun, then pausing and cancelling are what is left."""
    return _move(
        broadcast,
        (BroadcastState.SCHEDULED,),
        BroadcastState.DRAFT,
        actor=actor,
        action="broadcast.unscheduled",
        scheduled_at=None,
    )


def pause(broadcast: Broadcast, *, actor: str, reason: str = "") -> Broadcast:
    """Stop after the chunk that is being handed over. Raises `Conflict` if it is not under way."""
    return _move(
        broadcast,
        _UNDER_WAY,
        BroadcastState.PAUSED,
        actor=actor,
        action="broadcast.paused",
        pause_reason=reason,
    )


def resume(broadcast: Broadcast, *, actor: str) -> Broadcast:
    """Go on where a paused broadcast stopped. Raises `Conflict` if it is not paused."""
    return _move(
        broadcast,
        (BroadcastState.PAUSED,),
        None,
        actor=actor,
        action="broadcast.resumed",
        pause_reason="",
    )


def cancel(broadcast: Broadcast, *, actor: str) -> Broadcast:
    """End a broadcast: what has not left never will. Raises `Conflict` if it is over."""
    return _move(
        broadcast,
        (*_WAITING, *_UNDER_WAY, BroadcastState.PAUSED),
        BroadcastState.CANCELLED,
        actor=actor,
        action="broadcast.cancelled",
        finished_at=timezone.now(),
    )


def start_due(now: dt.datetime) -> int:
    """Start the scheduled broadcasts whose time has come; return how many.

    One that has an error by now becomes a draft again, with the reason in the audit.
    """
    due = Broadcast.objects.filter(state=BroadcastState.SCHEDULED, scheduled_at__lte=now)
    waiting = list(due.order_by("scheduled_at")[:STARTED_AT_ONCE])
    for broadcast in waiting:
        try:
            start(broadcast, actor="worker")
        except NotReady as error:
            _move(
                broadcast,
                (BroadcastState.SCHEDULED,),
                BroadcastState.DRAFT,
                actor="worker",
                action="broadcast.not_ready",
                pause_reason=str(error)[:255],
            )
        except Conflict:
            continue  # Another worker was faster, or somebody changed it just now.
    return len(waiting)


def _refuse_errors(broadcast: Broadcast) -> None:
    for finding in check(broadcast):
        if finding.level == "error":
            raise NotReady(finding.what, why=finding.why, do=finding.do)


def _move(
    broadcast: Broadcast,
    allowed: Sequence[str],
    target: str | None,
    *,
    actor: str,
    action: str,
    read: str | None = None,
    **changes: Any,
) -> Broadcast:
    """Move a broadcast from one of `allowed` to `target` (None: where it was before its pause)."""
    with transaction.atomic():
        fresh = Broadcast.objects.select_for_update().get(pk=broadcast.pk)
        if fresh.state not in allowed or fresh.kind != BroadcastKind.COMPOSED:
            raise Conflict(
                f"«{fresh.name}» is {fresh.state}.",
                why=f"This is possible only while it is {', '.join(allowed)}.",
                do="Look at it again: somebody or a worker may have moved it on.",
            )
        if read is not None and read != fingerprint_of(fresh):
            raise ChangedMeanwhile(
                f"«{fresh.name}» was changed after you read what will happen.",
                why="What would go out now is not what you confirmed.",
                do="Read it again, and confirm that.",
            )
        before = fresh.state
        if target == BroadcastState.PREPARING:
            changes["audience"] = freeze_audience(fresh.workspace, fresh.audience)
        if target == BroadcastState.PAUSED:
            fresh.state_before_pause = before
        fresh.state = target or fresh.state_before_pause
        for field, value in changes.items():
            setattr(fresh, field, value)
        fresh.save(update_fields=["state", "state_before_pause", *changes])
        told = {"state": fresh.state} | as_values(changes)
        record(fresh.workspace, actor, action, fresh, before={"state": before}, after=told)
    return fresh
