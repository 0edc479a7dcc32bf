"""How ingest reads the click log: only what is on disk, and no bad line stops it."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

from tapline.clicklog.record import LONGEST_LINE_BYTES, NOT_A_RECORD, Record, decode_line
from tapline.clicklog.segment import SUFFIX


@dataclass(frozen=True, slots=True)
class Batch:
    """Some lines of a segment, each with the offset at which it begins."""

    lines: list[tuple[int, Record]]
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


def read_batch(path: Path, offset: int, max_bytes: int) -> Batch:
    """Return the lines from `offset` on, about `max_bytes` of them; raises OSError.

    Reads only what is on disk: a line that a power cut could still take back is left for later.
    In a closed segment an unfinished last line is bad: its writer died and nobody was told that
    it was kept.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        closed = _is_let_go(descriptor)  # Before the length is read: after it nothing can follow.
        length = os.fstat(descriptor).st_size
        os.fdatasync(descriptor)
        wanted = min(max(max_bytes, 2 * LONGEST_LINE_BYTES), max(0, length - offset))
        data = _read_all(descriptor, wanted, offset)
    finally:
        os.close(descriptor)
    at_end = offset + len(data) >= length
    return _split(data, offset, closed=closed, take_rest=closed and at_end)


def _split(data: bytes, offset: int, *, closed: bool, take_rest: bool) -> Batch:
    lines: list[tuple[int, Record]] = []
    bad: list[tuple[int, bytes]] = []
    *whole, rest = data.split(b"\n")
    for raw in whole:
        try:
            lines.append((offset, decode_line(raw)))
        except NOT_A_RECORD:
            bad.append((offset, raw))
        offset += len(raw) + 1
    if rest and (take_rest or len(rest) > LONGEST_LINE_BYTES):
        bad.append((offset, rest))
        offset += len(rest)
    return Batch(lines, bad, offset, closed)


def _is_let_go(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return True


def _read_all(descriptor: int, count: int, offset: int) -> bytes:
    pieces = []
    while count > 0 and (piece := os.pread(descriptor, count, offset)):
        pieces.append(piece)
        count -= len(piece)
        offset += len(piece)
    return b"".join(pieces)
