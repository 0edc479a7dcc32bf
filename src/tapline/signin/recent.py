"""Whether somebody signed in lately, as dangerous things ask: by a second factor if they have one.

django-allauth keeps in the session how and when somebody proved who they are; this reads it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest

from tapline.workspaces.models import User, Workspace

SECOND_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
ELSEWHERE = "socialaccount"  # The identity provider asked for what it asks.


def has_second_factor(user: User) -> bool:
    """Say whether the user has an authenticator app or a passkey."""
    return bool(have_second_factor([user.pk]))


def have_second_factor(user_ids: Iterable[int]) -> set[int]:
    """Return which of these users have an authenticator app or a passkey."""
    found = Authenticator.objects.filter(user__in=list(user_ids), type__in=SECOND_FACTORS)
    return set(found.values_list("user_id", flat=True))


def came_by_single_sign_on(request: HttpRequest, user: User) -> bool:
    """Say whether this session began at the identity provider."""
    return any(each["method"] == ELSEWHERE for each in get_authentication_records(request, user))


def lacks_second_factor(request: HttpRequest, user: User, workspace: Workspace) -> bool:
    """Say whether this workspace, or one above it, asks for a second factor and there is none."""
    asked = Workspace.objects.filter(pk__in=workspace.ancestor_ids, needs_second_factor=True)
    return (
        asked.exists() and not has_second_factor(user) and not came_by_single_sign_on(request, user)
    )


def is_recent(
    records: Sequence[Mapping[str, Any]], *, needs_second_factor: bool, now_s: float
) -> bool:
    """Say whether one of the session's proofs is recent and good enough."""
    return any(
        now_s - each["at"] < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
        and (not needs_second_factor or each["method"] in ("mfa", ELSEWHERE))
        for each in records
    )


def proved_recently(request: HttpRequest) -> bool:
    """Say whether whoever is signed in proved lately who they are."""
    if not isinstance(request.user, User):
        return False
    records = get_authentication_records(request, request.user)
    needs = has_second_factor(request.user)
    return is_recent(records, needs_second_factor=needs, now_s=time.time())


def ask_again(request: HttpRequest) -> None:
    """Let pass who proved lately who they are; others are led to doing it, and back."""
    if not proved_recently(request):
        raise ReauthenticationRequired
