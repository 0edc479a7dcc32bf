"""Members hear by e-mail of what conversations wait for: seldom, and of nothing that was read."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator

import pytest
from django.utils import timezone

from tapline import config
from tapline.replies.handling import mark_read
from tapline.replies.heeding import decide
from tapline.replies.models import Listener, Reply
from tapline.replies.telling import LOOKS_EVERY, QUIET_AFTER_MAIL, listen, tell_listeners
from tapline.workspaces.members import add_member
from tapline.workspaces.models import Role, User, Workspace
from tests.broadcasts.making import Clock, make_workspace, phone
from tests.keywords.mail_server import MailServer, mail_server
from tests.replies.making import write

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    with mail_server() as server:
        settings = dataclasses.replace(config.current(), mail_url=server.url)
        monkeypatch.setattr(config, "current", lambda: settings)
        yield server


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


@pytest.fixture
def clock() -> Clock:
    return Clock(timezone.now() + dt.timedelta(seconds=1))


@pytest.fixture
def ana(workspace: Workspace) -> User:
    user = add_member(workspace, "ana@example.com", Role.SENDER, actor="test").user
    listen(workspace, user, replies=True, decisions=True)
    return user


def _tell(clock: Clock, after: dt.timedelta = dt.timedelta(0)) -> None:
    clock.move(after.total_seconds() + 1)
    while tell_listeners(clock):
        pass


def test_several_texts_are_one_mail_without_a_number_or_a_text(
    server: MailServer, workspace: Workspace, ana: User, clock: Clock
) -> None:
    for number in (0, 0, 1):
        write("Open on Sunday?", number)

    _tell(clock)

    (mail,) = server.mails
    assert "Subject: Bakery: 2 people wrote" in mail
    assert f"/w/{workspace.pk}/replies/" in mail
    assert "To: ana@example.com" in mail
    assert "Sunday" not in mail
    assert phone(0)[-4:] not in mail


def test_the_next_mail_waits_and_tells_of_new_texts_alone(
    server: MailServer, ana: User, clock: Clock
) -> None:
    write("Open on Sunday?", 0)
    _tell(clock)
    write("And on Monday?", 1)
    _tell(clock, LOOKS_EVERY)
    assert len(server.mails) == 1

    _tell(clock, QUIET_AFTER_MAIL)
    _tell(clock, QUIET_AFTER_MAIL)

    assert len(server.mails) == 2
    assert "1 person wrote" in server.mails[1]


def test_what_was_read_or_clearly_asks_to_be_left_alone_is_no_news(
    server: MailServer, ana: User, clock: Clock
) -> None:
    seen = write("Open on Sunday?", 0)
    assert seen.thread is not None
    mark_read(seen.thread, seen.pk)
    write("STOP", 1)

    _tell(clock)

    assert server.mails == []


def test_a_decision_is_told_once_and_reminded_of_daily_when_it_is_nearly_due(
    server: MailServer, ana: User, clock: Clock
) -> None:
    reply = write("stpo")
    _tell(clock)
    assert "1 text may mean STOP" in server.mails[0]
    assert "/replies/decisions" in server.mails[0]

    _tell(clock, dt.timedelta(days=5))
    assert len(server.mails) == 1
    reply.refresh_from_db()
    assert reply.decide_by is not None
    clock.at = reply.decide_by - dt.timedelta(days=1, hours=12)
    for _ in range(3):
        _tell(clock, dt.timedelta(hours=8))
    assert ["due within two days" in mail for mail in server.mails] == [False, True]

    decide(reply, is_wish=False, actor="test")
    _tell(clock, dt.timedelta(days=1))
    assert len(server.mails) == 2


def test_each_hears_of_what_they_chose(
    server: MailServer, workspace: Workspace, ana: User, clock: Clock
) -> None:
    listen(workspace, ana, replies=False, decisions=True)
    write("Open on Sunday?", 0)

    _tell(clock)
    assert server.mails == []

    listen(workspace, ana, replies=True, decisions=False)
    Reply.objects.all().delete()
    write("Hello?", 1)
    _tell(clock, LOOKS_EVERY)
    assert len(server.mails) == 1


def test_who_has_left_hears_nothing(
    server: MailServer, workspace: Workspace, ana: User, clock: Clock
) -> None:
    ana.memberships.all().delete()
    write("Open on Sunday?", 0)

    _tell(clock)

    assert server.mails == []


def test_a_server_that_is_down_delays_a_mail_and_loses_none(
    server: MailServer, ana: User, clock: Clock
) -> None:
    server.refuses = True
    write("Open on Sunday?", 0)
    _tell(clock)
    listener = Listener.objects.get()
    assert (listener.tries, listener.told_to) == (1, 0)
    assert "no such mailbox" in listener.error

    server.refuses = False
    _tell(clock, LOOKS_EVERY)

    assert len(server.mails) == 1
    listener.refresh_from_db()
    assert (listener.tries, listener.error) == (0, "")


def test_without_a_mail_server_nothing_is_tried(ana: User, clock: Clock) -> None:
    write("Open on Sunday?", 0)

    assert not tell_listeners(clock)
    assert Listener.objects.get().tries == 0
