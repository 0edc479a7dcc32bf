"""Processes are killed at random moments while a broadcast is sent and tapped: nothing is lost.

The promise (design §15): of every tap that was answered with 302 there is one row, never two; no
message is sent twice; and the broadcast comes to its end by itself.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crashing import KILLS, MESSAGES, survive_kills


@pytest.mark.slow
@pytest.mark.waits
@pytest.mark.timeout(420)
def test_fifty_kills_lose_no_tap_and_send_nothing_twice(tmp_path: Path) -> None:
    left = survive_kills(tmp_path)

    assert left.killed == KILLS
    assert sum(KILLS.values()) == 50
    assert len(left.answered) > 1000, "too few taps were answered for this test to say anything"
    assert left.lost == set()
    assert left.doubled == []
    assert left.accepted_twice == []
    assert sum(left.states.values()) == MESSAGES
    assert set(left.states) <= {"delivered", "failed", "accepted", "cancelled"}
