"""The instance's master key and the purpose keys derived from it. No Django: the edge uses it.

The master key is 32 random bytes in a file of mode 0600. Nothing uses it directly: each purpose
gets a key of its own by HKDF-SHA256, and a serving process receives the codes key alone.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from dataclasses import replace
from enum import Enum
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tapline import config
from tapline.config import Config
from tapline.errors import TaplineError

KEY_BYTES = 32


class Purpose(Enum):
    """What a derived key is for. The values are part of every derived key: never change one."""

    CODES = "tapline/codes/v1"
    SEALS = "tapline/seals/v1"
    PHONE_HASHES = "tapline/phone-hashes/v1"
    ADDRESS_HASHES = "tapline/address-hashes/v1"
    DJANGO = "tapline/django/v1"
    DOMAIN_PROOFS = "tapline/domain-proofs/v1"
    SIMULATOR = "tapline/simulator/v1"
    FINGERPRINT = "tapline/fingerprint/v1"


class MasterKeyUnreadable(TaplineError):
    """The master key's file is unreadable or not a key."""


class MasterKeyMissing(TaplineError):
    """There is an instance here, but not its master key."""


def derive(master: bytes, purpose: Purpose, length_bytes: int = KEY_BYTES) -> bytes:
    """Return the key for one purpose (HKDF-SHA256, no salt; source: RFC 5869)."""
    return HKDF(SHA256(), length_bytes, salt=None, info=purpose.value.encode()).derive(master)


def fingerprint(master: bytes) -> str:
    """Return what tells one master key from another without giving it away (64 hex digits)."""
    return hashlib.sha256(derive(master, Purpose.FINGERPRINT)).hexdigest()


def instance_key(settings: Config) -> bytes:
    """Return the master key, making one on the very first start only.

    An instance that has a database and no key gets no new one: its codes, seals and hashes could
    never be read again. Raises `MasterKeyMissing`, `MasterKeyUnreadable`.
    """
    # The key is made before the database: looking in the other order cannot err in a first start.
    if has_control_database(settings) and not settings.master_key_path.exists():
        raise MasterKeyMissing(
            f"The master key {settings.master_key_path} is missing.",
            why="The instance in this data folder was made with a key that is not here.",
            do="Put the exported key back with `tapline keys import FILE`, or name the file that "
            "holds it with TAPLINE_MASTER_KEY_FILE.",
        )
    if not settings.master_key_path.exists():
        write_master_key(settings.master_key_path, os.urandom(KEY_BYTES))
    return read_master_key(settings.master_key_path)


def has_control_database(settings: Config) -> bool:
    """Say whether an instance was ever started on this data folder."""
    path = settings.control_database
    return path.exists() and path.stat().st_size > 0


def load_or_create_master_key(path: Path) -> bytes:
    """Return the master key in `path` as `instance_key` does, for callers that know the path."""
    return instance_key(replace(config.current(), master_key_file=path))


def read_master_key(path: Path) -> bytes:
    """Return the 32-byte master key in `path`; raises `MasterKeyUnreadable`."""
    try:
        key = base64.b64decode(path.read_text(encoding="ascii"), validate=False)
    except (OSError, ValueError) as error:
        raise _unreadable(path, str(error)) from error
    if len(key) != KEY_BYTES:
        raise _unreadable(path, f"it holds {len(key)} bytes where {KEY_BYTES} belong")
    return key


def write_master_key(path: Path, master: bytes) -> None:
    """Put a master key into `path` (mode 0600), unless a file is there already.

    Two processes that start together agree on one key: it is linked into place whole, and the
    loser goes on with the winner's.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(master) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # Another process was first; its key is the instance's.
    finally:
        draft.unlink()


def django_secret_key(settings: Config) -> str:
    """Return the key that signs sessions and forms."""
    return base64.b64encode(derive(instance_key(settings), Purpose.DJANGO)).decode()


def _unreadable(path: Path, reason: str) -> MasterKeyUnreadable:
    return MasterKeyUnreadable(
        f"The master key in {path} cannot be used.",
        why=f"Reading it failed: {reason}.",
        do="Put the exported key back with `tapline keys import FILE`; codes need it.",
    )
