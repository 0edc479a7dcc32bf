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


# Room that is made ahead, filled with empty lines: writing over them changes neither the file's
# length nor its blocks, so that a sync is one write to the disk and no commit of the file system's
# journal (docs/decisions/021-room-made-ahead.md). It grows with the segment between these bounds.
LEAST_ROOM_BYTES = 128 * 1024
MOST_ROOM_BYTES = 4 * 1024 * 1024


class Segment:
    """A segment that this process writes. Its lock (flock) tells readers that more may come; an
    empty line, that nothing has come yet from there on."""

    def __init__(self, directory: Path, first_lines: bytes, now: dt.datetime | None = None) -> None:
        """Begin a new segment with whole lines, which are on disk then; raises OSError."""
        moment = now or dt.datetime.now(dt.UTC)
        name = f"{moment:%Y%m%dT%H%M%SZ}-{secrets.token_hex(16)}{SUFFIX}"
        self.path = directory / name
        self.length_bytes = 0
        self._room_ends_at = 0
        self._can_make_room = True
        self._descriptor = _open_draft(self.path)
        try:
            self.append(first_lines)
            _draft_of(self.path).rename(self.path)
            sync_directory(directory)
        except OSError:
            _draft_of(self.path).unlink(missing_ok=True)
            os.close(self._descriptor)
            raise

    def append(self, lines: bytes) -> None:
        """Append whole lines; they are on disk when this returns.

        Raises OSError after cutting the file back to what was on disk before. The segment is of
        no use then: close it and open another.
        """
        try:
            self._put(lines)
            self._make_room(self.length_bytes + len(lines))
            os.fdatasync(self._descriptor)
        except OSError:
            self._cut_off_room()
            raise
        self.length_bytes += len(lines)

    def close(self) -> None:
        """Let go of the file: readers may now take it as finished."""
        self._cut_off_room()
        os.close(self._descriptor)

    def _put(self, lines: bytes) -> None:
        start = self.length_bytes
        if start < self._room_ends_at:
            # The first byte last: until then readers see an empty line there, and stop before it.
            _write_all(self._descriptor, lines[1:], start + 1)
            _write_all(self._descriptor, lines[:1], start)
        else:
            _write_all(self._descriptor, lines, start)

    def _make_room(self, end: int) -> None:
        """Make room behind `end` where there is none. It is a luxury: a full disk has none."""
        if end < self._room_ends_at or not self._can_make_room:
            return
        room_bytes = min(max(LEAST_ROOM_BYTES, end), MOST_ROOM_BYTES)
        try:
            _write_all(self._descriptor, b"\n" * room_bytes, end)
            self._room_ends_at = end + room_bytes
        except OSError:
            os.ftruncate(self._descriptor, end)
            self._can_make_room = False

    def _cut_off_room(self) -> None:
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, self.length_bytes)


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


def _draft_of(path: Path) -> Path:
    return path.with_suffix(DRAFT_SUFFIX)


def _open_draft(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(_draft_of(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return descriptor


def _write_all(descriptor: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written
