"""Which providers there are: explicit tables from a name to its adapter and its error codes."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Mapping
from typing import Any, cast

from tapline.errors import TaplineError
from tapline.providers.base import Provider, Reason

PROVIDERS: dict[str, str] = {
    "simulator": "tapline.providers.simulator.send:SimulatorProvider",
}

# What a provider's error codes mean; one without such a table shows its codes as they are.
REASONS: dict[str, str] = {
    "simulator": "tapline.providers.simulator.reasons:REASONS",
}


# Its phones are simulated: nobody sleeps there.
SIMULATED = "simulator"


class NoSuchProvider(TaplineError):
    """A broadcast names a provider that is not installed."""


@functools.cache
def provider(name: str) -> Provider:
    """Return the adapter called `name`, made once per process; raises `NoSuchProvider`."""
    if name not in PROVIDERS:
        raise NoSuchProvider(
            f"There is no provider '{name}'.",
            why=f"The ones installed are: {', '.join(PROVIDERS)}.",
            do="Choose one of them for this broadcast.",
        )
    return cast(Provider, _load(PROVIDERS[name])())


@functools.cache
def reasons_of(name: str) -> Mapping[str, Reason]:
    """Return what the error codes of the provider called `name` mean, by code."""
    return cast(Mapping[str, Reason], _load(REASONS[name])) if name in REASONS else {}


def _load(where: str) -> Any:
    module, attribute = where.split(":")
    return getattr(importlib.import_module(module), attribute)


def reaches_people(name: str) -> bool:
    """Say whether a provider's texts reach real phones."""
    return name != SIMULATED
