"""Messaging apps and services that fetch a page to draw a preview, by what they call themselves.

One table for two rooms: ingest judges their requests as previews, and the edge gives them the card
of a link that has one. A pattern matches what the fetcher calls itself, never a word that a
person's browser may carry as well.
"""

from __future__ import annotations

import functools
import re
from typing import NamedTuple


# Sources of the forms: crawler-user-agents, isbot's fixtures, the vendors' own pages; each form has
# a test (tests/clicks/test_rules.py).
class Previewer(NamedTuple):
    """A fetcher that draws previews."""

    name: str
    pattern: str
    words: tuple[str, ...]  # one of them is in whatever the pattern matches: looked for first


PREVIEWERS: tuple[Previewer, ...] = (
    Previewer("google_messages", r"\bGoogleMessages\b", ("GoogleMessages",)),
    Previewer("google_page_renderer", r"\bGoogle-PageRenderer\b", ("Google-PageRenderer",)),
    # iMessage, from the sender's or the recipient's own phone.
    Previewer(
        "imessage", r"facebookexternalhit/1\.1 Facebot Twitterbot/1\.0", ("Facebot Twitterbot",)
    ),
    Previewer("whatsapp", r"^WhatsApp/", ("WhatsApp/",)),  # Signal says «WhatsApp/2», too
    Previewer("kakaotalk", r"\bkakaotalk-scrap/", ("kakaotalk-scrap/",)),
    Previewer("line", r"\bline-poker/", ("line-poker/",)),
    Previewer(
        "facebook",
        r"\b(facebookexternalhit|facebookcatalog|Facebot)\b",
        ("facebookexternalhit", "facebookcatalog", "Facebot"),
    ),
    Previewer("meta", r"\bmeta-external(agent|fetcher)\b", ("meta-external",)),
    Previewer(
        "teams",
        r"\b(SkypeUriPreview|MicrosoftPreview)\b",
        ("SkypeUriPreview", "MicrosoftPreview"),
    ),
    Previewer("telegram", r"\bTelegramBot\b", ("TelegramBot",)),
    Previewer("viber", r"^Viber\b", ("Viber",)),
    Previewer("snapchat", r"\bSnap URL Preview Service\b", ("Snap URL Preview",)),
    Previewer("groupme", r"\bGroupMeBot/", ("GroupMeBot/",)),
    Previewer("twitter", r"\bTwitterbot/", ("Twitterbot/",)),
    Previewer("slack", r"\bSlack(bot|-ImgProxy)\b", ("Slackbot", "Slack-ImgProxy")),
    Previewer("discord", r"\bDiscordbot/", ("Discordbot/",)),
    Previewer("linkedin", r"\bLinkedInBot/", ("LinkedInBot/",)),
)

_LOOK_FOR = [
    (word, re.compile(previewer.pattern)) for previewer in PREVIEWERS for word in previewer.words
]


@functools.lru_cache(maxsize=4096)
def is_previewer(agent: str) -> bool:
    """Say whether a request with this agent draws a preview.

    An agent seen before takes 0.2 µs, another one 2 µs; by the patterns alone it was 100.
    """
    return any(word in agent and pattern.search(agent) for word, pattern in _LOOK_FOR)
