"""How the team hears by e-mail that a keyword was texted."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator

import pytest
from django.utils import timezone

from tapline import config
from tapline.keywords.models import Notice
from tapline.keywords.notifying import TRIED_AGAIN_AFTER, send_notices
from tapline.mail import BadMailServer, mail_server
from tapline.workspaces.models import Workspace
from tests.broadcasts.making import make_workspace, phone
from tests.keywords.mail_server import MailServer
from tests.keywords.mail_server import mail_server as running_server
from tests.keywords.making import make_keyword
from tests.replies.making import write

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    with running_server() as server:
        settings = dataclasses.replace(config.current(), mail_url=server.url)
        monkeypatch.setattr(config, "current", lambda: settings)
        yield server


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


def test_each_address_gets_one_mail_that_holds_no_number(
    server: MailServer, workspace: Workspace
) -> None:
    make_keyword(workspace, told=("team@example.com", "boss@example.com"))

    write("PIZZA", 0)
    assert send_notices()
    assert not send_notices()

    assert len(server.mails) == 2
    assert "Subject: PIZZA was texted" in server.mails[0]
    assert f"/w/{workspace.pk}/replies/" in server.mails[0]
    assert not any(phone(0) in mail for mail in server.mails)


def test_a_server_that_is_down_is_tried_again_and_then_given_up(
    server: MailServer, workspace: Workspace
) -> None:
    make_keyword(workspace, told=("team@example.com",))
    server.refuses = True
    write("PIZZA", 0)
    now = timezone.now()

    for wait in TRIED_AGAIN_AFTER:
        assert send_notices(lambda: now)  # noqa: B023  # called at once
        assert not send_notices(lambda: now)  # noqa: B023
        now += wait + dt.timedelta(seconds=1)
    notice = Notice.objects.get()
    assert (notice.sent_at, notice.failed_at) == (None, None)
    assert "no such mailbox" in notice.error

    server.refuses = False
    send_notices(lambda: now)
    notice.refresh_from_db()
    assert notice.sent_at is not None
    assert len(server.mails) == 1


def test_after_the_last_try_the_failure_stays_on_record(
    server: MailServer, workspace: Workspace
) -> None:
    make_keyword(workspace, told=("team@example.com",))
    server.refuses = True
    write("PIZZA", 0)
    Notice.objects.update(tries=len(TRIED_AGAIN_AFTER))

    send_notices()

    assert Notice.objects.get().failed_at is not None
    assert not send_notices(lambda: timezone.now() + dt.timedelta(days=9))


@pytest.mark.parametrize(
    "url", ["mail.example.com", "http://mail.example.com", "smtp://", "smtp://h:x"]
)
def test_an_address_that_is_no_mail_server_says_how_to_write_one(url: str) -> None:
    with pytest.raises(BadMailServer, match=r"smtp\+starttls://"):
        mail_server(url)


def test_name_and_password_are_read_from_the_address() -> None:
    server = mail_server("smtp+starttls://team%40example.com:a%2Fb@mail.example.com")

    assert (server.host, server.port, server.use_tls) == ("mail.example.com", 587, True)
    assert (server.username, server.password) == ("team@example.com", "a/b")
