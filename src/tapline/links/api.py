"""The API's calls on links: made, listed, changed after sending, given aliases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from django.db import transaction
from ninja import Router, Status
from pydantic import AwareDatetime, Field

from tapline.cards import (
    LONGEST_DESCRIPTION,
    LONGEST_PICTURE,
    LONGEST_TITLE,
    Card,
    check_card,
)
from tapline.links import aliases, changing
from tapline.links.addresses import own_addresses
from tapline.links.codebook import CodeBook
from tapline.links.domains import domain_for
from tapline.links.goals import campaign_named, offer_named
from tapline.links.minting import create_link, mint_range
from tapline.links.models import Alias, Campaign, Link, LinkCard, LinkKind
from tapline.workspaces.api_access import ApiRequest, actor_of, needs, workspace_of
from tapline.workspaces.api_types import (
    Answer,
    Cursor,
    Limit,
    Name,
    Page,
    Payload,
    Text,
    Word,
    found_or_404,
    page_of,
)
from tapline.workspaces.models import Workspace

router = Router(tags=["links"])

Destination = Annotated[Text, Field(max_length=2048)]


class UtmIn(Payload):
    source: Word = ""
    medium: Word = ""
    campaign: Word = ""
    term: Word = ""
    content: Word = ""
    id: Word = ""


class CardIn(Payload):
    """What messaging apps show of a link before anybody taps (Open Graph)."""

    title: Text = Field(min_length=1, max_length=LONGEST_TITLE)
    description: Text = Field("", max_length=LONGEST_DESCRIPTION)
    picture: Text = Field("", max_length=LONGEST_PICTURE, description="Address of a picture.")


class LinkIn(Payload):
    destination: Destination = Field(description="http or https; `{code}` stands for the code.")
    name: Word = ""
    campaign: Name | None = Field(None, description="Made where there is none of this name.")
    offer: Name | None = Field(None, description="Made where there is none of this name.")
    utm: UtmIn | None = None
    card: CardIn | None = Field(None, description="null: previews show what the page itself says.")
    expires_at: AwareDatetime | None = None


class LinkChanges(Payload):
    """What is left out stays as it is."""

    destination: Destination = ""
    expires_at: AwareDatetime | None = Field(None, description="null: the link never ends.")
    disabled: bool = False
    campaign: Name | None = Field(None, description="Of taps from now on; null: of none.")
    offer: Name | None = Field(None, description="Of taps from now on; null: none.")
    card: CardIn | None = Field(None, description="null: previews show what the page itself says.")


class AliasIn(Payload):
    path: Word = Field(description="Such as `sale` for https://go.example.com/sale.")


class CardOut(Answer):
    title: str
    description: str
    picture: str


class LinkOut(Answer):
    id: int
    url: str | None = Field(
        description="What a text may hold. null: its codes belong to the recipients of a broadcast."
    )
    kind: str
    name: str
    destination: str
    campaign: str | None
    offer: str | None
    aliases: list[str]
    card: CardOut | None
    expires_at: dt.datetime | None
    disabled_at: dt.datetime | None
    created_at: dt.datetime


class CampaignOut(Answer):
    id: int
    name: str


@router.post("/links", auth=needs("links:write"), response={201: LinkOut}, summary="Create a link")
def add_link(request: ApiRequest, link: LinkIn) -> Status[dict[str, Any]]:
    """One link with one code, for a place that all readers share: a poster, a profile, a reply.

    Texts get a code per recipient from broadcasts, messages and /track instead.
    """
    workspace = workspace_of(request)
    with transaction.atomic():  # What is refused leaves no campaign behind.
        made = create_link(
            workspace,
            domain_for(workspace),
            link.destination,
            name=link.name,
            campaign=campaign_named(workspace, link.campaign),
            offer=offer_named(workspace, link.offer),
            utm=link.utm.model_dump() if link.utm else None,
            expires_at=link.expires_at,
            actor=actor_of(request),
        )
    if link.card:
        changing.set_card(made, _card(link.card), actor=actor_of(request))
    mint_range(made, 1)
    return Status(201, _write(made))


@router.get("/links", auth=needs("links:read"), response=Page[LinkOut], summary="List links")
def list_links(request: ApiRequest, cursor: Cursor, limit: Limit) -> dict[str, Any]:
    """Personal links are left out: a broadcast may have a million."""
    rows = _links(workspace_of(request)).exclude(kind=LinkKind.PERSONAL)
    return page_of(rows, cursor, limit, _write_all)


@router.get(
    "/links/{int:link_id}", auth=needs("links:read"), response=LinkOut, summary="Get a link"
)
def get_link(request: ApiRequest, link_id: int) -> dict[str, Any]:
    return _write(_find(request, link_id))


@router.patch(
    "/links/{int:link_id}",
    auth=needs("links:write"),
    response=LinkOut,
    summary="Change where a link leads, when it ends, or stop it",
)
def change_link(request: ApiRequest, link_id: int, changes: LinkChanges) -> dict[str, Any]:
    """Also for links that are on phones already: every edge follows within a second."""
    link, actor = _find(request, link_id), actor_of(request)
    said = changes.model_fields_set
    with transaction.atomic():  # All of the changes, or none.
        if "destination" in said:
            link = changing.change_destination(link, changes.destination, actor=actor)
        if "expires_at" in said:
            link = changing.set_expiry(link, changes.expires_at, actor=actor)
        if "disabled" in said:
            stop_or_go = changing.disable if changes.disabled else changing.enable
            link = stop_or_go(link, actor=actor)
        if said & {"campaign", "offer"}:
            link = _change_goals(link, changes, actor)
        if "card" in said:
            card = _card(changes.card) if changes.card else None
            changing.set_card(link, card, actor=actor)
    return _write(_find(request, link.pk))


@router.post(
    "/links/{int:link_id}/aliases",
    auth=needs("links:write"),
    response={201: LinkOut},
    summary="Give a link an alias",
)
def add_alias(request: ApiRequest, link_id: int, alias: AliasIn) -> Status[dict[str, Any]]:
    link = _find(request, link_id)
    aliases.create_alias(link.domain, alias.path, link, actor=actor_of(request))
    return Status(201, _write(link))


@router.delete(
    "/links/{int:link_id}/aliases/{path:alias}",
    auth=needs("links:write"),
    response={204: None},
    summary="Take an alias away from a link",
)
def remove_alias(request: ApiRequest, link_id: int, alias: str) -> Status[None]:
    rows = Alias.objects.filter(link=_find(request, link_id), path=alias, deleted_at=None)
    aliases.delete_alias(found_or_404(rows.first(), "alias"), actor=actor_of(request))
    return Status(204, None)


@router.get(
    "/campaigns",
    auth=needs("links:read"),
    response=Page[CampaignOut],
    summary="List campaigns",
)
def list_campaigns(request: ApiRequest, cursor: Cursor, limit: Limit) -> dict[str, Any]:
    rows = Campaign.objects.filter(workspace=workspace_of(request))
    return page_of(rows, cursor, limit, list)


def _change_goals(link: Link, changes: LinkChanges, actor: str) -> Link:
    said, campaign, offer = changes.model_fields_set, link.campaign, link.offer
    if "campaign" in said:
        campaign = campaign_named(link.workspace, changes.campaign)
    if "offer" in said:
        offer = offer_named(link.workspace, changes.offer)
    return changing.set_goals(link, campaign, offer, actor=actor)


def _card(given: CardIn) -> Card | None:
    return check_card(given.title, given.description, given.picture)


def _links(workspace: Workspace) -> Any:
    rows = Link.objects.filter(workspace=workspace, deleted_at=None)
    return rows.select_related("workspace", "domain", "campaign", "offer")


def _find(request: ApiRequest, link_id: int) -> Link:
    found: Link | None = _links(workspace_of(request)).filter(pk=link_id).first()
    return found_or_404(found, "link")


def _write(link: Link) -> dict[str, Any]:
    return _write_all([link])[0]


def _write_all(links: Iterable[Link]) -> list[dict[str, Any]]:
    links = list(links)
    urls, names, cards = own_addresses(links), _aliases(links), _cards(links)
    return [
        {
            "id": link.pk,
            "url": urls.get(link.pk),
            "kind": link.kind,
            "name": link.name,
            "destination": link.destination,
            "campaign": link.campaign.name if link.campaign else None,
            "offer": link.offer.name if link.offer else None,
            "aliases": names.get(link.pk, []),
            "card": cards.get(link.pk),
            "expires_at": link.expires_at,
            "disabled_at": link.disabled_at,
            "created_at": link.created_at,
        }
        for link in links
    ]


def _cards(links: Iterable[Link]) -> Mapping[int, LinkCard]:
    rows = LinkCard.objects.filter(link__in=list(links)).exclude(title="")
    return {row.link_id: row for row in rows}


def _aliases(links: Iterable[Link]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    rows = Alias.objects.filter(link__in=list(links), deleted_at=None).select_related("domain")
    for alias in rows.order_by("path"):
        found.setdefault(alias.link_id, []).append(CodeBook.url(alias.domain, alias.path))
    return found
