"""A fresh instance with an audience of any size, made by SQL; and somebody else who writes."""

from __future__ import annotations

import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tapline.sqlite import use_safe_sqlite

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from tapline.broadcasts.models import Broadcast
    from tapline.workspaces.models import Workspace

TEXT = "Hi {{ first_name | there }}, our menu: https://www.example.com/menu Reply STOP to opt out."

EVERY_SECONDS = 0.005

MAKE_CONTACTS = """
-- Made-up people with consent. The numbers are in no country's plan, and nothing is ever sent.
with recursive n(i) as (select 0 union all select i + 1 from n where i < %(count)s - 1)
insert into contacts_contact (
  workspace_id, phone, phone_hash, attributes, language, zone, is_staff, created_at, updated_at)
select %(workspace)s, printf('+1999%%07d', i), printf('%%032x', i),
  json_object('first_name', 'Name' || (i %% 5000)), 'en', '', 0, %(now)s, %(now)s
from n
"""

MAKE_CONSENTS = """
insert into contacts_consent (
  contact_id, scope_id, purpose, given, source, evidence, at, recorded_at, recorded_by)
select id, workspace_id, %(purpose)s, 1, 'form', '{}', %(now)s, %(now)s, 'bench'
from contacts_contact
"""


@contextmanager
def fresh_instance() -> Iterator[Path]:
    """Set up Django on a folder of its own that is removed afterwards. Once per process."""
    with tempfile.TemporaryDirectory(prefix="tapline-bench-") as folder:
        os.environ["TAPLINE_DATA_DIR"] = folder
        from tapline.cli import set_up_django

        set_up_django()
        from tapline.instance.first_start import make_ready

        make_ready()
        yield Path(folder)


def make_audience(count: int, purpose: str = "marketing") -> Workspace:
    """Return a workspace with `count` contacts who agreed to texts of a purpose."""
    from django.db import connection
    from django.utils import timezone

    from tapline.instance.first_start import make_ready

    workspace = make_ready().workspace
    values: dict[str, Any] = {"count": count, "workspace": workspace.pk, "now": timezone.now()}
    values["purpose"] = purpose
    with connection.cursor() as cursor:
        cursor.execute(MAKE_CONTACTS, values)
        cursor.execute(MAKE_CONSENTS, values)
    return workspace


def start_broadcast(workspace: Workspace, text: str = TEXT) -> Broadcast:
    """Return a broadcast of `text` to everybody that waits to be prepared."""
    from tapline.broadcasts.composing import create_broadcast
    from tapline.broadcasts.lifecycle import start

    broadcast = create_broadcast(
        workspace, name="Bench", text=text, audience={"all": True}, actor="bench"
    )
    return start(broadcast, actor="bench")


def prepare_fully(broadcast: Broadcast) -> None:
    """Prepare a started broadcast to its end, as the worker does."""
    from tapline.broadcasts.models import BroadcastState
    from tapline.broadcasts.preparing import prepare_piece

    while True:
        broadcast.refresh_from_db()
        if broadcast.state != BroadcastState.PREPARING:
            return
        prepare_piece(broadcast)


def peak_mb() -> float:
    """Return this process's peak memory so far, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class OtherWriter:
    """A process that writes a little every few milliseconds and notes how long each write took.

    A process as Tapline's others are: a thread of this one would also wait for the interpreter.
    """

    def __init__(self) -> None:
        self.waits_ms: list[float] = []

    def start(self) -> None:
        """Begin; returns when the first write is done."""
        from tapline import config

        spawning = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawning.Pipe()
        database = str(config.current().control_database)
        self._process = spawning.Process(target=write_until_told, args=(database, theirs))
        self._process.start()
        self._pipe.recv()

    def stop(self) -> None:
        self._pipe.send(None)
        self.waits_ms = self._pipe.recv()
        self._process.join()

    def percentile_ms(self, share: float) -> float:
        """Return the wait that `share` of the writes did not exceed."""
        ordered = sorted(self.waits_ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def write_until_told(database: str, pipe: Connection[list[float], None]) -> None:
    """Write until `pipe` says to stop, then send how many milliseconds each write took.

    Waits for the writer as Django's connections do; checkpoints included.
    """
    use_safe_sqlite()
    import sqlite3

    connection = sqlite3.connect(database, timeout=20, isolation_level=None)
    connection.execute("pragma synchronous = full")
    waits_ms: list[float] = []
    while not pipe.poll(EVERY_SECONDS):
        begun = time.perf_counter()
        connection.execute("update links_changecounter set value = value")
        waits_ms.append((time.perf_counter() - begun) * 1000)
        if len(waits_ms) == 1:
            pipe.send([])
    connection.close()
    pipe.send(waits_ms)
