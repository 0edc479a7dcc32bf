"""What a workspace decides about hours: read as a `Policy`, changed with an entry in the audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from django.db import transaction

from tapline.errors import TaplineError
from tapline.hours.models import HoursSetting
from tapline.hours.policy import Policy
from tapline.hours.regions import region_names
from tapline.hours.rules import RULES
from tapline.hours.windows import DAY_MINUTES, Span, Week
from tapline.workspaces.audit import record
from tapline.workspaces.models import Workspace

# Monday first; each [opens, closes] in minutes after midnight, or None for a closed day.
Days: TypeAlias = Sequence[Sequence[int] | None]

LONGEST_CAP_DAYS = 365
_FIELDS = ("own_week", "replaced", "service_waits", "answers_wait", "most_texts", "cap_days")


class BadHours(TaplineError):
    """These hours cannot be kept."""


def policy_of(workspace: Workspace) -> Policy:
    """Return what holds in a workspace: own hours of all workspaces above add up, strictest
    first; of everything else the nearest decision counts."""
    rows = HoursSetting.objects.filter(workspace_id__in=workspace.ancestor_ids)
    depth = {number: at for at, number in enumerate(workspace.ancestor_ids)}
    found = sorted(rows, key=lambda row: depth[row.workspace_id])
    nearest = found[-1] if found else HoursSetting()
    return Policy(
        zone=workspace.zone,
        country=workspace.default_country,
        own=tuple(_as_week(row.own_week) for row in found if row.own_week),
        replaced=tuple((region, _as_week(days)) for region, days in nearest.replaced.items()),
        service_waits=nearest.service_waits,
        answers_wait=nearest.answers_wait,
        most_texts=nearest.most_texts,
        cap_days=nearest.cap_days,
    )


def setting_of(workspace: Workspace) -> HoursSetting:
    """Return the workspace's own decisions; unsaved, with what is inherited, where it has none."""
    own = HoursSetting.objects.filter(workspace=workspace).first()
    if own is not None:
        return own
    above = policy_of(workspace)
    return HoursSetting(
        workspace=workspace,
        replaced={
            region: [_as_list(span) for span in week.days] for region, week in above.replaced
        },
        service_waits=above.service_waits,
        answers_wait=above.answers_wait,
        most_texts=above.most_texts,
        cap_days=above.cap_days,
    )


def decide(workspace: Workspace, *, actor: str, **changes: Any) -> HoursSetting:
    """Change some of a workspace's decisions (fields of `HoursSetting`) and return them.

    The caller makes sure that an owner asks: `replaced` may open hours that a rule closes. Raises
    `BadHours`.
    """
    _refuse_bad(changes)
    with transaction.atomic():
        Workspace.objects.select_for_update().get(pk=workspace.pk)
        setting = setting_of(workspace)
        before = {name: getattr(setting, name) for name in changes}
        for name, value in changes.items():
            setattr(setting, name, value)
        setting.save()
        record(workspace, actor, "hours.changed", setting, before=before, after=changes)
    return setting


def _as_week(days: Days) -> Week:
    return Week(tuple((span[0], span[1]) if span else None for span in days))


def _as_list(span: Span) -> list[int] | None:
    return list(span) if span else None


def _refuse_bad(changes: Mapping[str, Any]) -> None:
    unknown = changes.keys() - set(_FIELDS)
    if unknown:
        raise TypeError(f"no such decisions: {', '.join(sorted(unknown))}")
    if changes.get("own_week"):
        _refuse_bad_days(changes["own_week"])
    for region, days in changes.get("replaced", {}).items():
        if region not in RULES and region not in region_names() and len(region) != 2:
            raise BadHours(
                f"There is no region '{region}'.",
                why="Rules are kept by country and by state.",
                do="Write a country as FR, a state as US-FL.",
            )
        _refuse_bad_days(days)
    if not 1 <= changes.get("cap_days", 1) <= LONGEST_CAP_DAYS or changes.get("most_texts", 0) < 0:
        raise BadHours(
            "This cap on texts per person cannot be kept.",
            why=f"It counts at least no text in 1 to {LONGEST_CAP_DAYS} days.",
            do="Write it like: at most 4 texts in 7 days; 0 texts means no cap.",
        )


def _refuse_bad_days(days: Days) -> None:
    spans = [span for span in days if span]
    fine = all(len(span) == 2 and 0 <= span[0] < span[1] <= DAY_MINUTES for span in spans)
    if len(days) != 7 or not fine:
        raise BadHours(
            "These hours cannot be read.",
            why="Each of the seven days opens before it closes, or is closed.",
            do="Write them like 9:00 to 20:00, and leave a closed day empty.",
        )
    if not spans:
        raise BadHours(
            "These hours never open.",
            why="No text could ever leave.",
            do="Leave at least one day open.",
        )
