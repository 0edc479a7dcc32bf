"""How people are invited: by a link that an owner hands over, for one address, once, for a week.

The link proves nothing about somebody who has been here before: they sign in as always and then
accept. Whoever is new is made by accepting it.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from tapline.errors import TaplineError
from tapline.workspaces import audit
from tapline.workspaces.members import BadMember, add_member, not_an_address
from tapline.workspaces.models import Invitation, Membership, Role, User, Workspace

TOKEN_BYTES = 32
VALID_FOR = timedelta(days=7)


class InvitationSpent(TaplineError):
    """The invitation was accepted, withdrawn, is too old, or never was one."""


class InvitedAnother(TaplineError):
    """Somebody opened an invitation that names another address."""


def invite(
    workspace: Workspace,
    email: str,
    role: Role,
    *,
    sees_people_below: bool = False,
    invited_by: User,
) -> tuple[Invitation, str]:
    """Return an invitation and the path of its link, which nobody can show again.

    An earlier one for the same address ends. Raises `BadMember` for a bad address and for members.
    """
    address = _checked(workspace, email)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with transaction.atomic():
        waiting(workspace).filter(email=address).update(ended_at=timezone.now())
        invitation = Invitation.objects.create(
            workspace=workspace,
            email=address,
            role=role,
            sees_people_below=sees_people_below,
            token_hash=_hash(token),
            expires_at=timezone.now() + VALID_FOR,
            invited_by=invited_by,
        )
        after = {"email": address, "role": str(role), "sees_people_below": sees_people_below}
        actor = audit.user_actor(invited_by)
        audit.record(workspace, actor, "member.invited", invitation, after=after)
    return invitation, f"/invitation/{token}"


def waiting(workspace: Workspace) -> QuerySet[Invitation]:
    """Return the invitations that can still be accepted, newest first."""
    open_ones = Invitation.objects.filter(workspace=workspace, ended_at=None)
    return open_ones.filter(expires_at__gt=timezone.now()).order_by("-id")


def withdraw(invitation: Invitation, *, actor: str) -> None:
    """End an invitation that nobody accepted; doing so twice changes nothing."""
    with transaction.atomic():
        if _end(invitation):
            before = {"email": invitation.email}
            audit.record(invitation.workspace, actor, "member.uninvited", invitation, before)


def find_invitation(token: str) -> Invitation:
    """Return the invitation of a link, without using it up; raises `InvitationSpent`."""
    found = Invitation.objects.select_related("workspace", "invited_by")
    open_ones = found.filter(ended_at=None, expires_at__gt=timezone.now())
    invitation = open_ones.filter(token_hash=_hash(token)).first()
    if invitation is None:
        raise _spent()
    return invitation


def is_known(invitation: Invitation) -> bool:
    """Say whether whoever is invited has been here before, and so has to sign in first."""
    return User.objects.filter(email__iexact=invitation.email).exists()


def accept(token: str, user: User | None) -> Membership:
    """Make whoever holds the link a member, and return the membership.

    `user` is who is signed in; None: somebody new, who is made. Raises `InvitationSpent`, and
    `InvitedAnother` where the address is not theirs.
    """
    invitation = find_invitation(token)
    is_theirs = user.email.lower() == invitation.email if user else not is_known(invitation)
    if not is_theirs:
        raise _another(invitation)
    with transaction.atomic():
        if not _end(invitation):
            raise _spent()
        return add_member(
            invitation.workspace,
            invitation.email,
            Role(invitation.role),
            sees_people_below=invitation.sees_people_below,
            actor=audit.user_actor(invitation.invited_by),
        )


def _end(invitation: Invitation) -> bool:
    """End it; of two at once one wins, which the update says."""
    still_open = Invitation.objects.filter(pk=invitation.pk, ended_at=None)
    return bool(still_open.update(ended_at=timezone.now()))


def _checked(workspace: Workspace, email: str) -> str:
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise not_an_address(address) from error
    if workspace.memberships.filter(user__email__iexact=address).exists():
        raise BadMember(
            f"{address} is a member already.",
            why="An invitation makes somebody a member.",
            do="Change the role of this member in the list.",
        )
    return address


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _spent() -> InvitationSpent:
    return InvitationSpent(
        "This invitation does not work any more.",
        why="Each is accepted once, within a week, unless it was withdrawn.",
        do="Ask whoever invited you for a new one.",
    )


def _another(invitation: Invitation) -> InvitedAnother:
    return InvitedAnother(
        f"This invitation is for {invitation.email}.",
        why="An invitation is good for one address, and who has been here before signs in first.",
        do=f"Sign in as {invitation.email}, then open the link again.",
    )
