"""Pages about links: where they lead, how long they work, and their aliases."""

from __future__ import annotations

import datetime as dt
import io
from zoneinfo import ZoneInfo

import segno
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from tapline.cards import check_card
from tapline.destinations import as_typed, check_destination, with_utm
from tapline.digits import whole_number
from tapline.errors import TaplineError
from tapline.links.addresses import own_addresses
from tapline.links.aliases import create_alias, delete_alias
from tapline.links.changing import (
    card_of,
    change_destination,
    disable,
    enable,
    set_card,
    set_expiry,
    set_goals,
)
from tapline.links.destination_told import alarms, told_of
from tapline.links.domains import domain_for, own_hosts, usable_domains
from tapline.links.finding import named
from tapline.links.goals import campaign_named, offer_named, offered_names
from tapline.links.history import destination_changes
from tapline.links.minting import BadLink, create_link, mint_range
from tapline.links.models import Alias, Domain, Link, LinkKind, LinkTable, TableState
from tapline.links.utm import posted_utm, utm_fields
from tapline.links.watching import can_be_looked_at, failing_of
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need

PER_PAGE = 50
QR_KINDS = {"svg": "image/svg+xml", "png": "image/png"}
QR_SCALE = 12  # A PNG of some 400 points: sharp on a poster of a hand's width.


@inside(Need.RATES)
def list_links(visit: Visit) -> HttpResponse:
    """Show the links, newest first; personal ones are behind the link they were made from."""
    search = visit.request.GET.get("search", "").strip()[:200]
    found = Link.objects.filter(workspace=visit.workspace, deleted_at=None).exclude(
        kind=LinkKind.PERSONAL
    )
    if search:
        found = found.filter(named(search))
    if (older := whole_number(visit.request.GET.get("older", ""))) is not None:
        found = found.filter(pk__lt=older)
    rows = found.select_related("in_broadcast__broadcast", "campaign")
    shown = list(rows.prefetch_related("aliases__domain").order_by("-id")[: PER_PAGE + 1])
    tables = LinkTable.objects.filter(workspace=visit.workspace)
    context = {
        "room": "links",
        "links": _with_addresses(shown[:PER_PAGE]),
        "older": shown[PER_PAGE - 1].pk if len(shown) > PER_PAGE else None,
        "is_first": not older,
        "search": search,
        "making": tables.filter(state=TableState.MAKING).first(),
        "has_tables": tables.exists(),
    }
    return visit.render("links/list.html", context)


def _with_addresses(links: list[Link]) -> list[tuple[Link, list[str]]]:
    """Return each link with what can be printed of it: its aliases, else its code."""
    codes = own_addresses(links)
    told = []
    for link in links:
        aliases = [each for each in link.aliases.all() if each.deleted_at is None]
        paths = [f"{each.domain.base_url}/{each.path}" for each in aliases]
        told.append((link, paths or [codes[link.pk]] if link.pk in codes else paths))
    return told


@inside(Need.EDIT, "GET", "HEAD", "POST")
def create(visit: Visit) -> HttpResponse:
    """Make a link for posters and profiles: with an alias, else with a code."""
    context = {
        "room": "links",
        "domains": usable_domains(visit.workspace),
        "chosen": visit.form("domain"),
        "posted": visit.request.POST,
        "utm": utm_fields(visit.workspace, visit.request.POST),
        **offered_names(visit.workspace),
    }
    if visit.request.method != "POST":
        return visit.render("links/new.html", context)
    try:
        link = _create(visit)
        if not visit.form("path"):
            mint_range(link, 1)  # Without an alias it has a code.
    except TaplineError as error:
        return visit.render("links/new.html", context | {"error": error}, status=422)
    return redirect("links:show", visit.workspace.pk, link.pk)


@inside(Need.EDIT, "POST")
def show_utm(visit: Visit) -> HttpResponse:
    """Show, as a fragment, where the link that is being made leads with its campaign fields."""
    destination = as_typed(visit.form("destination"))
    try:
        checked = check_destination(destination, own_hosts=own_hosts()) if destination else ""
        told = with_utm(checked, posted_utm(visit.request.POST)) if checked else ""
    except TaplineError as error:
        return visit.render("links/_utm.html", {"wrong": error})
    return visit.render("links/_utm.html", {"leads_to": told})


@inside(Need.RATES)
def show_qr(visit: Visit, alias_id: int, kind: str) -> HttpResponse:
    """Give an alias as a QR code, to print or to show."""
    alias = _alias(visit, alias_id)
    return _qr(f"{alias.domain.base_url}/{alias.path}", kind)


@inside(Need.RATES)
def show_code_qr(visit: Visit, link_id: int, kind: str) -> HttpResponse:
    """Give a link's own short address as a QR code; one that has none is not there."""
    link = find_link(visit, link_id)
    address = own_addresses([link]).get(link.pk)
    if address is None:
        raise Http404
    return _qr(address, kind)


def _qr(address: str, kind: str) -> HttpResponse:
    if kind not in QR_KINDS:
        raise Http404
    picture = io.BytesIO()
    segno.make(address, error="m").save(picture, kind=kind, scale=QR_SCALE, border=4)
    name = f'inline; filename="{address.rpartition("/")[2]}.{kind}"'
    headers = {"Content-Disposition": name}
    return HttpResponse(picture.getvalue(), content_type=QR_KINDS[kind], headers=headers)


@inside(Need.RATES)
def show(visit: Visit, link_id: int) -> HttpResponse:
    """Show one link and what can be changed about it."""
    link = find_link(visit, link_id)
    context = {
        "room": "links",
        "link": link,
        "told": told_of(link),
        "can_be_looked_at": can_be_looked_at(link.destination),
        "failing": alarms(failing_of([link.pk])),
        "changes": destination_changes(link),
        "card": card_of(link),
        "address": own_addresses([link]).get(link.pk),
        "aliases": link.aliases.filter(deleted_at=None).select_related("domain"),
        "domains": usable_domains(visit.workspace),
        **offered_names(visit.workspace),
    }
    return visit.render("links/link.html", context)


@inside(Need.EDIT, "POST")
def set_destination(visit: Visit, link_id: int) -> HttpResponse:
    """Send everybody who taps from now on somewhere else."""
    leads_to = as_typed(visit.form("destination"))
    change_destination(find_link(visit, link_id), leads_to, actor=visit.actor)
    return _back(visit, link_id)


@inside(Need.EDIT, "POST")
def switch(visit: Visit, link_id: int) -> HttpResponse:
    """Disable a link, or enable it again."""
    change = disable if visit.form("to") == "off" else enable
    change(find_link(visit, link_id), actor=visit.actor)
    return _back(visit, link_id)


@inside(Need.EDIT, "POST")
def expire(visit: Visit, link_id: int) -> HttpResponse:
    """Let a link end at a time on the workspace's clock; an empty time means never."""
    link = find_link(visit, link_id)
    at = _local_time(visit.form("expires_at"), visit.workspace.zone)
    set_expiry(link, at, actor=visit.actor)
    return _back(visit, link_id)


@inside(Need.EDIT, "POST")
def choose_goals(visit: Visit, link_id: int) -> HttpResponse:
    """Let the taps from now on count for a campaign and an offer; empty means for none."""
    link = find_link(visit, link_id)
    campaign = campaign_named(visit.workspace, visit.form("campaign"))
    set_goals(link, campaign, offer_named(visit.workspace, visit.form("offer")), actor=visit.actor)
    return _back(visit, link_id)


@inside(Need.EDIT, "POST")
def choose_card(visit: Visit, link_id: int) -> HttpResponse:
    """Choose what messaging apps show of a link; without any text nothing."""
    link = find_link(visit, link_id)
    card = check_card(visit.form("title"), visit.form("description"), visit.form("picture"))
    set_card(link, card, actor=visit.actor)
    return _back(visit, link_id)


@inside(Need.EDIT, "POST")
def add_alias(visit: Visit, link_id: int) -> HttpResponse:
    """Give a link a path of its own choosing."""
    link = find_link(visit, link_id)
    create_alias(chosen_domain(visit), visit.form("path"), link, actor=visit.actor)
    return _back(visit, link_id)


@inside(Need.EDIT, "POST")
def remove_alias(visit: Visit, alias_id: int) -> HttpResponse:
    """Take an alias away."""
    alias = _alias(visit, alias_id)
    delete_alias(alias, actor=visit.actor)
    return _back(visit, alias.link_id)


def find_link(visit: Visit, link_id: int) -> Link:
    """Return a link of the visited workspace; any other is not there."""
    # Personal links hold what is known of one person; their template stands for them.
    found = Link.objects.filter(workspace=visit.workspace, deleted_at=None).exclude(
        kind=LinkKind.PERSONAL
    )
    found = found.select_related("domain", "workspace", "campaign", "offer")
    return get_object_or_404(found, pk=link_id)


def _alias(visit: Visit, alias_id: int) -> Alias:
    found = Alias.objects.filter(link__workspace=visit.workspace, deleted_at=None)
    return get_object_or_404(found.select_related("domain"), pk=alias_id)


def _back(visit: Visit, link_id: int) -> HttpResponse:
    return redirect("links:show", visit.workspace.pk, link_id)


def chosen_domain(visit: Visit) -> Domain:
    """Return the domain that the form names, else the workspace's first."""
    chosen = [
        each for each in usable_domains(visit.workspace) if str(each.pk) == visit.form("domain")
    ]
    return chosen[0] if chosen else domain_for(visit.workspace)


def _create(visit: Visit) -> Link:
    domain = chosen_domain(visit)
    with transaction.atomic():  # A taken alias leaves no link behind, nor a new campaign.
        link = create_link(
            visit.workspace,
            domain,
            as_typed(visit.form("destination")),
            name=visit.form("name"),
            utm=posted_utm(visit.request.POST),
            campaign=campaign_named(visit.workspace, visit.form("campaign")),
            offer=offer_named(visit.workspace, visit.form("offer")),
            actor=visit.actor,
        )
        if visit.form("path"):
            create_alias(domain, visit.form("path"), link, actor=visit.actor)
    return link


def _local_time(raw: str, zone: str) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(raw).replace(tzinfo=ZoneInfo(zone)) if raw else None
    except ValueError as error:
        raise BadLink(
            _("The time cannot be read."),
            why=_("It needs a day and an hour, like 2030-05-01T09:30."),
            do=_("Choose when the link ends, or leave it empty for never."),
        ) from error
