"""What each broadcast of a workspace did: one row each, from its tallies; no click is looked at.

The tallies know how many texts arrived and how many a person tapped (decision 051), so two hundred
broadcasts are some two thousand rows, however many clicks they got.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from tapline.broadcasts.models import Broadcast, BroadcastKind, MessageState
from tapline.intervals import Sample
from tapline.keywords.models import KeywordBroadcast
from tapline.workspaces.models import Workspace

# Sent by somebody's decision on one day; answers leave whenever somebody writes.
PLANNED = (BroadcastKind.COMPOSED, BroadcastKind.TRACKED)

_CLICKED = Q(tallies__was_clicked=True)
_DELIVERED = _CLICKED | Q(tallies__state=MessageState.DELIVERED)
_SENT = (
    _DELIVERED
    | Q(tallies__was_accepted=True)
    | Q(tallies__state__in=[MessageState.ACCEPTED, MessageState.EXTERNAL])
)
# A receipt came, whatever it said.
_RECEIPT = Q(tallies__state=MessageState.DELIVERED) | Q(
    tallies__state=MessageState.FAILED, tallies__was_accepted=True, tallies__was_clicked=False
)
# Of who is only counted nobody knows who tapped: they are in no rate.
_WATCHED = Q(tallies__only_counted=False)


@dataclass(frozen=True, slots=True)
class BroadcastSum:
    """One broadcast: when it began, what it was about, and how many of those reached tapped."""

    broadcast: int
    kind: str
    began_at: dt.datetime
    campaign: int  # 0: none
    offer: int
    saved_text: int
    audience: dict[str, Any]
    sample: Sample
    cost: Decimal


def sums_of(workspace: Workspace, since: dt.datetime | None) -> list[BroadcastSum]:
    """Return the broadcasts of a workspace that began after `since` and reached somebody, without
    tests, answers and confirmations."""
    found = Broadcast.objects.filter(
        workspace=workspace,
        kind__in=[*PLANNED, BroadcastKind.STANDING],
        is_test=False,
    ).annotate(began_at=Coalesce("started_at", "created_at"))
    return _summed(found.filter(began_at__gte=since) if since else found)


def keyword_sums(workspace: Workspace) -> dict[int, list[BroadcastSum]]:
    """Return keyword id → what its replies did since it was made."""
    of_keyword = KeywordBroadcast.objects.filter(keyword__workspace=workspace)
    keywords = dict(of_keyword.values_list("broadcast_id", "keyword_id"))
    answering = Exists(of_keyword.filter(broadcast=OuterRef("pk")))
    found = Broadcast.objects.filter(answering, workspace=workspace)
    gathered: dict[int, list[BroadcastSum]] = {}
    for each in _summed(found.annotate(began_at=Coalesce("started_at", "created_at"))):
        gathered.setdefault(keywords[each.broadcast], []).append(each)
    return gathered


def _summed(broadcasts: QuerySet[Broadcast]) -> list[BroadcastSum]:
    rows = broadcasts.annotate(
        tapped=Sum("tallies__count", filter=_WATCHED & _CLICKED, default=0),
        delivered=Sum("tallies__count", filter=_WATCHED & _DELIVERED, default=0),
        sent=Sum("tallies__count", filter=_WATCHED & _SENT, default=0),
        receipts=Sum("tallies__count", filter=_RECEIPT, default=0),
        spent_on_sent=Sum("tallies__cost", filter=_SENT, default=Decimal(0)),
    ).values_list(
        *("pk", "kind", "began_at", "campaign_id", "offer_id", "saved_text_id", "audience"),
        *("tapped", "delivered", "sent", "receipts", "spent_on_sent"),
    )
    return list(_read(rows))


def _read(rows: Iterable[tuple[Any, ...]]) -> Iterable[BroadcastSum]:
    for pk, kind, began_at, campaign, offer, saved_text, audience, *numbers in rows:
        tapped, delivered, sent, receipts, cost = numbers
        base = delivered if receipts else sent
        if base:
            sample = Sample(tapped, base)
            about = (campaign or 0, offer or 0, saved_text or 0)
            yield BroadcastSum(pk, kind, began_at, *about, audience, sample, cost)
