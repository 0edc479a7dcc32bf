"""A broadcast through Twilio at its worst, while processes are killed: all is accounted for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.providers.enduring import KILLED, endure

MESSAGES = 1_500


@pytest.mark.slow
@pytest.mark.waits
@pytest.mark.timeout(300)
def test_time_outs_kills_and_doubled_receipts_lose_and_double_no_text(tmp_path: Path) -> None:
    left = endure(tmp_path, messages=MESSAGES, kills=2, stops=10, rate=150)

    assert left.killed == [*KILLED] * 2
    assert left.faults["time_out_after_acceptance"] > 20, "too few faults to say anything"
    assert left.faults["too_many_requests"] > 20
    assert left.sent_twice == []
    assert sum(left.states.values()) == MESSAGES
    assert left.unsettled == 0, left.states
    assert (left.unknown_there, left.unknown_here) == (0, 0)
    assert left.taken == MESSAGES - left.states.get("cancelled", 0)
    assert left.untold == 0
    assert len(left.stopped) == 10
    assert [each for each in left.stopped if each.got] == []
    assert left.states.get("cancelled", 0) >= 5, "who wrote STOP before their text gets none"
