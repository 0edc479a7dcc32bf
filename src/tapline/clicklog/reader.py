"""How ingest reads the click log: only what is on disk, and no bad line stops it."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

from tapline.clicklog.record import LONGEST_LINE_BYTES, NOT_A_RECORD, Line, read_line
from tapline.clicklog.segment import SUFFIX

# Read at a time while the writer lives, so as not to read all the room that it made ahead.
PIECE_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Batch:
    """Some lines of a segment, each with the offset at which it begins."""

    lines: list[tuple[int, Line]]
    bad: list[tuple[int, bytes]]
    next_offset: int
    # The writer had let go of the file before it was read: nothing will be appended any more.
    closed: bool

    @property
    def finished(self) -> bool:
        """Say whether the whole segment has been read and nothing more can come."""
        return self.closed and not self.lines and not self.bad


def list_segments(directory: Path) -> list[Path]:
    """Return the segments in `directory`, oldest first."""
    return sorted(directory.glob(f"*{SUFFIX}"))


def end_of_lines(path: Path) -> int:
    """Return where the last whole line of a segment ends: room may follow, or an unfinished line.

    Raises OSError.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        end = length = os.fstat(descriptor).st_size
        while end > 0:
            start = max(0, end - PIECE_BYTES)
            piece = _read_all(descriptor, end - start, start)
            text = piece.rstrip(b"\n")
            if text:
                is_whole = start + len(text) < length
                return start + (len(text) if is_whole else text.rfind(b"\n")) + 1
            end = start
        return 0
    finally:
        os.close(descriptor)


def read_batch(path: Path, offset: int, max_bytes: int) -> Batch:
    """Return the lines from `offset` on, about `max_bytes` of them; raises OSError.

    Reads only what is on disk: a line that a power cut could still take back is left for later.
    While the writer lives, an empty line is the beginning of its room: nothing has come yet. In a
    closed segment empty lines are what its writer left of that when it died, and an unfinished
    last line is bad: nobody was told that it was kept.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        closed = _is_let_go(descriptor)  # Before the length is read: after it nothing can follow.
        length = os.fstat(descriptor).st_size
        os.fdatasync(descriptor)
        wanted = min(max(max_bytes, 2 * LONGEST_LINE_BYTES), max(0, length - offset))
        if closed:
            data = _read_all(descriptor, wanted, offset)
        else:
            data = _read_to_room(descriptor, wanted, offset)
    finally:
        os.close(descriptor)
    at_end = offset + len(data) >= length
    return _split(data, offset, closed=closed, take_rest=closed and at_end)


def _split(data: bytes, offset: int, *, closed: bool, take_rest: bool) -> Batch:
    lines: list[tuple[int, Line]] = []
    bad: list[tuple[int, bytes]] = []
    next_offset = offset + len(data)
    data = data.rstrip(b"\n") + b"\n" * data.endswith(b"\n")  # Without megabytes of empty lines.
    *whole, rest = data.split(b"\n")
    for raw in whole:
        try:
            if raw:
                lines.append((offset, read_line(raw)))
        except NOT_A_RECORD:
            bad.append((offset, raw))
        offset += len(raw) + 1
    if rest and (take_rest or len(rest) > LONGEST_LINE_BYTES):
        bad.append((offset, rest))
    elif rest:
        next_offset = offset
    return Batch(lines, bad, next_offset, closed)


def _is_let_go(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return True


def _read_to_room(descriptor: int, count: int, offset: int) -> bytes:
    """Read lines up to the first empty one, which is not theirs; `offset` begins a line."""
    data = b""
    while len(data) < count:
        piece = _read_all(descriptor, min(PIECE_BYTES, count - len(data)), offset + len(data))
        if not piece:
            break
        data += piece
        if data.startswith(b"\n"):
            return b""
        empty_line = data.find(b"\n\n", max(0, len(data) - len(piece) - 1))
        if empty_line >= 0:
            return data[: empty_line + 1]
    return data


def _read_all(descriptor: int, count: int, offset: int) -> bytes:
    pieces = []
    while count > 0 and (piece := os.pread(descriptor, count, offset)):
        pieces.append(piece)
        count -= len(piece)
        offset += len(piece)
    return b"".join(pieces)
