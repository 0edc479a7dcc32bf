"""How the simulator proves that a receipt or reply is its own: HMAC-SHA256 of time and body."""

from __future__ import annotations

import hashlib
import hmac

from tapline.errors import TaplineError

# How far the signed time may lie from now: a recorded request cannot be played again later.
WINDOW_SECONDS = 300


class BadSignature(TaplineError):
    """A request to a simulator hook is not signed by this instance's simulator, or is too old."""


def sign(key: bytes, timestamp: int, body: bytes) -> str:
    """Return the signature (64 hex digits) of `timestamp.body`."""
    return hmac.new(key, b"%d." % timestamp + body, hashlib.sha256).hexdigest()


def verify(key: bytes, *, timestamp: str, signature: str, body: bytes, now: float) -> None:
    """Return when the signature is right and fresh; raises `BadSignature`.

    The signature is compared first and in constant time, so that a stranger learns nothing from
    how long a refusal takes or which refusal it is.
    """
    seconds = int(timestamp) if timestamp.isascii() and timestamp.isdigit() else 0
    expected = sign(key, seconds, body).encode()
    if not hmac.compare_digest(expected, signature.encode("utf-8", "replace")):
        raise BadSignature(
            "The signature does not fit the request.",
            why="It was not made with this instance's simulator key.",
            do="Run the simulator on the same data folder as the pages.",
        )
    if abs(now - seconds) > WINDOW_SECONDS:
        raise BadSignature(
            "The request is too old.",
            why=f"It was signed more than {WINDOW_SECONDS} seconds from now.",
            do="Let both machines follow the same clock; the simulator signs anew on its next try.",
        )
