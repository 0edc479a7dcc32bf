"""How long a provider asks to wait: seconds or a moment, in a header that may hold anything."""

from __future__ import annotations

import datetime as dt

import pytest

from tapline.providers.many import LONGEST_RETRY_AFTER_SECONDS, seconds_until

NOW = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        (" 7 ", 7),
        ("Mon, 02 Mar 2026 12:00:30 GMT", 30),
        ("Mon, 02 Mar 2026 11:00:00 GMT", 0),
        ("99999999", LONGEST_RETRY_AFTER_SECONDS),
        ("soon", None),
        ("²", None),
        ("", None),
        (None, None),
    ],
)
def test_how_long_to_wait_is_read_and_nonsense_is_none(
    header: str | None, seconds: float | None
) -> None:
    assert seconds_until(header, NOW) == seconds
