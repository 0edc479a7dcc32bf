"""What a workspace is called, speaks and lives by: changed together, and written down."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django.db import transaction
from phonenumbers import SUPPORTED_REGIONS

from tapline.errors import TaplineError
from tapline.workspaces import audit
from tapline.workspaces.models import Workspace
from tapline.workspaces.tree import refuse_empty

# Languages that Tapline itself speaks to recipients.
LANGUAGES = {"en": "English", "es": "Español", "de": "Deutsch", "fr": "Français"}
FIELDS = ("name", "language", "zone", "default_country")


class BadWorkspace(TaplineError):
    """What a workspace should be is not possible."""


def change_workspace(
    workspace: Workspace,
    *,
    name: str,
    language: str,
    zone: str,
    default_country: str,
    actor: str,
) -> None:
    """Change what is different; raises `BadWorkspace` and `BadTree` for what cannot be."""
    country = default_country.strip().upper()
    _refuse_unknown(language, zone, country)
    refuse_empty(name)
    wanted = dict(zip(FIELDS, (name.strip(), language, zone, country), strict=True))
    with transaction.atomic():
        fresh = Workspace.objects.select_for_update().get(pk=workspace.pk)
        before = {each: getattr(fresh, each) for each in FIELDS if _differs(fresh, each, wanted)}
        if not before:
            return
        for each in before:
            setattr(fresh, each, wanted[each])
        fresh.save(update_fields=list(before))
        after = {each: wanted[each] for each in before}
        audit.record(fresh, actor, "workspace.changed", fresh, before=before, after=after)
    for each, value in wanted.items():
        setattr(workspace, each, value)


def require_second_factor(workspace: Workspace, needed: bool, *, actor: str) -> None:
    """Let members in with a second factor only, here and below; doing so twice changes nothing."""
    with transaction.atomic():
        other = Workspace.objects.filter(pk=workspace.pk, needs_second_factor=not needed)
        if other.update(needs_second_factor=needed):
            before, after = {"needs_second_factor": not needed}, {"needs_second_factor": needed}
            audit.record(
                workspace, actor, "workspace.second_factor", workspace, before=before, after=after
            )
    workspace.needs_second_factor = needed


def _differs(workspace: Workspace, field: str, wanted: dict[str, Any]) -> bool:
    return bool(getattr(workspace, field) != wanted[field])


def _refuse_unknown(language: str, zone: str, country: str) -> None:
    if language not in LANGUAGES:
        raise BadWorkspace(
            f"Tapline does not speak '{language}'.",
            why="What it says to recipients by itself is written in a few languages.",
            do=f"Choose one of: {', '.join(LANGUAGES.values())}.",
        )
    if zone not in available_timezones():
        raise BadWorkspace(
            f"There is no time zone '{zone}'.",
            why="Times on pages and of schedules are told in it.",
            do="Write it by continent and city, like America/Chicago.",
        )
    if country not in SUPPORTED_REGIONS:
        raise BadWorkspace(
            f"'{country}' is no country.",
            why="Numbers without a country code are read as its numbers.",
            do="Write its two letters, like US or DE.",
        )
