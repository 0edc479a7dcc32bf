"""How a text that a provider took, and then dropped because its queue was full, is sent again.

Its receipt says that it surely did not leave (Twilio's 30001), so nobody gets it twice. The failed
try is written down: what is still said about it is no news of the message. The number rests for a
minute, a text is tried four times in all, and never after its validity.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable

from django.db.models import Count

from tapline.broadcasts.channels import channels_of
from tapline.broadcasts.models import (
    Broadcast,
    BroadcastState,
    FailedTry,
    Message,
    MessageState,
)
from tapline.broadcasts.pacing import rest
from tapline.providers.base import Act
from tapline.providers.registry import reasons_of

MOST_FAILED_TRIES = 3
REST = dt.timedelta(seconds=60)


def failed_before(provider_ids: Collection[str]) -> set[str]:
    """Return which of these ids are of failed tries."""
    found = FailedTry.objects.filter(provider_id__in=provider_ids)
    return set(found.values_list("provider_id", flat=True))


def try_again(messages: Iterable[Message], at: dt.datetime) -> None:
    """Send again those of some failed messages that it helps. Call it inside the transaction that
    fails them."""
    due = [each for each in messages if _helps(each, at)]
    if not due:
        return
    counted = FailedTry.objects.filter(message__in=due).values_list("message").annotate(Count("id"))
    tries: dict[int, int] = dict(counted)
    for message in due:
        if tries.get(message.pk, 0) < MOST_FAILED_TRIES:
            _wait_again(message, at)
    for broadcast in {each.broadcast for each in due}:
        _reopen(broadcast)
        for channel in channels_of(broadcast):
            rest(channel, at + REST)


def _helps(message: Message, at: dt.datetime) -> bool:
    reason = reasons_of(message.broadcast.provider).get(message.error_code)
    if reason is None or reason.act != Act.SEND_AGAIN or message.submitted_at is None:
        return False
    validity = dt.timedelta(seconds=message.broadcast.validity_seconds)
    return at < message.submitted_at + validity


def _wait_again(message: Message, at: dt.datetime) -> None:
    FailedTry.objects.create(
        message=message,
        provider_id=message.provider_id or "",
        error_code=message.error_code,
        at=at,
    )
    Message.objects.filter(pk=message.pk, state=MessageState.FAILED).update(
        state=MessageState.PENDING,
        provider_id=None,
        submitted_at=None,
        accepted_at=None,
        failed_at=None,
        cost=None,
        error_code="",
        error_text="",
    )


def _reopen(broadcast: Broadcast) -> None:
    """A broadcast whose texts had all left has something to send again."""
    Broadcast.objects.filter(pk=broadcast.pk, state=BroadcastState.SENT).update(
        state=BroadcastState.SENDING, finished_at=None
    )
