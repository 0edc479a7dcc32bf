"""What a page says of itself is read whatever it is written like."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapline.links.page_head import MOST_BYTES, PageHead, read_head, unpacked

PAGE = "https://shop.example/menu/today"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"<title>Menu</title>", PageHead(title="Menu")),
        (b"<TITLE>\n Pie &amp;\n peas </TITLE>", PageHead(title="Pie & peas")),
        (b"<title>A</title><svg><title>B</title></svg>", PageHead(title="A")),
        (
            b'<meta content="Spring" property="og:title"><title>Shop</title>',
            PageHead(title="Spring", has_card=True),
        ),
        (
            b'<meta property="og:image" content="../pie.jpg">',
            PageHead(picture="https://shop.example/pie.jpg", has_card=True),
        ),
        (b'<meta property="og:image" content="javascript:alert(1)">', PageHead(has_card=True)),
        (b'<meta name="description" content="All pies">', PageHead(description="All pies")),
        (b'<meta charset="iso-8859-1"><title>Caf\xe9</title>', PageHead(title="Café")),
        (b'<meta charset="nonsense"><title>Menu</title>', PageHead(title="Menu")),
        (b"<title>never closed", PageHead(title="never closed")),
        (b"\xff\xfe\x00 no page at all", PageHead()),
    ],
)
def test_titles_and_cards_are_read(body: bytes, expected: PageHead) -> None:
    assert read_head(body, "text/html", PAGE) == expected


def test_the_header_s_charset_comes_first() -> None:
    body = '<meta charset="iso-8859-1"><title>Café</title>'.encode()

    assert read_head(body, "text/html; charset=UTF-8", PAGE).title == "Café"


@pytest.mark.parametrize(("packing", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_a_packed_page_does_not_grow_beyond_bounds(
    packing: str, pack: Callable[[bytes], bytes]
) -> None:
    page = b"<title>Menu</title>"

    assert unpacked(pack(page), packing) == page
    assert unpacked(pack(page + b" " * (40 * MOST_BYTES)), packing) == (
        page + b" " * (MOST_BYTES - len(page))
    )


@given(body=st.binary(max_size=300), content_type=st.text(max_size=40), packing=st.text(max_size=9))
def test_nothing_that_a_server_sends_is_an_error(
    body: bytes, content_type: str, packing: str
) -> None:
    head = read_head(b"<meta name=" + body, content_type, PAGE)

    assert len(head.title) <= 120
    assert len(unpacked(body, packing)) <= MOST_BYTES
