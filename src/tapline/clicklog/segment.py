"""One segment file: its name, its lock, and appending to it so that it is on disk."""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import os
import secrets
from pathlib import Path

SUFFIX = ".jsonl"
# A segment gets its name only when it is locked and its first lines are on disk: a reader never
# takes it for a finished one, and a full disk leaves no empty ones. Until then it has this suffix.
DRAFT_SUFFIX = ".draft"
STALE_DRAFT_SECONDS = 60.0


class Segment:
    """A segment that this process writes. Its lock (flock) tells readers that more may come."""

    def __init__(self, directory: Path, first_lines: bytes, now: dt.datetime | None = None) -> None:
        """Begin a new segment with whole lines, which are on disk then; raises OSError."""
        moment = now or dt.datetime.now(dt.UTC)
        name = f"{moment:%Y%m%dT%H%M%SZ}-{secrets.token_hex(16)}{SUFFIX}"
        self.path = directory / name
        self.length_bytes = len(first_lines)
        self._descriptor = _begin(self.path, first_lines)

    def append(self, lines: bytes) -> None:
        """Append whole lines; they are on disk when this returns.

        Raises OSError after cutting the file back to what was on disk before. The segment is of
        no use then: close it and open another.
        """
        try:
            _write_all(self._descriptor, lines)
            os.fdatasync(self._descriptor)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, self.length_bytes)
            raise
        self.length_bytes += len(lines)

    def close(self) -> None:
        """Let go of the file: readers may now take it as finished."""
        os.close(self._descriptor)


def segment_id(path: Path) -> str:
    """Return the random 128-bit part (32 hex digits) of a segment's name."""
    return path.name.removesuffix(SUFFIX).rpartition("-")[2]


def click_id(path: Path, offset: int) -> str:
    """Return the id of the click whose line begins at `offset`: the same wherever it is read."""
    return f"{segment_id(path)}-{offset}"


def sync_directory(directory: Path) -> None:
    """Put the directory's list of names on disk; raises OSError."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_stale_drafts(directory: Path, now: float) -> None:
    """Remove drafts that a crash left behind; nobody was told that their lines were kept."""
    for draft in directory.glob(f"*{DRAFT_SUFFIX}"):
        with contextlib.suppress(FileNotFoundError):
            if now - draft.stat().st_mtime > STALE_DRAFT_SECONDS:
                draft.unlink()


def _begin(path: Path, first_lines: bytes) -> int:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_suffix(DRAFT_SUFFIX)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _write_all(descriptor, first_lines)
        os.fdatasync(descriptor)
        draft.rename(path)
        sync_directory(path.parent)
    except OSError:
        draft.unlink(missing_ok=True)
        os.close(descriptor)
        raise
    return descriptor


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
