"""From which numbers a broadcast's texts leave, and which recipient has which of them.

A pool shares the load: each recipient has one of its numbers, found by arithmetic from both, so
nothing is stored per recipient and the same person always hears from the same number. A number
that joins takes over its share of people and moves nobody else (rendezvous hashing, weighted by
what each number may send).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

from tapline import config
from tapline.broadcasts.models import Broadcast
from tapline.providers.models import SenderNumber
from tapline.providers.registry import account_id_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One number (empty: the provider picks) and what may leave from it, in parts."""

    provider: str
    number: str
    sender: int | None = None  # the row of a sender number, where there is one
    parts_per_second: float = 0.0  # 0: no limit
    parts_per_day: int = 0
    day_zone: str = "UTC"

    @property
    def key(self) -> str:
        """What paces are kept by: two accounts may have the same empty number."""
        return self.number if self.sender is None else f"sender {self.sender}"


def channels_of(broadcast: Broadcast) -> list[Channel]:
    """Return the numbers that a broadcast may leave from; one unless it has a pool."""
    found = senders_of(broadcast)
    return [_listed(broadcast, each) for each in found] or [_unlisted(broadcast)]


def senders_of(broadcast: Broadcast) -> list[SenderNumber]:
    """Return the listed sender numbers that a broadcast leaves from, those of its pool or its one;
    none for the simulator, and where the number was retired."""
    account = account_id_of(broadcast.provider)
    if account is None:
        return []
    live = SenderNumber.objects.filter(account=account, retired_at=None).order_by("id")
    if broadcast.sender_pool_id is not None and (
        pooled := list(live.filter(pool=broadcast.sender_pool_id))
    ):
        return pooled
    return list(live.filter(number=broadcast.sender_number)[:1])


def parts_per_second(broadcast: Broadcast) -> float:
    """Return how many parts a second leave from a broadcast's numbers together; 0: no limit."""
    rates = [channel.parts_per_second for channel in channels_of(broadcast)]
    return 0.0 if 0.0 in rates else sum(rates)


def assign(phone: str, channels: Sequence[Channel]) -> Channel:
    """Return the number that a recipient hears from; always the same for the same channels."""
    if len(channels) == 1:
        return channels[0]
    return max(channels, key=lambda channel: _score(phone, channel))


def _score(phone: str, channel: Channel) -> float:
    """Return a channel's score for a phone; the highest wins, in proportion to the weights.

    -weight / ln(hash): Thaler and Ravishankar's highest random weight, in its weighted form.
    """
    digest = hashlib.blake2b(f"{channel.number}\x00{phone}".encode(), digest_size=8).digest()
    fraction = (int.from_bytes(digest) + 1) / (2**64 + 2)
    return -(channel.parts_per_second or 1.0) / math.log(fraction)


def _listed(broadcast: Broadcast, sender: SenderNumber) -> Channel:
    return Channel(
        provider=broadcast.provider,
        number=sender.number,
        sender=sender.pk,
        parts_per_second=sender.parts_per_second or config.current().sender_rate,
        parts_per_day=sender.parts_per_day,
        day_zone=sender.day_zone,
    )


def _unlisted(broadcast: Broadcast) -> Channel:
    return Channel(
        provider=broadcast.provider,
        number=broadcast.sender_number,
        parts_per_second=config.current().sender_rate,
    )
