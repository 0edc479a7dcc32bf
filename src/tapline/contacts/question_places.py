"""Which places a question may name. Whoever knows where contacts live says so here, from further
right: a `PlaceBook` is added in AppConfig.ready."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tapline.contacts.questions import BadSegment


@dataclass(frozen=True, slots=True)
class PlaceBook:
    """What is known of countries (`DE`) and states (`US-FL`)."""

    codes: Callable[[], Iterable[str]]
    name: Callable[[str], str]
    condition: Callable[[str], str | None]  # on the contact alias `c`; None: no such place


BOOKS: list[PlaceBook] = []


def place_sql(code: str) -> str:
    """Return the condition on `c`: do they live there? Raises `BadSegment`."""
    for book in BOOKS:
        if (condition := book.condition(code)) is not None:
            return condition
    raise BadSegment(
        f"'{code}' is no place that is known.",
        why="A place is a country, or a state of the US or Canada.",
        do="Write a country's two letters, such as DE, or a state, such as US-FL.",
    )


def place_name(code: str) -> str:
    """Return what a country or state is called; its code where nobody knows."""
    return next((name for book in BOOKS if (name := book.name(code))), code)


def place_choices() -> list[tuple[str, str]]:
    """Return (code, name) of every place, by name."""
    codes = {code for book in BOOKS for code in book.codes()}
    return sorted(((code, place_name(code)) for code in codes), key=lambda each: each[1])
