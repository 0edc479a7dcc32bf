"""Sign-in links work once, within an hour."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner
from django.utils import timezone

from tapline.workspaces.commands import sign_in
from tapline.workspaces.members import ensure_owner
from tapline.workspaces.models import SignInLink, User
from tapline.workspaces.sign_in import (
    SignInLinkSpent,
    find_user,
    make_sign_in_link,
    use_sign_in_link,
)

pytestmark = pytest.mark.django_db


def _token(user: User) -> str:
    return make_sign_in_link(user).removeprefix("/sign-in/")


def test_a_link_signs_in_once() -> None:
    user = ensure_owner("a@example.com")
    token = _token(user)

    assert find_user(token) == user  # Looking does not use it up.
    assert use_sign_in_link(token) == user
    with pytest.raises(SignInLinkSpent):
        use_sign_in_link(token)
    assert token not in SignInLink.objects.get().token_hash


def test_an_old_link_and_a_made_up_one_do_not_work() -> None:
    token = _token(ensure_owner("a@example.com"))
    SignInLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    for bad in (token, "made-up"):
        with pytest.raises(SignInLinkSpent):
            use_sign_in_link(bad)


def test_a_user_who_was_switched_off_cannot_sign_in() -> None:
    user = ensure_owner("a@example.com")
    token = _token(user)
    User.objects.update(is_active=False)

    with pytest.raises(SignInLinkSpent):
        use_sign_in_link(token)


def test_the_command_prints_a_link_for_the_oldest_user_or_a_new_owner() -> None:
    first = json.loads(CliRunner().invoke(sign_in, ["--json"]).stdout)
    again = json.loads(CliRunner().invoke(sign_in, ["--json"]).stdout)
    other = CliRunner().invoke(sign_in, ["b@example.com"]).stdout.strip()

    assert first["email"] == again["email"] == "owner@localhost"
    assert first["url"] != again["url"]
    assert use_sign_in_link(other.rpartition("/")[2]).email == "b@example.com"
