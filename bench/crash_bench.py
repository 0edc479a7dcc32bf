"""What 50 kills of random processes lose or double, while a broadcast is sent and tapped."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.crashing import survive_kills

from bench.figures import Figure, at_most, seen


def run() -> list[Figure]:
    """Kill the processes of a whole instance; every figure but the last two must be 0."""
    with tempfile.TemporaryDirectory(prefix="tapline-bench-crash-") as folder:
        left = survive_kills(Path(folder))
    return [
        at_most("answered 302 without a row", len(left.lost), "taps", 0),
        at_most("rows that stand twice", len(left.doubled), "taps", 0),
        at_most("messages sent twice", len(left.accepted_twice), "messages", 0),
        seen("kills", sum(left.killed.values()), "kills"),
        seen("taps answered meanwhile", len(left.answered), "taps"),
    ]
