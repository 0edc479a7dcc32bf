"""What the composer shows beside its form: what one recipient gets, what could be better about it,
who gets it, and what that costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from tapline.broadcasts.advising import (
    advice_about,
    costly_in,
    parts_written_plainly,
    write_otherwise,
    write_plainly,
)
from tapline.broadcasts.billing import bill_of, link_choices
from tapline.broadcasts.composing import Preview, preview
from tapline.broadcasts.forecast import forecast
from tapline.broadcasts.models import Broadcast
from tapline.broadcasts.night import Waiting
from tapline.broadcasts.pictures import pictures_of
from tapline.broadcasts.reasons import reason_for
from tapline.broadcasts.wordings import letter, texts_of
from tapline.digits import whole_number
from tapline.hours.words import local_moment
from tapline.texts.advice import Advice
from tapline.texts.costly import CostlyCharacter
from tapline.texts.parts import graphemes, unusual_characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a button makes of the text: `text[start:end]` becomes `instead`. `of` is how long the
    text was; one that was changed since is left alone."""

    start: int
    end: int
    instead: str
    of: int
    field: str = "text"  # of the form; "text_es" is the text in Spanish

    @property
    def as_value(self) -> str:
        """The change as a form sends it."""
        return f"replace,{self.field},{self.start},{self.end},{self.instead}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A piece of the previewed text and what it is: words, field, link, costly."""

    kind: str
    words: str


def change(texts: Mapping[str, str], wish: str, *, field: str = "") -> dict[str, str]:
    """Return the form's texts, by field, as a pressed button wants them; a wish that cannot be read
    changes nothing."""
    if wish == "field" and field.isidentifier():
        return {**texts, "text": f"{texts['text']} {{{{ {field} }}}}".strip()}
    word, name, first, last, instead = [*wish.split(",", 4), "", "", "", ""][:5]
    text, start, end = texts.get(name, ""), whole_number(first), whole_number(last)
    if word != "replace" or start is None or end is None or not start <= end <= len(text):
        return dict(texts)
    return {**texts, name: text[:start] + instead + text[end:]}


def fields_of(draft: Broadcast) -> dict[str, str]:
    """Return a draft's texts by the names of their fields in the form, in the order of
    `texts_of`."""
    names = [f"text_{language}" for language in sorted(draft.translations)]
    names = names or [f"variant_{place}" for place in range(1, len(draft.variants) + 1)]
    return dict(zip(["text", *names], texts_of(draft), strict=True))


def take_fields(draft: Broadcast, texts: Mapping[str, str]) -> None:
    """Write the texts of `fields_of` back into a draft."""
    draft.text, *others = (texts[name] for name in fields_of(draft))
    if draft.translations:
        draft.translations = dict(zip(sorted(draft.translations), others, strict=True))
    else:
        draft.variants = [
            {**each, "text": text} for each, text in zip(draft.variants, others, strict=True)
        ]


def shown(draft: Broadcast, n: int) -> dict[str, Any]:
    """Return what recipient `n` (from 0) gets, and what could be better about the text.

    Raises what `preview` raises.
    """
    if not draft.text.strip():
        return {"is_empty": True}
    told = preview(draft, n)
    if told.contact is None and told.n > 0:  # Past the end: stay at the last one seen.
        told = preview(draft, told.n - 1)
    field, text = list(fields_of(draft).items())[told.variant]
    return {
        "preview": told,
        "letter": letter(told.variant) if draft.variants and not draft.translations else "",
        "pictures": pictures_of(draft),
        "pieces": list(_pieces(told)),
        "advice": [
            (each, _mending(text, field, each.advice))
            for each in advice_about(draft, text, told.language)
        ],
        "costly": [
            (each, _written_instead(text, field, each.character))
            for each in costly_in(text, told.text)
        ],
        "parts_saved": told.parts.parts - parts_written_plainly(told.text),
        "plainly": _whole(text, field, write_plainly(text)),
    }


def reached(draft: Broadcast) -> dict[str, Any]:
    """Return who gets the text, who does not and why, and what that costs with each choice of
    links. Raises `BadAudience`, `NoDomain` and what `preview` raises."""
    bill = bill_of(draft)
    reach = bill.counted.reach
    told = forecast(draft, timezone.now(), reach)
    has_text = bool(draft.text.strip())
    return {
        "bill": bill,
        "reach": reach,
        "left_out_in_all": reach.left_out.total(),
        "left_out": [
            (reason_for(draft, reason), count) for reason, count in reach.left_out.most_common()
        ],
        "waiting": sum(each.count for each in told.waiting),
        "skipped": sum(each.count for each in told.asleep) if told.skips else told.too_late,
        "first_opens_at": next((_local(draft, each) for each in told.waiting), ""),
        "has_text": has_text,
        "choices": list(link_choices(draft, preview(draft, first_text=True), reach))
        if bill.counted.is_whole and has_text
        else [],
    }


def _local(draft: Broadcast, waiting: Waiting) -> str:
    """Return when a place opens by the clock of the workspace; "" where it never does."""
    return local_moment(waiting.opens_at, draft.workspace.zone) if waiting.opens_at else ""


def _pieces(told: Preview) -> Iterator[Piece]:
    """Yield the pieces of a previewed text, with what shortens its parts marked."""
    dear = set(unusual_characters(told.text))
    for kind, words in told.pieces:
        if kind == "link" or not dear & set(words):
            yield Piece(kind=kind, words=words)
            continue
        for each in graphemes(words):
            yield Piece(kind="costly" if dear & set(each) else kind, words=each)


def _mending(text: str, field: str, advice: Advice) -> Change | None:
    if advice.instead is None:
        return None
    return Change(
        start=advice.start, end=advice.end, instead=advice.instead, of=len(text), field=field
    )


def _written_instead(text: str, field: str, costly: CostlyCharacter) -> Change | None:
    if costly.instead is None:
        return None
    return _whole(text, field, write_otherwise(text, costly.character, costly.instead))


def _whole(text: str, field: str, instead: str) -> Change | None:
    if instead == text:
        return None
    return Change(start=0, end=len(text), instead=instead, of=len(text), field=field)
