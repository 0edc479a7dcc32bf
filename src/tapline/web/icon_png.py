"""Tapline's sign as a picture of pixels, for home screens that take no SVG: drawn here, at set-up.

The same shapes as `icons.mark`, on a field of 24 by 24 that `SHAPES` names. Numpy does it: a pixel
is covered as far as the distance to the shape's middle line says.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float64]

FIELD = 24.0
GROUND, INK = (11, 107, 77), (255, 255, 255)
# How much of the square the sign takes: masks may cut off a fifth on each side.
SIGN_SHARE = 0.62
# The dot: where and how large. The line: from and to. The arcs: around the dot, how far.
DOT, DOT_RADIUS = (7.5, 12.0), 3.0
LINE = ((12.5, 12.0), (22.0, 12.0))
ARC_RADIUS, ARC_REACH = 6.65, 4.7
STROKE = 2.6
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def draw_png(size: int) -> bytes:
    """Return the sign on its ground, a square of `size` pixels, as a PNG file."""
    steps = (np.arange(size) + 0.5 - size / 2) * FIELD / (size * SIGN_SHARE) + FIELD / 2
    x, y = np.meshgrid(steps, steps)
    pixel = FIELD / (size * SIGN_SHARE)
    inside = np.minimum.reduce([_dot(x, y), _line(x, y), _arcs(x, y)])
    covered = np.clip(0.5 - inside / pixel, 0.0, 1.0)[..., None]
    colours = np.array(GROUND) * (1 - covered) + np.array(INK) * covered
    return _as_png(colours.round().astype(np.uint8))


def _dot(x: Field, y: Field) -> Field:
    return np.hypot(x - DOT[0], y - DOT[1]) - DOT_RADIUS


def _line(x: Field, y: Field) -> Field:
    (left, level), (right, _) = LINE
    return np.hypot(x - np.clip(x, left, right), y - level) - STROKE / 2


def _arcs(x: Field, y: Field) -> Field:
    """Return the distance from the arcs above and below the dot, which open to both sides."""
    across, along = x - DOT[0], np.abs(y - DOT[1])
    around = np.abs(np.hypot(across, along) - ARC_RADIUS)
    end_x, end_y = ARC_REACH, (ARC_RADIUS**2 - ARC_REACH**2) ** 0.5
    to_end = np.hypot(np.abs(across) - end_x, along - end_y)
    is_within = np.abs(across) * end_y <= along * end_x
    return np.where(is_within, around, to_end) - STROKE / 2


def _as_png(pixels: NDArray[np.uint8]) -> bytes:
    height, width, _ = pixels.shape
    # Each row begins with 0: it is stored as it is.
    rows = np.hstack([np.zeros((height, 1), np.uint8), pixels.reshape(height, -1)])
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b""))
    return PNG_SIGNATURE + b"".join(_chunk(kind, body) for kind, body in parts)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
