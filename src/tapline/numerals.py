"""How figures are written, in the way of the page's language."""

from __future__ import annotations

from decimal import Decimal

from django.utils.formats import number_format

# Rounded before they are written: `number_format` cuts.


def grouped(number: int) -> str:
    """Return 1000000 as «1,000,000»."""
    return number_format(number, force_grouping=True)


def percent(rate: float | None) -> str:
    """Return 0.1234 as «12.3 %», and a rate that is not known as a dash."""
    return "–" if rate is None else f"{points(rate)} %"


def points(difference: float) -> str:
    """Return a difference of rates in points: 0.0123 as «1.2»."""
    return number_format(round(difference * 100, 1), 1)


def money(amount: Decimal, currency: str) -> str:
    """Return what something costs: «1,234.50 USD»; the figure alone where no currency is known."""
    return f"{number_format(round(amount, 2), 2, force_grouping=True)} {currency}".strip()
