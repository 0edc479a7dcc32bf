"""What a measurement says: a named figure with its unit and the target it is held against."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured number. `ok` is None where there is no target or nothing could be measured."""

    name: str
    value: float | None
    unit: str
    target: str = ""
    ok: bool | None = None
    note: str = ""


def at_least(name: str, value: float, unit: str, target: float, note: str = "") -> Figure:
    """Return a figure that should reach `target` or more."""
    return Figure(
        name=name, value=value, unit=unit, target=f"≥ {target:g}", ok=value >= target, note=note
    )


def at_most(name: str, value: float, unit: str, target: float, note: str = "") -> Figure:
    """Return a figure that should stay at `target` or less."""
    return Figure(
        name=name, value=value, unit=unit, target=f"≤ {target:g}", ok=value <= target, note=note
    )


def seen(name: str, value: float, unit: str, note: str = "") -> Figure:
    """Return a figure that is told without a target."""
    return Figure(name=name, value=value, unit=unit, note=note)


def missing(name: str, unit: str, note: str) -> Figure:
    """Return a figure that could not be measured here, with the reason in `note`."""
    return Figure(name=name, value=None, unit=unit, note=note)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` of all values do not exceed; 0 for none at all."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def as_report(bench: str, figures: list[Figure]) -> dict[str, Any]:
    """Return the object that `--json` prints."""
    return {"bench": bench, "commit": commit(), "figures": [asdict(item) for item in figures]}


def commit() -> str:
    """Return the short commit of the tree, or "unknown" outside a checkout."""
    run = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    return run.stdout.strip() or "unknown"
