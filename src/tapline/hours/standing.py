"""What holds in a workspace and who decided it: for its page, the API and the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tapline.hours.deciding import DEFAULTS, nearest, replaced_above, settings_above
from tapline.hours.models import HoursSetting
from tapline.hours.rules import DEFAULT_SOURCE, DEFAULT_WEEK, RULES
from tapline.hours.words import name_region, tell_week
from tapline.workspaces.models import Workspace

EVERYWHERE_ELSE = "*"


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision as it holds, and whose it is; `by` None: nobody's, it is the default."""

    value: Any
    by: Workspace | None
    is_own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTold:
    """One region's rule, and the hours in its place where somebody decided so."""

    region: str
    name: str
    hours: str
    basis: str
    source: str
    seen: str
    instead: str = ""
    by: Workspace | None = None
    is_own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Everything that holds. Own hours of all workspaces above add up."""

    decisions: dict[str, Decided]
    above: dict[str, Decided]  # what would hold without the workspace's own
    own_hours: tuple[Decided, ...]
    service_hours: tuple[Decided, ...]
    rules: tuple[RuleTold, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it as the API and `--json` print it."""
        return {
            "decisions": [
                {"name": name, "value": each.value, **_whose(each)}
                for name, each in self.decisions.items()
            ],
            "own_hours": [{"hours": each.value, **_whose(each)} for each in self.own_hours],
            "service_hours": [{"hours": each.value, **_whose(each)} for each in self.service_hours],
            "rules": [_rule_as_dict(each) for each in self.rules],
        }


def standing_of(workspace: Workspace) -> Standing:
    """Return what holds in a workspace."""
    rows = settings_above(workspace)
    above = [row for row in rows if row.workspace_id != workspace.pk]
    return Standing(
        decisions={name: _decided(*nearest(rows, name), workspace) for name in DEFAULTS},
        above={name: _decided(*nearest(above, name), workspace) for name in DEFAULTS},
        own_hours=_added_up(rows, "own_hours", workspace),
        service_hours=_added_up(rows, "service_hours", workspace),
        rules=_rules(rows, workspace),
    )


def _decided(value: Any, row: HoursSetting | None, workspace: Workspace) -> Decided:
    by = row.workspace if row else None
    return Decided(value, by, is_own=by == workspace)


def _added_up(rows: Sequence[HoursSetting], name: str, workspace: Workspace) -> tuple[Decided, ...]:
    found = ((getattr(row, name), row) for row in rows)
    return tuple(_decided(hours, row, workspace) for hours, row in found if hours)


def _rules(rows: Sequence[HoursSetting], workspace: Workspace) -> tuple[RuleTold, ...]:
    """Return the US first, then its states, then other countries, and what holds elsewhere."""
    instead = replaced_above(rows)
    regions = sorted({*RULES, *instead}, key=lambda name: (name[:2] != "US", name))
    told = [_rule(region, instead.get(region), workspace) for region in regions]
    return (*told, _rule(EVERYWHERE_ELSE, None, workspace))


def _rule(region: str, instead: tuple[str, HoursSetting] | None, workspace: Workspace) -> RuleTold:
    rule = RULES.get(region)
    hours, row = instead or ("", None)
    is_state = "-" in region
    return RuleTold(
        region=region,
        name=name_region(region),
        hours=tell_week(rule.week) if rule else "" if is_state else tell_week(DEFAULT_WEEK),
        basis=rule.basis if rule else "convention",
        source=rule.source if rule else "" if is_state else DEFAULT_SOURCE,
        seen=rule.seen if rule else "",
        instead=hours,
        by=row.workspace if row and hours else None,
        is_own=bool(row and row.workspace_id == workspace.pk),
    )


def _whose(each: Decided) -> dict[str, Any]:
    return {"decided_by": each.by.name if each.by else None, "is_own": each.is_own}


def _rule_as_dict(each: RuleTold) -> dict[str, Any]:
    return {
        "region": each.region,
        "name": each.name,
        "hours": each.hours,
        "speaks_of": each.basis,
        "source": each.source,
        "instead": each.instead or None,
        "decided_by": each.by.name if each.by else None,
    }
