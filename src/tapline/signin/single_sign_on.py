"""Who may come in by single sign-on, and as whom: the operator's settings, applied to what the
identity provider says."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tapline import config
from tapline.config import Config
from tapline.errors import TaplineError
from tapline.workspaces.members import add_member
from tapline.workspaces.models import Invitation, Role, User, Workspace

ACTOR = "single sign-on"


class SignInRefused(TaplineError):
    """The identity provider's word is not enough to let somebody in."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the identity provider says about somebody, checked for its form."""

    subject: str
    email: str


def is_set(settings: Config) -> bool:
    """Say whether the operator set single sign-on up."""
    return bool(settings.oidc_issuer and settings.oidc_client_id)


def read_said(claims: Mapping[str, Any], settings: Config) -> Said:
    """Return who it is; raises `SignInRefused` without a proved address of an allowed domain."""
    email = str(claims.get("email") or "").strip().lower()
    if not email or "@" not in email or claims.get("email_verified") not in (True, "true"):
        raise SignInRefused(
            _("Your identity provider vouches for no e-mail address of yours."),
            why=_("Members are known by their address, so it has to be a proved one."),
            do=_("Ask whoever runs the identity provider to send it."),
        )
    allowed = {each.strip().lower() for each in settings.oidc_domains.split(",") if each.strip()}
    if allowed and email.rpartition("@")[2] not in allowed:
        raise SignInRefused(
            _("%(email)s may not come in.") % {"email": email},
            why=_("Its domain is none of those that this server lets in."),
            do=_("Sign in with your address at work, or ask whoever runs the server."),
        )
    return Said(str(claims["sub"]), email)


def same_nonce(sent: str, claims: Mapping[str, Any]) -> bool:
    """Say whether the token answers the very question that was asked."""
    return bool(sent) and secrets.compare_digest(sent, str(claims.get("nonce", "")))


def find_or_make_user(said: Said, settings: Config) -> User:
    """Return whom the address belongs to, made a member where newcomers are let in.

    Raises `SignInRefused` for newcomers without an invitation where none are.
    """
    user = User.objects.filter(email__iexact=said.email).first()
    if user is not None:
        return user
    workspace = Workspace.objects.filter(pk=settings.oidc_workspace).first()
    if workspace is not None:
        role = Role(settings.oidc_role)
        return add_member(workspace, said.email, role, actor=ACTOR).user
    if not _is_invited(said.email):
        raise SignInRefused(
            _("%(email)s is no member here.") % {"email": said.email},
            why=_("Newcomers need an invitation."),
            do=_("Ask an owner of the workspace to invite you."),
        )
    with transaction.atomic():
        user = User(email=said.email)
        user.set_unusable_password()
        user.save()
    return user


def _is_invited(email: str) -> bool:
    waiting = Invitation.objects.filter(email=email, ended_at=None)
    return waiting.filter(expires_at__gt=timezone.now()).exists()


def described() -> dict[str, str] | None:
    """Return how pages name single sign-on and where it begins; None where it is not set up."""
    settings = config.current()
    if not is_set(settings):
        return None
    return {"name": settings.oidc_name or _("single sign-on"), "address": "/single-sign-on"}


def only_single_sign_on() -> SignInRefused:
    """Return what is said where the operator lets nobody in otherwise."""
    return SignInRefused(
        _("Members of this server come in by single sign-on."),
        why=_("Whoever runs it closed the other ways."),
        do=_("Use the button for it on the page for signing in."),
    )


def switched_off() -> SignInRefused:
    """Return what is said to whoever may not come in any more."""
    return SignInRefused(
        _("This account was switched off."),
        why=_("Whoever runs this server did that."),
        do=_("Ask them."),
    )
