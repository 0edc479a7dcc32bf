"""What a member may see and do in a workspace. Pure: memberships in, an answer out.

In their own workspace members see people and rates. Below it they see rates, not people, and
change nothing, unless they were granted the people below. Above and beside it they see nothing,
and cannot tell that anything is there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from tapline.workspaces.models import Role


class Need(IntEnum):
    """What a page asks for. Each includes the ones above it."""

    RATES = 1  # counts and rates
    PEOPLE = 2  # contacts, numbers, who tapped
    EDIT = 3  # write, send, change links
    MANAGE = 4  # domains, providers, sender numbers, hours, API keys, privacy
    OWN = 5  # members and their roles, workspaces below


NEED_OF_ROLE = {
    Role.VIEWER: Need.PEOPLE,
    Role.SENDER: Need.EDIT,
    Role.MANAGER: Need.MANAGE,
    Role.OWNER: Need.OWN,
}


@dataclass(frozen=True, slots=True)
class Grant:
    """One membership: where it is, as what, and whether the people below come with it."""

    path: str
    role: Role
    sees_people_below: bool = False


@dataclass(frozen=True, slots=True)
class Access:
    """The most that somebody may do in one workspace."""

    most: Need

    def allows(self, need: Need) -> bool:
        """Say whether `need` is within reach."""
        return need <= self.most

    @property
    def sees_people(self) -> bool:
        return self.allows(Need.PEOPLE)

    @property
    def edits(self) -> bool:
        return self.allows(Need.EDIT)

    @property
    def manages(self) -> bool:
        return self.allows(Need.MANAGE)

    @property
    def owns(self) -> bool:
        return self.allows(Need.OWN)


def access_to(path: str, grants: Iterable[Grant]) -> Access | None:
    """Return what `grants` allow in the workspace at `path`; None for strangers."""
    reach = [_reach(path, grant) for grant in grants if path.startswith(grant.path)]
    return Access(max(reach)) if reach else None


def holds(path: str, grants: Iterable[Grant], need: Need) -> bool:
    """Say whether `grants` allow `need` in the workspace at `path`."""
    access = access_to(path, grants)
    return access is not None and access.allows(need)


def _reach(path: str, grant: Grant) -> Need:
    if path == grant.path or grant.sees_people_below:
        return NEED_OF_ROLE[grant.role]
    return Need.RATES
