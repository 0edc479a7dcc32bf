"""Looks at a domain's DNS records: now, and again from time to time.

A record that proves ownership lets the domain serve. One that vanishes later is warned about and
nothing else: texts with its links are on phones, and name servers have bad days.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from tapline import config
from tapline.links.dns import Authority, Questions, Reply
from tapline.links.domain_findings import Finding, Observed, State, judge
from tapline.links.domain_life import prove_domain
from tapline.links.domain_records import (
    Record,
    doubled,
    proof_name,
    proof_value,
    records_for,
    target_of,
)
from tapline.links.hosts import is_local
from tapline.links.models import Domain, Proof
from tapline.workspaces.audit import record

ACTOR = "domain check"
# A new domain is looked at often, since somebody waits; one that nobody finishes ever less.
FIRST_HOURS, FIRST_EVERY = dt.timedelta(hours=6), dt.timedelta(minutes=5)
FIRST_DAYS, LATER_EVERY = dt.timedelta(days=14), dt.timedelta(hours=1)
PROVED_EVERY = dt.timedelta(hours=12)
# A worker that dies while it looks leaves the domain to the next after this long.
LEASE = dt.timedelta(minutes=5)
_VOUCHED = Finding("proof", State.GOOD, "Somebody vouched for it: not needed.")


def records_of(domain: Domain) -> list[Record]:
    """Return the DNS records to set for a domain; none for localhost and addresses."""
    settings = config.current()
    if is_local(domain.host):
        return []
    proof = proof_value(settings, domain.workspace_id, domain.host)
    return records_for(domain.host, proof, target_of(settings))


def check_domain(domain: Domain) -> list[Finding]:
    """Ask the name servers, write down what they say, and prove the domain if its record is there.

    Takes up to `TAPLINE_DNS_SECONDS`; no transaction is open meanwhile. Raises `BadSetting`.
    """
    settings = config.current()
    if is_local(domain.host):
        return []
    proof = proof_value(settings, domain.workspace_id, domain.host)
    seen = observe(domain.host, proof, Questions(settings.dns_servers, settings.dns_seconds))
    findings = judge(domain.host, proof, target_of(settings), seen)
    _keep(domain, findings)
    return findings


def check_next() -> bool:
    """Look at the domain whose turn it is; say whether there was one."""
    now = timezone.now()
    due = Domain.objects.filter(Q(check_at=None) | Q(check_at__lte=now), deleted_at=None)
    domain = due.select_related("workspace").order_by(F("check_at").asc(nulls_first=True)).first()
    if domain is None:
        return False
    # Other workers look too: whoever moves the time first has it.
    taken = Domain.objects.filter(pk=domain.pk, check_at=domain.check_at)
    if taken.update(check_at=now + LEASE) and not check_domain(domain):
        Domain.objects.filter(pk=domain.pk).update(check_at=now + PROVED_EVERY)
    return True


def findings_of(domain: Domain) -> list[Finding]:
    """Return what the last look found; nothing before the first. A vouched domain needs no proof:
    its missing record is nothing to worry about."""
    found = [Finding(**{**each, "state": State(each["state"])}) for each in domain.findings]
    if domain.proved_by != Proof.OPERATOR:
        return found
    return [_VOUCHED if each.record == "proof" else each for each in found]


def observe(host: str, proof: str, ask: Questions) -> Observed:
    """Return what the name servers say about `host`; what may explain a missing record too."""
    found_proof, addresses = ask.texts(proof_name(host)), ask.addresses(host)
    authorities, authorities_at = _authorities(host, ask)
    empty: Reply[str] = Reply()
    is_missing = found_proof.is_sure and proof not in found_proof.values
    is_lost = addresses.is_sure and not addresses.values
    return Observed(
        proof=found_proof,
        addresses=addresses,
        authorities=authorities,
        authorities_at=authorities_at,
        doubled_proof=ask.texts(doubled(proof_name(host), host)) if is_missing else empty,
        host_texts=ask.texts(host) if is_missing else empty,
        doubled_addresses=ask.addresses(doubled(host, host)) if is_lost else empty,
    )


def _authorities(host: str, ask: Questions) -> tuple[Reply[Authority], str]:
    """Return the CAA records that hold for `host`: its own, else those of the nearest name above
    that has some (RFC 8659, 3); and that name."""
    labels = host.split(".")
    for level in range(len(labels)):
        name = ".".join(labels[level:])
        reply = ask.authorities(name)
        if reply.values or not reply.is_sure:
            return reply, name
    return Reply(), host


def _keep(domain: Domain, findings: list[Finding]) -> None:
    now = timezone.now()
    state = next(each.state for each in findings if each.record == "proof")
    with transaction.atomic():
        # It may have been removed meanwhile, or moved to a host about which this says nothing.
        same = Domain.objects.filter(pk=domain.pk, host=domain.host, deleted_at=None)
        current = same.select_for_update().select_related("workspace").first()
        if current is None:
            return
        if state == State.GOOD and current.proved_by != Proof.RECORD:
            prove_domain(current, Proof.RECORD, actor=ACTOR)
        _follow_proof(current, state, now)
        current.findings = [each.as_dict() for each in findings]
        current.checked_at, current.check_at = now, now + _rest(current, now)
        current.save(update_fields=["findings", "checked_at", "check_at", "proof_missing_since"])


def _follow_proof(domain: Domain, state: State, now: dt.datetime) -> None:
    """Note when a record that proved the domain is surely gone, and when it is back."""
    missing_since = domain.proof_missing_since
    if state == State.GOOD:
        domain.proof_missing_since = None
    elif state == State.WRONG and domain.proved_by == Proof.RECORD and not missing_since:
        domain.proof_missing_since = now
        record(domain.workspace, ACTOR, "domain.proof_missing", domain)


def _rest(domain: Domain, now: dt.datetime) -> dt.timedelta:
    """Return how long a domain is left alone."""
    age = now - domain.created_at
    if domain.proof_missing_since:
        return LATER_EVERY
    if domain.proved_at:
        return PROVED_EVERY
    if age < FIRST_HOURS:
        return FIRST_EVERY
    return LATER_EVERY if age < FIRST_DAYS else PROVED_EVERY
