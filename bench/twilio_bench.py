"""What 5 % time-outs, 5 % 429, doubled receipts and kills do to 100,000 texts through Twilio."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from tests.providers.enduring import Afterwards, endure

from bench.figures import Figure, at_least, at_most, percentile, seen

MESSAGES = int(os.environ.get("BENCH_MESSAGES", "100000"))


def run() -> list[Figure]:
    """Send through a stand-in for Twilio that misbehaves; worker and web are killed twice."""
    with tempfile.TemporaryDirectory(prefix="tapline-bench-twilio-") as folder:
        left = endure(Path(folder), messages=MESSAGES, stops=40, seconds=3_600)
    after_stop = sum(len(each.got) for each in left.stopped)
    return [
        at_least("messages accounted for", _accounted(left), "messages", MESSAGES),
        at_most("messages sent twice", len(left.sent_twice), "messages", 0),
        at_most("messages without an answer", left.unsettled, "messages", 0),
        at_most("ends that we were not told", left.untold, "messages", 0),
        at_most("texts after STOP had been taken", after_stop, "texts", 0),
        seen("time-outs after acceptance", left.faults["time_out_after_acceptance"], "requests"),
        seen("429", left.faults["too_many_requests"], "requests"),
        seen("kill -9 of worker and web", len(left.killed), "kills"),
        seen("messages sent", MESSAGES / left.seconds, "messages/s"),
        seen("webhooks taken", sum(left.hooks.values()) / left.seconds, "webhooks/s"),
        seen("answer to a webhook, p99", percentile(left.hook_seconds, 0.99) * 1000, "ms"),
    ]


def _accounted(left: Afterwards) -> int:
    """Return how many messages stand the same on both sides."""
    return sum(left.states.values()) - left.unknown_here - left.unknown_there
