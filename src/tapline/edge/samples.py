"""A small sample of requests that led nowhere, so that one can see what is asked for in vain.

Shared memory like the counters, one part per child: a ring of the latest requests for each reason.
It has one size, whatever comes in, is never on disk, and holds nobody's address: a network, and
texts cut short in which long numbers are hidden, since somebody may have typed a phone number.
"""

from __future__ import annotations

import mmap
import os
import re
import time
import zlib
from dataclasses import dataclass, field

import msgspec

from tapline.edge.counters import Counter

REASONS = (Counter.UNKNOWN, Counter.UNKNOWN_HOST, Counter.METHOD_NOT_ALLOWED)
KEPT_PER_REASON = 20
LONGEST_TEXT_BYTES = 96
# So many are taken a minute for one reason, from one network and in all: a flood from one network
# does not push the others out, and a flood from many costs no time.
MOST_PER_NETWORK, MOST_PER_MINUTE = 2, 60
# What is older is not shown: it would be kept for ever where little happens.
SHOWN_SECONDS = 7 * 86_400

_SLOT_BYTES = 512
_PART_BYTES = len(REASONS) * KEPT_PER_REASON * _SLOT_BYTES
_FRAME_BYTES = 6  # length and checksum: a slot may be read while it is written
_hide_numbers = re.compile(r"\d(?:[ ().+-]{0,2}\d){6,}").sub


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One request that led nowhere."""

    time_s: int  # since 1970, UTC
    reason: str
    method: str
    host: str
    path: str
    network: str
    agent: str


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Sample).decode


class Samples:
    """The shared table. The parent makes it with `create`, children open it by its descriptor."""

    def __init__(self, descriptor: int, children: int) -> None:
        self.descriptor = descriptor
        self._children = children
        self._bytes = memoryview(mmap.mmap(descriptor, children * _PART_BYTES))

    @classmethod
    def create(cls, children: int) -> Samples:
        descriptor = os.memfd_create("tapline-edge-samples")
        os.ftruncate(descriptor, children * _PART_BYTES)
        return cls(descriptor, children)

    def part(self, child: int) -> SampleTaker:
        """Return what one child writes into."""
        return SampleTaker(self._bytes[child * _PART_BYTES : (child + 1) * _PART_BYTES])

    def latest(self, now: float) -> list[Sample]:
        """Return all that is kept and not too old, newest first."""
        kept = (
            _read(self._bytes[at : at + _SLOT_BYTES])
            for at in range(0, self._children * _PART_BYTES, _SLOT_BYTES)
        )
        recent = (each for each in kept if each and now - each.time_s < SHOWN_SECONDS)
        return sorted(recent, key=lambda each: each.time_s, reverse=True)


@dataclass(slots=True)
class SampleTaker:
    """The writing side, for one child."""

    slots: memoryview
    _next: dict[Counter, int] = field(default_factory=lambda: dict.fromkeys(REASONS, 0))
    _taken: dict[tuple[Counter, str], int] = field(default_factory=dict)
    _left: dict[Counter, int] = field(
        default_factory=lambda: dict.fromkeys(REASONS, MOST_PER_MINUTE)
    )

    def take(
        self, reason: Counter, *, method: str, host: str, path: str, network: str, agent: str
    ) -> None:
        """Keep a request, unless enough of its kind were kept in this minute."""
        taken = self._taken.get((reason, network), 0)
        if self._left[reason] <= 0 or taken >= MOST_PER_NETWORK:
            return
        self._left[reason] -= 1
        self._taken[reason, network] = taken + 1
        sample = Sample(
            time_s=int(time.time()),
            reason=reason.name.lower(),
            method=method[:16],
            host=_short(host),
            path=_short(path),
            network=network,
            agent=_short(agent),
        )
        at = self._next[reason]
        self._next[reason] = (at + 1) % KEPT_PER_REASON
        slot = REASONS.index(reason) * KEPT_PER_REASON + at
        _write(self.slots[slot * _SLOT_BYTES : (slot + 1) * _SLOT_BYTES], _encode(sample))

    def begin_minute(self) -> None:
        self._taken.clear()
        self._left = dict.fromkeys(REASONS, MOST_PER_MINUTE)


def _short(text: str) -> str:
    """Return text in which long numbers are hidden, cut to what a slot has room for."""
    hidden = _hide_numbers("…", text[:1024])
    return hidden.encode("utf-8", "replace")[:LONGEST_TEXT_BYTES].decode("utf-8", "ignore")


def _write(slot: memoryview, data: bytes) -> None:
    frame = len(data).to_bytes(2, "big") + zlib.crc32(data).to_bytes(4, "big")
    slot[: _FRAME_BYTES + len(data)] = frame + data


def _read(slot: memoryview) -> Sample | None:
    copy = bytes(slot)
    data = copy[_FRAME_BYTES : _FRAME_BYTES + int.from_bytes(copy[:2], "big")]
    if not data or zlib.crc32(data) != int.from_bytes(copy[2:_FRAME_BYTES], "big"):
        return None
    return _decode(data)
