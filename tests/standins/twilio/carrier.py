"""What becomes of a text once it was taken, step by step, and when each receipt is posted.

Without a Messaging Service a message begins as `queued`, with one as `accepted`; no receipt is
posted for that first status, one for each after it. Receipts come in no promised order.
Sources: twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks,
twilio.com/docs/messaging/guides/track-outbound-message-status
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.standins.twilio.faults import Faults, MessageFault, befalls, draw, message_fault

DUPLICATE_AFTER_SECONDS = 0.2
REORDERED_AFTER_SECONDS = 0.3
FAILURES = {MessageFault.UNREACHABLE: 30003, MessageFault.BLOCKED: 30007}


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a text waits in Twilio's queue, and then until the phone has it: at most these
    seconds, drawn for each message."""

    queue_seconds: float = 0.2
    delivery_seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class Step:
    """A message gets `status` after some seconds. Its receipts are posted at `posts`, which are
    seconds as well."""

    after_seconds: float
    status: str
    error: int | None = None
    posts: tuple[float, ...] = ()


def steps_of(
    number: int, *, has_service: bool, validity_seconds: int, pace: Pace, faults: Faults
) -> list[Step]:
    """Return all that will become of the message of that number, in the order of the statuses."""
    ways = _ways(number, has_service, validity_seconds, pace, faults)
    posts = [_posts(number, step, faults) for step in ways]
    if len(ways) > 1 and befalls(faults, "reordered", number):
        # The word before the last comes after it.
        posts[-2] = (max(posts[-1]) + REORDERED_AFTER_SECONDS,)
    return [
        Step(step.after_seconds, step.status, step.error, at)
        for step, at in zip(ways, posts, strict=True)
    ]


def _ways(
    number: int, has_service: bool, validity_seconds: int, pace: Pace, faults: Faults
) -> list[Step]:
    fault = message_fault(faults, number)
    if fault == MessageFault.FORGOTTEN:
        return []
    queue = pace.queue_seconds * draw(faults.seed, "queue", number)
    first = [Step(queue / 2, "queued")] if has_service else []
    if fault == MessageFault.QUEUE_OVERFLOW:
        return [*first, Step(queue, "failed", 30001)]
    if queue > validity_seconds:
        return [*first, Step(validity_seconds, "failed", 30036)]
    end = queue + pace.delivery_seconds * draw(faults.seed, "delivery", number)
    error = FAILURES.get(fault) if fault else None
    last = Step(end, "undelivered", error) if error else Step(end, "delivered")
    return [*first, Step(queue, "sent"), last]


def _posts(number: int, step: Step, faults: Faults) -> tuple[float, ...]:
    at = step.after_seconds
    if befalls(faults, "late", number, step.status):
        at += faults.late_seconds
    if befalls(faults, "duplicated", number, step.status):
        return at, at + DUPLICATE_AFTER_SECONDS
    return (at,)
