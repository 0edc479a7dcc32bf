"""Signing in by a link, and the settings of a workspace, in the browser."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from tapline.workspaces.api_keys import authenticate
from tapline.workspaces.members import access_for, ensure_owner, members_of
from tapline.workspaces.models import ApiKey, Role, SignInLink, User, Workspace
from tapline.workspaces.sign_in import make_sign_in_link
from tapline.workspaces.tree import create_workspace
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db


def test_opening_a_sign_in_link_signs_nobody_in_and_its_button_does() -> None:
    path = make_sign_in_link(ensure_owner("a@example.com"))
    browser = Client()

    for _ in range(2):  # Link previews open it too.
        page = browser.get(path)
        assert "a@example.com" in page.content.decode()
    assert SignInLink.objects.get().used_at is None
    assert "_auth_user_id" not in browser.session

    assert browser.post(path).status_code == 302
    home = browser.get("/", follow=True)
    assert home.status_code == 200
    assert home.context["user"].email == "a@example.com"


def test_a_used_link_says_what_to_do() -> None:
    path = make_sign_in_link(ensure_owner("a@example.com"))
    Client().post(path)

    answer = Client().post(path)

    assert answer.status_code == 422
    assert "tapline sign-in" in answer.content.decode()


def test_signing_out_ends_the_session() -> None:
    workspace = create_workspace("Bakery")
    browser = member_of(workspace)
    browser.post(reverse("workspaces:sign-out"))

    answer = browser.get(reverse("web:home", args=[workspace.pk]))

    assert answer.status_code == 302


def test_a_key_is_shown_once() -> None:
    workspace = create_workspace("Bakery")
    owner = member_of(workspace)

    made = owner.post(
        reverse("workspaces:create-key", args=[workspace.pk]),
        {"name": "Shop", "scopes": ["links:read", "links:write"]},
    )
    later = owner.get(reverse("workspaces:settings", args=[workspace.pk]))

    (token,) = re.findall(r'class="secret">([^<]+)<', made.content.decode())
    key = authenticate(token)
    assert key is not None
    assert key.scopes == ["links:read", "links:write"]
    assert token not in later.content.decode()
    assert key.prefix in later.content.decode()

    owner.post(reverse("workspaces:revoke-key", args=[workspace.pk, key.pk]))
    assert authenticate(token) is None


def test_a_key_without_scopes_is_refused_in_words() -> None:
    workspace = create_workspace("Bakery")

    answer = member_of(workspace).post(
        reverse("workspaces:create-key", args=[workspace.pk]), {"name": "Shop"}
    )

    assert answer.status_code == 422
    assert "The key has no scope." in answer.content.decode()
    assert not ApiKey.objects.exists()


def test_owners_add_change_and_remove_members() -> None:
    workspace = create_workspace("Bakery")
    owner = member_of(workspace)
    address = reverse("workspaces:add-member", args=[workspace.pk])

    owner.post(address, {"email": "b@example.com", "role": "viewer"})
    owner.post(address, {"email": "b@example.com", "role": "sender", "sees_people_below": "on"})
    member = members_of(workspace).get(user__email="b@example.com")
    assert (member.role, member.sees_people_below) == (Role.SENDER, True)

    owner.post(reverse("workspaces:remove-member", args=[workspace.pk, member.pk]))
    assert not members_of(workspace).filter(user__email="b@example.com").exists()


def test_a_role_that_does_not_exist_is_refused() -> None:
    workspace = create_workspace("Bakery")

    answer = member_of(workspace).post(
        reverse("workspaces:add-member", args=[workspace.pk]),
        {"email": "b@example.com", "role": "emperor"},
    )

    assert answer.status_code == 422


def test_whoever_makes_a_location_for_somebody_else_sees_its_rates_only() -> None:
    brand = create_workspace("Brand", default_country="GB", zone="Europe/London")
    owner = member_of(brand)

    owner.post(
        reverse("workspaces:create-below", args=[brand.pk]),
        {"name": "Leeds", "owner": "leeds@example.com"},
    )

    location = Workspace.objects.get(name="Leeds")
    assert (location.parent, location.default_country, location.zone) == (
        brand,
        "GB",
        "Europe/London",
    )
    theirs = access_for(User.objects.get(email="leeds@example.com"), location)
    assert theirs is not None
    assert theirs.manages
    contacts = reverse("contacts:list", args=[location.pk])
    assert owner.get(contacts).status_code == 403


def test_a_location_without_a_good_owner_is_not_made() -> None:
    brand = create_workspace("Brand")

    answer = member_of(brand).post(
        reverse("workspaces:create-below", args=[brand.pk]), {"name": "Leeds", "owner": "x"}
    )

    assert answer.status_code == 422
    assert not Workspace.objects.filter(name="Leeds").exists()


def test_the_page_of_changes_names_who_made_them() -> None:
    workspace = create_workspace("Bakery")
    owner = member_of(workspace)
    owner.post(
        reverse("workspaces:add-member", args=[workspace.pk]),
        {"email": "b@example.com", "role": "viewer"},
    )

    page = owner.get(reverse("workspaces:audit", args=[workspace.pk])).content.decode()

    assert "member.set" in page
    assert f"owner-{workspace.pk}-false@example.com" in page
