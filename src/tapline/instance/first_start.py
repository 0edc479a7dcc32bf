"""How a data folder becomes usable: its tables, its identity, its first workspace and domain."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tapline import config
from tapline.instance.epochs import ensure_instance
from tapline.links.domains import create_domain
from tapline.links.models import Domain
from tapline.workspaces.models import Workspace
from tapline.workspaces.tree import first_workspace

ACTOR = "first start"


@dataclass(frozen=True, slots=True)
class Readiness:
    """What `make_ready` found or made."""

    workspace: Workspace
    domain: Domain


def make_ready() -> Readiness:
    """Bring the tables up to date and make sure that instance, workspace and domain exist.

    Safe to call from several processes at once, and cheap when there is nothing to do.
    """
    settings = config.current()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(settings.data_dir / "first-start.lock"):
        _migrate()
        ensure_instance()
        workspace = first_workspace()
        return Readiness(workspace, _first_domain(workspace, settings.edge_listen))


def _migrate() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", interactive=False, verbosity=0)


def _first_domain(workspace: Workspace, edge_listen: str) -> Domain:
    """Return any domain of the instance, making the local one where there is none."""
    existing = Domain.objects.filter(deleted_at=None).order_by("id").first()
    if existing is not None:
        return existing
    _, port = config.parse_address(edge_listen.split(",")[0])
    # The machine itself needs no proof of ownership; real domains are proved before they serve.
    return create_domain(workspace, f"http://localhost:{port}", proved=True, actor=ACTOR)


@contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
