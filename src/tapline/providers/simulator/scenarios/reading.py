"""Reads scenario files, and says what is wrong with one that cannot be played."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from tapline.errors import TaplineError
from tapline.providers.simulator.scenarios.machines import MACHINES
from tapline.providers.simulator.scenarios.scenario import Scenario


class BadScenario(TaplineError):
    """A scenario file that cannot be played."""


def read_scenario(path: Path) -> Scenario:
    """Return what a file says; raises `BadScenario` with the file and the reason."""
    try:
        scenario = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Scenario)
    except OSError as error:
        raise _bad(path, "There is no such file") from error
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise _bad(path, str(error)) from error
    for machine in scenario.machines:
        if machine.kind not in MACHINES:
            raise _bad(path, f"There is no machine «{machine.kind}»")
    return scenario


def read_scenarios(folder: Path) -> list[Scenario]:
    """Return the scenarios of a folder, by file name."""
    return [read_scenario(path) for path in sorted(folder.glob("*.toml"))]


def shipped(name: str) -> Path:
    """Return the folder of a set that comes with Tapline: `development`, `held_out` or `mixed`."""
    return Path(__file__).parent / name


def _bad(path: Path, why: str) -> BadScenario:
    return BadScenario(
        f"{path} is no scenario.",
        why=f"{why}.",
        do="Compare it with docs/verdicts.md and the files that come with Tapline.",
    )
