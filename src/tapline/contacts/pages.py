"""Pages about contacts: the list, one person, and a file of them coming in.

Phone numbers are never in an address: searching posts, and contacts are known by their id.
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from tapline.contacts import columns
from tapline.contacts.consent import opt_out
from tapline.contacts.importing import (
    BadAgreement,
    ImportOptions,
    answer,
    import_file,
)
from tapline.contacts.models import Contact, ContactImport, Purpose, Suppression
from tapline.contacts.phones import BadNumber, normalise
from tapline.contacts.reading import NotACsv, open_sheet
from tapline.contacts.rows import Answer
from tapline.contacts.uploads import find_upload, keep_upload, own_name
from tapline.errors import TaplineError
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need

PER_PAGE = 100
IMPORTS_SHOWN = 10
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


@inside(Need.PEOPLE, "GET", "HEAD", "POST")
def list_contacts(visit: Visit) -> HttpResponse:
    """Show the contacts, newest first, or those that a posted search finds."""
    search = visit.form("search")
    found: QuerySet[Contact] = Contact.objects.in_workspace(visit.workspace)
    if search:
        found = _matching(found, search, visit.workspace.default_country)
    before = visit.request.GET.get("before", "")
    if before.isdigit() and len(before) < 12:
        found = found.filter(pk__lt=int(before))
    shown = list(found.prefetch_related("tags").order_by("-pk")[: PER_PAGE + 1])
    context = {
        "room": "contacts",
        "search": search,
        "contacts": shown[:PER_PAGE],
        "before": shown[PER_PAGE - 1].pk if len(shown) > PER_PAGE and not search else None,
        "imports": ContactImport.objects.filter(workspace=visit.workspace).order_by("-id")[
            :IMPORTS_SHOWN
        ],
    }
    return visit.render("contacts/list.html", context)


@inside(Need.PEOPLE)
def show(visit: Visit, contact_id: int) -> HttpResponse:
    """Show one person: what is known, what they agreed to, what they were sent."""
    contact = _find(visit, contact_id)
    scopes = visit.workspace.ancestor_ids
    textable = Contact.objects.in_workspace(visit.workspace).filter(pk=contact.pk)
    context = {
        "room": "contacts",
        "contact": contact,
        "purposes": [
            (words, textable.textable(purpose).exists()) for purpose, words in Purpose.choices
        ],
        "consents": contact.consents.select_related("wording", "scope").order_by("-at", "-id"),
        "suppressions": Suppression.objects.filter(
            phone_hash=contact.phone_hash, scope__in=scopes, lifted_at=None
        ),
        "messages_sent": contact.message_set.select_related("broadcast").order_by("-id")[:PER_PAGE],
    }
    return visit.render("contacts/contact.html", context)


@inside(Need.EDIT, "POST")
def stop(visit: Visit, contact_id: int) -> HttpResponse:
    """Record that this person wants no more texts from this workspace and those below."""
    opt_out(
        _find(visit, contact_id).phone,
        scope=visit.workspace,
        reason="page",
        at=timezone.now(),
        by=visit.actor,
    )
    return redirect("contacts:show", visit.workspace.pk, contact_id)


@inside(Need.EDIT, "GET", "HEAD", "POST")
def upload(visit: Visit) -> HttpResponse:
    """Take a file in, and go on to its questions."""
    if visit.request.method != "POST":
        return visit.render("contacts/upload.html", {"room": "contacts"})
    file = visit.request.FILES.get("file")
    if file is None:
        raise NotACsv(
            _("No file was sent."),
            why=_("The form came without one."),
            do=_("Choose the CSV file that your other program exported."),
        )
    name = keep_upload(visit.workspace, file)
    return redirect("contacts:import", visit.workspace.pk, name)


@inside(Need.EDIT, "GET", "HEAD", "POST")
def import_upload(visit: Visit, name: str) -> HttpResponse:
    """Ask about an uploaded file, try it out, and import it."""
    path = find_upload(visit.workspace, name)
    sheet = open_sheet(path)
    context: dict[str, Any] = {
        "room": "contacts",
        "file_name": own_name(path),
        "header": sheet.header,
        "sample": [row[: len(sheet.header)] for row in sheet.sample[:SAMPLE_ROWS]],
        "purposes": Purpose.choices,
        "posted": visit.request.POST,
    }
    chosen: dict[str, str] = {}
    try:
        if visit.request.method == "POST":
            chosen = _mapping(visit)
            context["report"] = report = import_file(visit.workspace, path, _options(visit, chosen))
            context["bad_rows"] = report.bad_rows[:BAD_ROWS_SHOWN]
            if visit.form("step") == "import":
                path.unlink(missing_ok=True)
                return visit.render("contacts/imported.html", context)
        else:
            chosen = _guess(columns.map_columns(sheet, {}), sheet.header)
    except TaplineError as error:
        context["error"] = error
    context["fields"] = [(field, chosen.get(field, "")) for field in FIELDS]
    return visit.render("contacts/import.html", context, status=422 if "error" in context else 200)


def _find(visit: Visit, contact_id: int) -> Contact:
    return get_object_or_404(Contact.objects.in_workspace(visit.workspace), pk=contact_id)


def _matching(found: QuerySet[Contact], search: str, default_country: str) -> QuerySet[Contact]:
    """Return the contacts with this number, else those whose attributes hold these words."""
    try:
        return found.filter(phone=normalise(search, default_country))
    except BadNumber:
        for word in search.split():
            found = found.filter(attributes__icontains=word)
        return found


def _guess(mapped: dict[str, int], header: list[str]) -> dict[str, str]:
    return {field: header[at] for field, at in mapped.items() if field in FIELDS}


def _mapping(visit: Visit) -> dict[str, str]:
    named = {field: visit.form(f"column_{field}") for field in FIELDS}
    return {field: header for field, header in named.items() if header}


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
