"""How a lost second factor is taken away, so that its owner comes in by a link and sets up another.

Whoever runs the server may do it for anybody. An owner may do it for a member whose workspaces all
are theirs: somebody else's workspace may rest on that second factor too.
"""

from __future__ import annotations

from collections.abc import Iterable

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils.translation import gettext as _

from tapline.errors import TaplineError
from tapline.signin.ending import end_sessions
from tapline.workspaces import audit
from tapline.workspaces.access import Need, holds
from tapline.workspaces.members import grants_of
from tapline.workspaces.models import Membership, User

RESET = "second_factor.reset"


class CannotReset(TaplineError):
    """This second factor is not theirs to take away."""


def resettable(owner: User, user_ids: Iterable[int]) -> set[int]:
    """Return those of the users whose every workspace `owner` owns. One's own is never among them:
    who can prove who they are removes it on their own page."""
    wanted, grants = set(user_ids) - {owner.pk}, grants_of(owner)
    belong = Membership.objects.filter(user__in=wanted).values_list("user_id", "workspace__path")
    return wanted - {user for user, path in belong if not holds(path, grants, Need.OWN)}


def refuse_reset(owner: User, user: User) -> None:
    """Raise `CannotReset` where `owner` may not take away the second factor of `user`."""
    if user.pk not in resettable(owner, [user.pk]):
        raise CannotReset(
            _("You cannot remove the second factor of this member."),
            why=_("They belong to workspaces that are not yours, which rest on it too."),
            do=_("Ask whoever runs the server."),
        )


def reset_second_factor(user: User, *, actor: str) -> int:
    """Remove every second factor of `user` and sign them out; return how many there were.

    It is written down in each of their workspaces, where there was one.
    """
    with transaction.atomic():
        factors = Authenticator.objects.filter(user=user)
        count: int = factors.exclude(type=Authenticator.Type.RECOVERY_CODES).count()
        factors.delete()
        if count:
            for member in user.memberships.select_related("workspace"):
                after = {"email": user.email}
                audit.record(member.workspace, actor, RESET, user, after=after)
    end_sessions(user)
    return count
