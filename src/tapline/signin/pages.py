"""Pages for coming in and going: one-time link, invitation, signing in again, sessions."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from allauth.usersessions.models import UserSession
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tapline import config
from tapline.clicks.devices import Device, describe
from tapline.signin.flow import come_in
from tapline.signin.mailing import ask_for_link, can_mail
from tapline.signin.passkeys import passkeys_work
from tapline.signin.single_sign_on import described, only_single_sign_on
from tapline.workspaces.invitations import accept, find_invitation, is_known
from tapline.workspaces.models import User
from tapline.workspaces.sign_in import find_user, use_sign_in_link

RETURN_KEY = "signin_return"  # in the session: where somebody was who signs in again


@require_http_methods(["GET", "HEAD", "POST"])
def explain_sign_in(request: HttpRequest) -> HttpResponse:
    """Show every way to come in; a POST asks for a link by e-mail."""
    if request.method == "POST" and _ways(request)["can_mail"]:
        ask_for_link(request, request.POST.get("email", "").strip())
        return render(request, "signin/sign_in.html", _ways(request) | {"was_mailed": True})
    if isinstance(request.user, User):
        return redirect("/")
    return render(request, "signin/sign_in.html", _ways(request))


@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest, token: str) -> HttpResponse:
    """Show the button that signs in; its POST does, and uses the link up."""
    if request.method != "POST":
        return render(request, "signin/sign_in.html", {"person": find_user(token)})
    return come_in(request, use_sign_in_link(token), then=request.session.pop(RETURN_KEY, None))


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
        comes_elsewhere = is_known(found) or config.current().oidc_only
        context = {"invitation": found, "has_to_sign_in": user is None and comes_elsewhere}
        return render(request, "workspaces/invitation.html", context)
    if user is None and config.current().oidc_only:
        raise only_single_sign_on()
    member = accept(token, user)
    home = reverse("web:home", args=[member.workspace_id])
    return redirect(home) if user else come_in(request, member.user, then=home)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def again(request: HttpRequest) -> HttpResponse:
    """Say how to prove who one is, to somebody without a second factor; a POST mails a link."""
    assert isinstance(request.user, User)
    if request.method == "POST":
        ways = _ways(request)
        if ways["can_mail"]:
            ask_for_link(request, request.user.email)
        return render(request, "signin/again.html", ways | {"was_mailed": ways["can_mail"]})
    request.session[RETURN_KEY] = _where_from(request)
    return render(request, "signin/again.html", _ways(request))


@login_required
@require_safe
def needed(request: HttpRequest) -> HttpResponse:
    """Say that a workspace asks for a second factor, and lead to setting one up."""
    return render(request, "signin/needed.html", _ways(request))


@dataclass(frozen=True, slots=True)
class Session:
    """One place where somebody is signed in, as the page tells it."""

    row: UserSession
    device: Device
    is_here: bool


@login_required
@require_safe
def show_sessions(request: HttpRequest) -> HttpResponse:
    """Show where one is signed in."""
    found = UserSession.objects.purge_and_list(request.user)
    here = request.session.session_key
    sessions = [
        Session(each, describe(each.user_agent), each.session_key == here)
        for each in sorted(found, key=lambda each: each.created_at, reverse=True)
    ]
    return render(request, "signin/sessions.html", {"sessions": sessions, "room": "account"})


@login_required
@require_POST
def end_session(request: HttpRequest, session_id: int) -> HttpResponse:
    """Sign out in one of those places."""
    get_object_or_404(UserSession, pk=session_id, user=request.user).end()
    return redirect("signin:sessions")


@login_required
@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere else."""
    for each in UserSession.objects.filter(user=request.user):
        if each.session_key != request.session.session_key:
            each.end()
    return redirect("signin:sessions")


def _ways(request: HttpRequest) -> dict[str, object]:
    """Return which ways in there are, for the pages that name them."""
    is_open = not config.current().oidc_only
    return {
        "can_mail": can_mail() and is_open,
        "passkeys_work": passkeys_work(request) and is_open,
        "single_sign_on": described(),
    }


def _where_from(request: HttpRequest) -> str:
    """Return the page that somebody came from, by path, or the start."""
    came_from = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(came_from, {request.get_host()}):
        return urlsplit(came_from).path or "/"
    return "/"
