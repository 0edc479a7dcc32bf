"""Pages for coming in: by a one-time link, by an invitation; and for leaving."""

from __future__ import annotations

from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tapline.workspaces.invitations import accept, find_invitation, is_known
from tapline.workspaces.models import User
from tapline.workspaces.sign_in import find_user, use_sign_in_link

BACKEND = "django.contrib.auth.backends.ModelBackend"


@require_safe
def explain_sign_in(request: HttpRequest) -> HttpResponse:
    """Say how to get a sign-in link."""
    return render(request, "workspaces/sign_in.html")


@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest, token: str) -> HttpResponse:
    """Show the button that signs in; its POST does, and uses the link up."""
    if request.method != "POST":
        return render(request, "workspaces/sign_in.html", {"person": find_user(token)})
    login(request, use_sign_in_link(token), backend=BACKEND)
    return redirect("/")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return redirect("workspaces:sign-in")


@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Show who invites to what; its POST accepts, and signs in whoever is new."""
    user = request.user if isinstance(request.user, User) else None
    if request.method != "POST":
        found = find_invitation(token)
        context = {"invitation": found, "has_to_sign_in": user is None and is_known(found)}
        return render(request, "workspaces/invitation.html", context)
    member = accept(token, user)
    if user is None:
        login(request, member.user, backend=BACKEND)
    return redirect("web:home", member.workspace_id)
