from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapline.texts.links import find_links, replace_links

FOUND = [
    ("Sale: example.com, today", ["https://example.com"]),
    ("See www.example.de/menu).", ["https://www.example.de/menu"]),
    ("(https://example.com/b(c)d)", ["https://example.com/b(c)d"]),
    ("<https://example.com/a>", ["https://example.com/a"]),
    ('say "example.com/a"!', ["https://example.com/a"]),
    ("https://müller.de/käse. ok", ["https://müller.de/käse"]),
    ("https://例え.jp/パス、次", ["https://例え.jp/パス"]),
    ("xn--mller-kva.de", ["https://xn--mller-kva.de"]),
    ("http://localhost:8080/x", ["http://localhost:8080/x"]),
    ("x.co:8080/a?b=c&d=e#f!", ["https://x.co:8080/a?b=c&d=e#f"]),
    ("http://192.0.2.1/a", ["http://192.0.2.1/a"]),
    ("EXAMPLE.COM/Sale and Example.Com", ["https://EXAMPLE.COM/Sale", "https://Example.Com"]),
    ("http://a.com,http://b.com", ["http://a.com", "http://b.com"]),
    ("a.com;b.com", ["https://a.com", "https://b.com"]),
    ("https://x.com/…", ["https://x.com/"]),
    ("https://x.com/a!…", ["https://x.com/a"]),
    ("«example.com/a»", ["https://example.com/a"]),
    ("https://x.com/?c={code}", ["https://x.com/?c={code}"]),
    ("go to example.com/10.am", ["https://example.com/10.am"]),
    ("www.3.de", ["https://www.3.de"]),
    ("https://user:pw@example.com/", ["https://user:pw@example.com/"]),
    (
        "https://x.com/{{ city }}?a={{ b | c… d }} now",
        ["https://x.com/{{ city }}?a={{ b | c… d }}"],
    ),
]
NOT_FOUND = [
    "",
    "at 10.am",
    "3.Preis",
    "e.g. this, i.e. that",
    "9.99.de",
    "1.2.3.4",
    "Great.Now come.So there",
    "ask a@example.com",
    "mailto:a@example.com",
    "ftp://example.com",
    "//example.com",
    "javascript:alert(1)",
    "http://…",
    "no.1 St.Paul 50.off",
    "{{ first_name | friend }}.",
]


@pytest.mark.parametrize(("text", "urls"), FOUND)
def test_links_are_found_as_phones_find_them(text: str, urls: list[str]) -> None:
    assert [link.url for link in find_links(text)] == urls


@pytest.mark.parametrize("text", NOT_FOUND)
def test_what_only_looks_like_a_link_is_left_alone(text: str) -> None:
    assert find_links(text) == []


def test_replacing_links_touches_nothing_else() -> None:
    text = "Menu (example.com/a), map: https://example.com/b."

    replaced = replace_links(text, find_links(text), ["S1", "S2"])

    assert replaced == "Menu (S1), map: S2."


SIGNS = list("/()@….:?=\n 'é\"👍")
fragments = st.sampled_from(
    [*SIGNS, "https://", "www.", "example.com", ".de", "{{ a }}", "{{", "10"]
)


@given(st.one_of(st.text(), st.lists(fragments, max_size=20).map("".join)))
def test_any_text_gives_links_that_lie_in_it_and_do_not_overlap(text: str) -> None:
    end = 0
    for link in find_links(text):
        assert end <= link.start < link.end <= len(text)
        assert text[link.start : link.end] == link.text
        assert link.url.lower().startswith(("http://", "https://"))
        end = link.end
