"""The list of contacts: found, filtered, in either order, and what is done to several at once.

Searching posts, so that no number stands in an address; filters and places do not hold any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Max
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy, ngettext

from tapline.broadcasts.models import Message
from tapline.contacts import bulk
from tapline.contacts.listing import Filter, Listed, Order, list_page
from tapline.contacts.models import Contact, ContactImport, ImportState, Tag
from tapline.contacts.roles import ContactRole, role_of
from tapline.contacts.segments import segments_of
from tapline.digits import whole_number
from tapline.web.streaming import FileStream
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need

OFFERED = 200
CONSENTS = (
    ("", gettext_lazy("whatever they said")),
    ("agreed", gettext_lazy("may get marketing texts")),
    ("not_agreed", gettext_lazy("may get none")),
    ("opted_out", gettext_lazy("opted out")),
)
ORDERS: tuple[tuple[Order, Any], ...] = (
    ("added", gettext_lazy("newest first")),
    ("taps", gettext_lazy("who tapped last")),
)


@inside(Need.PEOPLE, "GET", "HEAD", "POST")
def list_contacts(visit: Visit) -> HttpResponse:
    """Show a page of the contacts whom filter and search let through."""
    wanted, order = read_filter(visit), _order(visit)
    listed = list_page(
        visit.workspace,
        wanted,
        order=order,
        older_than=_said(visit, "older"),
        newer_than=_said(visit, "newer"),
    )
    context = {
        "room": "contacts",
        "wanted": wanted,
        "order": order,
        "listed": listed,
        "rows": _rows(visit, listed),
        "query": _query(wanted, order),
        "is_filtered": not wanted.is_empty,
        "importing": ContactImport.objects.filter(
            workspace=visit.workspace, state__in=[ImportState.WAITING, ImportState.RUNNING]
        ).first(),
        **_choices(visit),
    }
    fragment = visit.request.GET.get("more") == "1"
    return visit.render("contacts/_people.html" if fragment else "contacts/list.html", context)


@inside(Need.EDIT, "POST")
def change_several(visit: Visit) -> HttpResponse:
    """Do one thing to the chosen contacts, or to everybody whom the filter lets through."""
    ids = _meant(visit)
    if visit.form("do") == "export":
        return cast("HttpResponse", _export(visit, ids))  # Only a page could be rewritten.
    act = ACTIONS.get(visit.form("do"))
    if act is None:
        return redirect(_back(visit))
    changed = act(visit, ids)
    said = ngettext("%(count)d contact was changed.", "%(count)d contacts were changed.", changed)
    messages.info(visit.request, said % {"count": changed})
    return redirect(_back(visit))


def read_filter(visit: Visit) -> Filter:
    """Return the filter that form and address name."""
    segment = _said(visit, "segment")
    return Filter(
        search=visit.form("search")[:200],
        tag=_said(visit, "tag")[:80],
        consent=_said(visit, "consent")[:20],
        segment=whole_number(segment),
    )


def _add_tag(visit: Visit, ids: Iterable[list[int]]) -> int:
    return bulk.add_tag(visit.workspace, ids, visit.form("word"), actor=visit.actor)


def _take_tag_off(visit: Visit, ids: Iterable[list[int]]) -> int:
    return bulk.take_tag_off(visit.workspace, ids, visit.form("word"), actor=visit.actor)


def _role(role: ContactRole) -> Callable[[Visit, Iterable[list[int]]], int]:
    return lambda visit, ids: bulk.set_role(visit.workspace, ids, role, actor=visit.actor)


ACTIONS: dict[str, Callable[[Visit, Iterable[list[int]]], int]] = {
    "tag": _add_tag,
    "untag": _take_tag_off,
    "staff": _role(ContactRole.STAFF),
    "canary": _role(ContactRole.CANARY),
    "recipient": _role(ContactRole.RECIPIENT),
}


def _export(visit: Visit, ids: Iterable[list[int]]) -> FileStream:
    pieces = bulk.export_csv(visit.workspace, ids, actor=visit.actor)
    return FileStream(pieces, "contacts.csv", "text/csv; charset=utf-8")


def _meant(visit: Visit) -> Iterable[list[int]]:
    if visit.form("whom") == "all":
        return bulk.found(visit.workspace, read_filter(visit))
    numbers = visit.request.POST.getlist("contact")
    ids = [number for each in numbers if (number := whole_number(each)) is not None]
    return bulk.chosen(visit.workspace, ids)


def _back(visit: Visit) -> str:
    query = _query(replace(read_filter(visit), search=""), _order(visit))
    return reverse("contacts:list", args=[visit.workspace.pk]) + (f"?{query}" if query else "")


def _rows(visit: Visit, listed: Listed) -> list[dict[str, Any]]:
    """Return what the page says of each contact, three queries for all of them."""
    own = Contact.objects.in_workspace(visit.workspace).filter(pk__in=listed.ids)
    people = {each.pk: each for each in own.prefetch_related("tags")}
    textable = set(own.textable("marketing").values_list("pk", flat=True))
    messages_of = Message.objects.filter(contact_id__in=list(people)).exclude(
        first_human_click_at=None
    )
    grouped = messages_of.values_list("contact_id").annotate(at=Max("first_human_click_at"))
    taps = dict(grouped.order_by())
    return [
        {
            "contact": people[number],
            "tags": [tag.name for tag in people[number].tags.all()],
            "may": number in textable,
            "tapped_at": taps.get(number),
            "role": role_of(people[number]),
        }
        for number in listed.ids
        if number in people
    ]


def _choices(visit: Visit) -> dict[str, Any]:
    tags = Tag.objects.filter(workspace=visit.workspace).order_by("name")
    return {
        "tags": tags.values_list("name", flat=True)[:OFFERED],
        "segments": segments_of(visit.workspace)[:OFFERED],
        "consents": CONSENTS,
        "orders": ORDERS,
    }


def _query(wanted: Filter, order: Order) -> str:
    said = {"tag": wanted.tag, "consent": wanted.consent, "segment": wanted.segment or ""}
    if order != "added":
        said["order"] = order
    return urlencode({name: value for name, value in said.items() if value})


def _order(visit: Visit) -> Order:
    return "taps" if _said(visit, "order") == "taps" else "added"


def _said(visit: Visit, name: str) -> str:
    return visit.form(name) or visit.request.GET.get(name, "").strip()
