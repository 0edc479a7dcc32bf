"""What of a PNG file is the picture: its chunks that decide how it looks, and no other.

Source: W3C, Portable Network Graphics (third edition), chunk names and layout.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from tapline.pictures.shape import Malformed, Shape

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Colours, transparency and movement; text, time, Exif and what nobody knows are left out.
KEPT = frozenset(
    {
        *(b"IHDR", b"PLTE", b"IDAT", b"IEND"),
        *(b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"bKGD", b"pHYs"),
        *(b"acTL", b"fcTL", b"fdAT"),
    }
)


def clean(content: bytes) -> tuple[bytes, Shape]:
    """Return a PNG file without what tells of its maker, and its size; raises `Malformed`."""
    kept, shape, has_data = [SIGNATURE], None, False
    for name, body, whole in _chunks(content):
        if name == b"IHDR":
            shape = _shape(body)
        has_data |= name == b"IDAT"
        if name in KEPT:
            kept.append(whole)
    if shape is None or not has_data:
        raise Malformed("it has no picture")
    return b"".join(kept), shape


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Yield name, body and all bytes of each chunk up to the last one of the picture."""
    at, name = len(SIGNATURE), b""
    if content[:at] != SIGNATURE:
        raise Malformed("it does not begin as one")
    while name != b"IEND":
        if at + 12 > len(content):
            raise Malformed("it ends too early")
        length, name = struct.unpack(">I4s", content[at : at + 8])
        end = at + 12 + length
        if end > len(content):
            raise Malformed("it ends too early")
        body = content[at + 8 : end - 4]
        if zlib.crc32(name + body) != struct.unpack(">I", content[end - 4 : end])[0]:
            raise Malformed("it was damaged on its way")
        yield name, body, content[at:end]
        at = end


def _shape(body: bytes) -> Shape:
    if len(body) != 13:
        raise Malformed("it does not say how large it is")
    return Shape(*struct.unpack(">II", body[:8]))
