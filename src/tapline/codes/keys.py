"""Which AES key encrypts the serials of one generation of one domain."""

from __future__ import annotations

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 16  # AES-128


def generation_key(codes_key: bytes, domain_id: int, key_id: str) -> bytes:
    """Return the 16-byte key of one generation, derived by HKDF-SHA256 from the codes key.

    `key_id` is random, so that a generation lost with a database is never derived again by its
    restored copy. The info text is part of every key: never change it.
    """
    info = f"tapline/code-generation/v1/{domain_id}/{key_id}".encode()
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(codes_key)
