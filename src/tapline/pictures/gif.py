"""What of a GIF file is the picture: its images and how they follow one another.

Source: CompuServe, Graphics Interchange Format, version 89a; the loop extension of Netscape.
"""

from __future__ import annotations

import struct

from tapline.pictures.shape import Malformed, Shape

HEADERS = (b"GIF87a", b"GIF89a")
IMAGE, EXTENSION, END = 0x2C, 0x21, 0x3B
CONTROL, APPLICATION = 0xF9, 0xFF
# Of all applications' blocks the one that says how often to repeat; comments are left out.
LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")


def clean(content: bytes) -> tuple[bytes, Shape]:
    """Return a GIF file without what tells of its maker, and its size; raises `Malformed`."""
    if content[:6] not in HEADERS or len(content) < 13:
        raise Malformed("it does not begin as one")
    shape = Shape(*struct.unpack("<HH", content[6:10]))
    at = 13 + _colours(content[10])
    kept, images = [content[:at]], 0
    while (kind := _byte(content, at)) != END:
        end = _end_of_block(content, at, kind)
        images += kind == IMAGE
        if kind == IMAGE or _is_needed(content, at):
            kept.append(content[at:end])
        at = end
    if not images:
        raise Malformed("it has no picture")
    return b"".join([*kept, bytes([END])]), shape


def _is_needed(content: bytes, at: int) -> bool:
    label = _byte(content, at + 1)
    is_loop = label == APPLICATION and content[at + 3 : at + 14] in LOOPS
    return label == CONTROL or is_loop


def _end_of_block(content: bytes, at: int, kind: int) -> int:
    if kind == IMAGE:
        # Descriptor, its own colours, and the size of codes; the data follows.
        return _end_of_data(content, at + 10 + _colours(_byte(content, at + 9)) + 1)
    if kind == EXTENSION:
        return _end_of_data(content, at + 2)
    raise Malformed("its blocks do not follow one another")


def _end_of_data(content: bytes, at: int) -> int:
    """Return where a chain of pieces, each with its length before it, has ended."""
    while length := _byte(content, at):
        at += 1 + length
    return at + 1


def _colours(flags: int) -> int:
    """Return how many bytes a table of colours takes, as the byte before it says."""
    return 3 << (flags & 0x07) + 1 if flags & 0x80 else 0


def _byte(content: bytes, at: int) -> int:
    if at >= len(content):
        raise Malformed("it ends too early")
    return content[at]
