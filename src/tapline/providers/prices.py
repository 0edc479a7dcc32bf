"""What one part, and one text with pictures, costs: by country, as the operator entered it for each
account.

No vendor's prices are built in: they change by country, carrier and contract. Where none is
entered, `TAPLINE_PART_PRICE` counts; where that is 0, the price is not known, and pages say so.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

import phonenumbers
from django.db import transaction

from tapline import config
from tapline.errors import TaplineError
from tapline.providers.models import PartPrice, ProviderAccount
from tapline.providers.registry import account_id_of
from tapline.workspaces.audit import record

EVERYWHERE_ELSE = ""
# Behind a country's name: what one text with pictures costs there, whatever its parts.
PICTURES = "mms"
LARGEST_PRICE = Decimal(1000)
# Enough of a number to tell its country: +1 has area codes of 25 countries.
TELLING_DIGITS = 8


class BadPrice(TaplineError):
    """That cannot be what a part costs."""


@dataclass(frozen=True, slots=True)
class PriceList:
    """What parts cost through one provider. `default` is for countries without a price; None: not
    known."""

    by_country: Mapping[str, Decimal] = field(default_factory=dict)
    default: Decimal | None = None
    currency: str = ""
    is_per_text: bool = False  # not per part: texts with pictures

    def of(self, phone: str) -> Decimal | None:
        """Return what one part (or one text with pictures) to `phone` (E.164) costs; None: not
        known."""
        if not self.by_country:
            return self.default
        return self.by_country.get(country_of(phone), self.default)

    def times(self, parts: int) -> int:
        """Return how often the price is paid for a text of so many parts."""
        return 1 if self.is_per_text else parts


def prices_of(provider: str, *, with_pictures: bool = False) -> PriceList:
    """Return the prices of the provider called `provider`: of parts or, where any was entered, of
    texts with pictures."""
    general = Decimal(str(config.current().part_price)) or None
    account = account_id_of(provider)
    if account is None:
        return PriceList(default=general)
    rows = PartPrice.objects.filter(account=account).values_list("country", "price")
    entered = dict(rows)
    pictures = {_country(key): price for key, price in entered.items() if _is_pictures(key)}
    if with_pictures and pictures:
        default = pictures.pop(EVERYWHERE_ELSE, None)
        return PriceList(pictures, default, currency_of(provider), is_per_text=True)
    prices = {key: price for key, price in entered.items() if not _is_pictures(key)}
    default = prices.pop(EVERYWHERE_ELSE, general)
    return PriceList(prices, default, currency_of(provider))


def currency_of(provider: str) -> str:
    """Return the currency of a provider's prices; "" where it is not known."""
    found = ProviderAccount.objects.filter(pk=account_id_of(provider) or 0)
    return found.values_list("currency", flat=True).first() or ""


def country_of(phone: str) -> str:
    """Return the country (ISO 3166) that a number in E.164 belongs to; "" where nobody knows."""
    return _country_of(phone[:TELLING_DIGITS].ljust(TELLING_DIGITS, "0"))


def set_prices(account: ProviderAccount, prices: Mapping[str, Decimal], *, actor: str) -> None:
    """Replace the prices of an account: country, or "" for everywhere else, to price of a part;
    «US mms» and «mms» to that of a text with pictures.

    Raises `BadPrice`.
    """
    for country, price in prices.items():
        _refuse_bad(country, price)
    with transaction.atomic():
        kept = account.prices
        before = {row.country: str(row.price) for row in kept.all()}
        kept.all().delete()
        PartPrice.objects.bulk_create(
            PartPrice(account=account, country=country, price=price)
            for country, price in prices.items()
        )
        after = {country: str(price) for country, price in prices.items()}
        record(account.workspace, actor, "provider_account.prices", account, before, after)


def read_prices(lines: Iterable[str]) -> dict[str, Decimal]:
    """Return the prices in lines such as `US 0.0079`, `* 0.05` (everywhere else) and `US mms 0.02`
    (a text with pictures).

    Raises `BadPrice` with the line that cannot be read.
    """
    found: dict[str, Decimal] = {}
    for line in lines:
        words = line.replace(",", ".").replace("=", " ").split()
        if not words:
            continue
        try:
            *key, amount = words
            found[read_key(" ".join(key))] = Decimal(amount)
        except (ValueError, InvalidOperation) as error:
            raise BadPrice(
                f"The line '{line.strip()[:60]}' is no price.",
                why="A line holds a country's two letters and what one part to it costs.",
                do="Write it like «US 0.0079»; «* 0.05» is for everywhere else, «US mms 0.02» for"
                " texts with pictures.",
            ) from error
    for country, price in found.items():
        _refuse_bad(country, price)
    return found


def write_prices(account: ProviderAccount) -> str:
    """Return the prices of an account as lines, as `read_prices` takes them."""
    rows = account.prices.order_by("country").values_list("country", "price")
    return "\n".join(f"{in_words(country)} {price.normalize():f}" for country, price in rows)


def in_words(key: str) -> str:
    """Return what a price is for, as lines begin: «US», «US mms», «*», «* mms»."""
    kind = f" {PICTURES}" if _is_pictures(key) else ""
    return f"{_country(key) or '*'}{kind}"


def read_key(words: str) -> str:
    """Return what a price is for, as it is stored; raises `ValueError`."""
    name, *kind = words.split()
    country = EVERYWHERE_ELSE if name == "*" else name.upper()
    if not kind:
        return country
    if [word.lower() for word in kind] != [PICTURES]:
        raise ValueError("a line holds a country, perhaps «mms», and a price")
    return f"{country} {PICTURES}".strip()


def _is_pictures(key: str) -> bool:
    return key.endswith(PICTURES)


def _country(key: str) -> str:
    return key.removesuffix(PICTURES).strip()


@functools.lru_cache(maxsize=65_536)
def _country_of(digits: str) -> str:
    try:
        number = phonenumbers.parse(digits.ljust(12, "0"))
    except phonenumbers.NumberParseException:
        return ""
    known = phonenumbers.region_code_for_number(number)
    known = known or phonenumbers.region_code_for_country_code(number.country_code or 0)
    return "" if known == phonenumbers.UNKNOWN_REGION else known


def _refuse_bad(key: str, price: Decimal) -> None:
    country = _country(key)
    known = country == EVERYWHERE_ELSE or country in phonenumbers.SUPPORTED_REGIONS
    if not known:
        raise BadPrice(
            f"'{country[:20]}' is no country.",
            why="Countries are written as two letters (ISO 3166), such as US or DE.",
            do="Correct it, or write * for everywhere else.",
        )
    if not price.is_finite() or not 0 <= price < LARGEST_PRICE:
        raise BadPrice(
            f"{price} is no price of a part.",
            why=f"It is an amount from 0 to {LARGEST_PRICE}.",
            do="Look it up in your provider's price list for your account.",
        )
