"""What could be better about a text that is being written, and what its characters cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tapline.broadcasts.advice_words import ToldAdvice, in_words
from tapline.broadcasts.character_names import name_of
from tapline.broadcasts.models import Broadcast
from tapline.broadcasts.style_words import style_of
from tapline.contacts.models import Purpose
from tapline.links.domains import domain_for, own_hosts
from tapline.links.hosts import SHORTENERS, is_local
from tapline.links.models import Domain
from tapline.texts.advice import Context, advise
from tapline.texts.costly import CostlyCharacter, alike, costly_characters, write_instead
from tapline.texts.parts import describe, graphemes
from tapline.texts.spans import not_words, words_only


@dataclass(frozen=True, slots=True, kw_only=True)
class Costly:
    """A character that costs parts, where it stands in the text as it was written (in none of its
    places, if a recipient's own data brought it), and whether only leaving it out helps."""

    character: CostlyCharacter
    places: tuple[int, ...]

    @property
    def first_place(self) -> int:
        """For people: counted from 1; 0 where it is not in the text itself."""
        return self.places[0] + 1 if self.places else 0

    @property
    def name(self) -> str:
        return name_of(self.character.character, self.character.name)

    @property
    def is_left_out(self) -> bool:
        return self.character.instead == ""

    @property
    def is_seen(self) -> bool:
        return self.character.character.isprintable() and not self.character.character.isspace()


def advice_about(broadcast: Broadcast, text: str, language: str = "") -> list[ToldAdvice]:
    """Return what could be better about one of a broadcast's texts, in words."""
    return [in_words(each) for each in advise(text, context_of(broadcast, language))]


def context_of(broadcast: Broadcast, language: str = "") -> Context:
    """Return what is known around a broadcast's text in a language; "": the workspace's own."""
    domain = broadcast.domain or domain_for(broadcast.workspace)
    return Context(
        brand=brand_of(broadcast, domain),
        host="" if is_local(domain.host) else domain.host,
        shorteners=SHORTENERS,
        own_hosts=own_hosts(),
        language=language or broadcast.workspace.language,
        needs_opt_out=broadcast.purpose == Purpose.MARKETING,
        style=style_of(broadcast.workspace),
    )


def brand_of(broadcast: Broadcast, domain: Domain) -> str:
    """Return the name that recipients know: the domain's brand, else the workspace's name."""
    return domain.brand_name or broadcast.workspace.name


def costly_in(written: str, rendered: str) -> list[Costly]:
    """Return the characters that cost a recipient's text parts, with their places in the text as it
    was written, outside of links and merge fields."""
    places = _places_in_words(written)
    return [
        Costly(character=each, places=places.get(each.character, ()))
        for each in costly_characters(rendered)
    ]


def write_plainly(written: str) -> str:
    """Return a text with what costs parts written in plain characters."""
    return _in_its_words(written, _plainly)


def write_otherwise(written: str, character: str, instead: str) -> str:
    """Return a text with one character written otherwise, wherever it stands."""
    return _in_its_words(written, lambda words: write_instead(words, character, instead))


def parts_written_plainly(rendered: str) -> int:
    """Return how many parts a recipient's text would have in plain characters."""
    return describe(_plainly(rendered)).parts


def _in_its_words(written: str, rewrite: Callable[[str], str]) -> str:
    """Return a text with its words written anew; links and merge fields stay as they are."""
    pieces: list[str] = []
    done = 0
    for start, end in not_words(written):
        pieces += (rewrite(written[done:start]), written[start:end])
        done = end
    return "".join([*pieces, rewrite(written[done:])])


def _plainly(text: str) -> str:
    return "".join(each if (plain := alike(each)) is None else plain for each in graphemes(text))


def _places_in_words(written: str) -> dict[str, tuple[int, ...]]:
    places: dict[str, tuple[int, ...]] = {}
    at = 0
    for each in graphemes(words_only(written)):
        places[each] = (*places.get(each, ()), at)
        at += len(each)
    return places
