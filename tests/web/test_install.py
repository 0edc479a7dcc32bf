"""What makes the pages an app: a manifest, icons, and a worker that keeps one page."""

from __future__ import annotations

import struct
import zlib

import pytest
from django.test import Client

from tapline.web.icon_png import GROUND, INK, PNG_SIGNATURE, draw_png
from tapline.web.static_files import bundled_url


def test_the_manifest_names_icons_that_are_there() -> None:
    answer = Client().get("/manifest.webmanifest")

    assert answer.headers["Content-Type"] == "application/manifest+json"
    told = answer.json()
    assert (told["start_url"], told["display"]) == ("/", "standalone")
    for icon in told["icons"]:
        picture = Client().get(icon["src"])
        assert picture.status_code == 200
        assert picture.headers["Content-Type"] == icon["type"]


def test_the_worker_is_told_to_keep_the_offline_page_and_its_style_alone() -> None:
    code = Client().get("/service-worker.js").text

    assert code.startswith(f'self.keep=["/offline", "{bundled_url("app.css")}"];')


def test_the_offline_page_tells_of_nobody_and_needs_no_script() -> None:
    page = Client().get("/offline").text

    assert "You are offline." in page
    assert "<script" not in page


@pytest.mark.parametrize("size", [16, 192])
def test_icons_are_drawn_as_png_with_the_sign_in_their_middle(size: int) -> None:
    picture = draw_png(size)

    assert picture.startswith(PNG_SIGNATURE)
    assert struct.unpack(">II", picture[16:24]) == (size, size)
    rows = _pixels(picture, size)
    assert rows[0][0] == GROUND
    assert rows[size // 2][round(size * 0.38)] == INK  # the dot


def _pixels(picture: bytes, size: int) -> list[list[tuple[int, int, int]]]:
    start = picture.index(b"IDAT")
    (length,) = struct.unpack(">I", picture[start - 4 : start])
    raw = zlib.decompress(picture[start + 4 : start + 4 + length])
    width = size * 3 + 1
    return [[tuple(raw[y * width + 1 + x * 3 :][:3]) for x in range(size)] for y in range(size)]  # type: ignore[misc]
