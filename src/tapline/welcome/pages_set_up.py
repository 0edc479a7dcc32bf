"""The first page of all: what the workspace is called, which language it speaks and where it is."""

from __future__ import annotations

import functools
import unicodedata
import zoneinfo

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from phonenumbers import SUPPORTED_REGIONS

from tapline.contacts.phones import normalise
from tapline.contacts.roles import ContactRole, change_role
from tapline.contacts.upserting import upsert_contact
from tapline.errors import TaplineError
from tapline.geo.countries import COUNTRIES
from tapline.names import country_name
from tapline.web.visits import Visit, inside
from tapline.welcome.guesses import countries_of_zones, country_asked_for
from tapline.welcome.steps import SET_UP, is_new
from tapline.workspaces import audit
from tapline.workspaces.access import Need
from tapline.workspaces.changing import LANGUAGES, change_workspace


@inside(Need.MANAGE, "GET", "HEAD", "POST")
def set_up(visit: Visit) -> HttpResponse:
    """Ask what the workspace is called, which language it speaks and where it is."""
    if visit.request.method != "POST":
        return _page(visit)
    try:
        _set_up(visit)
    except TaplineError as error:
        return _page(visit, error)
    return redirect("web:home", visit.workspace.pk)


@functools.cache
def zones() -> list[str]:
    """Return the time zones that people live in, by name: Continent/City, and UTC."""
    names = zoneinfo.available_timezones()
    return sorted(n for n in names if n == "UTC" or ("/" in n and not n.startswith("Etc/")))


def countries() -> list[tuple[str, str]]:
    """Return the countries whose numbers can be read, by name."""
    known = [(code, country_name(code)) for code in COUNTRIES if code in SUPPORTED_REGIONS]
    return sorted(known, key=lambda each: unicodedata.normalize("NFKD", each[1]))


def _page(visit: Visit, error: TaplineError | None = None) -> HttpResponse:
    of_zones = countries_of_zones()
    context = {
        "room": "home",
        "error": error,
        **(_now(visit) | {name: visit.form(name) for name in visit.request.POST}),
        "languages": LANGUAGES.items(),
        "zones": [(each, of_zones.get(each, "")) for each in zones()],
        "countries": countries(),
    }
    return visit.render("welcome/set_up.html", context, status=422 if error else 200)


def _now(visit: Visit) -> dict[str, str]:
    """Return what the form begins with: before anybody filled it in, what the browser tells."""
    workspace, is_first = visit.workspace, is_new(visit.workspace)
    asked = country_asked_for(visit.request.headers.get("Accept-Language", "")) if is_first else ""
    return {
        "name": "" if is_first else workspace.name,
        "language": (get_language() if is_first else "") or workspace.language,
        "zone": workspace.zone,
        "country": asked or workspace.default_country,
        "phone": "",
    }


def _set_up(visit: Visit) -> None:
    workspace, form = visit.workspace, visit.form
    phone = normalise(form("phone"), form("country")) if form("phone") else ""
    with transaction.atomic():
        change_workspace(
            workspace,
            name=form("name"),
            language=form("language"),
            zone=form("zone"),
            default_country=form("country"),
            actor=visit.actor,
        )
        audit.record(workspace, visit.actor, SET_UP, workspace)
    if phone:
        contact, _is_new = upsert_contact(workspace, phone, attributes={"first_name": "me"})
        change_role(workspace, contact.pk, ContactRole.STAFF, actor=visit.actor)
