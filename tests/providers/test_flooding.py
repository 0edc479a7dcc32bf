"""Many people write at once: each text is stored once, and answered where it asks for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.providers.flooding import flood

TEXTS = 600


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_flood_of_inbound_texts_is_stored_once_and_answered(tmp_path: Path) -> None:
    left = flood(tmp_path, texts=TEXTS, per_second=100, seconds=90)

    assert left.refused == {}
    assert (left.stored, left.stored_twice, left.lost) == (TEXTS, 0, 0)
    assert (left.answered, left.without_answer) == (TEXTS // 10, 0)
