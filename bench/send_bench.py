"""How many messages a second leave through a provider that accepts at once.

Rendering, codes, parts and all bookkeeping are counted; the provider is a function.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence

from bench.audience import fresh_instance, make_audience, peak_mb, prepare_fully, start_broadcast
from bench.figures import Figure, at_least, seen
from tapline.providers.base import Accepted, Answer, Asked, Found, Outgoing

CONTACTS = int(os.environ.get("BENCH_CONTACTS", "200000"))
MESSAGES_PER_SECOND = 3000


class AtOnce:
    """A provider that takes every text at once."""

    name = "at-once"
    look_up_is_authoritative = True
    settled_after_seconds = 25.0

    def send(self, batch: Sequence[Outgoing]) -> Sequence[Answer]:
        return [Accepted(reference=text.reference, provider_id=text.reference) for text in batch]

    def look_up(self, asked: Sequence[Asked]) -> Mapping[str, Found]:
        return {}

    def close(self) -> None: ...


def run() -> list[Figure]:
    """Send a prepared broadcast to its end, in one thread as the worker does."""
    with fresh_instance():
        from tapline.broadcasts.models import Message
        from tapline.broadcasts.sending import Sender

        broadcast = start_broadcast(make_audience(CONTACTS))
        prepare_fully(broadcast)
        provider = AtOnce()
        sender = Sender(find_provider=lambda name: provider)
        before_mb = peak_mb()
        begun = time.perf_counter()
        while sender.send_next():
            pass
        seconds = time.perf_counter() - begun
        accepted = Message.objects.filter(broadcast=broadcast, state="accepted").count()
        assert accepted == CONTACTS, accepted
        return [
            at_least("messages sent", CONTACTS / seconds, "messages/s", MESSAGES_PER_SECOND),
            seen("memory added at the peak", peak_mb() - before_mb, "MB"),
        ]
