"""Which providers there are: one explicit table from a name to its adapter."""

from __future__ import annotations

import functools
import importlib
from typing import cast

from tapline.errors import TaplineError
from tapline.providers.base import Provider

PROVIDERS: dict[str, str] = {
    "simulator": "tapline.providers.simulator.send:SimulatorProvider",
}


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
    module, attribute = PROVIDERS[name].split(":")
    return cast(Provider, getattr(importlib.import_module(module), attribute)())
