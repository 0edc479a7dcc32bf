"""How a domain comes to serve links, moves to another host before it did, and goes."""

from __future__ import annotations

from typing import NoReturn

from django.db import IntegrityError, transaction
from django.utils import timezone

from tapline.errors import Conflict
from tapline.links.changes import next_change
from tapline.links.domains import DomainTaken, check_address, count_codes, retire
from tapline.links.models import Domain, KeyGeneration, Proof
from tapline.workspaces.audit import record


class LinksAreOut(Conflict):
    """Phones hold links of the domain, or something here is about to send some."""


def prove_domain(domain: Domain, proved_by: Proof, *, actor: str) -> None:
    """Let edges serve a domain: its record proves it, or an operator vouches for it."""
    with transaction.atomic():
        domain.proved_at, domain.proved_by = domain.proved_at or timezone.now(), proved_by
        domain.change = next_change()
        domain.save(update_fields=["proved_at", "proved_by", "change"])
        record(domain.workspace, actor, "domain.proved", domain, after={"by": str(proved_by)})


def change_host(domain: Domain, base_url: str, *, actor: str) -> Domain:
    """Give a domain that never carried a link another host, which is proved anew.

    Raises `LinksAreOut`, `DomainTaken`, and what `check_address` does.
    """
    base_url, host = check_address(base_url)
    _refuse_used(domain, f"{domain.base_url} has links on phones, so its host cannot change.")
    before = {"base_url": domain.base_url}
    try:
        with transaction.atomic():
            domain.base_url, domain.host = base_url, host
            domain.proved_at, domain.proved_by, domain.findings = None, "", []
            domain.checked_at = domain.check_at = domain.proof_missing_since = None
            domain.change = next_change()
            domain.save()
            after = {"base_url": base_url}
            record(domain.workspace, actor, "domain.host_changed", domain, before, after)
    except IntegrityError as error:
        raise DomainTaken(
            f"The host {host} serves links already.",
            why="A domain belongs to one workspace, so that nobody's links change hands.",
            do="Choose another host name, or use the domain where it is.",
        ) from error
    return domain


def remove_domain(domain: Domain, *, actor: str) -> None:
    """Remove a domain that never carried a link; raises `LinksAreOut`."""
    _refuse_used(domain, f"{domain.base_url} has links on phones, so it stays.")
    with transaction.atomic():
        retire(domain, "domain.removed", actor)


def _refuse_used(domain: Domain, what: str) -> None:
    if count_codes(domain):
        _refuse_out(what)
    for relation in Domain._meta.related_objects:
        name = relation.field.name
        is_own = relation.related_model is KeyGeneration
        if not is_own and relation.related_model._default_manager.filter(**{name: domain}).exists():
            kind = relation.related_model._meta.verbose_name
            raise LinksAreOut(
                f"{domain.base_url} is named by a {kind}.",
                why="It would lead nowhere, or be sent with links that do.",
                do=f"Choose another domain for every {kind} first.",
            )


def _refuse_out(what: str) -> NoReturn:
    raise LinksAreOut(
        what,
        why="Texts stay on phones for years, and their links would lead nowhere.",
        do="Add the new host as another domain, and keep this one, with its DNS and certificate,"
        " for as long as anybody may tap.",
    )
