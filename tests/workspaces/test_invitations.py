"""Members come by invitation, change roles, and go; the last owner stays."""

from __future__ import annotations

import re
from datetime import timedelta
from http import HTTPStatus

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tapline.workspaces.audit import history
from tapline.workspaces.invitations import InvitationSpent, accept, find_invitation, invite
from tapline.workspaces.members import BadMember, add_member, members_of
from tapline.workspaces.models import Invitation, Membership, Role, User, Workspace
from tapline.workspaces.tree import create_workspace
from tests.web.browsing import member_of, prove

pytestmark = pytest.mark.django_db


@pytest.fixture
def bakery() -> Workspace:
    return create_workspace("Bakery")


@pytest.fixture
def owner(bakery: Workspace) -> User:
    return add_member(bakery, "owner@example.com", Role.OWNER, actor="test").user


def _browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    prove(client, user)
    return client


def _link(owner: User, bakery: Workspace, email: str, role: str = "sender") -> str:
    page = _browser(owner).post(
        reverse("workspaces:invite", args=[bakery.pk]), {"email": email, "role": role}, follow=True
    )
    (path,) = re.findall(r"/invitation/[\w-]+(?=</p>)", page.content.decode())
    return str(path)


def test_somebody_new_accepts_and_is_in(owner: User, bakery: Workspace) -> None:
    path = _link(owner, bakery, "New@example.com")
    browser = Client()

    page = browser.get(path)
    assert "owner@example.com" in page.content.decode()
    assert not User.objects.filter(email="new@example.com").exists()  # A GET never acts.

    answer = browser.post(path)
    assert answer.headers["Location"] == reverse("web:home", args=[bakery.pk])
    assert members_of(bakery).get(user__email="new@example.com").role == Role.SENDER
    assert browser.get(answer.headers["Location"]).status_code == HTTPStatus.OK
    assert Client().post(path).status_code == HTTPStatus.UNPROCESSABLE_ENTITY


def test_the_link_signs_nobody_in_who_has_been_here_before(owner: User, bakery: Workspace) -> None:
    known = add_member(create_workspace("Café"), "b@example.com", Role.OWNER, actor="test").user
    path = _link(owner, bakery, "b@example.com")
    thief = Client()

    assert "sign in first" in thief.get(path).content.decode()
    assert thief.post(path).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "_auth_user_id" not in thief.session
    assert _browser(owner).post(path).status_code == HTTPStatus.UNPROCESSABLE_ENTITY

    assert _browser(known).post(path).status_code == HTTPStatus.FOUND
    assert members_of(bakery).filter(user=known).exists()


def test_an_invitation_ends_when_it_is_withdrawn_replaced_or_old(
    owner: User, bakery: Workspace
) -> None:
    (_, first), (second_row, second) = (
        invite(bakery, "b@example.com", Role.VIEWER, invited_by=owner) for _ in range(2)
    )
    address = reverse("workspaces:uninvite", args=[bakery.pk, second_row.pk])
    _browser(owner).post(address)
    _, third = invite(bakery, "b@example.com", Role.VIEWER, invited_by=owner)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    for path in (first, second, third, "/invitation/made-up"):
        with pytest.raises(InvitationSpent):
            find_invitation(path.rpartition("/")[2])
    said = list(history(bakery).values_list("action", flat=True))
    assert said.count("member.uninvited") == 1


def test_members_and_bad_addresses_are_not_invited(owner: User, bakery: Workspace) -> None:
    for address in ("owner@example.com", "nobody"):
        with pytest.raises(BadMember):
            invite(bakery, address, Role.VIEWER, invited_by=owner)


def test_only_the_hash_of_a_link_is_kept(owner: User, bakery: Workspace) -> None:
    _, path = invite(bakery, "b@example.com", Role.VIEWER, invited_by=owner)

    assert path.rpartition("/")[2] not in str(Invitation.objects.values().get())


def test_owners_change_roles_and_remove_members(owner: User, bakery: Workspace) -> None:
    member = add_member(bakery, "b@example.com", Role.VIEWER, actor="test")
    args, browser = [bakery.pk, member.pk], _browser(owner)

    browser.post(
        reverse("workspaces:change-member", args=args),
        {"role": "manager", "sees_people_below": "on"},
    )
    member.refresh_from_db()
    assert (member.role, member.sees_people_below) == (Role.MANAGER, True)

    browser.post(reverse("workspaces:remove-member", args=args))
    assert not Membership.objects.filter(pk=member.pk).exists()


def test_the_last_owner_can_neither_step_down_nor_leave(owner: User, bakery: Workspace) -> None:
    member = members_of(bakery).get()
    browser = _browser(owner)

    down = browser.post(
        reverse("workspaces:change-member", args=[bakery.pk, member.pk]), {"role": "viewer"}
    )
    away = browser.post(reverse("workspaces:leave", args=[bakery.pk]))

    assert down.status_code == away.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "The last owner has to stay." in away.content.decode()
    assert members_of(bakery).get().role == Role.OWNER


def test_anybody_else_may_leave(owner: User, bakery: Workspace) -> None:
    viewer = member_of(bakery, Role.VIEWER)

    answer = viewer.post(reverse("workspaces:leave", args=[bakery.pk]))

    assert answer.headers["Location"] == reverse("workspaces:list")
    assert [each.user for each in members_of(bakery)] == [owner]


def test_a_role_that_does_not_exist_is_refused(owner: User, bakery: Workspace) -> None:
    answer = _browser(owner).post(
        reverse("workspaces:invite", args=[bakery.pk]),
        {"email": "b@example.com", "role": "emperor"},
    )

    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert not Invitation.objects.exists()


def test_who_is_signed_in_as_another_cannot_accept(owner: User, bakery: Workspace) -> None:
    _, path = invite(bakery, "new@example.com", Role.VIEWER, invited_by=owner)

    assert _browser(owner).post(path).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert accept(path.rpartition("/")[2], None).user.email == "new@example.com"
