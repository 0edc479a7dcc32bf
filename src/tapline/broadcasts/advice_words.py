"""What each advice about a text says to people: what it found, why that matters, what to do."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tapline.broadcasts.findings import Level
from tapline.texts.advice import Advice


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words of one rule; `what` and `button` may name what was found."""

    what: str | Promise
    why: str | Promise
    do: str | Promise
    button: str | Promise = ""
    level: Level = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldAdvice:
    """An advice as a page shows it. `button` is empty where one click cannot mend it."""

    advice: Advice
    level: Level
    what: str
    why: str
    do: str
    button: str


WORDS: dict[str, Words] = {
    "no_opt_out": Words(
        what=_("The text does not say how to get no more of them."),
        why=_("The law in many places, and every carrier in the US, wants it in marketing texts."),
        do=_("End with a line like «%(found)s»"),
        button=_("Add «%(found)s»"),
        level="warning",
    ),
    "shortener": Words(
        what=_("«%(found)s» is a public shortener's address."),
        why=_("Carriers block texts with them, since anybody can hide behind one."),
        do=_("Write the page's own address: it becomes a short link of your own domain."),
        level="warning",
    ),
    "own_link": Words(
        what=_("«%(found)s» is a short link of your own."),
        why=_("Everybody would get the same one, so nobody could say who tapped."),
        do=_("Write the address of the page that it leads to: each recipient gets their own link."),
        level="warning",
    ),
    "untracked_link": Words(
        what=_("«%(found)s» is not seen as a link."),
        why=_(
            "It stands against other letters: everybody gets it as it is, and taps are not seen."
        ),
        do=_("Put a space before it, and complete its host name."),
        button=_("Put a space before it"),
        level="warning",
    ),
    "several_links": Words(
        what=_("The text has %(found)s different links."),
        why=_("Filters take texts with several links for spam, and taps divide among them."),
        do=_("Keep the one that matters."),
    ),
    "no_brand": Words(
        what=_("The text does not say who writes."),
        why=_("People do not tap links of senders whom they do not know, and carriers ask for it."),
        do=_("Begin with your name."),
        button=_("Begin with «%(found)s»"),
    ),
    "other_domain": Words(
        what=_("The links go out under %(found)s, which is not the name in your text."),
        why=_("People and carriers look whether name and domain belong together."),
        do=_("Choose your brand's domain under «Domain of the links», or name the brand it has."),
    ),
    "link_in_the_middle": Words(
        what=_("The link stands in the middle."),
        why=_("Phones show a preview of the page only where the link comes first or last."),
        do=_("Let the text end with the link."),
        button=_("Move the link to the end"),
    ),
    "shouting": Words(
        what=_("«%(found)s» is written in large letters."),
        why=_("It reads as shouting, and spam filters count it."),
        do=_("Write it as in a letter."),
        button=_("Write it small"),
    ),
    "exclamation": Words(
        what=_("«%(found)s» is more than one mark."),
        why=_("It reads as shouting, and spam filters count it."),
        do=_("One is enough."),
        button=_("Keep one"),
    ),
    "pushy": Words(
        what=_("«%(found)s» pushes."),
        why=_("Spam filters know such words, and people trust the sender less."),
        do=_("Say what there is and until when, and leave it out."),
        button=_("Leave it out"),
    ),
    "style_other": Words(
        what=_("You wanted to write «%(found)s» otherwise."),
        why=_("It is among the words that this workspace writes otherwise."),
        do=_("Write «%(instead)s»."),
        button=_("Write «%(instead)s»"),
    ),
    "style_avoid": Words(
        what=_("You wanted not to write «%(found)s»."),
        why=_("It is among the words that this workspace avoids."),
        do=_("Find another word."),
    ),
}


def in_words(advice: Advice) -> ToldAdvice:
    """Return an advice as people read it."""
    words = WORDS[advice.rule]
    named = {"found": advice.found, "instead": advice.instead or ""}
    return ToldAdvice(
        advice=advice,
        level=words.level,
        what=str(words.what) % named,
        why=str(words.why) % named,
        do=str(words.do) % named,
        button=str(words.button) % named if advice.instead is not None else "",
    )
