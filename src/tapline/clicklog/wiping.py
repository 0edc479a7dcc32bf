"""How a line of the click log loses what tells of a person, without any other line moving.

A click's id is the offset of its line, so a line is overwritten in its place by one of the same
length, padded with spaces. Its writer may go on appending meanwhile.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from tapline.clicklog.record import (
    LONGEST_LINE_BYTES,
    NOT_A_RECORD,
    Record,
    decode_line,
    encode_line,
)


def wipe_lines(path: Path, offsets: Collection[int]) -> int:
    """Overwrite the lines that begin at `offsets`, on disk when this returns; say how many.

    A line that was wiped before or is no record stays as it is. Raises OSError.
    """
    if not offsets:
        return 0
    descriptor = os.open(path, os.O_RDWR)
    try:
        wiped = sum(_wipe(descriptor, offset) for offset in sorted(offsets))
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)
    return wiped


def _wipe(descriptor: int, offset: int) -> bool:
    line, newline, _ = os.pread(descriptor, LONGEST_LINE_BYTES, offset).partition(b"\n")
    if not newline:
        return False
    try:
        record = decode_line(line)
    except NOT_A_RECORD:
        return False
    # One write of less than a page or two: a reader sees the old line or the new one.
    os.pwrite(descriptor, _without_person(record).ljust(len(line)), offset)
    return True


def _without_person(record: Record) -> bytes:
    """Return the line of what may stay: never longer than the line was."""
    kept = Record(
        time_us=record.time_us,
        host=record.host,
        domain=record.domain,
        path="",
        link=record.link,
        position=record.position,
        outcome=record.outcome,
        status=record.status,
        method=record.method,
        address="",
        count=record.count,
    )
    return encode_line(kept).rstrip(b"\n")
