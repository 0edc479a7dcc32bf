"""What becomes of a text that the simulator accepts, when its people follow a scenario."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random

import msgspec

from tapline.providers.simulator.agents import Opener
from tapline.providers.simulator.people import (
    LEFT_ALONE_ENDING,
    Fate,
    Opening,
    failure_of,
    reply_of,
)
from tapline.providers.simulator.scenarios.reading import read_scenario, shipped
from tapline.providers.simulator.scenarios.scenario import Scenario
from tapline.providers.simulator.scenarios.visits import (
    Visit,
    World,
    arrival_of,
    recipient_of,
    visits_of,
)

# Numbers that end so are seed contacts: machines open their links, and nobody taps them.
CANARY_ENDING = "5550101"
LOOPBACK = 127


def find_scenario(name_or_path: str) -> Scenario:
    """Return the scenario of a file, or of one that comes with Tapline; raises `BadScenario`.

    Without staff: the simulator does not know who works for the sender.
    """
    named = shipped(name_or_path) / f"{name_or_path}.toml"
    found = read_scenario(named if named.exists() else Path(name_or_path))
    return msgspec.structs.replace(found, staff=0.0, is_test=False)


def fate_in(scenario: Scenario, seed: int, number: str, turn: int, urls: Sequence[str]) -> Fate:
    """Return what becomes of the text number `turn` (from 0) to `number`, which holds `urls`.

    Receipts come in time and tell the true arrival; all addresses are of the loopback network,
    where every phone has IPv4.
    """
    random = Random(f"fate/{seed}/{turn}/{number}")  # noqa: S311  # a simulation, not a secret
    if number.endswith(LEFT_ALONE_ENDING):
        return Fate(settled_after_seconds=2.0)
    world = World(scenario, seed, len(urls), first_byte=LOOPBACK, has_ipv6=False)
    name = f"{turn}/{number}"
    settled = arrival_of(world, name)
    if failure := failure_of(random):
        return Fate(settled, *failure)
    recipient = recipient_of(world, number, is_canary=number.endswith(CANARY_ENDING))
    visits = visits_of(world, name, recipient) if urls else []
    return Fate(
        settled,
        openings=tuple(_opening(visit, urls) for visit in visits),
        reply=reply_of(random, settled),
    )


def _opening(visit: Visit, urls: Sequence[str]) -> Opening:
    opener = Opener(visit.kind, visit.truth, visit.headers, method=visit.method)
    return Opening(visit.after_seconds, urls[visit.link], opener, visit.address)
