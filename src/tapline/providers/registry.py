"""Which providers there are: explicit tables from a name to its adapter and its error codes.

The simulator is there for everybody. Real ones are reached through an account: `twilio:7` is the
account 7, of the kind `twilio`.
"""

from __future__ import annotations

import functools
import importlib
import threading
from collections.abc import Mapping
from typing import Any, cast

from tapline.errors import TaplineError
from tapline.providers.base import Provider, Reason
from tapline.providers.kinds import Kind

PROVIDERS: dict[str, str] = {
    "simulator": "tapline.providers.simulator.send:SimulatorProvider",
}

# Kinds of accounts.
KINDS: dict[str, str] = {
    "twilio": "tapline.providers.twilio.kind:KIND",
    "http": "tapline.providers.http.kind:KIND",
}

# What a provider's error codes mean; one without such a table shows its codes as they are.
REASONS: dict[str, str] = {
    "simulator": "tapline.providers.simulator.reasons:REASONS",
    "twilio": "tapline.providers.twilio.reasons:REASONS",
}


# Its phones are simulated: nobody sleeps there.
SIMULATED = "simulator"

_adapters: dict[str, tuple[int, Provider]] = {}
_lock = threading.Lock()


class NoSuchProvider(TaplineError):
    """A broadcast names a provider that is not installed."""


def provider(name: str) -> Provider:
    """Return the adapter called `name`, made once per process, and anew when its account changes;
    raises `NoSuchProvider`."""
    return _of_account(name) if ":" in name else _built_in(name)


def forget_adapters() -> None:
    """Make accounts' adapters anew at their next use: their accounts belong to another database."""
    with _lock:
        for _, adapter in _adapters.values():
            adapter.close()
        _adapters.clear()


@functools.cache
def kind(key: str) -> Kind:
    """Return a kind of accounts; raises `NoSuchProvider`."""
    if key not in KINDS:
        raise NoSuchProvider(
            f"There is no kind of provider called '{key}'.",
            why=f"The ones installed are: {', '.join(KINDS)}.",
            do="Choose one of them; most others are reached by 'http'.",
        )
    return cast(Kind, _load(KINDS[key]))


def kind_of(name: str) -> str:
    """Return the kind of the provider called `name`: `twilio` for `twilio:7`."""
    return name.partition(":")[0]


def account_id_of(name: str) -> int | None:
    """Return the account in a provider's name; None for the simulator."""
    number = name.partition(":")[2]
    return int(number) if number.isdigit() else None


@functools.cache
def _reasons_of_kind(key: str) -> Mapping[str, Reason]:
    return cast(Mapping[str, Reason], _load(REASONS[key])) if key in REASONS else {}


def reasons_of(name: str) -> Mapping[str, Reason]:
    """Return what the error codes of the provider called `name` mean, by code."""
    key = kind_of(name)
    told = kind(key).reasons if key in KINDS else None
    return told(_options_of(name)) if told else _reasons_of_kind(key)


def _options_of(name: str) -> Mapping[str, str]:
    from tapline.providers.models import ProviderAccount  # Needs Django ready.

    found = ProviderAccount.objects.filter(pk=account_id_of(name) or 0)
    return found.values_list("options", flat=True).first() or {}


def takes_media(name: str) -> bool:
    """Say whether pictures leave with a text through the provider called `name`."""
    key = kind_of(name)
    if key == SIMULATED:
        return True
    return key in KINDS and kind(key).takes_media(_options_of(name))


def reaches_people(name: str) -> bool:
    """Say whether a provider's texts reach real phones."""
    return name != SIMULATED


@functools.cache
def _built_in(name: str) -> Provider:
    if name not in PROVIDERS:
        raise NoSuchProvider(
            f"There is no provider '{name}'.",
            why=f"The ones installed are: {', '.join(PROVIDERS)}, and accounts of the workspace.",
            do="Choose one of them for this broadcast.",
        )
    return cast(Provider, _load(PROVIDERS[name])())


def _of_account(name: str) -> Provider:
    from tapline.providers.accounts import setup_of  # Accounts are rows: they need Django ready.
    from tapline.providers.models import ProviderAccount

    number = account_id_of(name) or 0
    account = ProviderAccount.objects.filter(pk=number, kind=kind_of(name)).first()
    if account is None:
        raise NoSuchProvider(
            f"There is no provider account '{name}'.",
            why="It was never made here, or belongs to another instance.",
            do="Choose one of the workspace's accounts.",
        )
    with _lock:
        known = _adapters.get(name)
        if known is None or known[0] != account.revision:
            known = (account.revision, kind(account.kind).build(setup_of(account)))
            _adapters[name] = known
    return known[1]


def _load(where: str) -> Any:
    module, attribute = where.split(":")
    return getattr(importlib.import_module(module), attribute)
