"""Writes down that somebody's second factors changed, in every workspace that they belong to."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from django.http import HttpRequest

from tapline.workspaces import audit
from tapline.workspaces.models import User

ADDED, REMOVED = "second_factor.added", "second_factor.removed"
RENEWED = "second_factor.codes_renewed"


def connect() -> None:
    """Listen to django-allauth's word."""
    authenticator_added.connect(_added)
    authenticator_removed.connect(_removed)
    authenticator_reset.connect(_renewed)


def _added(request: HttpRequest, user: User, authenticator: Authenticator, **_kwargs: Any) -> None:
    _record(user, ADDED, authenticator)
    # Who sets one up has just used it: it is not asked again at once.
    record_authentication(request, user, "mfa", type=authenticator.type)


def _removed(user: User, authenticator: Authenticator, **_kwargs: Any) -> None:
    _record(user, REMOVED, authenticator)


def _renewed(user: User, authenticator: Authenticator, **_kwargs: Any) -> None:
    _record(user, RENEWED, authenticator)


def _record(user: User, action: str, authenticator: Authenticator) -> None:
    after = {"type": str(authenticator.type)}
    for member in user.memberships.select_related("workspace"):
        audit.record(member.workspace, audit.user_actor(user), action, user, after=after)
