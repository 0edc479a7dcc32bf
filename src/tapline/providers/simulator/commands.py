"""`tapline simulator`: the built-in provider and its people, in a process of their own."""

from __future__ import annotations

import dataclasses

import click

from tapline import config
from tapline.providers.simulator.server import serve


@click.command()
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    help="Simulated seconds per second: at 600 a day passes in 2 minutes 24 seconds.",
)
@click.option("--seed", type=int, help="Which people answer: the same seed, the same behaviour.")
@click.option(
    "--scenario",
    metavar="NAME|FILE",
    help="Who opens links: `mixed` has every kind of machine; without it the everyday people.",
)
@click.option("--listen", metavar="HOST:PORT", help="Where to answer. Port 0: a free one.")
def simulator(
    speed: float | None, seed: int | None, scenario: str | None, listen: str | None
) -> None:
    """Run the built-in provider: it takes texts, and simulated people open their links.

    Nothing leaves this machine: phones open links at this instance's edge alone. What was
    accepted and what truly happened is kept in the data folder, in simulator/ledger.sqlite3;
    `GET /truth?tag=BROADCAST` tells it. `tapline up` starts the simulator by itself.

    \b
    Examples:
      tapline simulator
      tapline simulator --speed 600 --seed 7
      tapline simulator --scenario mixed
    """
    given = {
        "simulator_speed": speed,
        "simulator_seed": seed,
        "simulator_scenario": scenario,
        "simulator_listen": listen,
    }
    chosen = {name: value for name, value in given.items() if value is not None}
    serve(dataclasses.replace(config.current(), **chosen))  # type: ignore[arg-type]  # by name
