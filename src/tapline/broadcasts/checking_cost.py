"""What a broadcast will cost, as far as prices were entered, before it is sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from tapline.broadcasts.audience import count_by_country
from tapline.broadcasts.composing import sends_pictures
from tapline.broadcasts.findings import Finding
from tapline.broadcasts.models import Broadcast
from tapline.broadcasts.reach import Cost, Reach, cost_of
from tapline.providers.prices import PriceList, prices_of
from tapline.providers.registry import reaches_people, takes_media

COUNTRIES_NAMED = 5


def cost_findings(
    broadcast: Broadcast, parts_each: int, reach: Reach | None = None
) -> Iterator[Finding]:
    """Yield what there is to know about a broadcast's cost, and whether its pictures leave. The
    audience is counted where its `reach` is not known."""
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
    prices = prices_of(broadcast.provider, with_pictures=sends_pictures(broadcast))
    countries = reach.countries if reach else count_by_country(broadcast)
    is_exact = reach is not None and bool(reach.parts)
    counted = reach if reach and is_exact else Reach(countries=countries)
    told = cost_of(counted, prices, None if is_exact else parts_each)
    texts = countries.total()
    if sends_pictures(broadcast) and not prices.is_per_text:
        yield Finding(
            "warning",
            "With pictures it costs more than is told here.",
            "An MMS has a price of its own, and prices were entered for parts of text.",
            "Look it up in your provider's price list; carriers outside the US may take none.",
        )
    if told.is_known:
        yield _in_all(told, counted) if is_exact else _about(told, texts, parts_each)
    if told.unpriced:
        yield _unpriced(told)
        yield from _unkept_limit(broadcast)
    limit = broadcast.spend_limit
    if limit is not None and told.amount > limit:
        reached = int(texts * (limit / told.amount))
        yield Finding(
            "warning",
            f"It pauses at its spend limit, after about {reached:,} of {texts:,} texts.",
            f"The limit is {_amount(limit, told)}, and all of them cost about"
            f" {_amount(told.amount, told)}.",
            "Raise the limit, shorten the text, or choose fewer recipients.",
        )


def _in_all(told: Cost, reach: Reach) -> Finding:
    return Finding(
        "note",
        f"It costs at most {_amount(told.amount, told)}.",
        f"{reach.texts:,} texts have {reach.billed_parts:,} parts in all, each counted as its"
        " recipient gets it, at the prices that you entered.",
        "Nothing needs to be done; the report says what it came to.",
    )


def _about(told: Cost, texts: int, parts_each: int) -> Finding:
    return Finding(
        "note",
        f"It costs about {_amount(told.amount, told)}.",
        f"{texts:,} texts of {parts_each} parts each, at the prices that you entered."
        " Names in the text may make single ones longer.",
        "Nothing needs to be done; the report says what it came to.",
    )


def _unpriced(told: Cost) -> Finding:
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


def _amount(value: Decimal, told: Cost) -> str:
    return f"{value:,.2f} {told.currency}".strip()
