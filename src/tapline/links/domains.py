"""Which host names serve links, whose they are, and under which one a workspace sends."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils import timezone

from tapline.codes.alphabet import MAX_LENGTH, MIN_LENGTH
from tapline.destinations import check_destination
from tapline.errors import Conflict, NotFound, TaplineError
from tapline.instance.epochs import ensure_instance
from tapline.links.changes import next_change
from tapline.links.generations import add_generation
from tapline.links.hosts import Advice, advice_on, is_local, refuse_unfit
from tapline.links.models import Domain, KeyGeneration, Proof, SerialCounter
from tapline.workspaces.audit import record
from tapline.workspaces.models import Workspace

# Claims cost nothing, but each is looked up again and again.
MOST_CLAIMS = 20
LONGEST_BRAND_NAME = 120
LONGEST_ROBOTS = 4000


class BadDomain(TaplineError):
    """The address cannot serve links."""


class DomainTaken(Conflict):
    """The host name serves a workspace already."""


class NoDomain(NotFound):
    """No domain serves this workspace."""


def create_domain(
    workspace: Workspace,
    base_url: str,
    *,
    fallback_url: str = "",
    brand_name: str = "",
    code_length: int = 8,
    proved: bool,
    actor: str,
) -> Domain:
    """Return a new domain with its first key generation.

    `base_url` is how links are written in texts: `https://go.example.com`; http only for
    localhost and addresses. Edges serve it once it is proved; `proved` says that an operator
    vouches for it. Raises `BadDomain`, `UnfitHost`, `DomainTaken`, `BadDestination`.
    """
    base_url, host = check_address(base_url)
    _check_code_length(code_length)
    fallback_url = _check_fallback(fallback_url, base_url)
    if not proved:
        _refuse_many_claims(workspace)
    epoch = ensure_instance().epoch
    try:
        with transaction.atomic():
            _end_idle_claim(host, workspace, actor)
            domain = Domain.objects.create(
                workspace=workspace,
                host=host,
                base_url=base_url,
                fallback_url=fallback_url,
                brand_name=_check_brand_name(brand_name),
                code_length=code_length,
                proved_at=timezone.now() if proved else None,
                proved_by=Proof.OPERATOR if proved else "",
                change=next_change(),
            )
            add_generation(domain, epoch)
            record(workspace, actor, "domain.created", domain, after={"base_url": base_url})
    except IntegrityError as error:
        raise DomainTaken(
            f"The host {host} serves links already.",
            why="A domain belongs to one workspace, so that nobody's links change hands.",
            do="Choose another host name, or use the domain where it is.",
        ) from error
    return domain


def change_domain(
    domain: Domain,
    *,
    fallback_url: str | None = None,
    home_url: str | None = None,
    brand_name: str | None = None,
    robots: str | None = None,
    code_length: int | None = None,
    actor: str,
) -> Domain:
    """Change what the host answers besides its links, or the length of new codes; links already
    sent stay. None leaves a value as it is, "" goes back to what is usual.

    Raises `BadDomain`, `BadDestination`.
    """
    after: dict[str, str | int] = {}
    if fallback_url is not None:
        after["fallback_url"] = _check_fallback(fallback_url, domain.base_url)
    if home_url is not None:
        after["home_url"] = _check_fallback(home_url, domain.base_url)
    if brand_name is not None:
        after["brand_name"] = _check_brand_name(brand_name)
    if robots is not None:
        after["robots"] = _check_robots(robots)
    if code_length is not None:
        _check_code_length(code_length)
        after["code_length"] = code_length
    with transaction.atomic():
        before = {name: getattr(domain, name) for name in after}
        for name, value in after.items():
            setattr(domain, name, value)
        domain.change = next_change()
        domain.save(update_fields=[*after, "change"])
        record(domain.workspace, actor, "domain.changed", domain, before, after)
    return domain


def domain_for(workspace: Workspace) -> Domain:
    """Return the proved domain nearest to `workspace` on the way up the tree; the oldest one of
    that place. Raises `NoDomain`."""
    nearest_first = workspace.ancestor_ids[::-1]
    serving = usable_domains(workspace)
    if not serving:
        raise NoDomain(
            f"No domain serves links of '{workspace.name}'.",
            why="Neither it nor a workspace above it has a proved domain.",
            do="Add a domain to this workspace and prove that it is yours.",
        )
    return min(serving, key=lambda each: (nearest_first.index(each.workspace_id), each.pk))


def usable_domains(workspace: Workspace) -> list[Domain]:
    """Return the proved domains that `workspace` may send under: its own and those above it."""
    return list(
        Domain.objects.filter(
            workspace_id__in=workspace.ancestor_ids, proved_at__isnull=False, deleted_at=None
        ).order_by("id")
    )


def own_hosts() -> set[str]:
    """Return the hosts that links must not lead to: every proved domain's, by port on this
    machine. One that is only claimed may be anybody's page."""
    proved = Domain.objects.exclude(proved_at=None)
    return {_own_host(base_url) for base_url in proved.values_list("base_url", flat=True)}


def advice_for(workspace: Workspace, host: str) -> list[Advice]:
    """Return what speaks against `host` as a domain of `workspace`, beside those it has."""
    if is_local(host):
        return []
    others = Domain.objects.filter(workspace_id__in=workspace.ancestor_ids, deleted_at=None)
    hosts = others.exclude(host=host).values_list("host", flat=True)
    return list(advice_on(host, [each for each in hosts if not is_local(each)]))


def rotate_key(domain: Domain, actor: str) -> KeyGeneration:
    """Begin a new key generation: new links use it, links already sent go on with theirs."""
    epoch = ensure_instance().epoch
    with transaction.atomic():
        generation = add_generation(domain, epoch)
        after = {"generation": generation.number}
        record(domain.workspace, actor, "domain.key_rotated", domain, after=after)
    return generation


def read_address(text: str) -> str:
    """Return the address that somebody typed, who may have left out https://."""
    text = text.strip()
    return text if "://" in text else f"https://{text}"


def check_address(base_url: str) -> tuple[str, str]:
    """Return how a domain's links begin, normalised, and its host.

    Raises `BadDomain`, `UnfitHost`, `BadDestination`.
    """
    if ".." in base_url:
        raise _bad_domain(f"The address {base_url} has two dots in a row.", "No host has.")
    base_url = check_destination(base_url).rstrip("/")
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    if parts.path or parts.query or parts.fragment:
        raise _bad_domain(f"The address {base_url} has a path.", "Codes follow the host directly.")
    if parts.scheme == "http" and not is_local(host):
        raise _bad_domain(
            f"The address {base_url} is not https.",
            "Carriers refuse texts with plain http links, and phones warn of them.",
        )
    if parts.scheme == "https" and is_local(host):
        raise _bad_domain(
            f"The address {base_url} names no host.", "No certificate can be had for it."
        )
    if not is_local(host):
        refuse_unfit(host)
    return base_url, host


def count_codes(domain: Domain) -> int:
    """Return how many codes were handed out on a domain: links that phones may hold."""
    counters = SerialCounter.objects.filter(generation__domain=domain)
    return counters.aggregate(codes=Sum("next_serial"))["codes"] or 0


def _refuse_many_claims(workspace: Workspace) -> None:
    claims = Domain.objects.filter(workspace=workspace, proved_at=None, deleted_at=None).count()
    if claims >= MOST_CLAIMS:
        raise BadDomain(
            f"{claims} domains of this workspace wait for their records already.",
            why="A brand needs one domain.",
            do="Set the records of those, or remove what you do not need.",
        )


def _end_idle_claim(host: str, workspace: Workspace, actor: str) -> None:
    """Let a host go that another workspace claimed and never proved: claims cost nothing, so none
    may keep a host from its owner."""
    claim = Domain.objects.filter(host=host, proved_at=None).exclude(workspace=workspace).first()
    if claim is None or count_codes(claim):
        return
    retire(claim, "domain.claim_ended", actor)


def retire(domain: Domain, action: str, actor: str) -> None:
    """Free the host of a domain without links. Its row stays: edges hear of changed rows, not of
    missing ones."""
    before = {"base_url": domain.base_url}
    domain.host = f"removed-{domain.pk}.invalid"
    domain.base_url, domain.deleted_at = f"https://{domain.host}", timezone.now()
    domain.change = next_change()
    domain.save(update_fields=["host", "base_url", "deleted_at", "change"])
    record(domain.workspace, actor, action, domain, before)


def _own_host(base_url: str) -> str:
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if not is_local(host):
        return host
    # On one's own machine other ports are other programs, such as the page under development.
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _check_code_length(code_length: int) -> None:
    if not MIN_LENGTH <= code_length <= MAX_LENGTH:
        raise _bad_domain(
            f"Codes cannot have {code_length} characters.",
            f"Shorter ones are guessed, longer ones cost parts: {MIN_LENGTH} to {MAX_LENGTH} work.",
        )


def _check_fallback(fallback_url: str, base_url: str) -> str:
    if not fallback_url:
        return ""
    return check_destination(fallback_url, own_hosts={*own_hosts(), _own_host(base_url)})


def _check_brand_name(name: str) -> str:
    name = name.strip()
    if len(name) > LONGEST_BRAND_NAME or not name.isprintable():
        raise BadDomain(
            "The brand's name cannot be shown.",
            why=f"It is one line of at most {LONGEST_BRAND_NAME} characters.",
            do="Give the name that people know.",
        )
    return name


def _check_robots(text: str) -> str:
    lines = text.replace("\r\n", "\n").strip()
    if len(lines) >= LONGEST_ROBOTS or not lines.replace("\n", "").isprintable():
        raise BadDomain(
            "This robots.txt cannot be shown.",
            why=f"It is plain text of fewer than {LONGEST_ROBOTS:,} characters.",
            do="Shorten it, or leave it empty: search engines are then asked to stay away.",
        )
    return f"{lines}\n" if lines else ""


def _bad_domain(what: str, why: str) -> BadDomain:
    return BadDomain(what, why=why, do="Give an address like https://go.example.com.")
