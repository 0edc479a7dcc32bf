"""What a count of an audience says: who gets a text, who does not and why, what it costs. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tapline.providers.prices import PriceList


@dataclass(slots=True, kw_only=True)
class Reach:
    """Counts of an audience, or of a part of it. The texts' parts are known only where the text was
    counted too: then `parts` says how many texts have so many parts."""

    left_out: Counter[str] = field(default_factory=Counter)  # by reason
    countries: Counter[str] = field(default_factory=Counter)  # of those who get it
    places: Counter[str] = field(default_factory=Counter)  # keys of `hours.places`
    parts: Counter[int] = field(default_factory=Counter)
    country_parts: Counter[str] = field(default_factory=Counter)

    @property
    def contacts(self) -> int:
        """How many the audience has."""
        return self.texts + self.left_out.total()

    @property
    def texts(self) -> int:
        """How many get a text."""
        return self.countries.total()

    @property
    def textable(self) -> int:
        """How many agreed, and did not opt out."""
        return self.contacts - self.left_out["no_consent"] - self.left_out["opted_out"]

    @property
    def billed_parts(self) -> int:
        """How many parts all texts have together; 0 where the text was not counted."""
        return self.country_parts.total()

    def add(self, other: Reach) -> None:
        """Count another part of the audience as well."""
        for name, counts in _counters(self):
            counts.update(getattr(other, name))

    def as_json(self) -> dict[str, dict[str, int]]:
        """Return the counts as they are stored."""
        return {
            name: {str(key): count for key, count in counts.items()}
            for name, counts in _counters(self)
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What texts cost. `unpriced`: texts by country whose price nobody entered; not in `amount`."""

    amount: Decimal
    currency: str
    unpriced: Mapping[str, int]

    @property
    def is_known(self) -> bool:
        """Say whether anything can be told at all."""
        return bool(self.amount)


def read_reach(stored: Mapping[str, Mapping[str, int]]) -> Reach:
    """Return counts as `Reach.as_json` wrote them."""
    reach = Reach()
    for name, counts in _counters(reach):
        number = int if name == "parts" else str
        counts.update({number(key): n for key, n in stored.get(name, {}).items()})
    return reach


def cost_of(reach: Reach, prices: PriceList, parts_each: float | None = None) -> Cost:
    """Return what the texts of a count cost: by the parts that were counted, or, where the text
    was not, by `parts_each`."""
    amount, unpriced = Decimal(0), Counter[str]()
    for country, texts in reach.countries.items():
        price = prices.by_country.get(country, prices.default)
        parts = reach.country_parts[country] if parts_each is None else texts * parts_each
        times = texts if prices.is_per_text else Decimal(str(parts))
        if price is None:
            unpriced[country] += texts
        else:
            amount += price * times
    return Cost(amount=amount, currency=prices.currency, unpriced=dict(unpriced))


def _counters(reach: Reach) -> Iterable[tuple[str, Counter[Any]]]:
    return ((name, getattr(reach, name)) for name in Reach.__slots__)
