"""People who browse the pages: signed in as a member of one workspace, or as nobody."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from django.test import Client

from tapline import config
from tapline.clicks.listing import forget_list
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


@contextmanager
def empty_click_store() -> Iterator[None]:
    """Begin without the clicks of other tests, and leave none behind."""
    for folder in (config.current().click_log_dir, config.current().click_store_dir):
        shutil.rmtree(folder, ignore_errors=True)
    forget_list()
    yield
    forget_list()
