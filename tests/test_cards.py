"""A card is a small page that previewers read, whatever people wrote into its fields."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from tapline.cards import (
    LONGEST_DESCRIPTION,
    LONGEST_PICTURE,
    LONGEST_TITLE,
    MOST_BYTES,
    BadCard,
    Card,
    card_page,
    check_card,
)
from tapline.previewers import PREVIEWERS, Previewer, is_previewer

PICTURE = "https://www.example.com/pizza.jpg"


class Reader(HTMLParser):
    """What a previewer reads of a page, and which elements are there at all."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.links: list[str] = []
        self.elements: set[str] = set()
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        told = dict(attrs)
        if name := told.get("property") or told.get("name"):
            self.fields[name] = told.get("content") or ""
        if tag == "a":
            self.links.append(told.get("href") or "")


def test_a_previewer_reads_title_description_and_picture() -> None:
    read = Reader(
        card_page(Card("The menu", "Pizza & more", PICTURE)).body("https://x.example/?a=1&b")
    )

    assert read.fields["og:title"] == "The menu"
    assert read.fields["og:description"] == "Pizza & more"
    assert read.fields["og:image"] == PICTURE
    assert read.fields["twitter:card"] == "summary_large_image"
    assert read.fields["robots"] == "noindex"
    assert read.links == ["https://x.example/?a=1&b"]


def test_what_was_left_empty_is_left_out() -> None:
    read = Reader(card_page(Card("The menu")).body("https://x.example/"))

    assert not {"og:description", "og:image"} & set(read.fields)
    assert read.fields["twitter:card"] == "summary"


@pytest.mark.parametrize(
    "text",
    [
        '"><script>alert(1)</script>',
        "</title><img src=x onerror=alert(1)>",
        "' onload='x",
        "&quot;",
    ],
)
def test_texts_stay_texts(text: str) -> None:
    card = check_card(text, text)
    assert card is not None
    read = Reader(card_page(card).body(f"https://x.example/{text}"))

    assert read.fields["og:title"] == read.fields["og:description"] == text
    assert read.elements == {"meta", "title", "p", "a"}
    assert read.links == [f"https://x.example/{text}"]


def test_texts_are_made_plain_and_emoji_stay_whole() -> None:
    family = "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}"

    card = check_card(f"  The \n menu\x00\x1b {family} \ud800", "\t", "")

    assert card == Card(f"The menu {family}")


def test_nothing_is_no_card() -> None:
    assert check_card("", " \n", "  ") is None


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        (("", "Pizza", ""), "shows first"),
        (("x" * (LONGEST_TITLE + 1), "", ""), "121 characters"),
        (("x", "x" * (LONGEST_DESCRIPTION + 1), ""), "301 characters"),
        (("x", "", "javascript:alert(1)"), "http"),
        (("x", "", "pizza.jpg"), "http"),
        (("x", "", "https://user@www.example.com/"), "before @"),
        (("x", "", "https://www.example.com/{code}.jpg"), "one address for everybody"),
        (("x", "", "https://www.example.com/{{ name }}.jpg"), "one address for everybody"),
        (("x", "", "https://www.example.com/" + "x" * LONGEST_PICTURE), "one address"),
        (('"' * LONGEST_TITLE, "'" * LONGEST_DESCRIPTION, PICTURE), "3500 bytes"),
    ],
)
def test_a_card_that_cannot_be_shown_is_refused(fields: tuple[str, str, str], why: str) -> None:
    with pytest.raises(BadCard, match=why):
        check_card(*fields)


def test_the_largest_card_stays_small() -> None:
    card = check_card("x" * LONGEST_TITLE, "é" * LONGEST_DESCRIPTION, PICTURE)
    assert card is not None

    assert len(card_page(card).before) < MOST_BYTES


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        ("GoogleMessages", True),
        ("WhatsApp/2.23.20.0 A", True),
        (
            "Mozilla/5.0 (Macintosh) facebookexternalhit/1.1 Facebot Twitterbot/1.0",
            True,
        ),
        (
            "Mozilla/5.0 (iPhone) Mobile/15E148 [FBAN/FBIOS;FBAV/460.0.0;FBDV/iPhone14,5]",
            False,
        ),
        (
            "Mozilla/5.0 (iPhone) Mobile/15E148 Twitter for iPhone/10.40",
            False,
        ),
        (
            "Mozilla/5.0 (Linux; Android 14; CUBOT X50) AppleWebKit/537.36 Chrome/126.0 Mobile",
            False,
        ),
        ("Googlebot/2.1", False),
        ("", False),
    ],
)
def test_previewers_are_told_from_people_and_from_other_machines(
    agent: str, expected: bool
) -> None:
    assert is_previewer(agent) is expected


FORMS = {
    "google_messages": ["GoogleMessages", "Mozilla/5.0 Safari/537.36 GoogleMessages/15.1"],
    "google_page_renderer": ["Mozilla/5.0 Google-PageRenderer Google (+https://example.com)"],
    "imessage": ["Mozilla/5.0 facebookexternalhit/1.1 Facebot Twitterbot/1.0,gzip(gfe)"],
    "whatsapp": ["WhatsApp/2"],
    "kakaotalk": ["facebookexternalhit/1.1;kakaotalk-scrap/1.0;"],
    "line": ["facebookexternalhit/1.1;line-poker/1.0"],
    "facebook": ["facebookexternalhit/1.1", "facebookcatalog/1.0", "Facebot"],
    "meta": ["meta-externalagent/1.1", "meta-externalfetcher/1.1"],
    "teams": ["Mozilla/5.0 SkypeUriPreview Preview/0.5", "MicrosoftPreview/2.0"],
    "telegram": ["TelegramBot (like TwitterBot)"],
    "viber": ["Viber"],
    "snapchat": ["Snap URL Preview Service; bot; snapchat"],
    "groupme": ["GroupMeBot/1.0"],
    "twitter": ["Twitterbot/1.0"],
    "slack": ["Slackbot-LinkExpanding 1.0", "Slack-ImgProxy (+https://example.com)"],
    "discord": ["Mozilla/5.0 (compatible; Discordbot/2.0)"],
    "linkedin": ["LinkedInBot/1.0"],
}


@pytest.mark.parametrize("previewer", PREVIEWERS, ids=lambda each: each.name)
def test_every_form_of_a_previewer_is_found_by_words_and_by_its_pattern(
    previewer: Previewer,
) -> None:
    for agent in FORMS[previewer.name]:
        assert re.search(previewer.pattern, agent)
        assert any(word in agent for word in previewer.words)
        assert is_previewer(agent)
