"""Pages of workspaces themselves: the list of them, and what one is called and speaks."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import available_timezones

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tapline.errors import TaplineError
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Access, Need
from tapline.workspaces.changing import FIELDS, LANGUAGES, BadWorkspace, change_workspace
from tapline.workspaces.members import workspaces_of
from tapline.workspaces.models import User, Workspace
from tapline.workspaces.tree import BadTree


@dataclass(frozen=True, slots=True)
class Place:
    """One line of the list of workspaces."""

    workspace: Workspace
    access: Access
    depth: int

    @property
    def indent(self) -> str:
        return "\u2003" * self.depth


@require_safe
def list_workspaces(request: HttpRequest) -> HttpResponse:
    """Show every workspace that the person may see."""
    if not isinstance(request.user, User):
        return redirect("workspaces:sign-in")
    seen = workspaces_of(request.user)
    top = min((len(each.ancestor_ids) for each, _access in seen), default=0)
    places = [Place(each, access, len(each.ancestor_ids) - top) for each, access in seen]
    return render(request, "workspaces/list.html", {"places": places})


@inside(Need.PEOPLE)
def show_settings(visit: Visit) -> HttpResponse:
    """Show what the workspace is called and speaks."""
    return _settings_page(visit, {each: getattr(visit.workspace, each) for each in FIELDS})


@inside(Need.MANAGE, "POST")
def change(visit: Visit) -> HttpResponse:
    """Change it."""
    wanted = {each: visit.form(each) for each in FIELDS}
    try:
        change_workspace(visit.workspace, **wanted, actor=visit.actor)
    except (BadWorkspace, BadTree) as error:
        return _settings_page(visit, wanted, error=error)
    messages.success(visit.request, _("Saved."))
    return redirect("workspaces:settings", visit.workspace.pk)


def _settings_page(
    visit: Visit, filled: dict[str, str], *, error: TaplineError | None = None
) -> HttpResponse:
    context = {
        "room": "settings",
        "filled": filled,
        "languages": LANGUAGES.items(),
        "zones": sorted(available_timezones()),
        "is_below": visit.workspace.parent_id is not None,
        "error": error,
    }
    return visit.render("workspaces/settings.html", context, status=422 if error else 200)
