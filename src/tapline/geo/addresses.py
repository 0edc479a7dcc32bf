"""An address as bytes, and what tells that a file has changed."""

from __future__ import annotations

import socket
from pathlib import Path

FileMark = tuple[int, int, int]

_IPV4_MAPPED = bytes(10) + b"\xff\xff"


def pack_address(address: str) -> bytes | None:
    """Return the bytes of an address, of one of IPv4 in IPv6's clothes its own; None for none."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            packed = socket.inet_pton(family, address)
        except (OSError, ValueError):
            continue
        return packed[12:] if packed.startswith(_IPV4_MAPPED) and len(packed) == 16 else packed
    return None


def file_mark(path: Path) -> FileMark | None:
    """Return what changes when another file takes its place; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size
