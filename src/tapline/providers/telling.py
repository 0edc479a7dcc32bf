"""What API, command line and pages say of accounts and sender numbers; secrets never."""

from __future__ import annotations

import datetime as dt
from typing import Any

import httpx2

from tapline.outbound import Forbidden
from tapline.providers.accounts import name_of, webhooks_of
from tapline.providers.models import ProviderAccount, SenderNumber
from tapline.providers.prices import PriceList, in_words, prices_of
from tapline.providers.registry import kind, provider
from tapline.providers.use import day_in, parts_on


def tell_account(account: ProviderAccount) -> dict[str, Any]:
    """Return an account without its secrets: of those only whether they are set."""
    chosen = kind(account.kind)
    return {
        "id": account.pk,
        "provider": name_of(account),
        "kind": account.kind,
        "name": account.name,
        "workspace": account.workspace_id,
        "options": account.options,
        "secrets": [field.name for field in chosen.fields if field.secret],
        "currency": account.currency,
        "prices": {in_words(row.country): str(row.price) for row in account.prices.all()},
        "webhooks": {path: f"{webhooks_of(account)}/{path}" for _words, path in chosen.hooks},
        "retired_at": account.retired_at,
    }


def tell_sender(sender: SenderNumber, now: dt.datetime) -> dict[str, Any]:
    """Return a sender number with what it may still send today."""
    used = parts_on(sender.pk, day_in(sender.day_zone, now))
    return {
        "id": sender.pk,
        "number": sender.number,
        "kind": sender.kind,
        "workspace": sender.workspace_id,
        "provider": name_of(sender.account),
        "pool": sender.pool.name if sender.pool else None,
        "registration": sender.registration,
        "registration_note": sender.registration_note,
        "parts_per_second": sender.parts_per_second,
        "parts_per_day": sender.parts_per_day,
        "day_zone": sender.day_zone,
        "sent_today": used,
        "left_today": max(0, sender.parts_per_day - used) if sender.parts_per_day else None,
        "is_default": sender.is_default,
        "retired_at": sender.retired_at,
    }


def test_connection(account: ProviderAccount) -> tuple[bool, str]:
    """Ask the provider who we are; return whether it knows us, and what it said."""
    adapter = provider(name_of(account))
    test = getattr(adapter, "test", None)
    if test is None:
        return False, "This provider cannot be asked; send yourself a text."
    try:
        return True, str(test())
    except Forbidden as error:
        return False, str(error)
    except httpx2.HTTPStatusError as error:
        return (
            False,
            f"It answered {error.response.status_code}: the account or its secret is wrong.",
        )
    except httpx2.HTTPError as error:
        return False, f"It cannot be reached: {type(error).__name__}."


def price_in_words(prices: PriceList) -> str:
    """Return prices as a short line, such as «US 0.0079, * 0.05 USD»."""
    listed = [f"{country} {price.normalize():f}" for country, price in prices.by_country.items()]
    if prices.default is not None:
        listed.append(f"* {prices.default.normalize():f}")
    return f"{', '.join(listed)} {prices.currency}".strip() if listed else ""


def prices_of_account(account: ProviderAccount) -> str:
    """Return an account's prices as a short line; empty where none was entered."""
    return price_in_words(prices_of(name_of(account)))
