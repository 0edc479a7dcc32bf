"""What the composer shows beside its form: what one recipient gets, what could be better about it,
who gets it, and what that costs."""

from __future__ import annotations

from collections.abc import Iterator
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
from tapline.broadcasts.reasons import reason_for
from tapline.texts.advice import Advice
from tapline.texts.parts import graphemes, unusual_characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a button makes of the text: `text[start:end]` becomes `instead`. `of` is how long the
    text was; one that was changed since is left alone."""

    start: int
    end: int
    instead: str
    of: int

    @property
    def as_value(self) -> str:
        """The change as a form sends it."""
        return f"replace,{self.start},{self.end},{self.instead}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A piece of the previewed text and what it is: words, field, link, costly."""

    kind: str
    words: str


def change(text: str, wish: str, *, field: str = "") -> str:
    """Return `text` as a pressed button wants it; a wish that cannot be read changes nothing."""
    if wish == "field" and field.isidentifier():
        return f"{text} {{{{ {field} }}}}".strip()
    if wish.startswith("replace,"):
        start, end, instead = wish.removeprefix("replace,").split(",", 2)
        if start.isdigit() and end.isdigit() and int(start) <= int(end) <= len(text):
            return text[: int(start)] + instead + text[int(end) :]
    return text


def shown(draft: Broadcast, n: int) -> dict[str, Any]:
    """Return what recipient `n` (from 0) gets, and what could be better about the text.

    Raises what `preview` raises.
    """
    if not draft.text.strip():
        return {"is_empty": True}
    told = preview(draft, n)
    if told.contact is None and told.n > 0:  # Past the end: stay at the last one seen.
        told = preview(draft, told.n - 1)
    return {
        "preview": told,
        "pieces": list(_pieces(told)),
        "advice": [(each, _mending(draft.text, each.advice)) for each in advice_about(draft)],
        "costly": [
            (each, _written_instead(draft.text, each.character.character, each.character.instead))
            for each in costly_in(draft.text, told.text)
        ],
        "parts_saved": told.parts.parts - parts_written_plainly(told.text),
        "plainly": _whole(draft.text, write_plainly(draft.text)),
    }


def reached(draft: Broadcast) -> dict[str, Any]:
    """Return who gets the text, who does not and why, and what that costs with each choice of
    links. Raises `BadAudience`, `NoDomain` and what `preview` raises."""
    bill = bill_of(draft)
    reach = bill.counted.reach
    told = forecast(
        draft,
        timezone.now(),
        reach.places,
        contacts=reach.contacts,
        textable=reach.texts + reach.left_out["too_often"],
    )
    has_choices = bill.counted.is_whole and draft.text.strip()
    return {
        "bill": bill,
        "reach": reach,
        "left_out_in_all": reach.left_out.total(),
        "left_out": [
            (reason_for(draft, reason), count) for reason, count in reach.left_out.most_common()
        ],
        "waiting": sum(each.count for each in told.waiting),
        "skipped": sum(each.count for each in told.asleep) if told.skips else told.too_late,
        "first_opens_at": next((each.opens_at for each in told.waiting), None),
        "choices": list(link_choices(draft, preview(draft), reach)) if has_choices else [],
    }


def _pieces(told: Preview) -> Iterator[Piece]:
    """Yield the pieces of a previewed text, with what shortens its parts marked."""
    dear = set(unusual_characters(told.text))
    for kind, words in told.pieces:
        if kind == "link" or not dear & set(words):
            yield Piece(kind=kind, words=words)
            continue
        for each in graphemes(words):
            yield Piece(kind="costly" if dear & set(each) else kind, words=each)


def _mending(text: str, advice: Advice) -> Change | None:
    if advice.instead is None:
        return None
    return Change(start=advice.start, end=advice.end, instead=advice.instead, of=len(text))


def _written_instead(text: str, character: str, instead: str | None) -> Change | None:
    if instead is None:
        return None
    return _whole(text, write_otherwise(text, character, instead))


def _whole(text: str, instead: str) -> Change | None:
    return (
        Change(start=0, end=len(text), instead=instead, of=len(text)) if instead != text else None
    )
