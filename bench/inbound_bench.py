"""How fast 50,000 inbound texts are taken at 500 a second through Twilio, and answered.

The whole instance, the stand-in for Twilio and everything that it posts share this machine.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from tests.providers.flooding import flood

from bench.figures import Figure, at_most, percentile, seen

TEXTS = int(os.environ.get("BENCH_TEXTS", "50000"))
PER_SECOND = float(os.environ.get("BENCH_PER_SECOND", "500"))


def run() -> list[Figure]:
    """Let people write; a tenth of the posts come twice, a tenth of the texts are answered."""
    with tempfile.TemporaryDirectory(prefix="tapline-bench-inbound-") as folder:
        left = flood(
            Path(folder), texts=TEXTS, per_second=PER_SECOND, seconds=TEXTS / PER_SECOND + 120
        )
    return [
        at_most("texts lost after they were taken", left.lost, "texts", 0),
        at_most("texts that could not be taken in time", left.written - left.stored, "texts", 0),
        at_most("texts stored twice", left.stored_twice, "texts", 0),
        at_most("answers that never came", left.without_answer, "answers", 0),
        at_most("a post's answer, p99", _ms(left.hook_seconds, 0.99), "ms", 1000),
        at_most("from writing to stored, p99", _ms(left.taken_seconds, 0.99), "ms", 1000),
        at_most("from writing to our answer, p99", _ms(left.answer_seconds, 0.99), "ms", 1000),
        seen("from writing to our answer, p50", _ms(left.answer_seconds, 0.5), "ms"),
        seen("posts answered otherwise than with 200", sum(left.refused.values()), "posts"),
        seen("texts written", PER_SECOND, "texts/s"),
    ]


def _ms(seconds: list[float], share: float) -> float:
    return percentile(seconds, share) * 1000
