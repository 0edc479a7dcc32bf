"""How such a provider proves that a webhook is its own: a shared secret, or an HMAC in a header.

Compared in constant time, before anything that was posted is looked at. With a header that holds
the time of signing, what is older than five minutes is refused. Without one, what was posted tells
a replay: a receipt moves a message up once, a text is stored once by account and id.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping

from tapline.providers.hooks import Post

WINDOW_SECONDS = 300
SCHEMES = ("secret", "hmac-sha256", "hmac-sha1", "hmac-sha512")
QUERY_NAME = "key"


def is_genuine(
    post: Post, options: Mapping[str, str], secrets: Mapping[str, str], now: dt.datetime
) -> bool:
    """Say whether a post is the provider's own, and fresh where it tells its time."""
    secret = secrets.get("webhook_secret", "")
    given = _given(post, options["signature_header"])
    if options["signing"] == "secret":
        fits = hmac.compare_digest(_bytes(secret), _bytes(given))
    else:
        fits = _fits_hmac(post, options, secret, given)
    return bool(secret) and fits and _is_fresh(post, options["timestamp_header"], now)


def _fits_hmac(post: Post, options: Mapping[str, str], secret: str, given: str) -> bool:
    stamp = post.headers.get(options["timestamp_header"].lower(), "")
    signed = f"{stamp}.".encode() + post.body if options["timestamp_header"] else post.body
    algorithm = options["signing"].removeprefix("hmac-")
    digest = hmac.new(_bytes(secret), signed, getattr(hashlib, algorithm)).digest()
    # Some write the algorithm before it, as in «sha256=…».
    bare = given.partition("=")[2] if given.lower().startswith(f"{algorithm}=") else given
    return any(
        [
            hmac.compare_digest(digest.hex().encode(), _bytes(bare.lower())),
            hmac.compare_digest(base64.b64encode(digest), _bytes(bare)),
        ]
    )


def _given(post: Post, header: str) -> str:
    if header:
        return post.headers.get(header.lower(), "")
    return post.query.get(QUERY_NAME, [""])[-1]


def _is_fresh(post: Post, header: str, now: dt.datetime) -> bool:
    if not header:
        return True
    raw = post.headers.get(header.lower(), "")
    if not (raw.isascii() and raw.isdigit()):
        return False
    seconds = int(raw[:13]) / (1000 if len(raw) > 11 else 1)
    return abs(now.timestamp() - seconds) <= WINDOW_SECONDS


def _bytes(value: str) -> bytes:
    return value.encode("utf-8", "replace")
