"""Ways in on the sign-in page, links by e-mail, and where one is signed in."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from http import HTTPStatus

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tapline import config
from tapline.signin import mailing
from tapline.workspaces.members import ensure_owner
from tapline.workspaces.models import SignInLink, User
from tapline.workspaces.sign_in import make_sign_in_link

pytestmark = pytest.mark.django_db

PHONE = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/130.0.0.0 Mobile Safari/537.36"
)


@pytest.fixture
def owner() -> User:
    return ensure_owner("owner@example.com")


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let a mail server be set; return the texts that would leave, at once."""
    texts: list[str] = []
    settings = replace(config.current(), mail_url="smtp://127.0.0.1:1")
    monkeypatch.setattr(config, "current", lambda: settings)
    monkeypatch.setattr(mailing, "_send", lambda mail: texts.append(str(mail.body)))

    class AtOnce(threading.Thread):
        def start(self) -> None:
            self.run()

    monkeypatch.setattr(threading, "Thread", AtOnce)
    monkeypatch.setattr(mailing, "close_old_connections", lambda: None)  # It is the test's own.
    return texts


def _sign_in(owner: User, agent: str = "") -> Client:
    browser = Client(headers={"User-Agent": agent})
    browser.post(make_sign_in_link(owner))
    return browser


def test_the_page_names_the_ways_that_there_are() -> None:
    page = Client().get("/sign-in").content.decode()

    assert "tapline sign-in" in page
    assert 'data-passkey="sign-in"' in page
    assert 'type="email"' not in page  # No mail server is set.


def test_members_get_a_link_by_mail_and_strangers_hear_the_same(
    owner: User, sent: list[str]
) -> None:
    answers = [
        Client().post("/sign-in", {"email": email}).content.decode()
        for email in ("Owner@example.com", "stranger@example.com")
    ]

    assert len({re.sub(r'value="\w{64}"', "", each) for each in answers}) == 1
    (text,) = sent
    (path,) = re.findall(r"https://[^/]+(/sign-in/\S+)", text)
    assert Client().post(path).status_code == HTTPStatus.FOUND


def test_the_answer_asks_no_more_of_the_database_where_a_member_has_the_address(
    owner: User, sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading.Thread, "start", lambda _thread: None)

    def statements(email: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            Client().post("/sign-in", {"email": email})
        return len(asked)

    assert statements(owner.email) == statements("stranger@example.com")
    assert not SignInLink.objects.exists()


def test_nobody_is_flooded_with_links(owner: User, sent: list[str]) -> None:
    answers = [Client().post("/sign-in", {"email": owner.email}) for _ in range(5)]

    assert len(sent) == 3
    assert answers[-1].status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert SignInLink.objects.count() == 3


def test_without_a_mail_server_a_post_mails_nothing(owner: User) -> None:
    assert Client().post("/sign-in", {"email": owner.email}).status_code == HTTPStatus.OK
    assert not SignInLink.objects.exists()


def test_one_sees_where_one_is_signed_in_and_ends_it_elsewhere(owner: User) -> None:
    phone, desk = _sign_in(owner, PHONE), _sign_in(owner)
    other = _sign_in(ensure_owner("other@example.com"))

    page = desk.get(reverse("signin:sessions")).content.decode()
    assert "Chrome Mobile on Android" in page
    assert page.count("this one") == 1
    desk.post(reverse("signin:end-others"))

    assert phone.get("/workspaces").status_code == HTTPStatus.FOUND
    assert desk.get("/workspaces").status_code == HTTPStatus.OK
    assert other.get("/workspaces").status_code == HTTPStatus.OK


def test_one_session_is_ended_and_nobody_elses(owner: User) -> None:
    phone, desk = _sign_in(owner, PHONE), _sign_in(owner)
    page = desk.get(reverse("signin:sessions")).content.decode()
    (address,) = re.findall(r'action="(/account/sessions/\d+/end)"', page)

    stranger = _sign_in(ensure_owner("other@example.com"))
    assert stranger.post(address).status_code == HTTPStatus.NOT_FOUND
    assert phone.get("/workspaces").status_code == HTTPStatus.OK

    desk.post(address)
    assert phone.get("/workspaces").status_code == HTTPStatus.FOUND


def test_an_account_that_was_switched_off_cannot_come_in(owner: User) -> None:
    path = make_sign_in_link(owner)
    User.objects.update(is_active=False)
    browser = Client()

    browser.post(path)

    assert "_auth_user_id" not in browser.session
