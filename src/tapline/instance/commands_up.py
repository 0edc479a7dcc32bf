"""`tapline up` and `tapline worker`: everything on one machine, and the worker alone."""

from __future__ import annotations

import os
import socket
import threading
import time

import click

from tapline import config
from tapline.instance.first_start import make_ready
from tapline.instance.supervisor import Child, Supervisor, alone_on
from tapline.instance.worker import loops_of, run_loops
from tapline.workspaces.members import ensure_owner
from tapline.workspaces.models import User
from tapline.workspaces.sign_in import make_sign_in_link

WORK = ("clicks", "sending", "imports")
# After so long the line is printed in any case: what keeps pages from starting is told beside it.
LONGEST_START_SECONDS = 30.0


@click.command()
@click.option(
    "--without",
    multiple=True,
    metavar="PROCESS",
    help="Leave one out: edge, web, worker or simulator.",
)
@click.option(
    "--email", default="owner@localhost", show_default=True, help="Who owns a new instance."
)
@click.option("--lan", is_flag=True, help="Answer links (nothing else) in the local network, too.")
def up(without: tuple[str, ...], email: str, lan: bool) -> None:
    """Run everything on this machine: edge, pages and API, worker, simulator.

    The first start makes the data folder and prints a link that signs you in once. A process
    that dies is started again; Ctrl-C stops all of them. Starting again goes on where it was.

    \b
    Examples:
      tapline up
      TAPLINE_DATA_DIR=/var/lib/tapline tapline up --without simulator
    """
    if lan:
        _answer_everywhere()
    settings = config.current()
    with alone_on(settings.data_dir):
        ready = make_ready()
        click.echo(f"Pages and API   {settings.web_url}", err=True)
        click.echo(f"Links           {ready.domain.base_url}", err=True)
        click.echo(f"Data            {settings.data_dir.resolve()}", err=True)
        if line := _first_sign_in(settings.web_url, email):
            say_once_it_answers(line, "" if "web" in without else settings.web_listen)
        Supervisor([child for child in _children() if child.name.split()[0] not in without]).run()


@click.command()
@click.argument("kinds", nargs=-1, type=click.Choice(WORK))
def worker(kinds: tuple[str, ...]) -> None:
    """Run the worker: read and judge clicks, prepare and send broadcasts, import uploaded files.

    KINDS names the work to do; without it all run, each in a process of its own. Any number of
    workers may run on one data folder: each piece of work is leased in the database.

    \b
    Examples:
      tapline worker
      tapline worker clicks
    """
    make_ready()
    if len(kinds) == 1:
        run_loops(loops_of(kinds[0]))
    else:
        Supervisor([_worker_child(kind) for kind in kinds or WORK]).run()


def _answer_everywhere() -> None:
    """Have the edge of this process and its children answer on every interface, at its own port."""
    _host, port = config.parse_address(config.current().edge_listen.split(",")[0])
    os.environ[config.variable("edge_listen")] = f"0.0.0.0:{port}"
    config.current.cache_clear()


def _children() -> list[Child]:
    return [
        Child(name="edge", arguments=["edge"]),
        Child(name="web", arguments=["web"]),
        *(_worker_child(kind) for kind in WORK),
        Child(name="simulator", arguments=["simulator"]),
    ]


def _worker_child(kind: str) -> Child:
    return Child(name=f"worker {kind}", arguments=["worker", kind])


def _first_sign_in(web_url: str, email: str) -> str:
    """Return a line with a one-time link until somebody has signed in; later, `tapline sign-in`
    makes them."""
    if User.objects.exclude(last_login=None).exists():
        return ""
    path = make_sign_in_link(ensure_owner(email))
    return f"Sign in         {web_url}{path}   (works once)"


def say_once_it_answers(line: str, listen: str) -> None:
    """Print a line as soon as somebody listens there: whoever follows a link at once must not meet
    a closed door. Empty: at once."""

    def wait_and_say() -> None:
        begun_at = time.monotonic()
        while listen and time.monotonic() - begun_at < LONGEST_START_SECONDS:
            try:
                socket.create_connection(config.parse_address(listen), timeout=1.0).close()
                break
            except OSError:
                time.sleep(0.1)
        click.echo(line, err=True)

    threading.Thread(target=wait_and_say, daemon=True).start()
