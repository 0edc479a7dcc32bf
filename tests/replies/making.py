"""What tests of conversations start from: somebody who writes, and a worker that answers."""

from __future__ import annotations

import datetime as dt
import itertools

from django.utils import timezone

from tapline.broadcasts.models import Message
from tapline.providers.base import InboundText, Outgoing
from tapline.replies.models import Reply
from tapline.replies.queueing import queue_waiting
from tapline.replies.taking import take_inbound
from tests.broadcasts.making import Clock, StandIn, make_sender, phone

OUR_NUMBER = "+12125550190"
_ids = itertools.count()


def inbound(
    text: str, number: int = 0, to: str = OUR_NUMBER, at: dt.datetime | None = None
) -> InboundText:
    """Return a text of one of the people of `tests.broadcasts.making`, unlike any before."""
    return InboundText(
        provider_id=f"in-{next(_ids)}",
        sender=phone(number),
        to=to,
        text=text,
        received_at=at or timezone.now(),
    )


def write(text: str, number: int = 0, to: str = OUR_NUMBER, at: dt.datetime | None = None) -> Reply:
    """Let somebody write to us, and return what is kept of it."""
    reply = take_inbound(inbound(text, number, to, at))
    assert reply is not None
    return reply


def send_answers(clock: Clock | None = None) -> list[Outgoing]:
    """Let the worker queue and send what waits; return what reached the provider."""
    provider = StandIn()
    queue_waiting()
    make_sender(provider, clock).send_next()
    return provider.taken


def states() -> list[str]:
    return list(Message.objects.order_by("id").values_list("state", flat=True))
