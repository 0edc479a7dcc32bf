"""Campaigns and offers: which ones a workspace may name, and the one of a name."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import QuerySet

from tapline.links.models import Campaign, Offer
from tapline.workspaces.models import Workspace

LONGEST_NAME = 120
# A field offers so many; any other is found by its name all the same.
OFFERED = 500

Goal = TypeVar("Goal", Campaign, Offer)


def goals_of(workspace: Workspace, kind: type[Goal]) -> QuerySet[Goal]:
    """Return the campaigns (or offers) of a workspace and of those above it, by name."""
    return kind.objects.filter(workspace_id__in=workspace.ancestor_ids).order_by("name")


def goal_named(workspace: Workspace, kind: type[Goal], name: str) -> Goal | None:
    """Return the campaign (or offer) of this name, unsaved where there is none; None for ''.

    Its own goes before one of the same name above it.
    """
    name = name.strip()[:LONGEST_NAME]
    if not name:
        return None
    found = list(goals_of(workspace, kind).filter(name=name))
    found.sort(key=lambda each: each.workspace_id != workspace.pk)
    return found[0] if found else kind(workspace=workspace, name=name)


def campaign_named(workspace: Workspace, name: str | None) -> Campaign | None:
    """Return the campaign of this name, made where there is none; None for none."""
    return _kept(goal_named(workspace, Campaign, name or ""))


def offer_named(workspace: Workspace, name: str | None) -> Offer | None:
    """Return the offer of this name, made where there is none; None for none."""
    return _kept(goal_named(workspace, Offer, name or ""))


def offered_names(workspace: Workspace) -> dict[str, list[str]]:
    """Return the names that a form offers: `campaigns` and `offers`."""
    return {
        "campaigns": _names(goals_of(workspace, Campaign)),
        "offers": _names(goals_of(workspace, Offer)),
    }


def _names(goals: QuerySet[Goal]) -> list[str]:
    return list(dict.fromkeys(goals.values_list("name", flat=True)[:OFFERED]))


def _kept(goal: Goal | None) -> Goal | None:
    if goal is None or goal.pk is not None:
        return goal
    # Somebody else may have made it meanwhile.
    return type(goal).objects.get_or_create(workspace=goal.workspace, name=goal.name)[0]
