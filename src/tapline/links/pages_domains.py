"""Pages about domains: records to set, what was found, what a host answers besides links."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from tapline.links import domain_checks, domain_life, domains
from tapline.links.domain_findings import Finding
from tapline.links.domain_records import Record
from tapline.links.hosts import as_read, is_local
from tapline.links.models import Domain, Proof
from tapline.web.edge_health import ask_edge
from tapline.web.errors import NotAllowed
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need
from tapline.workspaces.members import access_for
from tapline.workspaces.tree import ancestors

# The page asks again by itself while somebody waits for the proof; no more often than this.
LIVE_SECONDS = 20
CHECK_EVERY = dt.timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class _Step:
    """One thing to set at the DNS provider, and how it stands."""

    records: list[Record]
    finding: Finding | None


@inside(Need.MANAGE)
def list_domains(visit: Visit) -> HttpResponse:
    """Show the domains under which this workspace may send: its own and those above it."""
    context = {
        "room": "domains",
        "own": Domain.objects.filter(workspace=visit.workspace, deleted_at=None).order_by("id"),
        "above": [
            each
            for each in domains.usable_domains(visit.workspace)
            if each.workspace_id != visit.workspace.pk
        ],
        "may_vouch": _may_vouch(visit),
    }
    return visit.render("links/domains.html", context)


@inside(Need.MANAGE, "POST")
def add(visit: Visit) -> HttpResponse:
    """Add a domain. It serves once its record is found, or at once where somebody may vouch."""
    address = domains.read_address(visit.form("base_url"))
    vouched = bool(visit.form("vouch"))
    if vouched:
        _refuse_unless_may_vouch(visit)
    domain = domains.create_domain(
        visit.workspace,
        address,
        fallback_url=visit.form("fallback_url"),
        brand_name=visit.form("brand_name"),
        proved=vouched,
        actor=visit.actor,
    )
    return redirect("links:domain", visit.workspace.pk, domain.pk)


@inside(Need.MANAGE)
def show(visit: Visit, domain_id: int) -> HttpResponse:
    """Show one domain: how it stands, its records, its certificate, and what it answers."""
    domain = _find(visit, domain_id)
    context = {
        "room": "domains",
        "advice": domains.advice_for(visit.workspace, domain.host),
        "codes": domains.count_codes(domain),
        "certificate": _certificate(domain.host),
        "may_vouch": _may_vouch(visit) and not domain.proved_at,
        **_standing(domain),
    }
    return visit.render("links/domain.html", context)


@inside(Need.MANAGE, "POST")
def check(visit: Visit, domain_id: int) -> HttpResponse:
    """Ask the name servers now; the page itself asks this way while somebody waits."""
    domain = _find(visit, domain_id)
    if not domain.checked_at or timezone.now() - domain.checked_at > CHECK_EVERY:
        domain_checks.check_domain(domain)
    if visit.wants_fragment:
        return visit.render("links/_records.html", _standing(_find(visit, domain_id)))
    return _back(visit, domain_id)


@inside(Need.MANAGE, "POST")
def vouch(visit: Visit, domain_id: int) -> HttpResponse:
    """Let a domain serve on the word of whoever owns the workspace at the top."""
    domain = _find(visit, domain_id)
    _refuse_unless_may_vouch(visit)
    domain_life.prove_domain(domain, Proof.OPERATOR, actor=visit.actor)
    return _back(visit, domain_id)


@inside(Need.MANAGE, "POST")
def set_answers(visit: Visit, domain_id: int) -> HttpResponse:
    """Change what a host answers besides its links."""
    domains.change_domain(
        _find(visit, domain_id),
        fallback_url=visit.form("fallback_url"),
        home_url=visit.form("home_url"),
        brand_name=visit.form("brand_name"),
        robots=visit.form("robots"),
        actor=visit.actor,
    )
    messages.success(visit.request, _("Changed; every edge answers so within a second."))
    return _back(visit, domain_id)


@inside(Need.MANAGE, "POST")
def move(visit: Visit, domain_id: int) -> HttpResponse:
    """Give a domain another host, as long as no link is out."""
    address = domains.read_address(visit.form("base_url"))
    domain_life.change_host(_find(visit, domain_id), address, actor=visit.actor)
    return _back(visit, domain_id)


@inside(Need.MANAGE, "POST")
def remove(visit: Visit, domain_id: int) -> HttpResponse:
    """Remove a domain, as long as no link is out."""
    domain_life.remove_domain(_find(visit, domain_id), actor=visit.actor)
    return redirect("links:domains", visit.workspace.pk)


def _find(visit: Visit, domain_id: int) -> Domain:
    own = Domain.objects.filter(workspace=visit.workspace, deleted_at=None)
    return get_object_or_404(own.select_related("workspace"), pk=domain_id)


def _back(visit: Visit, domain_id: int) -> HttpResponse:
    return redirect("links:domain", visit.workspace.pk, domain_id)


def _standing(domain: Domain) -> dict[str, Any]:
    """Return what the part of the page shows that moves by itself."""
    is_waiting = domain.proved_at is None and not is_local(domain.host)
    return {
        "domain": domain,
        "host": as_read(domain.host),
        "is_local": is_local(domain.host),
        "steps": _steps(domain),
        "live_seconds": LIVE_SECONDS if is_waiting else 0,
    }


def _steps(domain: Domain) -> list[_Step]:
    """Return the records by what they are for, each with what was found about it."""
    found = {finding.record: finding for finding in domain_checks.findings_of(domain)}
    steps: dict[str, _Step] = {}
    for record in domain_checks.records_of(domain):
        purpose = record.purpose
        steps.setdefault(purpose, _Step([], found.get(purpose))).records.append(record)
    return list(steps.values())


def _certificate(host: str) -> dict[str, Any] | None:
    """Return what the edge says about the certificate it shows for `host`, if it has one."""
    edge = ask_edge()
    wildcard = f"*.{host.partition('.')[2]}"
    for each in (edge or {}).get("certificates", []):
        if {host, wildcard} & set(each["names"]):
            ends_at = dt.datetime.fromisoformat(each["ends_at"])
            return {**each, "ends_at": ends_at}
    return None


def _may_vouch(visit: Visit) -> bool:
    """Say whether the person manages the workspace at the top of this tree."""
    top = access_for(visit.user, ancestors(visit.workspace)[0])
    return top is not None and top.manages


def _refuse_unless_may_vouch(visit: Visit) -> None:
    if not _may_vouch(visit):
        raise NotAllowed(
            _("You cannot vouch for a domain here."),
            why=_("Whoever owns the workspace at the top can; everybody else proves a domain."),
            do=_("Set the TXT record that the domain's page shows."),
        )
