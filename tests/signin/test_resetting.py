"""A lost second factor is taken away by whoever answers for it, and by nobody else."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from click.testing import CliRunner
from django.test import Client
from django.urls import reverse

from tapline.errors import NotFound
from tapline.signin.commands import members
from tapline.signin.recent import has_second_factor
from tapline.signin.resetting import resettable
from tapline.workspaces.audit import history
from tapline.workspaces.members import add_member
from tapline.workspaces.models import Membership, Role, Workspace
from tapline.workspaces.sign_in import make_sign_in_link
from tapline.workspaces.tree import create_workspace
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace() -> Workspace:
    return create_workspace("Bakery")


@pytest.fixture
def member(workspace: Workspace) -> Membership:
    """A member with an app and recovery codes, and neither at hand."""
    found = add_member(workspace, "lost@example.com", Role.SENDER, actor="test")
    for kind in (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES):
        Authenticator.objects.create(user=found.user, type=kind, data={})
    return found


def take_away(browser: Client, member: Membership) -> int:
    address = reverse("workspaces:reset-factor", args=[member.workspace_id, member.pk])
    return int(browser.post(address).status_code)


def test_an_owner_takes_it_away_and_the_next_link_lets_in_without_one(
    workspace: Workspace, member: Membership
) -> None:
    owner = member_of(workspace)
    page = owner.get(reverse("workspaces:members", args=[workspace.pk])).content.decode()
    assert "Remove their second factor" in page

    assert take_away(owner, member) == HTTPStatus.FOUND

    assert not Authenticator.objects.filter(user=member.user).exists()
    entry = history(workspace)[0]
    assert (entry.action, entry.actor.split()[0]) == ("second_factor.reset", "user")
    browser = Client()
    assert browser.post(make_sign_in_link(member.user)).headers["Location"] == "/"


def test_whoever_is_signed_in_with_it_is_signed_out(workspace: Workspace) -> None:
    member = add_member(workspace, "robbed@example.com", Role.SENDER, actor="test")
    thief = Client()
    thief.post(make_sign_in_link(member.user))
    Authenticator.objects.create(user=member.user, type=Authenticator.Type.TOTP, data={})
    assert thief.get("/workspaces").status_code == HTTPStatus.OK

    take_away(member_of(workspace), member)

    assert thief.get("/workspaces").status_code == HTTPStatus.FOUND


def test_nobody_takes_it_away_where_another_owners_workspace_rests_on_it(
    workspace: Workspace, member: Membership
) -> None:
    add_member(create_workspace("Elsewhere"), member.user.email, Role.OWNER, actor="test")
    owner = member_of(workspace)

    page = owner.get(reverse("workspaces:members", args=[workspace.pk])).content.decode()
    assert "tapline members reset-second-factor lost@example.com" in page
    assert take_away(owner, member) == HTTPStatus.UNPROCESSABLE_ENTITY
    assert has_second_factor(member.user)


def test_a_manager_and_the_member_themselves_cannot(
    workspace: Workspace, member: Membership
) -> None:
    assert take_away(member_of(workspace, Role.MANAGER), member) == HTTPStatus.FORBIDDEN
    owner = member_of(workspace)
    own = Membership.objects.get(workspace=workspace, role=Role.OWNER)
    Authenticator.objects.create(user=own.user, type=Authenticator.Type.TOTP, data={})
    # They have a second factor now, and so must prove it first.
    assert take_away(owner, own) == HTTPStatus.FOUND
    assert has_second_factor(own.user)


def test_whoever_runs_the_server_takes_it_away_by_a_command(
    workspace: Workspace, member: Membership
) -> None:
    done = CliRunner().invoke(members, ["reset-second-factor", "LOST@example.com", "--json"])

    assert json.loads(done.output) == {"email": "lost@example.com", "removed": 1}
    assert not has_second_factor(member.user)
    entry = history(workspace)[0]
    assert (entry.action, entry.actor) == ("second_factor.reset", "command line")


def test_an_address_that_nobody_has_is_an_error_in_words() -> None:
    done = CliRunner().invoke(members, ["reset-second-factor", "nobody@example.com"])

    assert isinstance(done.exception, NotFound)


def test_however_many_members_there_are_three_questions_say_whose_can_be_taken_away(
    workspace: Workspace, django_assert_max_num_queries: Any
) -> None:
    owner = add_member(workspace, "owner@example.com", Role.OWNER, actor="test").user
    users = [
        add_member(workspace, f"m{number}@example.com", Role.VIEWER, actor="test").user_id
        for number in range(9)
    ]

    with django_assert_max_num_queries(3):
        assert resettable(owner, users) == set(users)
