"""The texts of one broadcast: one; several variants, each for its share of the recipients; or one
in several languages, each for the contacts who have it, the first for all others.

Who gets which is decided by a keyed hash of the contact's id, so that it is the same wherever it is
asked, unlike in any other broadcast, and nobody's choice. The hash is a polynomial of third degree
over the integers modulo 2³¹-1 whose coefficients come from the broadcast's token: any four contacts
fall independently (M. N. Wegman and J. L. Carter, «New hash functions and their use in
authentication and set equality», J. Comput. Syst. Sci. 22, 1981). It is arithmetic alone, so a
database works it out for a whole audience in one statement.
"""

from __future__ import annotations

import functools
import hashlib
import re
from dataclasses import dataclass
from itertools import accumulate

from tapline.broadcasts.models import Broadcast
from tapline.texts.personal import MessageTemplate, compile_text

PRIME = 2**31 - 1
BUCKETS = 10_000
LETTERS = "ABCDE"
LANGUAGE = re.compile(r"[a-z]{2,3}")  # ISO 639, small


@dataclass(frozen=True, slots=True)
class Wordings:
    """A broadcast's texts, ready for rendering; the first is variant 0, «A»."""

    templates: tuple[MessageTemplate, ...]
    shares: tuple[int, ...]  # percent of those who get a text
    hold_out: int  # percent of all who get nothing
    urls: tuple[str, ...]  # the destinations of all texts, each once
    languages: tuple[str, ...] = ()  # of each text, "" for the first; none: not told by language

    @property
    def is_split(self) -> bool:
        """Say whether there is more than one text."""
        return len(self.templates) > 1

    @property
    def needed(self) -> frozenset[str]:
        """The attributes that any of the texts needs. Whoever lacks one gets none of them: else
        the variants' recipients would differ in more than their text."""
        return frozenset().union(*(each.needed for each in self.templates))

    @property
    def has_personal(self) -> bool:
        """Say whether any link of any text needs a destination for each recipient."""
        return any(each.has_personal for each in self.templates)

    def needed_by(self, variant: int) -> frozenset[str]:
        """The attributes without which a contact gets no text: those of its language alone."""
        return self.templates[variant].needed if self.languages else self.needed

    def in_language(self, language: str) -> int:
        """Return which text a contact of a language gets; the first where none is in it."""
        own = base_language(language)
        return self.languages.index(own) if own and own in self.languages else 0

    def is_personal(self, ordinal: int) -> bool:
        """Say whether a destination is another for each recipient."""
        return any(
            each.is_personal(each.urls.index(self.urls[ordinal]))
            for each in self.templates
            if self.urls[ordinal] in each.urls
        )

    def places(self, variant: int) -> tuple[int, ...]:
        """Return where the destinations of one text stand in `urls`."""
        return tuple(self.urls.index(url) for url in self.templates[variant].urls)

    def holding(self, ordinal: int) -> tuple[int, ...]:
        """Return which variants hold a destination."""
        url = self.urls[ordinal]
        return tuple(n for n, each in enumerate(self.templates) if url in each.urls)


def wordings_of(broadcast: Broadcast) -> Wordings:
    """Return a broadcast's texts; raises what `compile_text` raises."""
    if broadcast.translations:
        texts = tuple(sorted(broadcast.translations.items()))
        return _in_languages(broadcast.text, texts, broadcast.hold_out)
    others = tuple((each["text"], each["share"]) for each in broadcast.variants)
    return _compiled(broadcast.text, others, broadcast.hold_out)


def texts_of(broadcast: Broadcast) -> list[str]:
    """Return a broadcast's texts as they were written."""
    in_languages = [text for _language, text in sorted(broadcast.translations.items())]
    return [broadcast.text, *(in_languages or [each["text"] for each in broadcast.variants])]


def base_language(language: str) -> str:
    """Return the language without its country: `es-MX` is `es`."""
    return language.partition("-")[0].lower()


def letter(variant: int) -> str:
    """Return what pages call a variant."""
    return LETTERS[variant]


def variant_sql(wordings: Wordings, token: str) -> str:
    """Return, as SQL over the contact alias `c`, which variant a contact gets; null for one who
    gets nothing, and for everybody where there is one text."""
    if not wordings.is_split:
        return "null"
    if wordings.languages:
        held = is_held_out_sql(wordings, token)
        return f"case when {held} then null else {language_sql(wordings)} end"
    bucket = bucket_sql(token)
    cases = " ".join(
        f"when {bucket} < {end} then {'null' if variant is None else variant}"
        for variant, end in _ends(wordings)
    )
    return f"case {cases} end"


def language_sql(wordings: Wordings) -> str:
    """Return, as SQL over the contact alias `c`, which text is in a contact's language."""
    cases = " ".join(
        f"when lower(c.language) = '{each}' or lower(substr(c.language, 1, {len(each) + 1}))"
        f" = '{each}-' then {variant}"
        for variant, each in enumerate(wordings.languages)
        if each and LANGUAGE.fullmatch(each)  # It stands in the statement itself.
    )
    return f"case {cases} else 0 end" if cases else "0"


def is_held_out_sql(wordings: Wordings, token: str) -> str:
    """Return, as SQL over the contact alias `c`, whether a contact gets nothing on purpose."""
    if not wordings.hold_out:
        return "false"
    return f"({bucket_sql(token)} < {_held_out_end(wordings)})"


def bucket_sql(token: str) -> str:
    """Return a contact's bucket, 0 … 9,999, as SQL over the alias `c`, for a statement with
    parameters: per cent signs are doubled."""
    first, *others = _coefficients(token)
    x = f"(c.id %% {PRIME})"
    value = str(first)
    for each in others:  # Horner's way; no product reaches 2⁶³.
        value = f"(({value} * {x} + {each}) %% {PRIME})"
    return f"({value} %% {BUCKETS})"


def bucket_of(contact_id: int, token: str) -> int:
    """Return the same for one contact."""
    value = 0
    for each in _coefficients(token):
        value = (value * contact_id + each) % PRIME
    return value % BUCKETS


def variant_of(wordings: Wordings, contact_id: int, token: str) -> int | None:
    """Return which text one contact gets; None: nothing, on purpose."""
    bucket = bucket_of(contact_id, token)
    if bucket < _held_out_end(wordings):
        return None
    return next(variant for variant, end in _ends(wordings) if bucket < end)


def _ends(wordings: Wordings) -> list[tuple[int | None, int]]:
    """Return (variant, bucket after its last), those who get nothing first."""
    held = _held_out_end(wordings)
    ends = [held + (BUCKETS - held) * share // 100 for share in accumulate(wordings.shares)]
    return [(None, held), *enumerate(ends)]


def _held_out_end(wordings: Wordings) -> int:
    return wordings.hold_out * BUCKETS // 100


@functools.lru_cache(maxsize=64)
def _coefficients(token: str) -> tuple[int, ...]:
    digest = hashlib.sha256(b"variants of " + token.encode()).digest()
    parts = [int.from_bytes(digest[at : at + 8], "big") % PRIME for at in range(0, 32, 8)]
    return (parts[0] or 1, *parts[1:])


@functools.lru_cache(maxsize=64)
def _compiled(text: str, others: tuple[tuple[str, int], ...], hold_out: int) -> Wordings:
    templates = (compile_text(text), *(compile_text(other) for other, _share in others))
    shares = tuple(share for _text, share in others)
    urls = dict.fromkeys(url for each in templates for url in each.urls)
    return Wordings(templates, (100 - sum(shares), *shares), hold_out, tuple(urls))


@functools.lru_cache(maxsize=64)
def _in_languages(text: str, others: tuple[tuple[str, str], ...], hold_out: int) -> Wordings:
    templates = (compile_text(text), *(compile_text(other) for _language, other in others))
    urls = dict.fromkeys(url for each in templates for url in each.urls)
    languages = ("", *(language for language, _text in others))
    return Wordings(templates, (100,), hold_out, tuple(urls), languages)
