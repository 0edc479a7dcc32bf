"""The page of what changed: who did what and when, found by person, kind and day, and as a file."""

from __future__ import annotations

import csv
import io
import json

from django.http import Http404, HttpResponse

from tapline.cells import harmless
from tapline.digits import whole_number
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need
from tapline.workspaces.audit_reading import (
    MOST_EXPORTED,
    Change,
    actors,
    as_row,
    find,
    in_words,
    kinds,
    one_page,
    read_asked,
)
from tapline.workspaces.audit_words import kind_words


@inside(Need.MANAGE)
def show(visit: Visit) -> HttpResponse:
    """Show one page of changes, newest first."""
    asked = read_asked(visit.request.GET.dict())
    before = whole_number(visit.request.GET.get("before", ""))
    changes, older = one_page(visit.workspace, asked, before)
    context = {
        "room": "audit",
        "asked": asked,
        "changes": changes,
        "older": older,
        "is_first": not before,
        "actors": actors(visit.workspace).items(),
        "kinds": sorted(((each, kind_words(each)) for each in kinds(visit.workspace)), key=_words),
        "most": MOST_EXPORTED,
    }
    return visit.render("workspaces/audit.html", context)


@inside(Need.MANAGE)
def export(visit: Visit, file_kind: str) -> HttpResponse:
    """Return what was asked for as a CSV or JSON file, newest first."""
    if file_kind not in _WRITERS:
        raise Http404
    write, content_type = _WRITERS[file_kind]
    asked = read_asked(visit.request.GET.dict())
    changes = in_words(list(find(visit.workspace, asked)[:MOST_EXPORTED]))
    name = f"changes-{visit.workspace.pk}.{file_kind}"
    return HttpResponse(
        write(changes),
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _words(kind: tuple[str, str]) -> str:
    return kind[1]


def _as_csv(changes: list[Change]) -> str:
    file = io.StringIO()
    rows = [as_row(each) for each in changes]
    columns = list(rows[0]) if rows else ["id", "at", "actor", "who", "action"]
    writer = csv.DictWriter(file, columns)
    writer.writeheader()
    for row in rows:
        held = {name: json.dumps(row[name], ensure_ascii=False) for name in ("before", "after")}
        writer.writerow({name: harmless(str(value)) for name, value in (row | held).items()})
    return file.getvalue()


def _as_json(changes: list[Change]) -> str:
    return json.dumps([as_row(each) for each in changes], ensure_ascii=False, indent=1)


_WRITERS = {
    "csv": (_as_csv, "text/csv; charset=utf-8"),
    "json": (_as_json, "application/json"),
}
