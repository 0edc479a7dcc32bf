"""Signing in by a link, and the settings of a workspace, in the browser."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tapline.workspaces.api_keys import authenticate, create_api_key
from tapline.workspaces.audit import history
from tapline.workspaces.members import access_for, ensure_owner
from tapline.workspaces.models import ApiKey, Role, SignInLink, User, Workspace
from tapline.workspaces.restored import close_access
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
        reverse("workspaces:keys", args=[workspace.pk]),
        {"name": "Shop", "scopes": ["links:read", "links:write"]},
        follow=True,
    )
    later = owner.get(reverse("workspaces:keys", args=[workspace.pk]))

    (token,) = re.findall(r'class="secret">([^<]+)<', made.content.decode())
    key = authenticate(token)
    assert key is not None
    assert key.scopes == ["links:read", "links:write"]
    assert token not in later.content.decode()
    assert key.prefix in later.content.decode()

    owner.post(reverse("workspaces:revoke-key", args=[workspace.pk, key.pk]))
    assert authenticate(token) is None


def test_a_key_that_a_restore_closed_is_let_in_again_or_revoked() -> None:
    workspace = create_workspace("Bakery")
    (kept, token), (lost, lost_token) = (
        create_api_key(workspace, name, ["links:read"]) for name in ("Till", "Old till")
    )
    close_access(timezone.now())
    owner = member_of(workspace)
    assert authenticate(token) is None
    shown = owner.get(reverse("workspaces:keys", args=[workspace.pk])).content.decode()
    assert "Closed since this instance was restored" in shown

    owner.post(reverse("workspaces:revoke-key", args=[workspace.pk, lost.pk]))
    for key in (kept, lost):
        owner.post(reverse("workspaces:open-key", args=[workspace.pk, key.pk]))

    assert authenticate(token) is not None
    assert authenticate(lost_token) is None
    assert [entry.action for entry in history(workspace)[:2]] == [
        "api_key.opened",
        "api_key.revoked",
    ]


def test_a_key_without_scopes_is_refused_in_words() -> None:
    workspace = create_workspace("Bakery")

    answer = member_of(workspace).post(
        reverse("workspaces:keys", args=[workspace.pk]), {"name": "Shop"}
    )

    assert answer.status_code == 422
    assert "The key has no scope." in answer.content.decode()
    assert not ApiKey.objects.exists()


def test_whoever_makes_a_location_for_somebody_else_sees_its_rates_only() -> None:
    brand = create_workspace("Brand", default_country="GB", zone="Europe/London")
    owner = member_of(brand)

    owner.post(
        reverse("workspaces:below", args=[brand.pk]),
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
        reverse("workspaces:below", args=[brand.pk]), {"name": "Leeds", "owner": "x"}
    )

    assert answer.status_code == 422
    assert not Workspace.objects.filter(name="Leeds").exists()


def test_a_key_gets_what_the_word_for_it_says() -> None:
    workspace = create_workspace("Bakery")

    member_of(workspace).post(
        reverse("workspaces:keys", args=[workspace.pk]), {"name": "Reader", "may": "read"}
    )

    scopes = ApiKey.objects.get().scopes
    assert "contacts:read" in scopes
    assert all(scope.endswith(":read") for scope in scopes)


def test_a_manager_changes_name_language_and_zone_and_it_is_written_down() -> None:
    workspace = create_workspace("Bakery")
    address = reverse("workspaces:change", args=[workspace.pk])
    form = {"name": "Panadería", "language": "es", "zone": "Europe/Madrid", "default_country": "es"}

    answer = member_of(workspace, Role.MANAGER).post(address, form)

    assert answer.status_code == 302
    workspace.refresh_from_db()
    assert (workspace.name, workspace.language) == ("Panadería", "es")
    assert (workspace.zone, workspace.default_country) == ("Europe/Madrid", "ES")
    (entry,) = history(workspace).filter(action="workspace.changed")
    assert entry.before["zone"] == "UTC"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": " "}, "needs a name"),
        ({"zone": "Mars/Olympus"}, "no time zone"),
        ({"default_country": "XX"}, "is no country"),
        ({"language": "tlh"}, "does not speak"),
    ],
)
def test_what_a_workspace_cannot_be_is_refused_and_stays_filled_in(
    wrong: dict[str, str], said: str
) -> None:
    workspace = create_workspace("Bakery")
    form = {"name": "Cafe", "language": "de", "zone": "Europe/Berlin", "default_country": "DE"}

    answer = member_of(workspace).post(
        reverse("workspaces:change", args=[workspace.pk]), form | wrong
    )

    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in page
    assert "Europe/Berlin" in page
    workspace.refresh_from_db()
    assert workspace.name == "Bakery"
