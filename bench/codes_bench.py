"""How fast serials become codes and back, in bulk (numpy) and one by one (the edge's hot path)."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from bench.figures import Figure, at_least, at_most, seen
from tapline.codes.ff1 import CodeCipher

MANY = 1_000_000
SINGLE = 20_000
REPEATS = 5


def run() -> list[Figure]:
    """Measure length 8, the default, and length 11, whose rounds need more arithmetic."""
    eight, eleven = (CodeCipher(bytes(range(16)), length) for length in (8, 11))
    serials = np.arange(MANY)
    singles = [code.decode() for code in eight.encode_many(serials[:SINGLE]).tolist()]
    codes, long_codes = eight.encode_many(serials), eleven.encode_many(serials)
    return [
        at_least("encode, bulk", _per_second(lambda: eight.encode_many(serials)), "codes/s", 3e6),
        at_least("decode, bulk", _per_second(lambda: eight.decode_many(codes)), "codes/s", 3e6),
        seen(
            "encode, bulk, 11 letters", _per_second(lambda: eleven.encode_many(serials)), "codes/s"
        ),
        seen(
            "decode, bulk, 11 letters",
            _per_second(lambda: eleven.decode_many(long_codes)),
            "codes/s",
        ),
        seen(
            "encode, single", _microseconds(lambda: [eight.encode(n) for n in range(SINGLE)]), "µs"
        ),
        at_most(
            "decode, single", _microseconds(lambda: [eight.decode(c) for c in singles]), "µs", 5
        ),
    ]


def _per_second(work: Callable[[], object]) -> float:
    return MANY / _best_seconds(work)


def _microseconds(work: Callable[[], object]) -> float:
    return _best_seconds(work) / SINGLE * 1e6


def _best_seconds(work: Callable[[], object]) -> float:
    """Return the CPU seconds of the best run: what one core does, also on a busy machine."""
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)
