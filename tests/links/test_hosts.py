"""Which host names may carry links, and what is said about the others."""

from __future__ import annotations

import pytest

from tapline.links.hosts import UnfitHost, advice_on, as_read, refuse_unfit, registered_name


@pytest.mark.parametrize(
    ("host", "registered"),
    [
        ("go.bakery.co.uk", "bakery.co.uk"),
        ("bakery.com", "bakery.com"),
        ("a.b.c.bakery.example", "bakery.example"),
        ("go.xn--bcher-kva.de", "xn--bcher-kva.de"),
        ("co.uk", None),
        ("com", None),
        ("localhost", None),
        ("192.0.2.7", None),
        ("2001:db8::1", None),
    ],
)
def test_the_registered_name_is_what_a_brand_owns(host: str, registered: str | None) -> None:
    assert registered_name(host) == registered


@pytest.mark.parametrize(
    ("host", "because"),
    [
        ("co.uk", "belongs to everybody"),
        ("github.io", "belongs to everybody"),
        ("bit.ly", "shortener"),
        ("brand.rebrand.ly", "shortener"),
        ("go_links.example.com", "no plain host name"),
        ("_tapline.example.com", "no plain host name"),
        (".".join(["a" * 50] * 4 + ["b" * 40, "com"]), "too long"),
    ],
)
def test_a_host_that_no_text_may_show_is_refused(host: str, because: str) -> None:
    with pytest.raises(UnfitHost, match=because):
        refuse_unfit(host)


@pytest.mark.parametrize("host", ["go.bakery.com", "xn--bcher-kva.example", "bakery.github.io"])
def test_a_host_of_ones_own_is_not(host: str) -> None:
    refuse_unfit(host)


@pytest.mark.parametrize(
    ("host", "others", "said"),
    [
        ("go.bakery.com", [], []),
        ("go.bakery.de", [], []),
        ("go.bakery.restaurant", [], [".restaurant"]),
        ("go.xn--bcher.xn--p1ai", [], [".рф"]),
        ("uk.bakery.com", ["go.bakery.com"], []),
        ("go.rolls.com", ["go.bakery.com"], ["go out under bakery.com already"]),
        ("x.bakery.com", ["a.bakery.com", "b.bakery.com"], ["domain number 3"]),
        (
            "go.rolls.shop",
            ["go.bakery.com", "go.buns.com"],
            [".shop", "bakery.com, buns.com", "domain number 3"],
        ),
    ],
)
def test_what_speaks_against_a_host_is_said(host: str, others: list[str], said: list[str]) -> None:
    advice = list(advice_on(host, others))

    assert len(advice) == len(said)
    for each, words in zip(advice, said, strict=True):
        assert words in each.what


def test_international_names_are_shown_as_people_read_them() -> None:
    assert as_read("go.xn--bcher-kva.example") == "go.bücher.example"
    assert as_read("go.example.com") == "go.example.com"
    assert as_read("xn--zzzzzzzzzz99.example") == "xn--zzzzzzzzzz99.example"
