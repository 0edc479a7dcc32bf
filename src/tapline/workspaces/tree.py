"""How workspaces form a tree: made below one another, moved, and listed with what lies below."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Concat, Length, Substr

from tapline.errors import TaplineError
from tapline.workspaces.models import Workspace

MAX_DEPTH = 12  # Twelve ids of up to 20 digits fit into `path`.
FIRST_WORKSPACE_NAME = "My business"  # until somebody sets it up


class BadTree(TaplineError):
    """The workspace cannot stand where it was asked to."""


def create_workspace(
    name: str,
    *,
    parent: Workspace | None = None,
    default_country: str = "US",
    language: str = "en",
    zone: str = "UTC",
) -> Workspace:
    """Return a new workspace below `parent`, or at the top of a tree of its own.

    Raises `BadTree` for an empty name and where the tree would grow too deep.
    """
    refuse_empty(name)
    with transaction.atomic():
        above = _path_of(parent)
        workspace = Workspace.objects.create(
            # The path holds the id, which only the insert gives; the transaction hides this one.
            path=f"new {uuid.uuid4()}",
            parent=parent,
            name=name.strip(),
            default_country=default_country.upper(),
            language=language,
            zone=zone,
        )
        workspace.path = f"{above}{workspace.pk}/"
        workspace.save(update_fields=["path"])
    return workspace


def first_workspace() -> Workspace:
    """Return the oldest workspace at the top, made where an instance is new."""
    tops = Workspace.objects.filter(parent=None).order_by(Length("path"), "id")
    return tops.first() or create_workspace(FIRST_WORKSPACE_NAME)


def move_workspace(workspace: Workspace, parent: Workspace | None) -> None:
    """Put a workspace, with everything below it, under `parent` (None: at the top).

    Raises `BadTree` where that would make a circle or too deep a tree.
    """
    with transaction.atomic():
        workspace.refresh_from_db()
        old_path, above = workspace.path, _path_of(parent)
        if above.startswith(old_path):
            raise BadTree(
                f"'{workspace.name}' cannot move below itself.",
                why="The chosen place lies in its own branch of the tree.",
                do="Choose a workspace outside that branch.",
            )
        new_path = f"{above}{workspace.pk}/"
        _refuse_too_deep(new_path, below=_height(old_path))
        Workspace.objects.filter(path__startswith=old_path).update(
            path=Concat(Value(new_path), Substr(F("path"), len(old_path) + 1))
        )
        workspace.path, workspace.parent = new_path, parent
        workspace.save(update_fields=["parent"])


def branch(workspace: Workspace) -> QuerySet[Workspace]:
    """Return the workspace and everything below it, in the order of the tree."""
    return Workspace.objects.filter(path__startswith=workspace.path).order_by("path")


def descendant_ids(workspace: Workspace) -> list[int]:
    """Return the ids of the workspace and of everything below it."""
    return list(branch(workspace).values_list("id", flat=True))


def ancestors(workspace: Workspace) -> list[Workspace]:
    """Return the workspaces from the root down to and with this one."""
    found = Workspace.objects.in_bulk(workspace.ancestor_ids)
    return [found[number] for number in workspace.ancestor_ids]


def _path_of(parent: Workspace | None) -> str:
    """Return the parent's path as it is now (it may have moved), checked for one more level."""
    if parent is None:
        return "/"
    path = Workspace.objects.values_list("path", flat=True).get(pk=parent.pk)
    _refuse_too_deep(path, below=1)
    return path


def _height(path: str) -> int:
    """Return how many levels lie below `path`."""
    paths = Workspace.objects.filter(path__startswith=path).values_list("path", flat=True)
    return max(_depth(each) for each in paths) - _depth(path)


def _depth(path: str) -> int:
    return path.count("/") - 1


def _refuse_too_deep(path: str, *, below: int) -> None:
    if _depth(path) + below > MAX_DEPTH:
        raise BadTree(
            "The tree of workspaces would grow too deep.",
            why=f"It may have {MAX_DEPTH} levels.",
            do="Choose a place further up.",
        )


def refuse_empty(name: str) -> None:
    """Raise `BadTree` where this cannot be a workspace's name."""
    if not name.strip() or len(name.strip()) > 120:
        raise BadTree(
            "The workspace needs a name.",
            why="It is how people tell workspaces apart; it has 1 to 120 characters.",
            do="Name it after the brand, region or location.",
        )
