"""People who browse the pages: signed in as a member of one workspace, or as nobody."""

from __future__ import annotations

import time

from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY,
    AUTHENTICATION_METHODS_SESSION_KEY,
)
from django.test import Client

from tapline.workspaces.members import add_member
from tapline.workspaces.models import Role, User, Workspace


def member_of(
    workspace: Workspace, role: Role = Role.OWNER, *, sees_people_below: bool = False
) -> Client:
    """Return a browser in which a member of `workspace` is signed in."""
    email = f"{role}-{workspace.pk}-{sees_people_below}@example.com"
    member = add_member(workspace, email, role, sees_people_below=sees_people_below, actor="test")
    browser = Client()
    browser.force_login(member.user)
    prove(browser, member.user)
    return browser


def prove(browser: Client, user: User, method: str = "link", *, ago_s: float = 0.0) -> None:
    """Let a browser's session say that `user` proved who they are, and when."""
    session = browser.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": method, "at": time.time() - ago_s}]
    session[_AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(user.pk)
    session.save()
