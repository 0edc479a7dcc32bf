"""`tapline demo`: the whole main job on made-up contacts, in half a minute."""

from __future__ import annotations

import io
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import segno
from rich.console import Console

from tapline.cli import print_json, set_up_django
from tapline.config import parse_address
from tapline.providers.simulator.demo_instance import (
    Instance,
    demo_environment,
    demo_folder,
    lan_address,
    running,
)
from tapline.providers.simulator.demo_view import draw, live_view

if TYPE_CHECKING:
    from tapline.providers.simulator.demo_job import Job

# A day passes in 22 seconds.
SPEED = 4000.0
# In a clone a link to the examples/ that everybody sees; a wheel holds the files themselves.
EXAMPLES = Path(__file__).with_name("examples")
LOOK_SECONDS = 0.5

_readable = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("--exit", "ends", is_flag=True, help="End after the report; nothing is kept.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object.")
@click.option("--lan", is_flag=True, help="Show a QR code: tap a link with your own phone.")
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    default=SPEED,
    show_default=True,
    help="Simulated seconds per second.",
)
@click.option(
    "--contacts",
    type=_readable,
    default=EXAMPLES / "contacts.csv",
    show_default="examples/contacts.csv",
    help="Whom to text. Nothing leaves this machine.",
)
@click.option(
    "--text",
    type=_readable,
    default=EXAMPLES / "broadcast.txt",
    show_default="examples/broadcast.txt",
    help="What to send; fields like {{ first_name | there }} are filled in.",
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep everything in this folder. Without it a fresh one is removed at the end.",
)
def demo(
    ends: bool,
    as_json: bool,
    lan: bool,
    speed: float,
    contacts: Path,
    text: Path,
    data: Path | None,
) -> None:
    """Run the main job: import contacts, send a broadcast, watch who taps, read the report.

    Starts a Tapline of its own on free ports, imports made-up contacts, sends them a text through
    the simulated provider, and lets simulated phones, previews and scanners open the links. Then
    it keeps serving until Ctrl-C, so that you can look around.

    \b
    Examples:
      tapline demo
      tapline demo --exit --json
      tapline demo --lan        scan the code with your own phone and tap
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # Stops the children on the way out.
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    lan_host = lan_address() if lan else ""
    with demo_folder(data) as folder:
        os.environ.update(demo_environment(folder, speed=speed, lan=lan))
        console.print("Starting Tapline …")
        with running(os.environ) as instance:
            set_up_django()
            console.print(f"Importing {contacts.name} and sending {text.name} …")
            job = _begin(instance, contacts, text, lan_host)
            report = _watch(job, console, goes_on=not ends)
            if as_json:
                print_json(report)
            if not ends:
                _keep_serving(instance, job, console, with_own_phone=lan)


def _begin(instance: Instance, contacts: Path, text: Path, lan_host: str) -> Job:
    from tapline.providers.simulator import demo_job  # It and its like need Django set up.

    if not lan_host:
        return demo_job.begin(contacts, text)
    _, port = parse_address(instance.settings.edge_listen)
    return demo_job.begin(contacts, text, base_url=f"http://{lan_host}:{port}", with_own_phone=True)


def _watch(job: Job, console: Console, *, goes_on: bool) -> dict[str, Any]:
    """Show what happens until it is over; return the report with the truth beside it."""
    from tapline.providers.simulator import demo_job

    state = demo_job.look(job)
    with live_view(console, stays=not goes_on) as show:
        for state in demo_job.watch(job):
            show(state)
    if not console.is_terminal:
        console.print(draw(state))
    return {**state.report, "truth": demo_job.truth_of(job), "page": demo_job.page_url(job)}


def _keep_serving(instance: Instance, job: Job, console: Console, *, with_own_phone: bool) -> None:
    """Say where to look, and show new taps until Ctrl-C."""
    from tapline.providers.simulator import demo_job

    console.print(f"\nSign in   {demo_job.sign_in_url()}   (works once)")
    console.print(f"Report    {demo_job.page_url(job)}")
    if with_own_phone:
        _show_code(demo_job.own_link(job), console)
    console.print("Ctrl-C ends the demo.\n")
    try:
        with live_view(console) as show:
            while instance.up.poll() is None:
                show(demo_job.look(job))
                time.sleep(LOOK_SECONDS)
    except KeyboardInterrupt:
        console.print("Stopping …")


def _show_code(link: str, console: Console) -> None:
    console.print(f"\nYour phone got {link}\nScan this, tap, and see yourself appear below:\n")
    picture = io.StringIO()
    segno.make(link, error="l").terminal(out=picture, compact=True)
    console.print(picture.getvalue())
