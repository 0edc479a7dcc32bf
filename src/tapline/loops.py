"""What the worker repeats: one bounded piece of work at a time, safe to kill at any point."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """One repeated task. `step` does one bounded piece and says whether there was anything to do;
    after a step without work the loop rests `idle_seconds`."""

    name: str
    step: Callable[[], bool]
    idle_seconds: float
