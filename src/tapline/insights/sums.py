"""What each broadcast of a workspace did: one row each, from its tallies; no click is looked at.

The tallies know how many texts arrived and how many a person tapped (decision 051), so two hundred
broadcasts are some two thousand rows, however many clicks they got.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Coalesce

from tapline.broadcasts.models import WRITTEN, Broadcast, BroadcastKind
from tapline.broadcasts.samples import samples_of
from tapline.intervals import Sample
from tapline.keywords.models import KeywordBroadcast
from tapline.workspaces.models import Workspace


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


def sums_of(workspace: Workspace, since: dt.datetime | None) -> list[BroadcastSum]:
    """Return the broadcasts of a workspace that began after `since` and reached somebody, without
    tests, answers and confirmations."""
    found = Broadcast.objects.filter(
        workspace=workspace,
        kind__in=[*WRITTEN, BroadcastKind.STANDING],
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
    rows = list(
        broadcasts.values_list(
            *("pk", "kind", "began_at", "campaign_id", "offer_id", "saved_text_id", "audience")
        )
    )
    samples = samples_of([row[0] for row in rows])
    return [
        BroadcastSum(pk, kind, began_at, campaign or 0, offer or 0, saved or 0, audience, sample)
        for pk, kind, began_at, campaign, offer, saved, audience in rows
        if (sample := samples[pk]).of
    ]
