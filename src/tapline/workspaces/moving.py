"""How a workspace is put below another, by somebody who answers for everything that it changes.

What lies above binds (opt-outs, consents, domains, whose taps are only counted, second factors) and
sees rates. So whoever moves a workspace owns it, owns what it leaves, and owns where it comes to.
"""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from tapline.workspaces import audit
from tapline.workspaces.access import Need, holds
from tapline.workspaces.members import grants_of, workspaces_of
from tapline.workspaces.models import User, Workspace
from tapline.workspaces.tree import BadTree, move_workspace

MOVED = "workspace.moved"


def places_for(user: User, workspace: Workspace) -> list[Workspace]:
    """Return the workspaces below which `user` may put `workspace`, in the order of the tree."""
    if not may_move(user, workspace):
        return []
    return [
        each
        for each, access in workspaces_of(user)
        if access.owns
        and not each.sample
        and not each.path.startswith(workspace.path)
        and each.pk != workspace.parent_id
    ]


def may_move(user: User, workspace: Workspace) -> bool:
    """Say whether `user` owns a workspace and what it lies below."""
    places = [workspace, *([workspace.parent] if workspace.parent else [])]
    return not workspace.sample and all(_owns(user, place) for place in places)


def move(workspace: Workspace, parent: Workspace | None, *, by: User) -> None:
    """Put a workspace with all below it under `parent`, at the top for None; write it down in all
    three. Raises `BadTree`, also where the place is not theirs."""
    left = workspace.parent
    if not may_move(by, workspace) or (parent is not None and not _owns(by, parent)):
        raise no_such_place()
    if (parent.pk if parent else None) == workspace.parent_id:
        return
    with transaction.atomic():
        move_workspace(workspace, parent)
        told = {"parent": left.pk if left else None}, {"parent": parent.pk if parent else None}
        for place in filter(None, (workspace, left, parent)):
            audit.record(place, audit.user_actor(by), MOVED, workspace, *told)


def _owns(user: User, workspace: Workspace) -> bool:
    return holds(workspace.path, grants_of(user), Need.OWN)


def no_such_place() -> BadTree:
    """Return what is said of a place that is not theirs, or is none."""
    return BadTree(
        _("The workspace cannot be moved there."),
        why=_("Whoever moves one owns it, what it lies below now, and where it comes to."),
        do=_("Ask an owner of both to do it."),
    )
