"""How a page knows who is looking at which workspace, and turns strangers away.

Every page of a workspace is wrapped in `@inside(Need.…)`: there is no other way to a workspace.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec
from zoneinfo import ZoneInfo

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from tapline.signin.recent import ask_again, lacks_second_factor
from tapline.web.errors import ForForms, NotAllowed, error_page, wants_fragment
from tapline.workspaces import audit
from tapline.workspaces.access import Access, Need
from tapline.workspaces.members import access_for
from tapline.workspaces.models import User, Workspace

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Visit:
    """One request to a page of one workspace, by somebody who may see it."""

    request: HttpRequest
    user: User
    workspace: Workspace
    access: Access

    @property
    def actor(self) -> str:
        return audit.user_actor(self.user)

    def form(self, name: str) -> str:
        """Return a posted field without surrounding space, empty where it is missing."""
        return self.request.POST.get(name, "").strip()

    @property
    def wants_fragment(self) -> bool:
        return wants_fragment(self.request)

    def render(
        self, template: str, context: Mapping[str, Any] | None = None, status: int = 200
    ) -> HttpResponse:
        """Return a page or fragment; it always knows workspace and access."""
        known = {"workspace": self.workspace, "access": self.access, **(context or {})}
        return render(self.request, template, known, status=status)


def inside(
    need: Need, *methods: str, again: bool = False
) -> Callable[[Callable[Concatenate[Visit, P], HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Wrap a page of a workspace: it runs for members whose role holds `need`.

    Strangers get 404, members with too small a role an explanation, people who are not signed in
    the sign-in page. `methods` are GET (and HEAD) unless named. With `again` a POST asks for a
    recent proof of who it is. Its times are on the workspace's clock.
    """
    allowed = methods or ("GET", "HEAD")

    def wrap(
        page: Callable[Concatenate[Visit, P], HttpResponseBase],
    ) -> Callable[..., HttpResponseBase]:
        @functools.wraps(page)
        def view(
            request: HttpRequest, workspace_id: int, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponseBase:
            if request.method not in allowed:
                return _takes_only(allowed, request)
            if not isinstance(request.user, User):
                return redirect_to_login(request.get_full_path())
            visit = _enter(request, request.user, workspace_id, need)
            request.visit = visit  # type: ignore[attr-defined]  # For the pages of errors.
            if lacks_second_factor(request, request.user, visit.workspace):
                return redirect("signin:needed")
            if again and request.method == "POST":
                ask_again(request)
            with timezone.override(ZoneInfo(visit.workspace.zone)):
                return page(visit, *args, **kwargs)

        return view

    return wrap


def _takes_only(allowed: tuple[str, ...], request: HttpRequest) -> HttpResponse:
    """Refuse a method; in words where somebody opened what a form had sent."""
    answer = HttpResponse(status=405)
    if request.method == "GET":
        error = ForForms(
            _("There is nothing to see at this address."),
            why=_("It only takes what a form sends, and was opened by itself."),
            do=_("Go back to the page with the form, or to the start."),
        )
        answer = error_page(request, error)
    answer.headers["Allow"] = ", ".join(allowed)
    return answer


def _enter(request: HttpRequest, user: User, workspace_id: int, need: Need) -> Visit:
    workspace = Workspace.objects.filter(pk=workspace_id).first()
    access = access_for(user, workspace) if workspace else None
    if workspace is None or access is None:
        raise Http404
    if not access.allows(need):
        raise NotAllowed(
            _("Your role in '%(name)s' does not include this.") % {"name": workspace.name},
            why=_WHY[need](),
            do=_("Ask an owner of that workspace."),
        )
    return Visit(request, user, workspace, access)


_WHY: dict[Need, Callable[[], str]] = {
    Need.PEOPLE: lambda: _(
        "From above one sees rates; people are for the workspace's own members."
    ),
    Need.EDIT: lambda: _("Writing, sending and changing needs the role of a sender."),
    Need.MANAGE: lambda: _("Domains, providers, hours and keys need the role of a manager."),
    Need.OWN: lambda: _("Members and the workspaces below are for owners."),
}
