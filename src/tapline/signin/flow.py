"""How somebody who showed a one-time link or an invitation comes in: past the second factor."""

from __future__ import annotations

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.http import HttpRequest, HttpResponse

from tapline.workspaces.models import User

BY_LINK = "link"


def come_in(request: HttpRequest, user: User, *, then: str | None = None) -> HttpResponse:
    """Sign `user` in, or lead them to their second factor first; `then` is where they land."""
    record_authentication(request, user, BY_LINK)
    answer: HttpResponse = perform_login(request, Login(user=user, redirect_url=then))
    return answer
