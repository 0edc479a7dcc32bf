"""What is kept of a picture: how it looks, and nothing of who took it, where and when."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from tapline.pictures.cleaning import MOST_BYTES, BadPicture, clean_picture
from tests.pictures.drawing import SECRET, draw, gif, jpeg, opened, png

ALL = {
    "a photo": jpeg(),
    "one that builds up": jpeg(progressive=True),
    "one with restarts": jpeg(restart_marker_blocks=1),
    "a drawing": png(),
    "a moving picture": gif(),
}


def looks_alike(one: bytes, other: bytes) -> bool:
    pixels = (opened(each).convert("RGB") for each in (one, other))
    return ImageChops.difference(*pixels).getbbox() is None


@pytest.mark.parametrize("content", ALL.values(), ids=ALL.keys())
def test_a_picture_looks_as_before_and_tells_nothing_more(content: bytes) -> None:
    assert SECRET in content

    cleaned = clean_picture(content)

    assert looks_alike(content, cleaned.content)
    assert (cleaned.width, cleaned.height) == (24, 16)
    assert SECRET not in cleaned.content
    assert not opened(cleaned.content).getexif()


@pytest.mark.parametrize("content", ALL.values(), ids=ALL.keys())
def test_a_clean_picture_stays_as_it_is(content: bytes) -> None:
    cleaned = clean_picture(content).content

    assert clean_picture(cleaned).content == cleaned


@pytest.mark.parametrize("turned", range(2, 9))
def test_which_side_is_up_is_kept_and_nothing_else_of_it(turned: int) -> None:
    cleaned = clean_picture(jpeg(turned=turned))

    assert dict(opened(cleaned.content).getexif()) == {0x0112: turned}
    assert (cleaned.width, cleaned.height) == ((16, 24) if turned > 4 else (24, 16))


def test_a_moving_picture_moves_as_before() -> None:
    before, after = opened(gif(3)), opened(clean_picture(gif(3)).content)

    assert after.n_frames == before.n_frames == 3  # type: ignore[attr-defined]
    assert after.info["loop"] == 3
    assert after.info["duration"] == 70


def test_colours_are_told_as_before() -> None:
    profile = bytes(range(256)) * 300  # more than one segment holds
    file = io.BytesIO()
    draw().save(file, "JPEG", icc_profile=profile)

    assert opened(clean_picture(file.getvalue()).content).info["icc_profile"] == profile


@pytest.mark.parametrize("content", ALL.values(), ids=ALL.keys())
def test_what_follows_the_picture_goes(content: bytes) -> None:
    cleaned = clean_picture(content + b"<script>" + SECRET)

    assert cleaned == clean_picture(content)


def test_the_small_picture_inside_goes_too() -> None:
    """It shows what was cut away."""
    thumbnail = b"\xff\xe0" + (16 + 12).to_bytes(2, "big") + b"JFIF\0\1\2\0\0\1\0\1\2\2" + b"t" * 12
    photo = jpeg()

    cleaned = clean_picture(photo[:2] + thumbnail + photo[2:])

    assert b"tttt" not in cleaned.content


NO_PICTURES = {
    "a page": b"<html><script>alert(1)</script>",
    "a drawing of lines": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "a document": b"%PDF-1.7",
    "a picture of the web": b"RIFF\x24\0\0\0WEBPVP8 ",
    "a photo of iPhones": b"\0\0\0\x18ftypheic",
    "nothing": b"",
    "a photo without a picture": b"\xff\xd8\xff\xd9",
    "a drawing without a picture": b"\x89PNG\r\n\x1a\n",
    "a moving picture without one": b"GIF89a\x01\0\x01\0\0\0\0\x3b",
}


@pytest.mark.parametrize("content", NO_PICTURES.values(), ids=NO_PICTURES.keys())
def test_what_is_no_picture_is_refused_whatever_it_is_called(content: bytes) -> None:
    with pytest.raises(BadPicture):
        clean_picture(content)


def test_what_no_provider_takes_is_refused_with_its_size() -> None:
    with pytest.raises(BadPicture, match=r"5\.0 MB.*at most 5 MB"):
        clean_picture(jpeg() + bytes(MOST_BYTES))


def test_a_small_file_that_fills_a_phone_is_refused() -> None:
    file = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(file, "PNG")
    assert len(file.getvalue()) < MOST_BYTES

    with pytest.raises(BadPicture, match="30000 × 30000"):
        clean_picture(file.getvalue())


@pytest.mark.parametrize("content", ALL.values(), ids=ALL.keys())
def test_a_file_that_is_cut_off_is_refused_wherever_it_ends(content: bytes) -> None:
    whole = clean_picture(content).content
    for end in range(len(whole)):
        with pytest.raises(BadPicture):
            clean_picture(whole[:end])


@settings(max_examples=300)
@given(
    content=st.sampled_from(list(ALL.values())),
    at=st.integers(0, 2000),
    instead=st.binary(min_size=1, max_size=8),
)
def test_a_damaged_file_is_cleaned_or_refused_and_never_grows(
    content: bytes, at: int, instead: bytes
) -> None:
    damaged = content[:at] + instead + content[at + len(instead) :]
    try:
        cleaned = clean_picture(damaged)
    except BadPicture:
        return
    assert len(cleaned.content) <= len(damaged) + 36  # which side is up, in a segment of its own
    assert clean_picture(cleaned.content).content == cleaned.content
