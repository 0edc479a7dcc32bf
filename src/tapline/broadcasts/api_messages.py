"""The API's calls on messages: one text, texts that another system sends, and their receipts."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from django.utils import timezone
from ninja import Router, Status
from pydantic import AwareDatetime, Field

from tapline.broadcasts.intake import OthersReceipt, take_receipts
from tapline.broadcasts.models import Broadcast, Message
from tapline.broadcasts.night import waits_until
from tapline.broadcasts.singles import StatedConsent, send_single
from tapline.broadcasts.tracking import (
    MAX_TEXTS,
    Tracked,
    Untracked,
    track,
    tracked_broadcast,
    tracked_broadcast_by_id,
)
from tapline.contacts.api import PurposeWord
from tapline.links.goals import campaign_named, offer_named
from tapline.providers.base import Status as ReceiptStatus
from tapline.workspaces.api_access import ApiRequest, actor_of, needs, workspace_of
from tapline.workspaces.api_types import Answer, Name, Payload, Text, Word, found_or_404

router = Router(tags=["messages"])
track_router = Router(tags=["texts that others send"])


_SAME_NAME = (
    "broadcast_id",
    "contact_id",
    "text",
    "state",
    "parts",
    "reference",
    "submitted_at",
    "accepted_at",
    "delivered_at",
    "failed_at",
    "error_code",
    "error_text",
    "first_human_click_at",
    "only_counted",
)


class StatedConsentIn(Payload):
    wording: Text = Field(min_length=1, description="Exactly what the person was shown.")
    at: AwareDatetime = Field(description="When the person said so.")
    evidence: dict[Word, Text] = Field(default_factory=dict)


class MessageIn(Payload):
    to: Word
    text: Text = Field(description="As it shall arrive; its links are replaced by tracked ones.")
    purpose: PurposeWord
    campaign: Name | None = Field(None, description="Made where there is none of this name.")
    consent: StatedConsentIn | None = Field(
        None, description="For service texts: how the recipient agreed, where it is not recorded."
    )
    reference: Word = Field("", description="Your own id.")


class MessageOut(Answer):
    id: int
    broadcast_id: int
    contact_id: int | None
    to: str
    text: str
    state: str
    parts: int
    num_segments: int = Field(description="The same as `parts`, under the name that others use.")
    reference: str
    submitted_at: dt.datetime | None
    accepted_at: dt.datetime | None
    delivered_at: dt.datetime | None
    failed_at: dt.datetime | None
    error_code: str
    error_text: str
    first_human_click_at: dt.datetime | None
    waits_until: dt.datetime | None = Field(
        description="When the recipient's place opens, while it is night there; else null."
    )
    only_counted: bool = Field(
        description="The recipient's taps are counted without saying whose they are, so"
        " `first_human_click_at` stays null."
    )


class TextIn(Payload):
    to: Word
    text: Text
    reference: Word = Field("", description="Your own id; receipts may name it.")


class TrackIn(Payload):
    texts: list[TextIn] = Field(min_length=1, max_length=MAX_TEXTS)
    broadcast_id: int | None = Field(None, description="Of an earlier call.")
    broadcast: Annotated[Word, Field(max_length=160)] = Field(
        "", description="Its name; made where there is none. Left out: today's."
    )
    campaign: Name | None = Field(None, description="Made where there is none of this name.")
    offer: Name | None = Field(None, description="Made where there is none of this name.")


class TrackedLinkOut(Answer):
    url: str
    code: str
    destination: str


class TrackedOut(Answer):
    message_id: int
    to: str
    reference: str
    text: str
    parts: int
    num_segments: int
    links: list[TrackedLinkOut]


class TrackOut(Answer):
    broadcast_id: int
    texts: list[TrackedOut]


class ReceiptIn(Payload):
    message_id: int | None = None
    reference: Word = Field("", description="Yours, where `message_id` is not given.")
    status: Literal["accepted", "delivered", "failed"]
    at: AwareDatetime
    error_code: Annotated[Word, Field(max_length=40)] = ""
    error_text: Annotated[Text, Field(max_length=255)] = ""


class ReceiptsIn(Payload):
    receipts: list[ReceiptIn] = Field(min_length=1, max_length=MAX_TEXTS)


class ReceiptsOut(Answer):
    applied: int
    repeated: int = Field(description="Known already, or older than what is known.")
    unknown: list[int] = Field(description="Indexes of receipts whose message is not known.")


@router.post(
    "/messages",
    auth=needs("messages:send"),
    response={201: MessageOut},
    summary="Send one text",
)
def send_message(request: ApiRequest, message: MessageIn) -> Status[dict[str, Any]]:
    """Queued when this answers, sent within about a second. Send an Idempotency-Key with it."""
    workspace = workspace_of(request)
    sent = send_single(
        workspace,
        to=message.to,
        text=message.text,
        purpose=message.purpose,
        campaign=campaign_named(workspace, message.campaign),
        consent=_stated(message.consent),
        reference=message.reference,
        actor=actor_of(request),
        attempt=request.attempt,
    )
    return Status(201, _write(sent))


@router.get(
    "/messages/{int:message_id}",
    auth=needs("messages:send"),
    response=MessageOut,
    summary="Get a text and what became of it",
)
def get_message(request: ApiRequest, message_id: int) -> dict[str, Any]:
    rows = Message.objects.filter(workspace=workspace_of(request))
    rows = rows.select_related("broadcast__workspace")
    return _write(found_or_404(rows.filter(pk=message_id).first(), "message"))


@track_router.post(
    "/track",
    auth=needs("track:write"),
    response=TrackOut,
    summary="Put tracked links into texts that another system sends",
)
def track_texts(request: ApiRequest, call: TrackIn) -> TrackOut:
    """Texts with recipients in, texts with tracked links out, in the same order.

    All or none: one bad text refuses the call, and `items` of the error lists every bad one.
    Recipients become contacts, so that reports name them; sending and consent stay with you.
    """
    broadcast = _gather_in(request, call)
    texts = [Untracked(to=each.to, text=each.text, reference=each.reference) for each in call.texts]
    tracked = track(
        workspace_of(request),
        texts,
        broadcast=broadcast,
        actor=actor_of(request),
        attempt=request.attempt,
    )
    return TrackOut.model_construct(
        broadcast_id=broadcast.pk, texts=[_write_tracked(each) for each in tracked]
    )


@track_router.post(
    "/receipts",
    auth=needs("receipts:write"),
    response=ReceiptsOut,
    summary="Say what became of texts that another system sent",
)
def add_receipts(request: ApiRequest, call: ReceiptsIn) -> dict[str, Any]:
    """In any order, any number of times: a message only moves up accepted, failed, delivered."""
    receipts = [
        OthersReceipt(
            message_id=each.message_id,
            reference=each.reference,
            status=ReceiptStatus(each.status),
            at=each.at,
            error_code=each.error_code,
            error_text=each.error_text,
        )
        for each in call.receipts
    ]
    taken = take_receipts(workspace_of(request), receipts)
    return {"applied": taken.applied, "repeated": taken.repeated, "unknown": taken.unknown}


def _stated(consent: StatedConsentIn | None) -> StatedConsent | None:
    if consent is None:
        return None
    return StatedConsent(wording=consent.wording, at=consent.at, evidence=consent.evidence)


def _gather_in(request: ApiRequest, call: TrackIn) -> Broadcast:
    workspace = workspace_of(request)
    if call.broadcast_id is not None:
        return tracked_broadcast_by_id(workspace, call.broadcast_id)
    return tracked_broadcast(
        workspace,
        call.broadcast,
        campaign=campaign_named(workspace, call.campaign),
        offer=offer_named(workspace, call.offer),
        actor=actor_of(request),
    )


def _write(message: Message) -> dict[str, Any]:
    return {
        "id": message.pk,
        "to": message.phone,
        "num_segments": message.parts,
        "waits_until": waits_until(message, timezone.now()),
        **{name: getattr(message, name) for name in _SAME_NAME},
    }


def _write_tracked(tracked: Tracked) -> TrackedOut:
    # Built without validation: the values are ours, and there may be ten thousand.
    return TrackedOut.model_construct(
        message_id=tracked.message_id,
        to=tracked.to,
        reference=tracked.reference,
        text=tracked.text,
        parts=tracked.parts,
        num_segments=tracked.parts,
        links=[
            TrackedLinkOut.model_construct(
                url=link.url, code=link.code, destination=link.destination
            )
            for link in tracked.links
        ],
    )
