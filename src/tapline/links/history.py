"""Where a link led before: what the audit knows of its destinations, newest first."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from tapline.links.models import Link
from tapline.workspaces.audit import history, names_of_actors

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a link's destination."""

    at: dt.datetime
    by: str
    before: str
    after: str


def destination_changes(link: Link) -> list[Change]:
    """Return the last changes of where a link leads."""
    entries = history(link.workspace).filter(
        object_kind="link", object_id=link.pk, action="link.destination_changed"
    )
    found = list(entries[:SHOWN])
    names = names_of_actors({each.actor for each in found})
    return [
        Change(
            each.at,
            names[each.actor],
            each.before.get("destination", ""),
            each.after.get("destination", ""),
        )
        for each in found
    ]
