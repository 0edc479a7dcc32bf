"""The API's calls on broadcasts: written, checked, sent, stopped, reported."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.db.models import QuerySet
from ninja import Router, Status
from pydantic import AwareDatetime, Field

from tapline.broadcasts import lifecycle
from tapline.broadcasts.checking import check
from tapline.broadcasts.composing import MOST_CHARACTERS, create_broadcast
from tapline.broadcasts.models import Broadcast
from tapline.broadcasts.reading import fingerprint
from tapline.broadcasts.reports import build_report
from tapline.broadcasts.trials import send_test
from tapline.broadcasts.variants import variants_report
from tapline.contacts.api import PurposeWord
from tapline.links.api import UtmIn
from tapline.links.goals import campaign_named, offer_named
from tapline.links.models import Campaign
from tapline.pictures.media import public_media
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
from tapline.workspaces.tree import descendant_ids

router = Router(tags=["broadcasts"])
reports_router = Router(tags=["reports"])

# What may be added up over broadcasts; people are counted per message.
SUMMED = (
    "sent",
    "delivered",
    "failed",
    "human_clickers",
    "human_clicks",
    "preview",
    "scanner",
    "prefetch",
    "tool",
    "operator",
    "unknown",
)


class AudienceIn(Payload):
    """Exactly one of these; `broadcast` together with `did`."""

    all: bool | None = Field(None, description="true: every contact of the workspace.")
    segment: int | None = Field(
        None, description="Whoever this segment finds when the broadcast is prepared."
    )
    tags: list[Name] | None = Field(None, description="Contacts with any of these tags.")
    imports: list[int] | None = Field(None, description="Contacts of these imported files.")
    contacts: list[int] | None = Field(None, description="These contacts.")
    broadcast: int | None = Field(None, description="Recipients of this earlier broadcast.")
    did: Literal["tapped", "not_tapped", "failed", "held_out"] | None = Field(
        None,
        description="What they did: tapped a link; got the text, or may have, and did not tap;"
        " their text failed; or they got nothing on purpose. Looked up when the new broadcast is"
        " prepared.",
    )


class VariantIn(Payload):
    text: Annotated[Text, Field(max_length=MOST_CHARACTERS)]
    share: int = Field(
        description="Per cent of those who get a text; the first text gets the rest."
    )


class BroadcastIn(Payload):
    name: Annotated[Name, Field(max_length=160)]
    text: Annotated[Text, Field(max_length=MOST_CHARACTERS)] = Field(
        description="With links and merge fields: Hi {{ first_name | there }}, see example.com."
    )
    audience: AudienceIn
    variants: list[VariantIn] = Field(
        default_factory=list, description="Up to four more texts that are tried beside it."
    )
    translations: dict[str, Annotated[Text, Field(max_length=MOST_CHARACTERS)]] = Field(
        default_factory=dict,
        description="The text in other languages, by their code (es): each contact gets their own.",
    )
    hold_out: int = Field(0, description="Per cent of the recipients who get nothing, on purpose.")
    purpose: PurposeWord = "marketing"
    campaign: Name | None = Field(None, description="Made where there is none of this name.")
    offer: Name | None = Field(None, description="Made where there is none of this name.")
    sender_number: Annotated[Word, Field(max_length=16)] = ""
    utm: UtmIn | None = None
    media: list[Annotated[Text, Field(max_length=2048)]] = Field(
        default_factory=list,
        description="Addresses of up to ten pictures, where the provider takes them: anybody's,"
        " or the one that `POST /pictures` answered.",
    )
    is_test: bool = Field(False, description="Its taps count as the operator's own.")
    spend_limit: Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=4)] | None = None
    validity_seconds: int = Field(4 * 3600, description="How late a text may still arrive.")
    at_night: Literal["wait", "skip"] | None = Field(
        None, description="Recipients whose place is closed; left out: as the workspace decided."
    )
    give_up_hours: int | None = Field(
        None, description="Who still waits then gets no text; left out: as the workspace decided."
    )


class StartIn(Payload):
    at: AwareDatetime | None = Field(None, description="Left out: now.")
    fingerprint: Word | None = Field(
        None,
        description="Of what somebody read: 409 if the broadcast was changed since. Give it where a"
        " person looks at a draft before it goes out; left out, it is sent as it is now.",
    )


class TestIn(Payload):
    contacts: list[int] = Field(description="Contacts that are marked as staff.")


class BroadcastOut(Answer):
    id: int
    kind: str
    state: str
    name: str
    text: str
    variants: list[VariantIn]
    translations: dict[str, str]
    hold_out: int
    purpose: str
    campaign: str | None
    offer: str | None
    audience: dict[str, Any]
    media: list[str] = Field(description="Addresses of its pictures, as a provider gets them.")
    is_test: bool
    at_night: str
    give_up_hours: int
    pause_reason: str
    created_at: dt.datetime
    fingerprint: str = Field(
        description="Changes with whatever one reads before sending it; `start` compares it where"
        " it is given."
    )
    scheduled_at: dt.datetime | None
    started_at: dt.datetime | None
    finished_at: dt.datetime | None


class FindingOut(Answer):
    level: str = Field(description="error, warning or note; an error keeps it from being sent.")
    what: str
    why: str
    do: str


@router.post(
    "/broadcasts",
    auth=needs("broadcasts:write"),
    response={201: BroadcastOut},
    summary="Write a broadcast",
)
def add_broadcast(request: ApiRequest, broadcast: BroadcastIn) -> Status[dict[str, Any]]:
    """Makes a draft. Nothing is sent before it is started."""
    workspace = workspace_of(request)
    made = create_broadcast(
        workspace,
        name=broadcast.name,
        text=broadcast.text,
        audience=broadcast.audience.model_dump(exclude_none=True),
        variants=[each.model_dump() for each in broadcast.variants],
        translations=broadcast.translations,
        hold_out=broadcast.hold_out,
        purpose=broadcast.purpose,
        campaign=campaign_named(workspace, broadcast.campaign),
        offer=offer_named(workspace, broadcast.offer),
        sender_number=broadcast.sender_number,
        utm=broadcast.utm.model_dump() if broadcast.utm else None,
        media=broadcast.media,
        is_test=broadcast.is_test,
        spend_limit=broadcast.spend_limit,
        validity_seconds=broadcast.validity_seconds,
        at_night=broadcast.at_night,
        give_up_hours=broadcast.give_up_hours,
        actor=actor_of(request),
    )
    return Status(201, _write(made))


@router.get(
    "/broadcasts",
    auth=needs("broadcasts:read"),
    response=Page[BroadcastOut],
    summary="List broadcasts",
)
def list_broadcasts(request: ApiRequest, cursor: Cursor, limit: Limit) -> dict[str, Any]:
    return page_of(_broadcasts([request.auth.workspace_id]), cursor, limit, _write_all)


@router.get(
    "/broadcasts/{int:broadcast_id}",
    auth=needs("broadcasts:read"),
    response=BroadcastOut,
    summary="Get a broadcast",
)
def get_broadcast(request: ApiRequest, broadcast_id: int) -> dict[str, Any]:
    return _write(_find(request, broadcast_id))


@router.post(
    "/broadcasts/{int:broadcast_id}/check",
    auth=needs("broadcasts:read"),
    response=list[FindingOut],
    summary="Check a broadcast before it is sent",
)
def check_broadcast(request: ApiRequest, broadcast_id: int) -> list[dict[str, str]]:
    """Errors first. Counts the audience, so it takes seconds where that has a million contacts."""
    return [finding.as_dict() for finding in check(_find(request, broadcast_id))]


@router.post(
    "/broadcasts/{int:broadcast_id}/start",
    auth=needs("broadcasts:write"),
    response=BroadcastOut,
    summary="Send a broadcast, now or at a time",
)
def start_broadcast(
    request: ApiRequest, broadcast_id: int, when: StartIn | None = None
) -> dict[str, Any]:
    broadcast, actor = _find(request, broadcast_id), actor_of(request)
    at, read = (when.at, when.fingerprint) if when else (None, None)
    if at is None:
        return _write(lifecycle.start(broadcast, actor=actor, fingerprint=read))
    return _write(lifecycle.schedule(broadcast, at, actor=actor, fingerprint=read))


@router.post(
    "/broadcasts/{int:broadcast_id}/unschedule",
    auth=needs("broadcasts:write"),
    response=BroadcastOut,
    summary="Take a scheduled broadcast back",
)
def unschedule_broadcast(request: ApiRequest, broadcast_id: int) -> dict[str, Any]:
    """It is a draft again."""
    return _write(lifecycle.unschedule(_find(request, broadcast_id), actor=actor_of(request)))


@router.post(
    "/broadcasts/{int:broadcast_id}/test",
    auth=needs("broadcasts:write"),
    response={201: list[BroadcastOut]},
    summary="Send a test to your own people",
)
def test_broadcast(
    request: ApiRequest, broadcast_id: int, wanted: TestIn
) -> Status[list[dict[str, Any]]]:
    """Every text of it, at once, in a test broadcast of its own; taps count as the operator's."""
    sent = send_test(_find(request, broadcast_id), wanted.contacts, actor=actor_of(request))
    return Status(201, _write_all(sent))


@router.post(
    "/broadcasts/{int:broadcast_id}/pause",
    auth=needs("broadcasts:write"),
    response=BroadcastOut,
    summary="Pause a broadcast",
)
def pause_broadcast(request: ApiRequest, broadcast_id: int) -> dict[str, Any]:
    """Takes effect within the few hundred texts that are being handed over."""
    return _write(lifecycle.pause(_find(request, broadcast_id), actor=actor_of(request)))


@router.post(
    "/broadcasts/{int:broadcast_id}/resume",
    auth=needs("broadcasts:write"),
    response=BroadcastOut,
    summary="Go on with a paused broadcast",
)
def resume_broadcast(request: ApiRequest, broadcast_id: int) -> dict[str, Any]:
    return _write(lifecycle.resume(_find(request, broadcast_id), actor=actor_of(request)))


@router.post(
    "/broadcasts/{int:broadcast_id}/cancel",
    auth=needs("broadcasts:write"),
    response=BroadcastOut,
    summary="Cancel a broadcast",
)
def cancel_broadcast(request: ApiRequest, broadcast_id: int) -> dict[str, Any]:
    """What has not left never will; what has left stays in the report."""
    return _write(lifecycle.cancel(_find(request, broadcast_id), actor=actor_of(request)))


@reports_router.get(
    "/broadcasts/{int:broadcast_id}/report",
    auth=needs("reports:read"),
    response=dict[str, Any],
    summary="Get a broadcast's report",
)
def get_report(request: ApiRequest, broadcast_id: int) -> dict[str, Any]:
    """Counts and rates (0 to 1), no people: a key also sees those of workspaces below its own.
    With several texts, `by_variant` compares them."""
    rows = _broadcasts(descendant_ids(workspace_of(request)))
    broadcast = found_or_404(rows.filter(pk=broadcast_id).first(), "broadcast")
    compared = variants_report(broadcast)
    more = {"by_variant": compared.as_dict()} if compared else {}
    return build_report(broadcast).as_dict() | more


@reports_router.get(
    "/reports/campaigns/{int:campaign_id}",
    auth=needs("reports:read"),
    response=dict[str, Any],
    summary="Get a campaign's report",
)
def get_campaign_report(request: ApiRequest, campaign_id: int) -> dict[str, Any]:
    """The sums over its broadcasts, and the report of each, newest first."""
    campaigns = Campaign.objects.filter(workspace=workspace_of(request), pk=campaign_id)
    campaign = found_or_404(campaigns.first(), "campaign")
    rows = _broadcasts([request.auth.workspace_id]).filter(campaign=campaign, is_test=False)
    reports = [build_report(row).as_dict() for row in rows.order_by("-pk")]
    told = {"campaign": campaign.pk, "name": campaign.name}
    return {**told, **_add_up(reports), "broadcasts": reports}


def _add_up(reports: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return sums and the click rate over them.

    Its base is what the single reports divide by, so that texts without receipts count too.
    """
    sums = {name: sum(report[name] for report in reports) for name in SUMMED}
    base = sum(report[report["rate_base"]] for report in reports)
    return {**sums, "click_rate": min(1.0, sums["human_clickers"] / base) if base else 0.0}


def _broadcasts(workspace_ids: Iterable[int]) -> QuerySet[Broadcast]:
    rows = Broadcast.objects.filter(workspace_id__in=workspace_ids)
    return rows.select_related("workspace", "domain", "campaign", "offer")


def _find(request: ApiRequest, broadcast_id: int) -> Broadcast:
    rows = _broadcasts([request.auth.workspace_id])
    return found_or_404(rows.filter(pk=broadcast_id).first(), "broadcast")


def _write(broadcast: Broadcast) -> dict[str, Any]:
    return _write_all([broadcast])[0]


def _write_all(broadcasts: Iterable[Broadcast]) -> list[dict[str, Any]]:
    return [
        {
            "id": broadcast.pk,
            "kind": broadcast.kind,
            "state": broadcast.state,
            "name": broadcast.name,
            "text": broadcast.text,
            "variants": broadcast.variants,
            "translations": broadcast.translations,
            "hold_out": broadcast.hold_out,
            "purpose": broadcast.purpose,
            "campaign": broadcast.campaign.name if broadcast.campaign else None,
            "offer": broadcast.offer.name if broadcast.offer else None,
            "audience": broadcast.audience,
            "media": list(public_media(broadcast.workspace, broadcast.media)),
            "is_test": broadcast.is_test,
            "at_night": broadcast.at_night,
            "give_up_hours": broadcast.give_up_hours,
            "pause_reason": broadcast.pause_reason,
            "created_at": broadcast.created_at,
            "fingerprint": fingerprint(broadcast),
            "scheduled_at": broadcast.scheduled_at,
            "started_at": broadcast.started_at,
            "finished_at": broadcast.finished_at,
        }
        for broadcast in broadcasts
    ]
