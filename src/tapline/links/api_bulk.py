"""The API's call that makes many links at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from ninja import Router, Status
from pydantic import AwareDatetime, Field

from tapline.destinations import with_utm
from tapline.errors import TaplineError
from tapline.links.aliases import BadAlias, plain_path, taken
from tapline.links.api import Destination, UtmIn
from tapline.links.domains import domain_for, own_hosts
from tapline.links.goals import campaign_named, offer_named
from tapline.links.making_many import (
    Made,
    Wanted,
    check_wanted,
    make_many,
    take_codes,
    taken_aliases,
)
from tapline.links.models import Domain, Link
from tapline.workspaces.api_access import ApiRequest, actor_of, needs, workspace_of
from tapline.workspaces.api_types import Answer, Name, Payload, Word
from tapline.workspaces.audit import record
from tapline.workspaces.models import Workspace

# All are one transaction, and so many hold the writer for some 60 ms.
MOST_LINKS = 500

router = Router(tags=["links"])


class ManyLinkIn(Payload):
    destination: Destination = Field(description="http or https; `{code}` stands for the code.")
    name: Word = ""
    alias: Word = Field("", description="Such as `sale`; without one the link gets a code.")
    campaign: Name | None = Field(None, description="Made where there is none of this name.")
    offer: Name | None = Field(None, description="Made where there is none of this name.")
    utm: UtmIn | None = None
    expires_at: AwareDatetime | None = None


class ManyLinksIn(Payload):
    links: list[ManyLinkIn] = Field(min_length=1, max_length=MOST_LINKS)


class MadeOut(Answer):
    id: int
    url: str
    destination: str


class ManyLinksOut(Answer):
    links: list[MadeOut] = Field(description="In the order of the call.")


class BadLinks(TaplineError):
    """Some links of a call cannot be made; none was. `items` says which, and why."""

    def __init__(self, errors: Sequence[tuple[int, TaplineError]], total: int) -> None:
        self.items = [{"index": index, **error.as_dict()} for index, error in errors]
        index, first = errors[0]
        super().__init__(
            f"{len(errors):,} of {total:,} links cannot be made, so none was.",
            why=f"Link {index}: {first.what} {first.why}",
            do="Correct or leave out the links that `items` lists, and send the call again.",
        )

    def as_dict(self) -> dict[str, Any]:
        return {**super().as_dict(), "items": self.items}


@router.post(
    "/links/bulk",
    auth=needs("links:write"),
    response={201: ManyLinksOut},
    summary="Create many links",
)
def add_links(request: ApiRequest, call: ManyLinksIn) -> Status[dict[str, Any]]:
    """Up to 500 links, each with one code or an alias, as `POST /links` makes one.

    All or none: one bad link refuses the call, and `items` of the error lists every bad one.
    """
    attempt = request.attempt
    if attempt is not None and attempt.made:  # by one that died before it answered
        return Status(201, {"links": attempt.made["links"]})
    workspace = workspace_of(request)
    domain = domain_for(workspace)
    wanted = _checked(workspace, domain, call.links)
    codes = take_codes(domain, sum(not each.alias for each in wanted))
    with transaction.atomic():  # All of them, or none.
        made = make_many(workspace, domain, wanted, codes)
        _refuse(made)
        first = Link(pk=made[0].link_id)
        record(workspace, actor_of(request), "links.made", first, after={"links": len(made)})
        links = _written(wanted, made)
        if attempt is not None:
            attempt.bind(links=links)
    return Status(201, {"links": links})


def _written(wanted: Sequence[Wanted], made: Sequence[Made]) -> list[dict[str, Any]]:
    return [
        {"id": each.link_id, "url": each.short_link, "destination": asked.destination}
        for asked, each in zip(wanted, made, strict=True)
    ]


def _checked(workspace: Workspace, domain: Domain, asked: Sequence[ManyLinkIn]) -> list[Wanted]:
    """Return what is wanted; raises `BadLinks`."""
    hosts, wanted, errors = own_hosts(), [], []
    known = taken_aliases(domain, [plain_path(each.alias) for each in asked])
    seen: set[str] = set()
    for index, each in enumerate(asked):
        try:
            destination, alias = check_wanted(each.destination, each.alias, hosts)
            _refuse_repeated(alias, seen)
            if alias in known:
                raise taken(known[alias], workspace.pk)
            utm = each.utm.model_dump() if each.utm else {}
            wanted.append((with_utm(destination, utm), alias, each))
        except TaplineError as error:
            errors.append((index, error))
    if errors:
        raise BadLinks(errors, len(asked))
    # Only now, so that what is refused leaves no campaign behind.
    return [_wanted(workspace, *each) for each in wanted]


def _wanted(workspace: Workspace, destination: str, alias: str, asked: ManyLinkIn) -> Wanted:
    return Wanted(
        destination=destination,
        alias=alias,
        name=asked.name,
        campaign=campaign_named(workspace, asked.campaign),
        offer=offer_named(workspace, asked.offer),
        expires_at=asked.expires_at,
    )


def _refuse_repeated(alias: str, seen: set[str]) -> None:
    if alias in seen:
        raise BadAlias(
            f"The alias '{alias}' stands in this call twice.",
            why="It leads to one link.",
            do="Choose another alias for one of them.",
        )
    if alias:
        seen.add(alias)


def _refuse(made: Sequence[Made]) -> None:
    """Raise `BadLinks` for aliases that somebody took since they were looked up."""
    refused = [(index, each.refusal) for index, each in enumerate(made) if each.refusal]
    if refused:
        raise BadLinks(refused, len(made))
