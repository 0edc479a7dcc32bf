"""The page of what works counts what reports count, and shows no workspace another's."""

from __future__ import annotations

import datetime as dt
import html
import re
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from tapline.broadcasts.models import Broadcast, MessageTally
from tapline.broadcasts.reports import build_report
from tapline.broadcasts.saved_texts import save_text
from tapline.insights.sums import sums_of
from tapline.intervals import Sample
from tapline.keywords.models import KeywordBroadcast
from tapline.links.models import Campaign, Offer
from tapline.workspaces.models import Role, Workspace
from tapline.workspaces.tree import create_workspace
from tests.broadcasts.making import make_workspace
from tests.keywords.making import make_keyword
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db


def make_sent(
    workspace: Workspace, tapped: int, delivered: int, *, failed: int = 0, **fields: Any
) -> Broadcast:
    """Make a broadcast that reached `delivered` people, of whom `tapped` did."""
    fields = {"name": "Menu", "state": "sent", "started_at": timezone.now()} | fields
    broadcast = Broadcast.objects.create(workspace=workspace, created_by="test", **fields)
    tally(broadcast, tapped, was_clicked=True)
    tally(broadcast, delivered - tapped)
    tally(broadcast, failed, state="failed")
    return broadcast


def tally(broadcast: Broadcast, count: int, **fields: Any) -> None:
    usual = {"state": "delivered", "was_accepted": True, "was_clicked": False, "parts": count}
    MessageTally.objects.create(broadcast=broadcast, count=count, cost=0, **(usual | fields))


def page(workspace: Workspace, days: str = "90", role: Role = Role.VIEWER) -> str:
    address = reverse("insights:what-works", args=[workspace.pk])
    shown = member_of(workspace, role).get(address, {"days": days})
    assert shown.status_code == 200
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", shown.content.decode())))


def test_broadcasts_are_summed_as_their_reports_count_them() -> None:
    workspace = make_workspace()
    receipts = make_sent(workspace, 30, 100, failed=20)
    no_receipts = make_sent(workspace, 0, 0)
    tally(no_receipts, 50, state="accepted")
    tally(no_receipts, 7, state="submitted", was_accepted=False)
    tally(no_receipts, 40, state="accepted", only_counted=True)
    make_sent(workspace, 5, 9, is_test=True)
    make_sent(workspace, 5, 9, kind="notices")

    silent_crowd = make_sent(workspace, 0, 0)
    tally(silent_crowd, 60, state="accepted")
    tally(silent_crowd, 20, only_counted=True)  # Receipts came, of those who are only counted.

    samples = {each.broadcast: each.sample for each in sums_of(workspace, None)}

    assert samples == {receipts.pk: Sample(30, 100), no_receipts.pk: Sample(0, 50)}
    for broadcast in (receipts, no_receipts, silent_crowd):
        report = build_report(broadcast)
        base = report.delivered if report.rate_base == "delivered" else report.sent
        of = samples[broadcast.pk].of if broadcast.pk in samples else 0
        assert of == base - report.only_counted_base


def test_campaigns_offers_texts_audiences_and_days_are_ranked() -> None:
    workspace = make_workspace()
    workspace.zone = "America/New_York"
    workspace.save()
    saved = save_text(workspace, "Monthly menu", "Our menu: https://www.example.com", actor="test")
    campaigns = [Campaign.objects.create(workspace=workspace, name=n) for n in ("Loyal", "Cold")]
    offer = Offer.objects.create(workspace=workspace, name="Free coffee")
    monday = dt.datetime(2026, 11, 3, 2, 30, tzinfo=dt.UTC)  # Monday evening in New York
    for campaign, tapped in zip(campaigns, (300, 100), strict=True):
        for _ in range(2):
            make_sent(
                workspace,
                tapped,
                1_000,
                campaign=campaign,
                offer=offer,
                saved_text=saved,
                started_at=monday,
                audience={"tags": [campaign.name]},
            )

    words = page(workspace, "0")

    assert "20.0 %" in words
    assert re.search(r"Loyal 30\.0 % better .* Cold 10\.0 % below", words)
    assert re.search(r"Free coffee 20\.0 % too few to tell", words)
    assert re.search(r"Monthly menu 20\.0 % too few to tell", words)
    assert re.search(r"Tagged «Loyal» 30\.0 % better", words)
    assert re.search(r"Monday 20\.0 % too few to tell", words)
    assert re.search(r"21:00–21:59 20\.0 %", words)


def test_what_is_too_little_is_said_to_be() -> None:
    workspace = make_workspace()
    campaign = Campaign.objects.create(workspace=workspace, name="Pilot")
    make_sent(workspace, 9, 10, campaign=campaign)

    assert re.search(r"Pilot 90\.0 % too few to tell", page(workspace))


def test_keywords_are_ranked_by_their_replies() -> None:
    workspace = make_workspace()
    keyword = make_keyword(workspace)
    replies = make_sent(workspace, 60, 200, kind="answers")
    KeywordBroadcast.objects.create(keyword=keyword, broadcast=replies)
    make_sent(workspace, 10, 200)

    assert re.search(rf"{keyword.word} 30\.0 %", page(workspace))


def test_a_period_leaves_out_what_began_before() -> None:
    workspace = make_workspace()
    make_sent(workspace, 10, 100)
    make_sent(workspace, 90, 100, started_at=timezone.now() - dt.timedelta(days=40))

    assert "10 of 100 people reached by one broadcast tapped." in page(workspace, "30")
    assert "100 of 200 people reached by 2 broadcasts tapped." in page(workspace, "90")
    assert "100 of 200 people reached by 2 broadcasts tapped." in page(workspace, "nonsense")


def test_an_empty_page_says_what_will_be_there_and_what_to_do() -> None:
    workspace = make_workspace()

    assert "Write a broadcast" in page(workspace, role=Role.SENDER)
    assert "No broadcast of this period has reached anybody yet." in page(workspace)


def test_another_workspaces_broadcasts_count_nowhere() -> None:
    workspace, other = make_workspace(), create_workspace("Elsewhere")
    make_sent(other, 50, 100)

    assert sums_of(workspace, None) == []


def test_however_many_broadcasts_two_questions_sum_them(
    django_assert_max_num_queries: Any,
) -> None:
    workspace = make_workspace()
    for number in range(20):
        make_sent(workspace, number, 200)

    with django_assert_max_num_queries(2):
        assert len(sums_of(workspace, None)) == 20
