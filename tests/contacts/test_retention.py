"""Old things go as the settings say, kind by kind; what counts, and opt-outs, stay."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest
from click.testing import CliRunner
from django.db import connection

from tapline import config
from tapline.broadcasts.models import Broadcast, Message, MessageTally
from tapline.clicks import store
from tapline.contacts import keeping, retention
from tapline.contacts.commands_retention import retention as command
from tapline.contacts.consent import opt_out
from tapline.contacts.models import RetentionMark, Suppression
from tapline.replies.models import Answer, Reply, Thread
from tapline.workspaces import audit
from tapline.workspaces.models import AuditEntry
from tests.clicks.world import NOON, World, make_world, take_in

pytestmark = pytest.mark.django_db(transaction=True)

NOW = NOON + dt.timedelta(days=100)
DAYS = {
    "messages_keep_days": 30, "replies_keep_days": 30, "audit_keep_days": 30,
    "clicks_keep_people_days": 30,
}  # fmt: skip


@pytest.fixture
def keep(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that sets how many days things are kept."""

    def set_days(**days: Any) -> None:
        settings = dataclasses.replace(config.load({}), **days)
        here = dataclasses.replace(settings, data_dir=config.current().data_dir)
        monkeypatch.setattr(config, "current", lambda: here)

    return set_days


@pytest.fixture
def world() -> World:
    """Three recipients: two texts, taps, replies and changes are old, the third's are new."""
    world = make_world(3)
    for number, message in enumerate(world.messages):
        at = NOON if number < 2 else NOW - dt.timedelta(days=1)
        Message.objects.filter(pk=message.pk).update(text=f"Hi {number}", submitted_at=at)
        thread = Thread.objects.create(
            workspace=world.workspace, phone=message.phone, contact_id=message.contact_id,
            phone_hash="", last_at=at,
        )  # fmt: skip
        reply = Reply.objects.create(
            workspace=world.workspace, thread=thread, phone=message.phone, text=f"Yo {number}",
            provider_id=f"r{number}", received_at=at,
        )  # fmt: skip
        Answer.objects.create(
            thread=thread, reply=reply, kind="written", text=f"Oh {number}", made_by="test",
            made_at=at, expires_at=at,
        )  # fmt: skip
        entry = audit.record(world.workspace, "test", "x.changed", thread, {"a": number}, {})
        AuditEntry.objects.filter(pk=entry.pk).update(at=at)
    take_in(world.tap(0), world.tap(1), world.tap(2, at=NOW - dt.timedelta(days=1)))
    return world


def forget() -> dict[str, int]:
    return retention.apply(NOW, rest=lambda _: None)


def test_by_default_nothing_is_forgotten(world: World) -> None:
    assert forget() == {}
    assert Message.objects.exclude(text="").count() == 3


def test_what_is_old_goes_and_what_counts_stays(world: World, keep: Any) -> None:
    keep(**DAYS)
    tallies = sorted(MessageTally.objects.values_list("state", "count", "parts"))

    forget()

    assert list(Message.objects.order_by("id").values_list("text", flat=True)) == ["", "", "Hi 2"]
    assert Message.objects.exclude(contact=None).count() == 3
    assert sorted(MessageTally.objects.values_list("state", "count", "parts")) == tallies
    assert list(Reply.objects.order_by("id").values_list("text", flat=True)) == ["", "", "Yo 2"]
    assert [thread.phone for thread in Thread.objects.all()] == [world.messages[2].phone]
    assert [answer.text for answer in Answer.objects.all()] == ["Oh 2"]
    told = AuditEntry.objects.filter(action="x.changed").order_by("id")
    assert [entry.before for entry in told] == [{}, {}, {"a": 2}]
    assert store.query(
        "select sum(human), sum(case when agent = '' then 1 else 0 end) from clicks"
    ) == [(3, 2)]


def test_a_look_says_what_would_go_and_changes_nothing(world: World, keep: Any) -> None:
    keep(**DAYS)

    due = {each.name: each.rows for each in retention.look(NOW)}

    assert due.pop("audit") == 4  # that domain and link were made is old too
    assert due == {
        "messages": 2, "clicks": 2, "replies": 2, "conversations": 2,
        "conversation_answers": 2,
    }  # fmt: skip
    assert Message.objects.exclude(text="").count() == 3
    forget()
    assert {each.rows for each in retention.look(NOW)} == {0}


def test_it_goes_piece_by_piece_and_on_after_a_crash(
    world: World, keep: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(messages_keep_days=30)
    monkeypatch.setattr(retention, "ROWS_PER_CHUNK", 1)
    rests: list[float] = []

    def die(seconds: float) -> None:
        rests.append(seconds)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        retention.apply(NOW, rest=die)
    assert Message.objects.exclude(text="").count() == 2
    forget()

    assert rests == [retention.REST_SECONDS]
    assert Message.objects.exclude(text="").count() == 1
    assert RetentionMark.objects.get(kind="messages").done_to == world.messages[1].pk


def test_a_text_that_still_waits_after_so_long_goes_nowhere(world: World, keep: Any) -> None:
    keep(messages_keep_days=30)
    Broadcast.objects.update(created_at=NOON)
    Message.objects.filter(pk=world.messages[0].pk).update(state="pending", submitted_at=None)

    forget()

    assert Message.objects.get(pk=world.messages[0].pk).state == "cancelled"


def test_an_opt_out_never_goes(world: World, keep: Any) -> None:
    keep(**DAYS)
    opt_out(world.messages[0].phone, scope=world.workspace, reason="reply", at=NOON, by="test")

    forget()

    assert Suppression.objects.get().lifted_at is None
    (kind,) = [each for each in keeping.kinds() if each.name == "suppressions"]
    assert kind.retention is None


def test_a_piece_is_found_by_the_order_of_ids_alone() -> None:
    for kind in ("broadcasts_message", "replies_reply", "workspaces_auditentry"):
        with connection.cursor() as cursor:
            cursor.execute(
                f"explain query plan select id from {kind} where id > 5 order by id limit 9"
            )
            plan = " ".join(row[3] for row in cursor.fetchall())
        assert "INTEGER PRIMARY KEY" in plan
        assert "TEMP B-TREE" not in plan


def test_every_retention_names_a_setting() -> None:
    for kind in keeping.kinds():
        if kind.retention:
            assert retention.days_kept(kind.retention) == 0


def test_the_command_shows_first_and_forgets_when_told(world: World, keep: Any) -> None:
    keep(messages_keep_days=1)

    looked = CliRunner().invoke(command, [])
    assert "Nothing was changed" in looked.stdout
    assert "TAPLINE_MESSAGES_KEEP_DAYS" in looked.stdout
    assert Message.objects.exclude(text="").count() == 3
    CliRunner().invoke(command, ["--apply"])

    assert Message.objects.exclude(text="").count() < 3
