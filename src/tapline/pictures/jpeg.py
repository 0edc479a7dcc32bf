"""What of a JPEG file is the picture: everything else is left out.

Phones write where and when a photo was taken into segments that no viewer needs. Kept are the
segments that decide how it looks (ITU-T T.81, JFIF, Adobe's colour transform, the ICC profile),
and of Exif the one number that says which side is up.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tapline.pictures.shape import Malformed, Shape

START, END, SCAN = 0xD8, 0xD9, 0xDA
JFIF, EXIF, ICC, ADOBE = 0xE0, 0xE1, 0xE2, 0xEE
# Quantisation, Huffman and arithmetic tables, restart interval, number of lines.
TABLES = frozenset({0xDB, 0xC4, 0xCC, 0xDD, 0xDC})
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
JFIF_BYTES, ADOBE_BYTES = 12, 12  # up to where each is fixed; a small picture may follow JFIF's
ORIENTATION = 0x0112
UPRIGHT = 1


def clean(content: bytes) -> tuple[bytes, Shape]:
    """Return a JPEG file without what tells of its maker, and its size; raises `Malformed`."""
    kept, shape, turned = [b"\xff\xd8"], None, UPRIGHT
    for marker, body in _segments(content):
        if marker in FRAMES:
            shape = _shape(body)
        if marker == EXIF and turned == UPRIGHT:
            turned = _orientation(body)
        if (needed := _needed(marker, body)) is not None:
            kept.append(needed)
    if shape is None:
        raise Malformed("it has no picture")
    if turned != UPRIGHT:
        kept.insert(1, _segment(EXIF, _only_orientation(turned)))
    sides = shape if turned < 5 else Shape(shape.height, shape.width)
    return b"".join([*kept, b"\xff\xd9"]), sides


def _needed(marker: int, body: bytes) -> bytes | None:
    """Return a segment as it is kept; None where it is left out."""
    if marker in FRAMES or marker in TABLES:
        return _segment(marker, body)
    if marker == SCAN:
        length = struct.unpack(">H", body[:2])[0]
        return _segment(marker, body[2:length]) + body[length:]
    if marker == JFIF and body.startswith(b"JFIF\0") and len(body) >= JFIF_BYTES:
        return _segment(marker, body[:JFIF_BYTES] + b"\0\0")  # without its small picture
    if marker == ICC and body.startswith(b"ICC_PROFILE\0"):
        return _segment(marker, body)
    if marker == ADOBE and body.startswith(b"Adobe"):
        return _segment(marker, body[:ADOBE_BYTES])
    return None


def _segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield marker and body of each segment up to the end of the picture. The body of a scan is
    its header, length included, and all that is drawn by it."""
    at = 2
    if content[:2] != b"\xff\xd8":
        raise Malformed("it does not begin as one")
    while True:
        marker, at = _marker(content, at)
        if marker == END:
            return
        if at + 2 > len(content):
            raise Malformed("it ends too early")
        length = struct.unpack(">H", content[at : at + 2])[0]
        if length < 2 or at + length > len(content):
            raise Malformed("it ends too early")
        if marker == SCAN:
            end = _end_of_scan(content, at + length)
            yield marker, content[at:end]
            at = end
        else:
            yield marker, content[at + 2 : at + length]
            at += length


def _marker(content: bytes, at: int) -> tuple[int, int]:
    """Return the marker at a place, and where its segment begins; any number of 0xFF may stand
    before it."""
    if content[at : at + 1] != b"\xff":
        raise Malformed("its segments do not follow one another")
    while content[at : at + 1] == b"\xff":
        at += 1
    if at >= len(content):
        raise Malformed("it ends too early")
    return content[at], at + 1


def _end_of_scan(content: bytes, at: int) -> int:
    """Return where the next segment begins: at an 0xFF that is neither data nor a restart."""
    while (at := content.find(b"\xff", at)) >= 0:
        following = content[at + 1 : at + 2]
        if following not in (b"\0", b"\xff", b"") and not 0xD0 <= following[0] <= 0xD7:
            return at
        at += 1 if following == b"\xff" else 2
    raise Malformed("it ends too early")


def _shape(body: bytes) -> Shape:
    if len(body) < 6:
        raise Malformed("it does not say how large it is")
    _depth, height, width = struct.unpack(">BHH", body[:5])
    return Shape(width, height)


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _orientation(body: bytes) -> int:
    """Return which side is up, by Exif's number; 1 where it does not say."""
    if not body.startswith(b"Exif\0\0"):
        return UPRIGHT
    tiff = body[6:]
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    try:
        if order is None:
            return UPRIGHT
        (first,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, first)
        for place in range(first + 2, first + 2 + 12 * count, 12):
            tag, kind, _many, value = struct.unpack_from(f"{order}HHIH", tiff, place)
            if tag == ORIENTATION and kind == 3 and 1 <= value <= 8:
                return int(value)
    except struct.error:
        return UPRIGHT
    return UPRIGHT


def _only_orientation(value: int) -> bytes:
    """Return an Exif body that says which side is up, and nothing else."""
    entry = struct.pack(">HHIHH", ORIENTATION, 3, 1, value, 0)
    return b"Exif\0\0MM" + struct.pack(">HIH", 42, 8, 1) + entry + struct.pack(">I", 0)
