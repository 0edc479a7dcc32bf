from __future__ import annotations

import pytest

from tapline.providers.simulator.signing import WINDOW_SECONDS, BadSignature, sign, verify

KEY = b"k" * 32
NOW = 1_780_000_000


def check(*, body: bytes = b"{}", timestamp: str = str(NOW), signature: str | None = None) -> None:
    good = sign(KEY, NOW, b"{}")
    verify(KEY, timestamp=timestamp, signature=signature or good, body=body, now=NOW)


def test_a_request_of_our_own_simulator_is_taken() -> None:
    check()


@pytest.mark.parametrize(
    "change",
    [
        {"body": b'{"receipts": []}'},
        {"timestamp": str(NOW + 1)},
        {"timestamp": "-1"},
        {"timestamp": "٣"},
        {"timestamp": ""},
        {"signature": "0" * 64},
        {"signature": "ü"},
        {"signature": sign(b"another key" * 3, NOW, b"{}")},
    ],
)
def test_a_changed_request_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(BadSignature, match="signature does not fit"):
        check(**change)  # type: ignore[arg-type]  # one keyword at a time


@pytest.mark.parametrize("seconds", [-WINDOW_SECONDS - 1, WINDOW_SECONDS + 1])
def test_a_request_that_was_recorded_cannot_be_played_again_later(seconds: int) -> None:
    signature = sign(KEY, NOW, b"{}")

    with pytest.raises(BadSignature, match="too old"):
        verify(KEY, timestamp=str(NOW), signature=signature, body=b"{}", now=NOW + seconds)
