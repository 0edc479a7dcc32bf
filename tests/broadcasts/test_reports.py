"""A report's numbers agree with the messages, whoever wrote them."""

from __future__ import annotations

import json
import random
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tapline.broadcasts import reports
from tapline.broadcasts.models import Broadcast, Message, MessageTally
from tapline.broadcasts.reports import build_report
from tapline.clicks.reports import ClickSummary
from tapline.replies.models import Reply
from tests.broadcasts.making import make_broadcast, make_contacts, make_workspace, prepare

pytestmark = pytest.mark.django_db(transaction=True)

KEYS = {
    "sent", "delivered", "failed", "human_clickers", "human_clicks", "preview", "scanner",
    "prefetch", "tool", "operator", "unknown", "click_rate", "click_rate_low", "click_rate_high",
}  # fmt: skip


@pytest.fixture
def broadcast() -> Broadcast:
    workspace = make_workspace()
    make_contacts(workspace, 20)
    return prepare(make_broadcast(workspace))


def _set(broadcast: Broadcast, positions: range, **values: Any) -> None:
    Message.objects.filter(broadcast=broadcast, position__in=positions).update(**values)


def _clicks(monkeypatch: pytest.MonkeyPatch, **numbers: int) -> None:
    monkeypatch.setattr(reports, "summarise", lambda *ids: ClickSummary(**numbers))


def test_what_became_of_every_message_is_told(
    broadcast: Broadcast, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    _set(broadcast, range(8), state="delivered", accepted_at=now, parts=1, cost=Decimal("0.01"))
    _set(broadcast, range(8, 10), state="accepted", accepted_at=now, parts=2, cost=Decimal("0.02"))
    _set(broadcast, range(10, 12), state="failed", accepted_at=now, error_code="30003")
    _set(broadcast, range(12, 13), state="failed", error_code="21211")
    _set(broadcast, range(13, 14), state="unknown")
    _set(broadcast, range(14, 15), state="lost", error_code="no_answer")
    _set(broadcast, range(15, 17), state="cancelled", error_code="opted_out")
    _clicks(monkeypatch, human_clickers=3, human_clicks=5, preview=7, unknown=2,
            unknown_only_messages=1)  # fmt: skip

    report = build_report(broadcast)

    assert (report.sent, report.delivered, report.failed, report.refused) == (12, 8, 2, 1)
    assert (report.unsettled, report.lost, report.cancelled, report.waiting) == (1, 1, 2, 3)
    assert report.recipients == 20
    assert report.failed_by_reason == {"30003": 2, "21211": 1}
    assert report.cancelled_by_reason == {"opted_out": 2}
    assert (report.parts, report.cost) == (12, Decimal("0.12"))
    assert report.rate_base == "delivered"
    assert (report.click_rate, report.click_rate_low) == (3 / 8, 3 / 8)
    assert report.click_rate_high == 4 / 8
    assert report.shows_range
    assert json.loads(json.dumps(report.as_dict())).keys() >= KEYS


def test_a_tap_proves_delivery_where_the_receipt_says_nothing_or_no(broadcast: Broadcast) -> None:
    now = timezone.now()
    _set(broadcast, range(4), state="accepted", accepted_at=now)
    _set(broadcast, range(4, 5), state="failed", accepted_at=now, error_code="30003")
    _set(broadcast, range(3, 5), first_human_click_at=now)
    _set(broadcast, range(5, 6), state="delivered", accepted_at=now)

    report = build_report(broadcast)

    assert (report.sent, report.delivered, report.failed) == (6, 3, 0)


def test_without_any_receipt_the_rate_is_of_what_was_sent_and_says_so(
    broadcast: Broadcast, monkeypatch: pytest.MonkeyPatch
) -> None:
    _set(broadcast, range(20), state="accepted", accepted_at=timezone.now())
    _clicks(monkeypatch, human_clickers=5, human_clicks=5)

    report = build_report(broadcast)

    assert (report.rate_base, report.click_rate, report.click_rate_high) == ("sent", 0.25, 0.25)


def test_a_draft_has_a_report_of_zeros(monkeypatch: pytest.MonkeyPatch) -> None:
    report = build_report(make_broadcast(make_workspace()))

    assert (report.sent, report.click_rate, report.recipients) == (0, 0.0, 0)


def test_replies_and_opt_outs_are_counted(broadcast: Broadcast) -> None:
    for number, is_opt_out in enumerate([True, False, False]):
        Reply.objects.create(
            workspace=broadcast.workspace,
            broadcast=broadcast,
            phone="+12125550100",
            text="…",
            provider_id=str(number),
            is_opt_out=is_opt_out,
            received_at=timezone.now(),
        )

    report = build_report(broadcast)

    assert (report.replies, report.opt_outs) == (3, 1)


def test_the_tallies_agree_with_the_messages_after_any_writes(broadcast: Broadcast) -> None:
    dice = random.Random(7)
    now = timezone.now()
    for _ in range(200):
        chosen = Message.objects.filter(
            broadcast=broadcast, position__in=dice.sample(range(20), dice.randint(1, 5))
        )
        change: dict[str, Any] = dice.choice(
            [
                {"state": dice.choice(["pending", "accepted", "delivered", "failed"])},
                {"accepted_at": dice.choice([None, now])},
                {"first_human_click_at": dice.choice([None, now])},
                {"error_code": dice.choice(["", "30003"])},
                {"cost": dice.choice([None, Decimal("0.25")]), "parts": dice.randint(0, 3)},
            ]
        )
        chosen.update(**change)
    Message.objects.filter(broadcast=broadcast, position=19).delete()

    counted = Counter(
        (m.state, m.accepted_at is not None, m.first_human_click_at is not None, m.error_code)
        for m in Message.objects.filter(broadcast=broadcast)
    )
    kept = MessageTally.objects.filter(broadcast=broadcast, count__gt=0)
    told = {(t.state, t.was_accepted, t.was_clicked, t.error_code): t.count for t in kept}
    messages = Message.objects.filter(broadcast=broadcast)
    assert told == dict(counted)
    assert sum(t.parts for t in kept) == sum(m.parts for m in messages)
    assert sum(t.cost for t in kept) == sum(m.cost or 0 for m in messages)


def test_the_triggers_survived_all_migrations() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select name from sqlite_master where type = 'trigger'"
            " and tbl_name = 'broadcasts_message' order by name"
        )
        names = [name for (name,) in cursor.fetchall()]

    assert names == ["message_tally_delete", "message_tally_insert", "message_tally_update"]
