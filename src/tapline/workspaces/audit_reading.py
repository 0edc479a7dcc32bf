"""What the audit says, asked by person, kind and day: page by page, or all of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from tapline.workspaces.audit import names_of_actors
from tapline.workspaces.audit_fields import field_words
from tapline.workspaces.audit_values import tell_values
from tapline.workspaces.audit_words import action_words
from tapline.workspaces.models import AuditEntry, Workspace

PER_PAGE = 50
MOST_EXPORTED = 50_000
# Numbers follow time but for what was written at once; this many can be out of order.
OUT_OF_ORDER = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which changes are wanted; empty: any. Days are whole ones on the workspace's clock."""

    actor: str = ""
    kind: str = ""
    since: dt.date | None = None
    until: dt.date | None = None

    @property
    def query(self) -> str:
        """The same as the query of an address."""
        return urlencode({name: value for name, value in asdict(self).items() if value})


@dataclass(frozen=True, slots=True)
class Change:
    """One audited change as pages and files tell it."""

    entry: AuditEntry
    who: str

    @property
    def what(self) -> str:
        return action_words(self.entry.action)

    @property
    def before(self) -> str:
        return tell_values(self.entry.before, self._named)

    @property
    def after(self) -> str:
        return tell_values(self.entry.after, self._named)

    def _named(self, name: str) -> str:
        return field_words(self.entry.action, name)


def read_asked(query: Mapping[str, str]) -> Asked:
    """Return what an address asks for; what cannot be read is not asked."""
    return Asked(
        actor=query.get("actor", ""),
        kind=query.get("kind", ""),
        since=_day(query.get("since", "")),
        until=_day(query.get("until", "")),
    )


def find(workspace: Workspace, asked: Asked) -> QuerySet[AuditEntry]:
    """Return the changes that are asked for, newest first."""
    found = AuditEntry.objects.filter(workspace=workspace)
    if asked.actor:
        found = found.filter(actor=asked.actor)
    if asked.kind:
        found = found.filter(object_kind=asked.kind)
    if asked.since:
        found = _from(found, workspace, _start_of(asked.since, workspace))
    if asked.until:
        end = _start_of(asked.until + dt.timedelta(days=1), workspace)
        found = _before(found, workspace, end)
    return found.order_by("-id")


def _from(
    found: QuerySet[AuditEntry], workspace: Workspace, start: dt.datetime
) -> QuerySet[AuditEntry]:
    """Narrow to entries since `start`; by number as well, or the newest would all be looked at."""
    first = _first_since(workspace, start)
    return found.filter(at__gte=start, id__gte=0 if first is None else first - OUT_OF_ORDER)


def _before(
    found: QuerySet[AuditEntry], workspace: Workspace, end: dt.datetime
) -> QuerySet[AuditEntry]:
    """Narrow to entries before `end`, by number as well."""
    first = _first_since(workspace, end)
    found = found.filter(at__lt=end)
    return found if first is None else found.filter(id__lt=first + OUT_OF_ORDER)


def _first_since(workspace: Workspace, start: dt.datetime) -> int | None:
    later = AuditEntry.objects.filter(workspace=workspace, at__gte=start).order_by("at")
    return later.values_list("id", flat=True).first()


def one_page(
    workspace: Workspace, asked: Asked, before: int | None = None
) -> tuple[list[Change], int | None]:
    """Return the changes below the id `before`, and where the next page begins (None: nowhere)."""
    found = find(workspace, asked)
    if before is not None:
        found = found.filter(id__lt=before)
    rows = list(found[: PER_PAGE + 1])
    shown = rows[:PER_PAGE]
    return in_words(shown), shown[-1].pk if len(rows) > PER_PAGE else None


def in_words(entries: list[AuditEntry]) -> list[Change]:
    """Return entries with the names of who made them."""
    names = names_of_actors(entry.actor for entry in entries)
    return [Change(entry, names[entry.actor]) for entry in entries]


def actors(workspace: Workspace) -> dict[str, str]:
    """Return everybody who changed something here: actor → name, by name."""
    known = AuditEntry.objects.filter(workspace=workspace).order_by("actor")
    names = names_of_actors(known.values_list("actor", flat=True).distinct())
    return dict(sorted(names.items(), key=lambda each: each[1]))


def kinds(workspace: Workspace) -> list[str]:
    """Return the kinds of things that were changed here."""
    known = AuditEntry.objects.filter(workspace=workspace).order_by("object_kind")
    return list(known.values_list("object_kind", flat=True).distinct())


def as_row(change: Change) -> dict[str, Any]:
    """Return a change as files hold it, with its codes, so that programs can rely on them."""
    entry = change.entry
    return {
        "id": entry.pk,
        "at": entry.at.isoformat(),
        "actor": entry.actor,
        "who": change.who,
        "action": entry.action,
        "object_kind": entry.object_kind,
        "object_id": entry.object_id,
        "before": entry.before,
        "after": entry.after,
    }


def _day(text: str) -> dt.date | None:
    """Return a day; None for what is none, and where no calendar has the day after or before."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return day if dt.date.min.year < day.year < dt.date.max.year else None


def _start_of(day: dt.date, workspace: Workspace) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), ZoneInfo(workspace.zone))
