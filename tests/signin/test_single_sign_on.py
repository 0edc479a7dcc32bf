"""Single sign-on lets in whom a real identity provider vouches for, and nobody else."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse

from tapline import config
from tapline.workspaces.invitations import invite
from tapline.workspaces.members import add_member, ensure_owner, members_of
from tapline.workspaces.models import Role, User
from tapline.workspaces.sign_in import make_sign_in_link
from tapline.workspaces.tree import create_workspace
from tests.signin.issuer import CLIENT_ID, CLIENT_SECRET, Issuer, serve

pytestmark = pytest.mark.django_db

Change = Callable[..., None]


@pytest.fixture
def issuer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Issuer]:
    """A stand-in that the instance trusts; newcomers become viewers of a workspace."""
    stand_in = Issuer()
    server = serve(stand_in)
    _trust(monkeypatch, oidc_issuer=stand_in.url, oidc_client_id=CLIENT_ID)
    app = django_settings.SOCIALACCOUNT_PROVIDERS["oidc"]["APPS"][0]
    trusted: dict[str, Any] = {"client_id": CLIENT_ID, "secret": CLIENT_SECRET}
    trusted |= {"settings": {"server_url": stand_in.url, "uid_field": "sub"}}
    monkeypatch.setitem(
        django_settings.SOCIALACCOUNT_PROVIDERS, "oidc", {"APPS": [{**app, **trusted}]}
    )
    yield stand_in
    server.shutdown()
    server.server_close()


@pytest.fixture
def change(monkeypatch: pytest.MonkeyPatch, issuer: Issuer) -> Change:
    return lambda **values: _trust(monkeypatch, **values)


def _trust(monkeypatch: pytest.MonkeyPatch, **values: Any) -> None:
    settings = replace(config.current(), **values)
    monkeypatch.setattr(config, "current", lambda: settings)


@pytest.fixture
def ana() -> User:
    workspace = create_workspace("Bakery")
    return add_member(workspace, "ana@example.com", Role.MANAGER, actor="test").user


def _come(issuer: Issuer, browser: Client) -> Any:
    """Go to the identity provider and back, as the button leads."""
    away = browser.get("/single-sign-on")
    return browser.get(issuer.authorize(away.headers["Location"]))


def _is_in(browser: Client) -> bool:
    return "_auth_user_id" in browser.session


def test_a_member_comes_in_and_is_asked_nothing_else(issuer: Issuer, ana: User) -> None:
    browser = Client()
    page = browser.get("/sign-in").content.decode()
    assert 'href="/single-sign-on"' in page

    answer = _come(issuer, browser)

    assert answer.headers["Location"] == "/"
    assert browser.session["_auth_user_id"] == str(ana.pk)
    workspace = ana.memberships.get().workspace
    keys = reverse("workspaces:keys", args=[workspace.pk])
    browser.post(keys, {"name": "Shop", "may": "read"})
    assert workspace.api_keys.get().name == "Shop"


def test_what_is_asked_carries_state_nonce_and_a_proof_of_the_asker(issuer: Issuer) -> None:
    address = Client().get("/single-sign-on").headers["Location"]

    query = parse_qs(urlsplit(address).query)

    assert address.startswith(f"{issuer.url}/authorize?")
    assert query["code_challenge_method"] == ["S256"]
    assert len(query["nonce"][0]) > 20
    assert len(query["state"][0]) > 10
    assert query["redirect_uri"] == ["https://tapline.example.com/single-sign-on/callback"]


def test_an_address_of_a_page_adds_nothing_to_what_is_asked(issuer: Issuer) -> None:
    address = (
        Client().get("/single-sign-on?auth_params=nonce%3Dmine&scope=admin").headers["Location"]
    )

    query = parse_qs(urlsplit(address).query)
    assert query["nonce"] != ["mine"]
    assert "admin" not in query["scope"][0]


LIES: dict[str, dict[str, Any]] = {
    "for another": {"claims": {"aud": "somebody else"}},
    "too old": {"claims": {"exp": int(time.time()) - 3600}},
    "of another issuer": {"claims": {"iss": "https://evil.example"}},
    "for another question": {"claims": {"nonce": "not yours"}},
    "without a nonce": {"claims": {"nonce": None}},
    "without a subject": {"claims": {"sub": None}},
    "unsigned": {"algorithm": "none"},
    "signed with a shared secret": {"algorithm": "HS256", "signs_with": "s" * 32},
    "signed by another": {"signs_with": rsa.generate_private_key(65537, 2048)},
    "by another name": {"calls_itself": "https://evil.example"},
    "of an address that nobody proved": {"claims": {"email_verified": False}},
    "without an address": {"claims": {"email": None, "email_verified": None}},
    "with somebody else's information": {
        "claims": {"email": None},
        "info": {"sub": "person 2", "email": "ana@example.com"},
    },
}


@pytest.mark.parametrize("lie", LIES)
def test_a_token_that_proves_nothing_lets_nobody_in(issuer: Issuer, ana: User, lie: str) -> None:
    for name, value in LIES[lie].items():
        setattr(issuer, name, value)
    browser = Client()
    if lie == "by another name":
        assert browser.get("/single-sign-on").status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    else:
        assert _come(issuer, browser).status_code == HTTPStatus.UNPROCESSABLE_ENTITY

    assert not _is_in(browser)


def test_an_address_may_come_with_the_user_information(issuer: Issuer, ana: User) -> None:
    issuer.claims = {"email": None, "email_verified": None}
    issuer.info = {"email": "Ana@Example.com", "email_verified": True}
    browser = Client()

    _come(issuer, browser)

    assert browser.session["_auth_user_id"] == str(ana.pk)


def test_an_answer_works_once_and_in_the_browser_that_asked(issuer: Issuer, ana: User) -> None:
    asker, thief = Client(), Client()
    back = issuer.authorize(asker.get("/single-sign-on").headers["Location"])

    thief.get(back)
    assert not _is_in(thief)
    asker.get(back)
    assert _is_in(asker)
    asker.post(reverse("workspaces:sign-out"))
    asker.get(back)
    assert not _is_in(asker)


def test_somebody_who_says_no_there_comes_back_to_words(issuer: Issuer) -> None:
    browser = Client()
    away = browser.get("/single-sign-on").headers["Location"]
    state = parse_qs(urlsplit(away).query)["state"][0]

    answer = browser.get(f"/single-sign-on/callback?error=access_denied&state={state}")

    assert "did not prove who you are" in answer.content.decode()


def test_newcomers_get_the_operators_workspace_and_role(issuer: Issuer, change: Change) -> None:
    workspace = create_workspace("Bakery")
    change(oidc_workspace=workspace.pk, oidc_role="sender")

    _come(issuer, Client())

    assert members_of(workspace).get().role == Role.SENDER
    assert members_of(workspace).get().user.email == "ana@example.com"


def test_without_a_workspace_for_them_newcomers_need_an_invitation(issuer: Issuer) -> None:
    browser = Client()
    owner = ensure_owner("owner@example.com")
    workspace = owner.memberships.get().workspace

    refused = _come(issuer, browser)
    assert "Newcomers need an invitation." in refused.content.decode()
    assert not User.objects.filter(email="ana@example.com").exists()

    _, path = invite(workspace, "ana@example.com", Role.SENDER, invited_by=owner)
    _come(issuer, browser)
    assert browser.post(path).status_code == HTTPStatus.FOUND
    assert members_of(workspace).filter(user__email="ana@example.com").exists()


def test_only_the_operators_domains_come_in(issuer: Issuer, ana: User, change: Change) -> None:
    change(oidc_domains="example.org, example.net")
    browser = Client()

    answer = _come(issuer, browser)

    assert "may not come in" in answer.content.decode()
    assert not _is_in(browser)
    change(oidc_domains="example.org, EXAMPLE.com")
    _come(issuer, browser)
    assert _is_in(browser)


def test_an_account_is_known_again_although_its_address_changed(issuer: Issuer, ana: User) -> None:
    _come(issuer, Client())
    issuer.claims = {"email": "ana.new@example.com"}
    browser = Client()

    _come(issuer, browser)

    assert browser.session["_auth_user_id"] == str(ana.pk)


def test_whoever_had_the_account_before_its_provider_did_is_out(issuer: Issuer, ana: User) -> None:
    earlier = Client()
    earlier.post(make_sign_in_link(ana))
    Authenticator.objects.create(user=ana, type="totp", data={"secret": "x"})
    assert earlier.get("/workspaces").status_code == HTTPStatus.OK

    _come(issuer, Client())

    assert earlier.get("/workspaces").status_code == HTTPStatus.FOUND
    assert not Authenticator.objects.exists()


def test_a_switched_off_account_stays_out(issuer: Issuer, ana: User) -> None:
    User.objects.update(is_active=False)
    browser = Client()

    _come(issuer, browser)

    assert not _is_in(browser)


def test_where_it_is_the_only_way_the_others_are_closed(
    issuer: Issuer, ana: User, change: Change
) -> None:
    change(oidc_only=True, mail_url="smtp://127.0.0.1:1")
    owner = ensure_owner("owner@example.com")
    _, path = invite(
        owner.memberships.get().workspace, "new@example.com", Role.VIEWER, invited_by=owner
    )
    browser = Client()

    page = browser.get("/sign-in").content.decode()
    assert 'type="email"' not in page
    assert "data-passkey" not in page
    assert browser.post(path).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert not User.objects.filter(email="new@example.com").exists()

    _come(issuer, browser)
    assert _is_in(browser)
    by_the_server = Client()
    by_the_server.post(make_sign_in_link(ana))
    assert _is_in(by_the_server)


def test_an_identity_provider_that_is_down_is_told_in_words(
    issuer: Issuer, change: Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = django_settings.SOCIALACCOUNT_PROVIDERS["oidc"]["APPS"][0]
    monkeypatch.setitem(app, "settings", {"server_url": "http://127.0.0.1:9"})

    answer = Client().get("/single-sign-on")

    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "does not work at the moment" in answer.content.decode()
