"""The campaign fields (UTM) of a link that is being made: what is typed, and what was used last."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from tapline.links.models import Link, LinkKind
from tapline.workspaces.models import Workspace

FIELDS = ("source", "medium", "campaign", "content")
# The newest links of a workspace among which the last values are looked for.
LOOKED_AT = 50


def posted_utm(form: Mapping[str, str]) -> dict[str, str]:
    """Return the fields that somebody filled in, without the `utm_` before their names."""
    typed = {name: form.get(f"utm_{name}", "").strip()[:100] for name in FIELDS}
    return {name: value for name, value in typed.items() if value}


def utm_fields(workspace: Workspace, form: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Return (field, what was typed, what the workspace used last) for the form."""
    last = last_values(workspace)
    return [(name, form.get(f"utm_{name}", ""), last.get(name, "")) for name in FIELDS]


def last_values(workspace: Workspace) -> dict[str, str]:
    """Return the fields of the newest link with any that somebody made by hand."""
    made = Link.objects.filter(workspace=workspace, deleted_at=None, in_broadcast=None)
    newest = made.exclude(kind=LinkKind.PERSONAL).order_by("-id")
    for destination in newest.values_list("destination", flat=True)[:LOOKED_AT]:
        query = dict(parse_qsl(urlsplit(destination).query))
        if found := {name: query[f"utm_{name}"] for name in FIELDS if f"utm_{name}" in query}:
            return found
    return {}
