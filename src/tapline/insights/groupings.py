"""By what broadcasts are put together and ranked: campaign, offer, text, audience, hour …"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.dates import WEEKDAYS
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from tapline.broadcasts.drafts import describe_audience
from tapline.broadcasts.models import WRITTEN
from tapline.broadcasts.saved_texts import saved_texts_of
from tapline.insights.ranking import Group
from tapline.insights.sums import BroadcastSum, keyword_sums
from tapline.intervals import Sample
from tapline.keywords.models import Keyword
from tapline.links.goals import goals_of
from tapline.links.models import Campaign, Offer
from tapline.workspaces.models import Workspace

K = TypeVar("K")
Sums = Sequence[BroadcastSum]


@dataclass(frozen=True, slots=True)
class Grouping:
    """One way of putting broadcasts together. `empty` says what brings something here."""

    name: str
    title: str | Promise
    hint: str | Promise
    empty: str | Promise
    divide: Callable[[Workspace, Sums], Iterable[Group]]


def by_campaign(workspace: Workspace, sums: Sums) -> list[Group]:
    names = dict(goals_of(workspace, Campaign).values_list("pk", "name"))
    return _named(sums, lambda each: each.campaign, names)


def by_offer(workspace: Workspace, sums: Sums) -> list[Group]:
    names = dict(goals_of(workspace, Offer).values_list("pk", "name"))
    return _named(sums, lambda each: each.offer, names)


def by_saved_text(workspace: Workspace, sums: Sums) -> list[Group]:
    names = dict(saved_texts_of(workspace).values_list("pk", "name"))
    return _named(sums, lambda each: each.saved_text, names)


def by_keyword(workspace: Workspace, sums: Sums) -> list[Group]:
    gathered = keyword_sums(workspace)
    own = Keyword.objects.filter(workspace=workspace, pk__in=gathered)
    return [
        Group(
            keyword.word,
            tuple(each.sample for each in gathered[keyword.pk]),
            reverse("keywords:show", args=[workspace.pk, keyword.pk]),
        )
        for keyword in own
    ]


def by_audience(workspace: Workspace, sums: Sums) -> list[Group]:
    chosen = [each for each in sums if each.audience]
    gathered = _gathered(chosen, lambda each: json.dumps(each.audience, sort_keys=True))
    return [
        Group(describe_audience(workspace, json.loads(audience)), samples)
        for audience, samples in gathered.items()
    ]


def by_weekday(workspace: Workspace, sums: Sums) -> list[Group]:
    place = ZoneInfo(workspace.zone)
    gathered = _gathered(_planned(sums), lambda each: each.began_at.astimezone(place).weekday())
    return [Group(str(WEEKDAYS[day]), samples) for day, samples in gathered.items()]


def by_hour(workspace: Workspace, sums: Sums) -> list[Group]:
    place = ZoneInfo(workspace.zone)
    gathered = _gathered(_planned(sums), lambda each: each.began_at.astimezone(place).hour)
    return [Group(f"{hour:02}:00–{hour:02}:59", samples) for hour, samples in gathered.items()]


# Rooms further right may add theirs when they are loaded (`insert` or `append`).
GROUPINGS: list[Grouping] = [
    Grouping(
        "campaigns",
        gettext_lazy("Campaigns"),
        gettext_lazy("Broadcasts under one goal."),
        gettext_lazy("Name a campaign when you write a broadcast, and it is compared here."),
        by_campaign,
    ),
    Grouping(
        "offers",
        gettext_lazy("Offers"),
        gettext_lazy("What was offered in them."),
        gettext_lazy("Name an offer when you write a broadcast, and it is compared here."),
        by_offer,
    ),
    Grouping(
        "texts",
        gettext_lazy("Saved texts"),
        gettext_lazy(
            "The saved text that a broadcast began with, whatever was changed in it after."
        ),
        gettext_lazy("Begin a broadcast with a saved text, and it is compared here."),
        by_saved_text,
    ),
    Grouping(
        "audiences",
        gettext_lazy("Audiences"),
        gettext_lazy("Whom broadcasts went to."),
        gettext_lazy("Send a broadcast, and its audience is compared here."),
        by_audience,
    ),
    Grouping(
        "weekdays",
        gettext_lazy("Days of sending"),
        gettext_lazy("The day on which the first text left, on your workspace's clock."),
        gettext_lazy("Send a broadcast, and its day is compared here."),
        by_weekday,
    ),
    Grouping(
        "hours",
        gettext_lazy("Hours of sending"),
        gettext_lazy("The hour in which the first text left, on your workspace's clock."),
        gettext_lazy("Send a broadcast, and its hour is compared here."),
        by_hour,
    ),
    Grouping(
        "keywords",
        gettext_lazy("Keywords"),
        gettext_lazy("Replies to each keyword since it was made, whatever period is chosen."),
        gettext_lazy("Make a keyword that people can text, and its replies are compared here."),
        by_keyword,
    ),
]


def _gathered(
    sums: Iterable[BroadcastSum], key: Callable[[BroadcastSum], K]
) -> dict[K, tuple[Sample, ...]]:
    found: dict[K, list[Sample]] = {}
    for each in sums:
        found.setdefault(key(each), []).append(each.sample)
    return {value: tuple(samples) for value, samples in found.items()}


def _planned(sums: Sums) -> list[BroadcastSum]:
    """Return what somebody sent on one day; answers and single texts leave at any time."""
    return [each for each in sums if each.kind in WRITTEN]


def _named(
    sums: Sums, number_of: Callable[[BroadcastSum], int], names: Mapping[int, str]
) -> list[Group]:
    gathered = _gathered((each for each in sums if number_of(each) in names), number_of)
    return [Group(names[number], samples) for number, samples in gathered.items()]
