"""The page of retention and privacy: how long what is kept, and whose taps are only counted."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from tapline.contacts import notice
from tapline.errors import TaplineError
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need
from tapline.workspaces.counting import (
    EVERYBODY,
    BadCountry,
    only_counted_above,
    set_only_counted,
)


@inside(Need.MANAGE, "GET", "HEAD", "POST")
def show(visit: Visit) -> HttpResponse:
    """Show both; a POST says whose taps are only counted from now on."""
    if visit.request.method != "POST":
        return _page(visit)
    countries = [EVERYBODY] if visit.form("everybody") else visit.form("countries").split(",")
    try:
        set_only_counted(visit.workspace, countries, actor=visit.actor)
    except BadCountry as error:
        return _page(visit, error=error)
    messages.success(visit.request, _("Saved. It holds for texts from now on."))
    return redirect("workspaces:privacy", visit.workspace.pk)


def _page(visit: Visit, *, error: TaplineError | None = None) -> HttpResponse:
    context = {
        "room": "privacy",
        "statements": notice.statements(visit.workspace),
        "only_counted_above": only_counted_above(visit.workspace),
        "everybody": [EVERYBODY],
        "error": error,
    }
    return visit.render("workspaces/privacy.html", context, status=422 if error else 200)
