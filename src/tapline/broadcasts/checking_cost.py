"""What a broadcast will cost, as far as prices were entered, before it is sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from tapline.broadcasts.audience import count_by_prefix
from tapline.broadcasts.composing import sends_pictures
from tapline.broadcasts.findings import Finding
from tapline.broadcasts.models import Broadcast
from tapline.providers.prices import PriceList, country_of, prices_of
from tapline.providers.registry import reaches_people, takes_media

COUNTRIES_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a broadcast costs if everybody gets `parts` parts. `unpriced`: texts by country whose
    price nobody entered; their cost is not in `cost`."""

    texts: int
    parts: int
    cost: Decimal
    currency: str
    unpriced: Mapping[str, int]


def estimate(broadcast: Broadcast, parts_each: int) -> Estimate:
    """Return what a broadcast costs; counts the audience, which takes seconds for a million."""
    prices = prices_of(broadcast.provider, with_pictures=sends_pictures(broadcast))
    texts, cost, unpriced = 0, Decimal(0), Counter[str]()
    for prefix, count in count_by_prefix(broadcast):
        texts += count
        price = prices.of(prefix)
        if price is None:
            unpriced[country_of(prefix) or "?"] += count
        else:
            cost += price * prices.times(parts_each) * count
    return Estimate(
        texts=texts,
        parts=texts * parts_each,
        cost=cost,
        currency=prices.currency,
        unpriced=unpriced,
    )


def cost_findings(broadcast: Broadcast, parts_each: int) -> Iterator[Finding]:
    """Yield what there is to know about a broadcast's cost, and whether its pictures leave."""
    if broadcast.media and not takes_media(broadcast.provider):
        yield Finding(
            "warning",
            "The pictures will not be sent.",
            "The provider of this broadcast takes none.",
            "Leave them out, or choose a sender number whose provider does.",
        )
    if _is_free(broadcast, prices_of(broadcast.provider)):
        yield from _unkept_limit(broadcast)
        return
    told = estimate(broadcast, parts_each)
    prices = prices_of(broadcast.provider, with_pictures=sends_pictures(broadcast))
    if sends_pictures(broadcast) and not prices.is_per_text:
        yield Finding(
            "warning",
            "With pictures it costs more than is told here.",
            "An MMS has a price of its own, and prices were entered for parts of text.",
            "Look it up in your provider's price list; carriers outside the US may take none.",
        )
    if told.cost:
        yield Finding(
            "note",
            f"It costs about {_amount(told.cost, told)}.",
            f"{told.texts:,} texts of {parts_each} parts each, at the prices that you entered."
            " Names in the text may make single ones longer.",
            "Nothing needs to be done; the report says what it came to.",
        )
    if told.unpriced:
        yield _unpriced(told)
        yield from _unkept_limit(broadcast)
    limit = broadcast.spend_limit
    if limit is not None and told.cost > limit:
        reached = int(told.texts * (limit / told.cost))
        yield Finding(
            "warning",
            f"It pauses at its spend limit, after about {reached:,} of {told.texts:,} texts.",
            f"The limit is {_amount(limit, told)}, and all of them cost about"
            f" {_amount(told.cost, told)}.",
            "Raise the limit, shorten the text, or choose fewer recipients.",
        )


def _unpriced(told: Estimate) -> Finding:
    countries = Counter(told.unpriced).most_common(COUNTRIES_NAMED)
    named = ", ".join(f"{country} ({count:,})" for country, count in countries)
    return Finding(
        "warning",
        f"What {sum(told.unpriced.values()):,} texts cost is not known.",
        f"No price of a part was entered for {named}.",
        "Enter it with the account under «Providers», from your provider's price list.",
    )


def _unkept_limit(broadcast: Broadcast) -> Iterator[Finding]:
    if broadcast.spend_limit is not None:
        yield Finding(
            "warning",
            "The spend limit may not hold.",
            "Without the price of a part, only what the provider itself names is counted.",
            "Enter prices with the account under «Providers», or set TAPLINE_PART_PRICE.",
        )


def _is_free(broadcast: Broadcast, prices: PriceList) -> bool:
    """The simulator bills nothing, unless somebody wants to see how it would look."""
    has_prices = bool(prices.by_country) or prices.default is not None
    return not reaches_people(broadcast.provider) and not has_prices


def _amount(value: Decimal, told: Estimate) -> str:
    return f"{value:,.2f} {told.currency}".strip()
