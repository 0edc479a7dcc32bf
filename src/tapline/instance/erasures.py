"""The list of erasures: what survives a restore, so that nobody who was erased comes back with it.

A file of one JSON object a line, only ever added to, outside the control database: a backup that
is older than an erasure does not know of it, this list does. It names nobody: a line has the
number's keyed hash, the workspace and the time. No Django: a restore reads it before there is a
database.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from tapline.config import Config
from tapline.errors import TaplineError
from tapline.instance.keys import fingerprint, read_master_key


class BadErasureList(TaplineError):
    """The file is no list of erasures, or another instance's."""


class ListedErasure(msgspec.Struct, frozen=True, kw_only=True):
    """One person erased once."""

    id: str  # 32 random hex digits: tells lists that are put together which lines are the same
    phone_hash: str
    workspace: int
    at: dt.datetime
    key: str  # of which master key the hash is: another's would match nobody


def key_mark(settings: Config) -> str:
    """Return what tells the hashes of this instance's key from others'."""
    return fingerprint(read_master_key(settings.master_key_path))[:16]


def read_list(path: Path) -> dict[str, ListedErasure]:
    """Return the list in a file by id, empty where there is none.

    A last line that a power cut tore is left out: the control database still knows it. Raises
    `BadErasureList` for anything else that is no line of a list.
    """
    if not path.exists():
        return {}
    whole = path.read_bytes().split(b"\n")[:-1]
    listed = [_read_line(path, line) for line in whole]
    return {each.id: each for each in listed}


def add_to_list(path: Path, erasures: Iterable[ListedErasure]) -> int:
    """Add what the list lacks, on disk when this returns; say how many. Raises OSError."""
    wanted = list(erasures)
    if not wanted:
        return 0
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        known = read_list(path)
        missing = {each.id: each for each in wanted if each.id not in known}
        if missing:
            file.truncate(file.read().rfind(b"\n") + 1)  # Without a torn last line.
            file.write(b"".join(msgspec.json.encode(each) + b"\n" for each in missing.values()))
            file.flush()
            os.fsync(file.fileno())
    return len(missing)


def check_key(path: Path, erasures: Iterable[ListedErasure], key: str) -> None:
    """Raise `BadErasureList` where a list was made with another master key."""
    if any(each.key != key for each in erasures):
        raise BadErasureList(
            f"{path} is the list of another instance.",
            why="Its hashes were made with another master key, so they would find nobody.",
            do="Give the list that was exported from this instance.",
        )


def _read_line(path: Path, line: bytes) -> ListedErasure:
    try:
        return msgspec.json.decode(line, type=ListedErasure)
    except msgspec.DecodeError as error:
        raise BadErasureList(
            f"{path} is no list of erasures.",
            why=f"A line of it cannot be read: {error}.",
            do="Give the file that `tapline contacts erasures export` wrote.",
        ) from error
