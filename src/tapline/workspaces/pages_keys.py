"""The page of API keys: which programs get in, what they may do, when they last did."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect

from tapline.errors import TaplineError
from tapline.web.shown_once import lead_to_secret, take_secret
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need
from tapline.workspaces.api_keys import (
    KEY_ROLES,
    SCOPES,
    BadApiKey,
    create_api_key,
    let_in_again,
    revoke,
)
from tapline.workspaces.models import ApiKey


@inside(Need.MANAGE, "GET", "HEAD", "POST", again=True)
def show(visit: Visit) -> HttpResponse:
    """Show the keys; a POST makes one, whose token the page shows once."""
    if visit.request.method != "POST":
        return _page(visit, token=take_secret(visit.request))
    role = KEY_ROLES.get(visit.form("may"))
    scopes = role.scopes if role else visit.request.POST.getlist("scopes")
    try:
        _key, token = create_api_key(visit.workspace, visit.form("name"), scopes, actor=visit.actor)
    except BadApiKey as error:
        return _page(visit, error=error)
    return lead_to_secret(visit.request, visit.request.path, token)


@inside(Need.MANAGE, "POST")
def end(visit: Visit, key_id: int) -> HttpResponse:
    """Revoke an API key."""
    revoke(get_object_or_404(ApiKey, pk=key_id, workspace=visit.workspace), actor=visit.actor)
    return redirect("workspaces:keys", visit.workspace.pk)


@inside(Need.MANAGE, "POST", again=True)
def open_again(visit: Visit, key_id: int) -> HttpResponse:
    """Let an API key in that a restore closed."""
    key = get_object_or_404(ApiKey, pk=key_id, workspace=visit.workspace)
    let_in_again(key, actor=visit.actor)
    return redirect("workspaces:keys", visit.workspace.pk)


def _page(visit: Visit, *, token: str = "", error: TaplineError | None = None) -> HttpResponse:
    keys = visit.workspace.api_keys.order_by("-id")
    alive = [key for key in keys if key.revoked_at is None]
    context = {
        "room": "keys",
        "in_use": [key for key in alive if key.held_at is None],
        "held": [key for key in alive if key.held_at is not None],
        "revoked": [key for key in keys if key.revoked_at is not None],
        "key_roles": KEY_ROLES.items(),
        "scopes": SCOPES.items(),
        "token": token,
        "error": error,
    }
    return visit.render("workspaces/keys.html", context, status=422 if error else 200)
