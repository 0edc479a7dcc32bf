"""People who browse the pages: signed in as a member of one workspace, or as nobody."""

from __future__ import annotations

from django.test import Client

from tapline.workspaces.members import add_member
from tapline.workspaces.models import Role, Workspace


def member_of(
    workspace: Workspace, role: Role = Role.OWNER, *, sees_people_below: bool = False
) -> Client:
    """Return a browser in which a member of `workspace` is signed in."""
    email = f"{role}-{workspace.pk}-{sees_people_below}@example.com"
    member = add_member(workspace, email, role, sees_people_below=sees_people_below, actor="test")
    browser = Client()
    browser.force_login(member.user)
    return browser
