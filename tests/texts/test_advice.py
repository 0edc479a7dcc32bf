"""Advice points at what could be better, and its mending keeps the meaning."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tapline.texts.advice import Advice, Context, advise, mend
from tapline.texts.links import find_links
from tapline.texts.opt_out_line import opt_out_line, says_how_to_opt_out

CONTEXT = Context(
    brand="Bakery Sonne",
    host="go.sonne.example.com",
    shorteners={"bit.ly", "tinyurl.com"},
    own_hosts={"go.sonne.example.com"},
    style={"cheap": "affordable", "client": ""},
)
GOOD = "Bakery Sonne: new menu, see you soon? Reply STOP to opt out. https://sonne.example.com/menu"


def _found(text: str, context: Context = CONTEXT) -> list[tuple[str, str]]:
    return [(each.rule, each.found) for each in advise(text, context)]


def _rules(text: str) -> set[str]:
    return {each.rule for each in advise(text, CONTEXT)}


def test_a_good_text_gets_no_advice() -> None:
    assert _found(GOOD) == []


@pytest.mark.parametrize(
    ("text", "rule", "found"),
    [
        (GOOD + " https://sonne.example.com/jobs", "several_links", "2"),
        ("Sonne: bit.ly/x STOP", "shortener", "bit.ly/x"),
        ("Sonne: https://www.tinyurl.com/x STOP", "shortener", "https://www.tinyurl.com/x"),
        ("Sonne: go.sonne.example.com/sale STOP", "own_link", "go.sonne.example.com/sale"),
        (
            "Sonne: menuhttps://sonne.example.com/x STOP",
            "untracked_link",
            "https://sonne.example.com/x",
        ),
        ("Sonne: sonne.example.com/x is new", "link_in_the_middle", "sonne.example.com/x"),
        ("Sonne: SUMMER IS HERE", "shouting", "SUMMER IS HERE"),
        ("Sonne: new!!!", "exclamation", "!!!"),
        ("Sonne: Hurry up. New menu", "pushy", "Hurry up"),
        ("Sonne: don’t miss out", "pushy", "don’t miss out"),
        ("Sonne: ¡Actúa ya! Menú nuevo", "pushy", "Actúa ya"),
        ("Sonne: Jetzt zuschlagen! Neue Karte", "pushy", "Jetzt zuschlagen"),
        ("Sonne: new menu", "no_opt_out", "Reply STOP to opt out."),
        ("New menu", "no_brand", "Bakery Sonne"),
        ("Sonne: Cheap bread", "style_other", "Cheap"),
        ("Sonne: for every client", "style_avoid", "client"),
    ],
)
def test_each_rule_finds_what_it_is_about(text: str, rule: str, found: str) -> None:
    assert (rule, found) in _found(text)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Sonne: your code is SUMMER, or SAVE20", "shouting"),
        ("Sonne: the USA, BBQ and DIY", "shouting"),
        ("Sonne: really?! Yes!", "exclamation"),
        ("Sonne: {{ HURRY_UP | HURRY }} you", "pushy"),
        ("Sonne: https://sonne.example.com/hurry-up", "pushy"),
        ("Sonne: your order is guarded", "pushy"),
        ("Sonne: free delivery, 20% off", "pushy"),
        ("Sonne: cheaper bread", "style_other"),
        ("https://sonne.example.com/menu is new, says Sonne", "link_in_the_middle"),
        ("Sonne: sonne.example.com/menu.", "link_in_the_middle"),
    ],
)
def test_what_only_looks_like_it_is_left_alone(text: str, rule: str) -> None:
    assert rule not in _rules(text)


@pytest.mark.parametrize(
    ("text", "rule", "mended"),
    [
        ("Sonne: SUMMER SALE now", "shouting", "Sonne: Summer sale now"),
        ("Sonne: new!!! Menu", "exclamation", "Sonne: new! Menu"),
        ("Sonne: New menu. Act now! Enjoy", "pushy", "Sonne: New menu. Enjoy"),
        ("Sonne: Menú. ¡Actúa ya! Ven", "pushy", "Sonne: Menú. Ven"),
        ("Sonne: New menu.\nHurry!", "pushy", "Sonne: New menu.\n"),
        ("Menu", "no_brand", "Bakery Sonne: Menu"),
        ("Sonne: menu  ", "no_opt_out", "Sonne: menu\nReply STOP to opt out."),
        ("Sonne: Cheap bread", "style_other", "Sonne: Affordable bread"),
        (
            "Sonne: menuhttps://sonne.example.com/x",
            "untracked_link",
            "Sonne: menu https://sonne.example.com/x",
        ),
        (
            "Sonne: see sonne.example.com/x. Reply STOP to opt out.",
            "link_in_the_middle",
            "Sonne: see Reply STOP to opt out. sonne.example.com/x",
        ),
        (
            "Sonne, menu:\nsonne.example.com/x\nReply STOP to opt out.",
            "link_in_the_middle",
            "Sonne, menu:\nReply STOP to opt out.\nsonne.example.com/x",
        ),
    ],
)
def test_one_click_mends_it(text: str, rule: str, mended: str) -> None:
    (advice,) = [each for each in advise(text, CONTEXT) if each.rule == rule]

    assert mend(text, advice) == mended
    assert rule not in _rules(mended)


def test_what_stands_inside_a_sentence_is_left_to_a_person() -> None:
    (advice,) = [each for each in advise("Sonne: act now or wait", CONTEXT) if each.rule == "pushy"]

    assert advice.instead is None
    assert mend("x", advice) == "x"


@pytest.mark.parametrize(
    ("brand", "host", "is_other"),
    [
        ("Bakery Sonne", "go.sonne.example.com", False),
        ("Sonne", "sonne-shop.example", False),
        ("Café Noir GmbH", "t.example.org", True),
        ("H&M", "hm.example", False),
        ("Bakery Sonne", "go.moon.example.com", True),
        ("Bakery Sonne", "", False),
        ("", "go.moon.example.com", False),
    ],
)
def test_the_domain_of_another_name_is_pointed_out(brand: str, host: str, is_other: bool) -> None:
    found = _found("Menu: https://menu.example.com STOP", Context(brand=brand, host=host))

    assert (("other_domain", host) in found) == is_other


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Reply STOP to opt out", True),
        ("Txt stop 2 end", True),
        ("STOP=end", True),
        ("Text END to quit", True),
        ("Responde BAJA para no recibir más", True),
        ("responde con baja", True),
        ("Antworte STOP", True),
        ("Abmelden: sende STOPP", True),
        ("Opt-out: sonne.example.com/bye", True),
        ("Come to our shop", False),
        ("Non-stop fun, stop by today", False),
        ("NON STOP MUSIC", False),
        ("The weekend ends with cake", False),
    ],
)
def test_a_line_on_opting_out_is_known_in_three_languages(text: str, says: bool) -> None:
    assert says_how_to_opt_out(text) is says


@pytest.mark.parametrize("language", ["en", "es", "de", "de-AT", "fr"])
def test_our_own_line_says_how_to_opt_out(language: str) -> None:
    assert says_how_to_opt_out(opt_out_line(language))


def test_service_texts_need_no_word_on_opting_out() -> None:
    assert _found("Sonne: your order", Context(brand="Sonne", needs_opt_out=False)) == []


PIECES = st.sampled_from(
    [
        *("Sonne", "new MENU", "SUMMER", "STOP", "Act now!", "hurry", "¡Actúa ya!", "nur heute"),
        *(
            "bit.ly/x",
            "https://sonne.example.com/a?b={{ city | x }}",
            "http://",
            "xhttps://a.example.com",
        ),
        *("!!!", "??", "!", ".", "\n", " ", ", ", "{{ first_name }}", "{{", "}}", "cheap", "👍"),
        *("Reply STOP to opt out.", "(", ")", "»", "’", "\u202e", "İ", "ß", "ǅ"),
    ]
)
TEXTS = st.lists(PIECES, max_size=14).map(" ".join) | st.lists(PIECES, max_size=14).map("".join)


@given(TEXTS | st.text(max_size=200))
def test_advice_points_into_the_text_and_says_what_stands_there(text: str) -> None:
    for advice in advise(text, CONTEXT):
        assert 0 <= advice.start <= advice.end <= len(text)
        if advice.rule in {"shouting", "exclamation", "style_other", "style_avoid"}:
            assert text[advice.start : advice.end] == advice.found
        if advice.rule in {"pushy", "shortener", "own_link", "untracked_link"}:
            assert advice.found in text[advice.start : advice.end]


@given(TEXTS)
@example("bit.ly/x??¡Actúa ya!")  # what stood behind the address became a part of it
def test_mending_never_adds_findings_of_its_kind_and_keeps_every_link(text: str) -> None:
    for advice in advise(text, CONTEXT):
        mended = mend(text, advice)
        if advice.instead is None:
            assert mended == text
            continue
        assert _count(mended, advice) <= _count(text, advice)
        assert {link.url for link in find_links(text)} <= {link.url for link in find_links(mended)}


@given(st.text(alphabet=" \n\t\u00a0", max_size=20), st.booleans())
def test_no_rule_speaks_of_an_empty_text(text: str, needs_opt_out: bool) -> None:
    context = Context(brand="Sonne", host="x.example", needs_opt_out=needs_opt_out)

    assert advise(text, context) == []


def _count(text: str, advice: Advice) -> int:
    return sum(each.rule == advice.rule for each in advise(text, CONTEXT))
