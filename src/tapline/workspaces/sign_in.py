"""How people sign in: by a link that works once and for an hour.

The link's GET shows a button and changes nothing, because previews and scanners open links too;
the button's POST signs in.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.utils import timezone

from tapline.errors import TaplineError
from tapline.workspaces.models import SignInLink, User

TOKEN_BYTES = 32
VALID_FOR = timedelta(hours=1)


class SignInLinkSpent(TaplineError):
    """The sign-in link was used, is too old, or never was one."""


def make_sign_in_link(user: User) -> str:
    """Return the URL path of a new one-time link that signs `user` in within an hour."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    SignInLink.objects.create(
        user=user, token_hash=_hash(token), expires_at=timezone.now() + VALID_FOR
    )
    return f"/sign-in/{token}"


def find_user(token: str) -> User:
    """Return whom `token` would sign in, without using it up; raises `SignInLinkSpent`."""
    link = (
        SignInLink.objects.select_related("user")
        .filter(
            token_hash=_hash(token),
            used_at=None,
            expires_at__gt=timezone.now(),
            user__is_active=True,
        )
        .first()
    )
    if link is None:
        raise _spent()
    return link.user


def use_sign_in_link(token: str) -> User:
    """Return whom `token` signs in, and use it up; raises `SignInLinkSpent`.

    Of two requests that use one link at once, one wins: the update says which.
    """
    user = find_user(token)
    taken = SignInLink.objects.filter(token_hash=_hash(token), used_at=None).update(
        used_at=timezone.now()
    )
    if not taken:
        raise _spent()
    return user


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _spent() -> SignInLinkSpent:
    return SignInLinkSpent(
        "This sign-in link does not work any more.",
        why="Each link signs in once and within an hour.",
        do="Run `tapline sign-in` on the server for a new one, or ask whoever runs it.",
    )
