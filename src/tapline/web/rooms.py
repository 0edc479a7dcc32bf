"""Which rooms a workspace has, in the order of the menu: the one list of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from tapline.workspaces.access import Access, Need
from tapline.workspaces.models import Sample, User, Workspace

MOST_WORKSPACES = 8


@dataclass(frozen=True, slots=True)
class Room:
    """One entry of the menu. Pages of a room say `room` in their context: that marks the entry."""

    name: str  # as pages say it, and as its picture is called in `icons`
    address: str  # the name of its URL
    words: Callable[[], str]
    need: Need = Need.RATES
    is_at_thumb: bool = False  # in the bar at the foot of a phone
    is_setting: bool = False
    key: str = ""  # pressed after `g` it leads there


ROOMS: tuple[Room, ...] = (
    Room("home", "web:home", lambda: _("Home"), is_at_thumb=True, key="h"),
    Room("broadcasts", "broadcasts:list", lambda: _("Broadcasts"), is_at_thumb=True, key="b"),
    Room(
        "contacts", "contacts:list", lambda: _("Contacts"), Need.PEOPLE, is_at_thumb=True, key="c"
    ),
    Room("replies", "replies:list", lambda: _("Replies"), Need.PEOPLE, is_at_thumb=True, key="r"),
    Room("insights", "insights:what-works", lambda: _("What works"), key="w"),
    Room("links", "links:list", lambda: _("Links"), key="l"),
    Room("keywords", "keywords:list", lambda: _("Keywords"), key="k"),
    Room(
        "settings",
        "workspaces:settings",
        lambda: _("Settings"),
        Need.PEOPLE,
        is_setting=True,
        key="s",
    ),
    Room("health", "web:health", lambda: _("Health"), Need.MANAGE, is_setting=True),
)
# The pages within the room of settings.
SETTINGS: tuple[Room, ...] = (
    Room("settings", "workspaces:settings", lambda: _("Workspace"), Need.PEOPLE),
    Room("domains", "links:domains", lambda: _("Domains"), Need.MANAGE),
    Room("providers", "providers:list", lambda: _("Providers"), Need.MANAGE),
    Room("senders", "providers:senders", lambda: _("Sender numbers"), Need.MANAGE),
    Room("hours", "hours:show", lambda: _("Quiet hours"), Need.EDIT),
    Room("members", "workspaces:members", lambda: _("Members"), Need.PEOPLE),
    Room("below", "workspaces:below", lambda: _("Workspaces below"), Need.OWN),
    Room("keys", "workspaces:keys", lambda: _("API keys"), Need.MANAGE),
    Room("privacy", "workspaces:privacy", lambda: _("Privacy"), Need.MANAGE),
    Room("audit", "workspaces:audit", lambda: _("What changed"), Need.MANAGE),
)
SETTING_NAMES = {room.name for room in SETTINGS}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as the menu of one page shows it."""

    room: Room
    words: str
    url: str
    is_here: bool


def entries(workspace: Workspace, access: Access, here: str) -> list[Entry]:
    """Return the rooms that somebody with `access` may enter, the one that they are in marked."""
    return _entries(ROOMS, workspace, access, "settings" if here in SETTING_NAMES else here)


def setting_entries(workspace: Workspace, access: Access, here: str) -> list[Entry]:
    """Return the pages within the room of settings, on those pages; nothing elsewhere."""
    return _entries(SETTINGS, workspace, access, here) if here in SETTING_NAMES else []


def _entries(
    rooms: tuple[Room, ...], workspace: Workspace, access: Access, here: str
) -> list[Entry]:
    return [
        Entry(room, room.words(), reverse(room.address, args=[workspace.pk]), room.name == here)
        for room in rooms
        if access.allows(room.need)
    ]


def other_workspaces(user: User, workspace: Workspace | None) -> list[Workspace]:
    """Return a few workspaces that `user` is a member of, without the one that they are in."""
    own = user.memberships.select_related("workspace").order_by("workspace__path")
    own = own.exclude(workspace__sample=Sample.GOING)
    found = own.exclude(workspace=workspace) if workspace else own
    return [each.workspace for each in found[:MOST_WORKSPACES]]
