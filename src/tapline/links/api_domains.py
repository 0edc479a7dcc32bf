"""The API's calls on domains: claimed, checked, and what they answer besides links."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Annotated, Any

from ninja import Router, Status
from pydantic import Field

from tapline.links import domain_checks, domains
from tapline.links.domain_told import tell
from tapline.links.models import Domain
from tapline.workspaces.api_access import ApiRequest, actor_of, needs, workspace_of
from tapline.workspaces.api_types import (
    Answer,
    Cursor,
    Limit,
    Page,
    Payload,
    Text,
    Word,
    found_or_404,
    page_of,
)

router = Router(tags=["domains"])

Address = Annotated[Text, Field(max_length=2048)]
Robots = Annotated[Text, Field(max_length=4000)]


class DomainIn(Payload):
    host: Annotated[Text, Field(max_length=300, description="Such as go.example.com.")]
    brand_name: Word = ""
    fallback_url: Address = Field("", description="Where unknown and ended links lead.")


class DomainChanges(Payload):
    """What is left out stays as it is; an empty text goes back to what is usual."""

    brand_name: Word | None = None
    home_url: Address | None = Field(None, description="Where the bare domain leads.")
    fallback_url: Address | None = Field(None, description="Where unknown and ended links lead.")
    robots: Robots | None = None


class RecordOut(Answer):
    purpose: str = Field(description="proof, address or authority.")
    kind: str = Field(description="TXT, A, AAAA, CNAME or CAA.")
    name: str
    short_name: str = Field(description="The name as most DNS pages want it.")
    value: str


class FindingOut(Answer):
    record: str
    state: str = Field(description="good, wrong or unsure.")
    what: str
    why: str
    do: str


class AdviceOut(Answer):
    what: str
    why: str
    do: str


class DomainOut(Answer):
    id: int
    host: str
    base_url: str
    is_proved: bool = Field(description="Only then links are served on it.")
    proved_by: str | None
    proved_at: dt.datetime | None
    proof_missing_since: dt.datetime | None
    checked_at: dt.datetime | None
    records: list[RecordOut]
    findings: list[FindingOut]
    warnings: list[AdviceOut]
    brand_name: str
    home_url: str
    fallback_url: str
    robots: str
    code_length: int


@router.post(
    "/domains", auth=needs("domains:write"), response={201: DomainOut}, summary="Claim a domain"
)
def add_domain(request: ApiRequest, domain: DomainIn) -> Status[dict[str, Any]]:
    """Set the records of the answer; the domain serves links once its TXT record is found."""
    made = domains.create_domain(
        workspace_of(request),
        domains.read_address(domain.host),
        brand_name=domain.brand_name,
        fallback_url=domain.fallback_url,
        proved=False,
        actor=actor_of(request),
    )
    return Status(201, tell(made))


@router.get(
    "/domains", auth=needs("domains:read"), response=Page[DomainOut], summary="List domains"
)
def list_domains(request: ApiRequest, cursor: Cursor, limit: Limit) -> dict[str, Any]:
    return page_of(_domains(request), cursor, limit, _tell_all)


@router.get(
    "/domains/{int:domain_id}",
    auth=needs("domains:read"),
    response=DomainOut,
    summary="Get a domain",
)
def get_domain(request: ApiRequest, domain_id: int) -> dict[str, Any]:
    return tell(_find(request, domain_id))


@router.patch(
    "/domains/{int:domain_id}",
    auth=needs("domains:write"),
    response=DomainOut,
    summary="Change what a domain answers besides links",
)
def change_domain(request: ApiRequest, domain_id: int, changes: DomainChanges) -> dict[str, Any]:
    """Every edge follows within a second."""
    said = changes.model_dump(exclude_unset=True, exclude_none=True)
    domain = _find(request, domain_id)
    return tell(domains.change_domain(domain, **said, actor=actor_of(request)))


@router.post(
    "/domains/{int:domain_id}/check",
    auth=needs("domains:write"),
    response=DomainOut,
    summary="Ask the name servers about a domain now",
)
def check_domain(request: ApiRequest, domain_id: int) -> dict[str, Any]:
    """Takes some seconds where name servers are slow. Serves the domain if its proof is there."""
    domain_checks.check_domain(_find(request, domain_id))
    return tell(_find(request, domain_id))


def _domains(request: ApiRequest) -> Any:
    own = Domain.objects.filter(workspace=workspace_of(request), deleted_at=None)
    return own.select_related("workspace")


def _find(request: ApiRequest, domain_id: int) -> Domain:
    found: Domain | None = _domains(request).filter(pk=domain_id).first()
    return found_or_404(found, "domain")


def _tell_all(rows: Iterable[Domain]) -> list[dict[str, Any]]:
    return [tell(domain) for domain in rows]
