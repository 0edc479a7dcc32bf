"""Who belongs to a workspace, and as what."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q, QuerySet

from tapline.errors import TaplineError
from tapline.workspaces import audit
from tapline.workspaces.access import Access, Grant, Need, access_to, holds
from tapline.workspaces.models import Membership, Role, User, Workspace
from tapline.workspaces.tree import first_workspace


class BadMember(TaplineError):
    """The member cannot be added or changed as asked."""


def ensure_owner(email: str) -> User:
    """Return the user with this address, as an owner of the first workspace.

    Both are made where they are missing. Whoever holds the machine may call this; no page does.
    """
    with transaction.atomic():
        user = _user(email)
        Membership.objects.get_or_create(
            user=user, workspace=first_workspace(), defaults={"role": Role.OWNER}
        )
    return user


def add_member(
    workspace: Workspace,
    email: str,
    role: Role,
    *,
    sees_people_below: bool = False,
    actor: str,
) -> Membership:
    """Return the membership of the user with this address, made or changed to `role`.

    Raises `BadMember` for a bad address and where the last owner would be lost.
    """
    with transaction.atomic():
        user = _user(email)
        member = Membership.objects.filter(user=user, workspace=workspace).first()
        before = _as_dict(member) if member else {}
        if member is None:
            member = Membership(user=user, workspace=workspace)
        elif role != Role.OWNER:
            _refuse_losing_last_owner(member)
        member.role, member.sees_people_below = role, sees_people_below
        member.save()
        audit.record(workspace, actor, "member.set", member, before, _as_dict(member))
    return member


def change_member(
    member: Membership, role: Role, *, sees_people_below: bool, actor: str
) -> Membership:
    """Give a member another role; raises `BadMember` where the last owner would be lost."""
    return add_member(
        member.workspace,
        member.user.email,
        role,
        sees_people_below=sees_people_below,
        actor=actor,
    )


def remove_member(member: Membership, *, actor: str) -> None:
    """End a membership; raises `BadMember` for the last owner."""
    with transaction.atomic():
        _refuse_losing_last_owner(member)
        audit.record(member.workspace, actor, "member.removed", member, before=_as_dict(member))
        member.delete()


def members_of(workspace: Workspace) -> QuerySet[Membership]:
    """Return the memberships of one workspace, with their users."""
    return workspace.memberships.select_related("user").order_by("user__email")


def people_with(workspace: Workspace, need: Need) -> list[User]:
    """Return everybody whose role allows `need` in `workspace`, from here or above, by address."""
    within = Membership.objects.filter(workspace__in=workspace.ancestor_ids, user__is_active=True)
    users = {
        member.user.email: member.user
        for member in within.select_related("user", "workspace")
        if _reaches(member, workspace, need)
    }
    return [users[email] for email in sorted(users)]


def access_for(user: User, workspace: Workspace) -> Access | None:
    """Return what `user` may do in `workspace`; None for strangers."""
    return access_to(workspace.path, grants_of(user)) if user.is_active else None


def workspaces_of(user: User) -> list[tuple[Workspace, Access]]:
    """Return every workspace the user may see, in the order of the tree, with their access."""
    grants = grants_of(user) if user.is_active else []
    if not grants:
        return []
    within = Q()
    for grant in grants:
        within |= Q(path__startswith=grant.path)
    found = Workspace.objects.filter(within).order_by("path")
    return [(each, access) for each in found if (access := access_to(each.path, grants))]


def grants_of(user: User) -> list[Grant]:
    """Return every membership of a user as what it grants."""
    rows = user.memberships.values_list("workspace__path", "role", "sees_people_below")
    return [Grant(path, Role(role), below) for path, role, below in rows]


def not_an_address(address: str) -> BadMember:
    """Return what is said of an address that is none."""
    return BadMember(
        f"'{address}' is not an e-mail address.",
        why="Members are known by their e-mail address.",
        do="Write it like name@example.com.",
    )


def _reaches(member: Membership, workspace: Workspace, need: Need) -> bool:
    grant = Grant(member.workspace.path, Role(member.role), member.sees_people_below)
    return holds(workspace.path, [grant], need)


def _user(email: str) -> User:
    """Return the user with this address, made without a password where there is none."""
    address = email.strip()
    try:
        validate_email(address)
    except ValidationError as error:
        raise not_an_address(address) from error
    user = User.objects.filter(email__iexact=address).first()
    if user is None:
        user = User(email=address.lower())
        user.set_unusable_password()
        user.save()
    return user


def _as_dict(member: Membership) -> dict[str, object]:
    return {
        "user": member.user_id,
        "role": str(member.role),
        "sees_people_below": member.sees_people_below,
    }


def _refuse_losing_last_owner(member: Membership) -> None:
    owners = Membership.objects.filter(workspace=member.workspace, role=Role.OWNER)
    if member.role == Role.OWNER and not owners.exclude(pk=member.pk).exists():
        raise BadMember(
            "The last owner has to stay.",
            why="Without an owner nobody could add members or keys to this workspace.",
            do="Make somebody else an owner first.",
        )
