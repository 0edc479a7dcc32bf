"""How secrets of others (providers' tokens, webhook secrets) rest in the control database.

AES-GCM with a purpose key of the instance, bound to the place where the value belongs: moved to
another table, row or column it no longer opens.
"""

from __future__ import annotations

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tapline import config
from tapline.errors import TaplineError
from tapline.instance.keys import Purpose, derive, instance_key

VERSION = "v1"
NONCE_BYTES = 12  # Random: safe for 2**32 values under one key. Source: NIST SP 800-38D, 8.3.


class SealBroken(TaplineError):
    """A sealed value was changed, moved, or sealed under another master key."""


def seal(plain: str, *, table: str, row: int | str, column: str) -> str:
    """Return `plain` sealed for one place, as text to store there."""
    nonce = os.urandom(NONCE_BYTES)
    sealed = nonce + _cipher().encrypt(nonce, plain.encode(), _place(table, row, column))
    return f"{VERSION}.{base64.urlsafe_b64encode(sealed).decode()}"


def unseal(sealed: str, *, table: str, row: int | str, column: str) -> str:
    """Return what was sealed for this place; raises `SealBroken`."""
    version, _, text = sealed.partition(".")
    try:
        if version != VERSION:
            raise ValueError(f"unknown version {version[:10]!r}")
        raw = base64.b64decode(text, altchars=b"-_", validate=True)
        nonce, secret = raw[:NONCE_BYTES], raw[NONCE_BYTES:]
        return _cipher().decrypt(nonce, secret, _place(table, row, column)).decode()
    except (ValueError, InvalidTag) as error:
        raise SealBroken(
            f"The sealed value in {table}.{column} of row {row} cannot be opened.",
            why="It was changed, moved from another place, or sealed under another master key.",
            do="Enter the secret again where it is set.",
        ) from error


def _place(table: str, row: int | str, column: str) -> bytes:
    return "\x00".join((VERSION, table, str(row), column)).encode()


def _cipher() -> AESGCM:
    return AESGCM(derive(instance_key(config.current()), Purpose.SEALS))
