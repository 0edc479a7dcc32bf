"""The page of the workspaces below: the tree, and a new one in it."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from tapline.errors import TaplineError
from tapline.web.visits import Visit, inside
from tapline.workspaces import audit
from tapline.workspaces.access import Need
from tapline.workspaces.members import BadMember, add_member, members_of
from tapline.workspaces.models import Role, Workspace
from tapline.workspaces.moving import may_move, move, no_such_place, places_for
from tapline.workspaces.tree import BadTree, branch, create_workspace

TOP = "top"  # what the form says for no workspace above


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the tree."""

    workspace: Workspace
    depth: int

    @property
    def indent(self) -> str:
        return "\u2003" * self.depth


@inside(Need.OWN, "GET", "HEAD", "POST", again=True)
def show(visit: Visit) -> HttpResponse:
    """Show what lies below, and whose people are seen from here; a POST makes a workspace."""
    if visit.request.method != "POST":
        return _page(visit)
    try:
        below = _make(visit)
    except (BadMember, BadTree) as error:
        return _page(visit, error=error)
    messages.success(visit.request, _("'%(name)s' was added.") % {"name": below.name})
    return redirect("workspaces:below", visit.workspace.pk)


@inside(Need.OWN, "POST", again=True)
def move_here(visit: Visit) -> HttpResponse:
    """Put the workspace below another one, or at the top."""
    wanted = visit.form("parent")
    places = places_for(visit.user, visit.workspace)
    parent = next((each for each in places if str(each.pk) == wanted), None)
    try:
        if wanted != TOP and parent is None:
            raise no_such_place()
        move(visit.workspace, parent, by=visit.user)
    except BadTree as error:
        return _page(visit, error=error)
    messages.success(visit.request, _("Saved."))
    return redirect("workspaces:below", visit.workspace.pk)


def _make(visit: Visit) -> Workspace:
    above = visit.workspace
    with transaction.atomic():  # Without its owner nobody could ever enter it.
        below = create_workspace(
            visit.form("name"),
            parent=above,
            default_country=above.default_country,
            language=above.language,
            zone=above.zone,
        )
        audit.record(above, visit.actor, "workspace.created", below, after={"name": below.name})
        add_member(below, visit.form("owner"), Role.OWNER, actor=visit.actor)
    return below


def _page(visit: Visit, *, error: TaplineError | None = None) -> HttpResponse:
    here = len(visit.workspace.ancestor_ids) + 1
    found = branch(visit.workspace).exclude(pk=visit.workspace.pk)
    context = {
        "room": "below",
        "lines": [Line(each, len(each.ancestor_ids) - here) for each in found],
        "granted": members_of(visit.workspace).filter(sees_people_below=True),
        "may_move": may_move(visit.user, visit.workspace),
        "places": places_for(visit.user, visit.workspace),
        "above": visit.workspace.parent,
        "top": TOP,
        "error": error,
    }
    return visit.render("workspaces/below.html", context, status=422 if error else 200)
