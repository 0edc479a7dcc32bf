"""Pages on which a table becomes links: given, looked at, made, taken home with its short links.

The work is the worker's (`tables`): these pages ask for it and show how far it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from tapline.errors import TaplineError
from tapline.links import tables
from tapline.links.bulk import MOST_BYTES, MOST_LINES, as_csv, decode_table, read_lines
from tapline.links.domains import usable_domains
from tapline.links.models import LinkTable, LinkTableLine
from tapline.links.pages import chosen_domain
from tapline.web.streaming import FileStream
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need

PER_PAGE = 50
GOOD_SHOWN = 10
BAD_SHOWN = 100
WRITTEN_AT_ONCE = 2_000


@inside(Need.EDIT, "GET", "HEAD", "POST")
def create_many(visit: Visit) -> HttpResponse:
    """Take a table in, and go on to the page that shows what it would become."""
    context = {
        "room": "links",
        "domains": usable_domains(visit.workspace),
        "chosen": visit.form("domain"),
        "posted": visit.request.POST,
        "most": MOST_LINES,
        "earlier": LinkTable.objects.filter(workspace=visit.workspace).exists(),
    }
    if visit.request.method != "POST":
        return visit.render("links/bulk.html", context)
    try:
        name, text = _table(visit)
        domain = chosen_domain(visit)
        table = tables.take_in(visit.workspace, domain, name, read_lines(text), actor=visit.actor)
    except TaplineError as error:
        return visit.render("links/bulk.html", context | {"error": error}, status=422)
    return redirect("links:table", visit.workspace.pk, table.pk)


@inside(Need.RATES)
def list_tables(visit: Visit) -> HttpResponse:
    """Show the tables that links were made of, newest first."""
    found = LinkTable.objects.filter(workspace=visit.workspace).order_by("-id")
    page = Paginator(found, PER_PAGE).get_page(visit.request.GET.get("page"))
    return visit.render("links/tables.html", {"room": "links", "page": page})


@inside(Need.RATES)
def show_table(visit: Visit, table_id: int) -> HttpResponse:
    """Show how far a table is, what it would become, or what it became."""
    return visit.render("links/table.html", _context(visit, table_id))


@inside(Need.RATES)
def show_progress(visit: Visit, table_id: int) -> HttpResponse:
    """Show the same as a fragment."""
    return visit.render("links/_table.html", _context(visit, table_id))


@inside(Need.EDIT, "POST")
def make_table(visit: Visit, table_id: int) -> HttpResponse:
    """Let the links of a checked table be made."""
    tables.begin(_find(visit, table_id), actor=visit.actor)
    return redirect("links:table", visit.workspace.pk, table_id)


@inside(Need.EDIT, "POST")
def check_again(visit: Visit, table_id: int) -> HttpResponse:
    """Check a table that failed once more; what it became stays."""
    tables.check_again(_find(visit, table_id))
    return redirect("links:table", visit.workspace.pk, table_id)


@inside(Need.EDIT, "POST")
def discard_table(visit: Visit, table_id: int) -> HttpResponse:
    """Forget a table of which nothing was made."""
    tables.discard(_find(visit, table_id))
    return redirect("links:bulk", visit.workspace.pk)


@inside(Need.RATES)
def save_table(visit: Visit, table_id: int) -> FileStream:
    """Send a table back: each line with its short link, or with what is wrong with it."""
    table = _find(visit, table_id)
    name = f"links-{table.pk}.csv"
    return FileStream(as_csv(_rows(table)), name, "text/csv; charset=utf-8")


def _table(visit: Visit) -> tuple[str, str]:
    """Return name and text of what was chosen as a file, else of what stands in the field."""
    file = visit.request.FILES.get("file")
    if file is None:
        return _("pasted lines"), visit.form("lines")
    name = file.name or ""
    return name, decode_table(name, file.read(MOST_BYTES + 1))


def _find(visit: Visit, table_id: int) -> LinkTable:
    found = LinkTable.objects.select_related("workspace", "domain")
    return get_object_or_404(found, pk=table_id, workspace=visit.workspace)


def _context(visit: Visit, table_id: int) -> dict[str, Any]:
    table = _find(visit, table_id)
    lines = LinkTableLine.objects.filter(table=table).order_by("line")
    context: dict[str, Any] = {"room": "links", "table": table}
    if not table.is_under_way:
        context |= {
            "good_lines": lines.filter(is_bad=False)[:GOOD_SHOWN],
            "bad_lines": lines.filter(is_bad=True)[:BAD_SHOWN] if table.bad else [],
            "more_bad": max(0, table.bad - BAD_SHOWN),
        }
    return context


def _rows(table: LinkTable) -> Iterator[tuple[str, ...]]:
    after = 0
    lines = LinkTableLine.objects.filter(table=table).order_by("line")
    while chunk := list(lines.filter(line__gt=after)[:WRITTEN_AT_ONCE]):
        for line in chunk:
            problem = " ".join(line.problem.get(part, "") for part in ("what", "why", "do"))
            said = (line.destination, line.name, line.alias, line.campaign, line.offer)
            yield (*said, line.short_link, problem.strip())
        after = chunk[-1].line
