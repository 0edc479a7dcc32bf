"""Pages on which a file of contacts comes in: asked about, tried out, imported, looked back on.

The work is the worker's (`uploaded`): these pages ask for it and show how far it is.
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from tapline.contacts import columns, uploaded
from tapline.contacts.importing import BadAgreement, ImportOptions, answer
from tapline.contacts.models import ContactImport, Purpose
from tapline.contacts.previewing import preview
from tapline.contacts.reading import Sheet, open_sheet
from tapline.contacts.rows import Answer
from tapline.contacts.uploads import (
    find_upload,
    keep_upload,
    own_name,
    refused_file,
    refused_rows,
)
from tapline.csv_files import NotACsv
from tapline.digits import whole_number
from tapline.errors import NotFound, TaplineError
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need
from tapline.workspaces.models import Workspace

PER_PAGE = 50
SAMPLE_ROWS = 5
BAD_ROWS_SHOWN = 100

# What the form lets people name a column for; every other column becomes a merge field.
FIELDS = (
    columns.PHONE,
    "first_name",
    "last_name",
    columns.LANGUAGE,
    columns.ZONE,
    columns.TAGS,
    columns.AGREED_HOW,
    columns.AGREED_AT,
    columns.WORDING,
)


@inside(Need.EDIT, "GET", "HEAD", "POST")
def upload(visit: Visit) -> HttpResponse:
    """Take a file in, and go on to its questions; for one that is no table ask again."""
    if visit.request.method != "POST":
        return visit.render("contacts/upload.html", {"room": "contacts"})
    try:
        name = _take_in(visit)
    except TaplineError as error:
        context = {"room": "contacts", "error": error}
        return visit.render("contacts/upload.html", context, status=422)
    return redirect("contacts:import", visit.workspace.pk, name)


@inside(Need.EDIT, "GET", "HEAD", "POST")
def import_upload(visit: Visit, name: str) -> HttpResponse:
    """Ask about an uploaded file and show how its first rows would be read; its POST looks again,
    or lets the worker try the file out or import it."""
    path = find_upload(visit.workspace, name)
    sheet = open_sheet(path)
    chosen: dict[str, str] = {}
    said, error, seen = visit.request.POST.dict(), None, None
    try:
        if visit.request.method == "POST":
            chosen = _mapping(visit)
            options = _options(visit, chosen)
            if visit.form("step") != "look":
                asked = uploaded.ask_for(visit.workspace, name, options)
                return redirect("contacts:imported", visit.workspace.pk, asked.pk)
        else:
            chosen, said, options = _first_look(visit, name, sheet)
        seen = preview(visit.workspace, path, options)
    except TaplineError as refusal:
        error = refusal
    context = {
        "room": "contacts",
        "file_name": own_name(name),
        "header": sheet.header,
        "sample": [row[: len(sheet.header)] for row in sheet.sample[:SAMPLE_ROWS]],
        "purposes": Purpose.choices,
        "said": said,
        "fields": [(field, chosen.get(field, "")) for field in FIELDS],
        "seen": seen,
        "error": error,
    }
    return visit.render("contacts/import.html", context, status=422 if error else 200)


@inside(Need.PEOPLE)
def list_imports(visit: Visit) -> HttpResponse:
    """Show every imported file, newest first."""
    page = Paginator(imports_of(visit.workspace), PER_PAGE).get_page(visit.request.GET.get("page"))
    return visit.render("contacts/imports.html", {"room": "contacts", "page": page})


@inside(Need.PEOPLE)
def show_import(visit: Visit, import_id: int) -> HttpResponse:
    """Show how far an import is, or what became of it."""
    return visit.render("contacts/imported.html", _import_context(visit, import_id))


@inside(Need.PEOPLE)
def show_progress(visit: Visit, import_id: int) -> HttpResponse:
    """Show, as a fragment, how far an import is; at its end, what became of it."""
    return visit.render("contacts/_imported.html", _import_context(visit, import_id))


@inside(Need.EDIT, "POST")
def go_on(visit: Visit, import_id: int) -> HttpResponse:
    """Import a file that was tried out, by the same answers; begin one again that failed."""
    found = _find(visit, import_id)
    if found.is_trial and not found.is_under_way:
        options = uploaded.options_of(found)
        found = uploaded.ask_for(visit.workspace, found.upload, options.for_real(visit.actor))
    else:
        found = uploaded.ask_again(found)
    return redirect("contacts:imported", visit.workspace.pk, found.pk)


@inside(Need.PEOPLE)
def download_refused(visit: Visit, import_id: int) -> HttpResponse:
    """Send every refused row with its line and reason, harmless to spreadsheets."""
    found = _find(visit, import_id)
    path = refused_file(found)
    if found.is_under_way or not path.is_file():
        raise NotFound(
            _("There are no refused rows."),
            why=_("None was refused, or they were deleted after a week."),
            do=_("Import the file again to see which rows cannot be read."),
        )
    return HttpResponse(
        path.read_bytes(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="refused-{found.pk}.csv"'},
    )


def imports_of(workspace: Workspace) -> QuerySet[ContactImport]:
    """Return the workspace's imports, newest first, without those that only tried a file out."""
    return ContactImport.objects.filter(workspace=workspace, is_trial=False).order_by("-id")


def _take_in(visit: Visit) -> str:
    """Keep the file that was sent and return its name; what cannot be read is not kept."""
    file = visit.request.FILES.get("file")
    if file is None:
        raise NotACsv(
            _("No file was sent."),
            why=_("The form came without one."),
            do=_("Choose the CSV file that your other program exported."),
        )
    name = keep_upload(visit.workspace, file)
    path = find_upload(visit.workspace, name)
    try:
        open_sheet(path)
    except NotACsv as refusal:
        path.unlink(missing_ok=True)
        known_as = refusal.what.replace(name, own_name(name))
        raise NotACsv(known_as, why=refusal.why, do=refusal.do) from refusal
    return name


def _find(visit: Visit, import_id: int) -> ContactImport:
    found = ContactImport.objects.select_related("workspace")
    return get_object_or_404(found, pk=import_id, workspace=visit.workspace)


def _import_context(visit: Visit, import_id: int) -> dict[str, Any]:
    found = _find(visit, import_id)
    bad_rows = [] if found.is_under_way else refused_rows(found, BAD_ROWS_SHOWN)
    return {
        "room": "contacts",
        "report": found,
        "bad_rows": bad_rows,
        "more_bad_rows": max(0, found.refused - len(bad_rows)) if bad_rows else 0,
        "has_file": _has_file(found),
    }


def _has_file(found: ContactImport) -> bool:
    try:
        return bool(found.upload and find_upload(found.workspace, found.upload))
    except NotFound:
        return False


def _first_look(
    visit: Visit, name: str, sheet: Sheet
) -> tuple[dict[str, str], dict[str, str], ImportOptions]:
    """Return columns and answers with which the form is filled, and the same as options: those
    with which this file was tried out, if the address says so, else what the header tells."""
    number = whole_number(visit.request.GET.get("tried", ""))
    if number is None:
        chosen = _guess(columns.map_columns(sheet, {}), sheet.header)
        return chosen, {}, ImportOptions(by=visit.actor, mapping=chosen)
    options = uploaded.options_of(_find(visit, number))
    return dict(options.mapping), _said(visit, options), options


def _said(visit: Visit, options: ImportOptions) -> dict[str, str]:
    if not options.answer:
        return {"tags": ", ".join(options.tags)}
    day = options.answer.at.astimezone(ZoneInfo(visit.workspace.zone)).date()
    return {
        "how": options.answer.how,
        "agreed_at": day.isoformat(),
        "wording": options.answer.wording,
        "purpose": options.purpose,
        "tags": ", ".join(options.tags),
    }


def _guess(mapped: dict[str, int], header: list[str]) -> dict[str, str]:
    return {field: header[at] for field, at in mapped.items() if field in FIELDS}


def _mapping(visit: Visit) -> dict[str, str]:
    """Return which column holds each field that was asked about; empty where the file has none."""
    asked = [field for field in FIELDS if f"column_{field}" in visit.request.POST]
    return {field: visit.form(f"column_{field}") for field in asked}


def _options(visit: Visit, mapping: dict[str, str]) -> ImportOptions:
    return ImportOptions(
        by=visit.actor,
        mapping=mapping,
        answer=_agreement(visit),
        purpose=visit.form("purpose") or Purpose.MARKETING,
        tags=tuple(tag.strip() for tag in visit.form("tags").split(",") if tag.strip()),
        dry_run=visit.form("step") != "import",
    )


def _agreement(visit: Visit) -> Answer | None:
    raw = visit.form("agreed_at")
    try:
        at = dt.datetime.fromisoformat(raw) if raw else None
    except ValueError as error:
        raise BadAgreement(
            _("The day on which people agreed cannot be read."),
            why=_("It needs to be a day, like 2026-05-01."),
            do=_("Choose the day, or the first one if they agreed over time."),
        ) from error
    zone = ZoneInfo(visit.workspace.zone)
    return answer(visit.form("how"), at.replace(tzinfo=zone) if at else None, visit.form("wording"))
