"""What a workspace decides about hours: read as a `Policy`, changed with an entry in the audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from tapline.hours.holidays import CALENDARS
from tapline.hours.models import HoursSetting
from tapline.hours.policy import Policy
from tapline.hours.reading import BadHours, read_week
from tapline.hours.regions import region_names
from tapline.hours.rules import RULES
from tapline.hours.windows import Week
from tapline.hours.words import describe_week, name_region
from tapline.workspaces.audit import record
from tapline.workspaces.models import Workspace

LONGEST_CAP_DAYS, MOST_TEXTS = 365, 1_000
# Longer, and the text is about something that is over.
LONGEST_WAIT_HOURS = 14 * 24
AT_NIGHT = ("wait", "skip")

# Decided nowhere: what holds then. The nearest decision in the tree counts.
DEFAULTS: dict[str, Any] = {
    "service_waits": False,
    "answers_wait": False,
    "most_texts": 0,
    "cap_days": 7,
    "at_night": "wait",
    "give_up_hours": 48,
}
# These add up over the tree: every workspace above narrows further.
ADDED_UP = ("own_hours", "service_hours")


def policy_of(workspace: Workspace) -> Policy:
    """Return what holds in a workspace: own hours of all workspaces above add up; of everything
    else the nearest decision counts."""
    rows = settings_above(workspace)
    found = {name: nearest(rows, name)[0] for name in DEFAULTS}
    return Policy(
        zone=workspace.zone,
        country=workspace.default_country,
        own=_weeks(rows, "own_hours"),
        own_service=_weeks(rows, "service_hours"),
        replaced=tuple(
            (region, read_week(hours, calendar_of(region)))
            for region, (hours, _row) in replaced_above(rows).items()
            if hours
        ),
        **found,
    )


def settings_above(workspace: Workspace) -> list[HoursSetting]:
    """Return the decisions of every workspace from the root down to and with this one."""
    above = workspace.ancestor_ids
    rows = HoursSetting.objects.filter(workspace_id__in=above).select_related("workspace")
    return sorted(rows, key=lambda row: above.index(row.workspace_id))


def nearest(rows: Sequence[HoursSetting], name: str) -> tuple[Any, HoursSetting | None]:
    """Return what one of `DEFAULTS` is, and who decided so; None: nobody."""
    for row in reversed(rows):
        value = getattr(row, name)
        if value not in (None, ""):
            return value, row
    return DEFAULTS[name], None


def replaced_above(rows: Sequence[HoursSetting]) -> dict[str, tuple[str, HoursSetting]]:
    """Return region → the hours in its rule's place, and who decided so. Empty: the rule again."""
    return {region: (hours, row) for row in rows for region, hours in row.replaced.items()}


def calendar_of(region: str) -> str:
    """Return which holidays a region's hours may speak of; empty for none that is known."""
    return region[:2] if region[:2] in CALENDARS else ""


def decide(
    workspace: Workspace,
    *,
    replaced: Mapping[str, str | None] | None = None,
    actor: str,
    **changes: Any,
) -> HoursSetting:
    """Change some of a workspace's own decisions and return them: fields of `HoursSetting`.

    None leaves a decision to those above. Of `replaced` only the regions that are named change:
    to hours, back to the rule (""), or to what holds above (None). The caller makes sure that an
    owner asks, since `replaced` may open hours that a rule closes. Raises `BadHours`.
    """
    asked = _as_kept(changes)
    with transaction.atomic():
        Workspace.objects.select_for_update().get(pk=workspace.pk)
        found = HoursSetting.objects.filter(workspace=workspace).first()
        setting = found or HoursSetting(workspace=workspace)
        before = _told(setting)
        for name, value in asked.items():
            setattr(setting, name, value)
        setting.replaced = _merged(setting.replaced, replaced or {})
        after = _told(setting)
        if before != after:
            setting.save()
            _record(setting, actor, before, after)
    return setting


def _record(
    setting: HoursSetting, actor: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    record(
        setting.workspace,
        actor,
        "hours.changed",
        setting,
        before={name: before.get(name) for name in changed},
        after={name: after.get(name) for name in changed},
    )


def _told(setting: HoursSetting) -> dict[str, Any]:
    """Return all decisions of one workspace, each region's beside the others."""
    plain = {name: getattr(setting, name) for name in (*DEFAULTS, *ADDED_UP)}
    return {**plain, **setting.replaced}


def refuse_bad_night(at_night: str, give_up_hours: int) -> None:
    """Recipients whose place is closed wait or are skipped, and wait for a bounded time."""
    if at_night not in AT_NIGHT:
        raise BadHours(
            f"'{at_night}' is nothing to do at night.",
            why="A recipient whose place is closed waits for their morning, or is left out.",
            do=f"Choose one of: {', '.join(AT_NIGHT)}.",
        )
    if not 1 <= give_up_hours <= LONGEST_WAIT_HOURS:
        raise BadHours(
            f"Nobody can wait {give_up_hours:,} hours.",
            why=f"Texts wait 1 to {LONGEST_WAIT_HOURS} hours for a recipient's morning.",
            do="Choose how long they are still worth reading, such as 48 (two days).",
        )


def _weeks(rows: Sequence[HoursSetting], name: str) -> tuple[Week, ...]:
    return tuple(read_week(getattr(row, name)) for row in rows if getattr(row, name))


def _merged(replaced: Mapping[str, str], changes: Mapping[str, str | None]) -> dict[str, str]:
    merged: dict[str, str | None] = dict(replaced)
    for name, hours in changes.items():
        region = _region(name)
        merged[region] = None if hours is None else _hours(hours, calendar_of(region))
    return {region: hours for region, hours in merged.items() if hours is not None}


def _as_kept(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the changes as they are stored: hours in one way of writing."""
    unknown = changes.keys() - {*DEFAULTS, *ADDED_UP}
    if unknown:
        raise TypeError(f"no such decisions: {', '.join(sorted(unknown))}")
    kept: dict[str, Any] = {
        name: _hours(value or "") if name in ADDED_UP else value for name, value in changes.items()
    }
    if "at_night" in kept:
        kept["at_night"] = kept["at_night"] or ""
    _refuse_bad_cap(kept.get("most_texts"), kept.get("cap_days"))
    hours = kept.get("give_up_hours")
    refuse_bad_night(kept.get("at_night") or "wait", 1 if hours is None else hours)
    return kept


def _hours(text: str, calendar: str = "") -> str:
    return describe_week(read_week(text, calendar)) if text.strip() else ""


def _region(name: str) -> str:
    """Return the region that somebody names by its code or, a state, by its name."""
    known = {*RULES, *region_names()}
    by_name = {name_region(region).lower(): region for region in known}
    region = by_name.get(name.strip().lower(), name.strip().upper())
    is_country = len(region) == 2 and region.isalpha()
    if not (is_country or region in known):
        raise BadHours(
            f"There is no region '{name}'.",
            why="Rules are kept by country and by state.",
            do="Write a country as FR or France, a state as US-FL or Florida.",
        )
    return region


def _refuse_bad_cap(most_texts: int | None, cap_days: int | None) -> None:
    fine = most_texts is None or 0 <= most_texts <= MOST_TEXTS
    if not fine or not (cap_days is None or 1 <= cap_days <= LONGEST_CAP_DAYS):
        raise BadHours(
            "This cap on texts per person cannot be kept.",
            why=f"It counts up to {MOST_TEXTS:,} texts in 1 to {LONGEST_CAP_DAYS} days.",
            do="Write it like: at most 4 texts in 7 days; 0 texts means no cap.",
        )
