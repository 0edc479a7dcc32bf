"""A second factor is asked after the link, before dangerous things, and where an owner wants it."""

from __future__ import annotations

import html
import json
import re
import time
from http import HTTPStatus
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client
from django.urls import reverse

from tapline.signin.recent import is_recent
from tapline.workspaces.audit import history
from tapline.workspaces.members import add_member, ensure_owner
from tapline.workspaces.models import Role, User, Workspace
from tapline.workspaces.sign_in import make_sign_in_link
from tapline.workspaces.tree import create_workspace
from tests.signin.software_key import SoftwareKey
from tests.web.browsing import member_of, prove

pytestmark = pytest.mark.django_db

HOUR_S = 3600.0
AJAX = {"X-Requested-With": "XMLHttpRequest"}


@pytest.fixture
def owner() -> User:
    return ensure_owner("owner@example.com")


def _signed_in(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    prove(browser, user)
    return browser


def _code(secret: str, at_s: float | None = None) -> str:
    counter = int((time.time() if at_s is None else at_s) // 30)
    return str(format_hotp_value(hotp_value(secret, counter)))


def _set_up_app(browser: Client) -> str:
    """Set an authenticator app up as the pages ask; return its secret."""
    page = browser.get(reverse("mfa_activate_totp")).content.decode()
    (secret,) = re.findall(r'class="secret">(\w+)<', page)
    answer = browser.post(reverse("mfa_activate_totp"), {"code": _code(secret)})
    assert answer.headers["Location"] == reverse("mfa_view_recovery_codes")
    return str(secret)


def _options(page: bytes) -> Any:
    (text,) = re.findall(r'data-options="([^"]+)"', page.decode())
    return json.loads(html.unescape(text))


def _add_passkey(browser: Client, key: SoftwareKey) -> Any:
    page = browser.get(reverse("mfa_add_webauthn"))
    form = {"name": "Phone", "passwordless": "on", "credential": key.create(_options(page.content))}
    return browser.post(reverse("mfa_add_webauthn"), form)


def test_the_link_alone_is_enough_without_a_second_factor(owner: User) -> None:
    browser = Client()

    answer = browser.post(make_sign_in_link(owner))

    assert answer.headers["Location"] == "/"
    assert browser.session["_auth_user_id"] == str(owner.pk)


def test_after_the_link_the_code_of_the_app_is_asked(owner: User) -> None:
    secret = _set_up_app(_signed_in(owner))
    browser = Client()

    answer = browser.post(make_sign_in_link(owner))
    assert answer.headers["Location"] == reverse("mfa_authenticate")
    assert "_auth_user_id" not in browser.session
    assert browser.get("/workspaces").status_code == HTTPStatus.FOUND

    wrong = browser.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert "_auth_user_id" not in browser.session
    assert 'role="alert"' in wrong.content.decode()

    assert "data-passkey" not in wrong.content.decode()  # They have none.

    # The code that set the app up is used; the next one is not.
    right = browser.post(reverse("mfa_authenticate"), {"code": _code(secret, time.time() + 30)})
    assert right.status_code == HTTPStatus.FOUND
    assert browser.session["_auth_user_id"] == str(owner.pk)


def test_the_secret_of_the_app_does_not_stand_in_the_database(owner: User) -> None:
    secret = _set_up_app(_signed_in(owner))

    stored = [str(each.data) for each in Authenticator.objects.all()]

    assert len(stored) == 2  # with the recovery codes
    assert not any(secret in each for each in stored)


@pytest.mark.django_db(transaction=True)  # What is said after a commit counts here.
def test_a_recovery_code_lets_in_once(owner: User) -> None:
    inside = _signed_in(owner)
    _set_up_app(inside)
    page = inside.get(reverse("mfa_view_recovery_codes")).content.decode()
    code = re.findall(r"<li><code>([\w-]+)</code>", page)[0]

    for expected in (True, False):
        browser = Client()
        browser.post(make_sign_in_link(owner))
        browser.post(reverse("mfa_authenticate"), {"code": code})
        assert ("_auth_user_id" in browser.session) is expected


@pytest.mark.django_db(transaction=True)  # What is said after a commit counts here.
def test_what_changes_about_second_factors_is_written_down(owner: User) -> None:
    browser = _signed_in(owner)
    _set_up_app(browser)
    browser.post(reverse("mfa_generate_recovery_codes"))
    browser.post(reverse("mfa_deactivate_totp"))

    said = history(owner.memberships.get().workspace).values_list("action", flat=True)

    assert {"second_factor.added", "second_factor.codes_renewed"} <= set(said)
    assert "second_factor.removed" in said
    assert not Authenticator.objects.exists()


def test_guessing_codes_ends_after_a_few(owner: User) -> None:
    secret = _set_up_app(_signed_in(owner))
    browser = Client()
    browser.post(make_sign_in_link(owner))

    for _ in range(6):
        browser.post(reverse("mfa_authenticate"), {"code": "000000"})
    browser.post(reverse("mfa_authenticate"), {"code": _code(secret, time.time() + 30)})

    assert "_auth_user_id" not in browser.session


def test_a_passkey_signs_in_alone(owner: User) -> None:
    key = SoftwareKey()
    assert _add_passkey(_signed_in(owner), key).status_code == HTTPStatus.FOUND
    browser = Client()

    asked = browser.get(reverse("mfa_login_webauthn"), headers=AJAX)
    options = asked.json()["request_options"]
    answer = browser.post(reverse("mfa_login_webauthn"), {"credential": key.get(options)})

    assert answer.headers["Location"] == "/"
    assert browser.session["_auth_user_id"] == str(owner.pk)


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "https://tapline.example.com.evil.example"},
        {"host": "evil.example"},
        {"verifies": False},
        {"secret": SoftwareKey().secret},
        {"id": b"another key's id"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_passkey_that_is_not_the_one_lets_nobody_in(owner: User, change: dict[str, Any]) -> None:
    key = SoftwareKey()
    _add_passkey(_signed_in(owner), key)
    for name, value in change.items():
        setattr(key, name, value)
    browser = Client()
    asked = browser.get(reverse("mfa_login_webauthn"), headers=AJAX)

    browser.post(
        reverse("mfa_login_webauthn"), {"credential": key.get(asked.json()["request_options"])}
    )

    assert "_auth_user_id" not in browser.session


def test_an_answer_of_a_passkey_cannot_be_sent_again(owner: User) -> None:
    key = SoftwareKey()
    _add_passkey(_signed_in(owner), key)
    first, second = Client(), Client()
    options = first.get(reverse("mfa_login_webauthn"), headers=AJAX).json()["request_options"]
    credential = key.get(options)
    second.get(reverse("mfa_login_webauthn"), headers=AJAX)

    second.post(reverse("mfa_login_webauthn"), {"credential": credential})

    assert "_auth_user_id" not in second.session


def test_a_passkey_proves_who_one_is_after_the_link(owner: User) -> None:
    key = SoftwareKey()
    _add_passkey(_signed_in(owner), key)
    browser = Client()
    browser.post(make_sign_in_link(owner))

    page = browser.get(reverse("mfa_authenticate"))
    browser.post(reverse("mfa_authenticate"), {"credential": key.get(_options(page.content))})

    assert browser.session["_auth_user_id"] == str(owner.pk)


RECORDS = [
    ("link", 0.0, False, True),
    ("link", HOUR_S, False, False),
    ("link", 0.0, True, False),
    ("mfa", 0.0, True, True),
    ("mfa", HOUR_S, True, False),
    ("socialaccount", 0.0, True, True),
]


@pytest.mark.parametrize(("method", "ago_s", "needs", "expected"), RECORDS)
def test_what_counts_as_recent(method: str, ago_s: float, needs: bool, expected: bool) -> None:
    records = [{"method": method, "at": 10_000.0 - ago_s}]

    assert is_recent(records, needs_second_factor=needs, now_s=10_000.0) is expected
    assert not is_recent([], needs_second_factor=needs, now_s=10_000.0)


DANGEROUS = ["workspaces:invite", "workspaces:keys", "workspaces:below", "workspaces:second-factor"]


@pytest.mark.parametrize("name", DANGEROUS)
def test_dangerous_things_ask_again_after_a_while(owner: User, name: str) -> None:
    workspace = owner.memberships.get().workspace
    browser = _signed_in(owner)
    prove(browser, owner, ago_s=HOUR_S)

    answer = browser.post(reverse(name, args=[workspace.pk]), {"name": "Shop", "may": "read"})

    assert answer.headers["Location"].startswith(reverse("signin:again"))
    assert not workspace.api_keys.exists()


def test_signing_in_again_leads_back_to_where_one_was(owner: User) -> None:
    workspace = owner.memberships.get().workspace
    browser = _signed_in(owner)
    prove(browser, owner, ago_s=HOUR_S)
    page = reverse("workspaces:members", args=[workspace.pk])

    browser.get(reverse("signin:again"), headers={"Referer": f"http://testserver{page}"})
    back = browser.post(make_sign_in_link(owner))

    assert back.headers["Location"] == page
    invite = reverse("workspaces:invite", args=[workspace.pk])
    browser.post(invite, {"email": "b@example.com", "role": "viewer"})
    assert workspace.invitations.get().email == "b@example.com"


def test_who_has_an_app_is_asked_for_its_code_and_the_change_goes_on(owner: User) -> None:
    workspace = owner.memberships.get().workspace
    browser = _signed_in(owner)
    secret = _set_up_app(browser)
    prove(browser, owner)  # The link is recent; no code was asked since.
    address = reverse("workspaces:keys", args=[workspace.pk])

    asked = browser.post(address, {"name": "Shop", "may": "read"})
    assert asked.headers["Location"].startswith(reverse("mfa_reauthenticate"))
    form = {"code": _code(secret, time.time() + 30), "next": address}
    answer = browser.post(asked.headers["Location"], form, follow=True)

    assert workspace.api_keys.get().name == "Shop"
    assert 'class="secret">tapline_' in answer.content.decode()


def test_after_a_wrong_code_the_right_one_still_lets_the_change_go_on(owner: User) -> None:
    workspace = owner.memberships.get().workspace
    browser = _signed_in(owner)
    secret = _set_up_app(browser)
    prove(browser, owner)
    address = reverse("workspaces:keys", args=[workspace.pk])
    asked = browser.post(address, {"name": "Shop", "may": "read"}).headers["Location"]

    form = {"code": "000000", "next": address}
    refused = browser.post(asked, form).content.decode()
    (goes_on,) = re.findall(rf'name="next" value="({address}[^"]*)"', refused)
    browser.post(asked, {"code": _code(secret, time.time() + 30), "next": goes_on}, follow=True)

    assert goes_on == address
    assert workspace.api_keys.get().name == "Shop"


def test_an_owner_may_ask_members_for_a_second_factor(owner: User) -> None:
    workspace = owner.memberships.get().workspace
    below = create_workspace("Below", parent=workspace)
    address = reverse("workspaces:second-factor", args=[workspace.pk])
    _signed_in(owner).post(address, {"needed": "on"})
    browser = member_of(below)
    user = User.objects.get(pk=browser.session["_auth_user_id"])

    home = reverse("web:home", args=[below.pk])
    assert browser.get(home).headers["Location"] == reverse("signin:needed")
    assert browser.get(reverse("signin:needed")).status_code == HTTPStatus.OK

    _set_up_app(browser)
    assert browser.get(home).status_code == HTTPStatus.OK
    prove(browser, user, "socialaccount")
    Authenticator.objects.all().delete()
    assert browser.get(home).status_code == HTTPStatus.OK  # The identity provider asks for it.


def test_strangers_are_not_led_to_a_second_factor(owner: User) -> None:
    workspace = owner.memberships.get().workspace
    Workspace.objects.update(needs_second_factor=True)
    stranger = add_member(create_workspace("Café"), "b@example.com", Role.OWNER, actor="test").user

    answer = _signed_in(stranger).get(reverse("web:home", args=[workspace.pk]))

    assert answer.status_code == HTTPStatus.NOT_FOUND


def test_whoever_tries_too_often_gets_a_page_of_ours(owner: User) -> None:
    browser = _signed_in(owner)
    _set_up_app(browser)

    answers = [
        browser.post(reverse("mfa_reauthenticate"), {"code": "000000"}) for _attempt in range(12)
    ]

    assert "This code is not right." in answers[0].content.decode()
    assert answers[-1].status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert "Too many tries." in answers[-1].content.decode()
    assert "Wait five minutes" in answers[-1].content.decode()
