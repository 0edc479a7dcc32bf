"""Members come, change and go; each workspace keeps an owner."""

from __future__ import annotations

import pytest

from tapline.workspaces.audit import actor_names, history
from tapline.workspaces.members import (
    BadMember,
    access_for,
    add_member,
    ensure_owner,
    members_of,
    remove_member,
    workspaces_of,
)
from tapline.workspaces.models import Membership, Role, User, Workspace
from tapline.workspaces.tree import create_workspace

pytestmark = pytest.mark.django_db


def test_the_first_owner_gets_a_workspace_once() -> None:
    user = ensure_owner("owner@localhost")

    assert ensure_owner("Owner@localhost") == user
    assert Workspace.objects.count() == 1
    assert [(m.user, m.role) for m in members_of(Workspace.objects.get())] == [(user, Role.OWNER)]
    assert not user.has_usable_password()


def test_adding_a_member_twice_changes_their_role_and_is_audited() -> None:
    workspace = create_workspace("Fernwood")
    add_member(workspace, "a@example.com", Role.OWNER, actor="user 1")
    add_member(workspace, "b@example.com", Role.VIEWER, actor="user 1")

    member = add_member(workspace, "B@example.com", Role.SENDER, actor="user 1")

    assert Membership.objects.filter(workspace=workspace).count() == 2
    newest = history(workspace)[0]
    assert (newest.action, newest.object_id) == ("member.set", member.pk)
    assert newest.before["role"] == "viewer"
    assert newest.after["role"] == "sender"


def test_the_last_owner_can_neither_leave_nor_step_down() -> None:
    workspace = create_workspace("Fernwood")
    owner = add_member(workspace, "a@example.com", Role.OWNER, actor="user 1")

    with pytest.raises(BadMember, match="last owner"):
        remove_member(owner, actor="user 1")
    with pytest.raises(BadMember, match="last owner"):
        add_member(workspace, "a@example.com", Role.SENDER, actor="user 1")

    add_member(workspace, "b@example.com", Role.OWNER, actor="user 1")
    remove_member(owner, actor="user 1")
    assert access_for(owner.user, workspace) is None


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(BadMember, match="not an e-mail address"):
        add_member(create_workspace("Fernwood"), "nobody", Role.OWNER, actor="user 1")


def test_a_member_sees_their_branch_in_the_order_of_the_tree() -> None:
    brand = create_workspace("Brand")
    region = create_workspace("Region", parent=brand)
    location = create_workspace("Location", parent=region)
    create_workspace("Elsewhere")
    user = add_member(region, "a@example.com", Role.SENDER, actor="user 1").user

    seen = workspaces_of(user)

    assert [workspace for workspace, _ in seen] == [region, location]
    assert [access.edits for _, access in seen] == [True, False]


def test_somebody_switched_off_sees_nothing() -> None:
    workspace = create_workspace("Fernwood")
    user = add_member(workspace, "a@example.com", Role.OWNER, actor="user 1").user
    User.objects.filter(pk=user.pk).update(is_active=False)
    user.refresh_from_db()

    assert access_for(user, workspace) is None
    assert workspaces_of(user) == []


def test_pages_name_people_and_leave_other_actors_as_they_are() -> None:
    workspace = create_workspace("Fernwood")
    user = ensure_owner("a@example.com")
    add_member(workspace, "b@example.com", Role.OWNER, actor=f"user {user.pk}")
    add_member(workspace, "c@example.com", Role.OWNER, actor="api key 7")

    names = actor_names(list(history(workspace)))

    assert names == {f"user {user.pk}": "a@example.com", "api key 7": "api key 7"}
