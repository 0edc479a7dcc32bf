"""Pictures for tests, as cameras and programs write them: with more in them than the picture."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image, PngImagePlugin

SECRET = b"at home, 52.5200 N"


def draw(width: int = 24, height: int = 16) -> Image.Image:
    """Return a picture whose corners differ."""
    picture = Image.new("RGB", (width, height), (200, 30, 60))
    for x in range(width // 2):
        for y in range(height // 2):
            picture.putpixel((x, y), (10 * x % 256, 200, 15 * y % 256))
    return picture


def jpeg(*, turned: int = 1, **options: Any) -> bytes:
    """Return a photo with its position, a comment and which side is up."""
    exif = Image.Exif()
    exif[0x0112] = turned
    exif[0x010E] = SECRET.decode()
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    return _saved(draw(), "JPEG", exif=exif, comment=SECRET, dpi=(72, 72), **options)


def png(**options: Any) -> bytes:
    """Return a picture with words and an Exif chunk in it."""
    words = PngImagePlugin.PngInfo()
    words.add_text("Comment", SECRET.decode())
    words.add_itxt("Author", SECRET.decode())
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    return _saved(draw(), "PNG", pnginfo=words, exif=exif, **options)


def gif(frames: int = 2) -> bytes:
    """Return a moving picture with a comment."""
    others = [draw().rotate(90 * turn) for turn in range(1, frames)]
    return _saved(
        draw(), "GIF", save_all=True, append_images=others, comment=SECRET, loop=3, duration=70
    )


def opened(content: bytes) -> Image.Image:
    """Return a picture, wholly read."""
    picture = Image.open(io.BytesIO(content))
    picture.load()
    return picture


def _saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()
