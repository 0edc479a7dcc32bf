"""The page that makes many links from one table."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext as _

from tapline.errors import TaplineError
from tapline.links.bulk import MOST_CHARACTERS, MOST_LINES, BadTable, make_links, read_lines
from tapline.links.bulk import write_lines as as_csv
from tapline.links.domains import usable_domains
from tapline.links.pages import chosen_domain
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need


@inside(Need.EDIT, "GET", "HEAD", "POST")
def create_many(visit: Visit) -> HttpResponse:
    """Make a link for each line of a table; the answer is the table with the short links."""
    context = {
        "room": "links",
        "domains": usable_domains(visit.workspace),
        "posted": visit.request.POST,
        "most": MOST_LINES,
    }
    if visit.request.method != "POST":
        return visit.render("links/bulk.html", context)
    try:
        lines = read_lines(_table(visit))
        made = make_links(visit.workspace, chosen_domain(visit), lines, actor=visit.actor)
    except TaplineError as error:
        return visit.render("links/bulk.html", context | {"error": error}, status=422)
    return HttpResponse(
        # Excel takes a file for UTF-8 only with the mark at its beginning.
        "\ufeff" + as_csv(made),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="links.csv"'},
    )


def _table(visit: Visit) -> str:
    """Return what was chosen as a file, else what stands in the field."""
    file = visit.request.FILES.get("file")
    if file is None:
        return visit.form("lines")
    content: bytes = file.read(MOST_CHARACTERS + 1)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadTable(
            _("The file cannot be read."),
            why=_("It is no text in UTF-8."),
            do=_("Save it as «CSV UTF-8» from your spreadsheet."),
        ) from error
