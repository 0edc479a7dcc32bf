"""How one text is sent to one person: at once, by the same loop that sends broadcasts.

Single texts are gathered in a standing broadcast per workspace, campaign, purpose and sender, which
never ends. The message waits in it with its finished text, tracked links included.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from tapline.broadcasts.models import (
    Broadcast,
    BroadcastKind,
    BroadcastState,
    Message,
    MessageState,
)
from tapline.broadcasts.placing import note_place, place_of
from tapline.broadcasts.tracked_links import (
    DestinationReader,
    TrackedText,
    refuse_stopped,
    track_texts,
)
from tapline.broadcasts.tracking import check_text, take_positions
from tapline.broadcasts.watched import look_at_shared
from tapline.contacts.consent import record_consent
from tapline.contacts.models import Consent, Contact, Purpose, Suppression
from tapline.contacts.phones import normalise
from tapline.contacts.upserting import ensure_contacts
from tapline.errors import Conflict, TaplineError
from tapline.links.domains import domain_for, own_hosts
from tapline.links.models import Campaign
from tapline.providers.senders import sender_of
from tapline.workspaces.counting import only_counted
from tapline.workspaces.idempotency import Attempt
from tapline.workspaces.models import Workspace

# What pages and reports show.
STANDING_NAMES = {Purpose.MARKETING: "Single texts", Purpose.SERVICE: "Single service texts"}


class NotTextable(Conflict):
    """The recipient has not agreed to such a text, or has opted out."""


class BadPurpose(TaplineError):
    """The text's purpose is none, or cannot be stated this way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedConsent:
    """What the caller knows about how the recipient agreed to service texts."""

    wording: str
    at: dt.datetime
    evidence: Mapping[str, Any]


def send_single(
    workspace: Workspace,
    *,
    to: str,
    text: str,
    purpose: str,
    campaign: Campaign | None = None,
    consent: StatedConsent | None = None,
    reference: str = "",
    actor: str,
    attempt: Attempt | None = None,
) -> Message:
    """Put one text into the queue and return its message; the worker sends it within a second.

    `consent` goes to the ledger first; it may come with service texts alone, since marketing
    needs an answer of the person before the text is written. Raises `BadNumber`, `BadText`,
    `BadDestination`, `LinkStopped`, `BadConsent`, `NotTextable`, `NoDomain`. Must not be called
    inside a transaction. An attempt that takes over from a dead one returns that one's message.
    """
    if attempt is not None and attempt.made:
        return Message.objects.get(pk=attempt.made["message"])
    _check_purpose(purpose, consent)
    check_text(text)
    phone = normalise(to, workspace.default_country)
    is_counted = only_counted(workspace).covers(phone)
    finished = DestinationReader(own_hosts(), {}).read(
        text, crowd_member=phone if is_counted else ""
    )
    broadcast = standing_broadcast(workspace, campaign, purpose, actor=actor)
    for refusal in refuse_stopped(broadcast, finished.destinations).values():
        raise refusal
    contact = Contact.objects.get(pk=ensure_contacts(workspace, [phone])[phone])
    if consent is not None:
        _refuse_opted_out(contact, workspace, purpose)
        _record(contact, workspace, purpose, consent, actor)
    _refuse_not_textable(contact, workspace, purpose)
    position = take_positions(broadcast, 1)
    assert broadcast.domain is not None
    (tracked,) = track_texts(broadcast, broadcast.domain, [finished], position, actor=actor)
    message = _queue(broadcast, position, contact, tracked, is_counted, reference, attempt)
    look_at_shared(broadcast, finished.distinct)
    return message


def standing_broadcast(
    workspace: Workspace, campaign: Campaign | None, purpose: str, *, actor: str
) -> Broadcast:
    """Return the broadcast that gathers single texts, made where there is none yet.

    Raises `NoDomain`.
    """
    rows = Broadcast.objects.select_related("workspace", "domain", "campaign", "offer")
    sender = sender_of(workspace)
    wanted = {
        "workspace": workspace,
        "kind": BroadcastKind.STANDING,
        "campaign": campaign,
        "purpose": purpose,
        "provider": sender.provider,
        "sender_number": sender.number,
        "sender_pool_id": sender.pool,
    }
    with transaction.atomic():
        # The lock lets two calls at once agree on one broadcast.
        Workspace.objects.select_for_update().get(pk=workspace.pk)
        found = rows.filter(**wanted).order_by("id").first()
        return found or Broadcast.objects.create(
            **wanted,
            state=BroadcastState.SENDING,
            name=_name(purpose, campaign),
            domain=domain_for(workspace),
            created_by=actor,
            started_at=timezone.now(),
        )


def _queue(
    broadcast: Broadcast,
    position: int,
    contact: Contact,
    tracked: TrackedText,
    is_counted: bool,
    reference: str,
    attempt: Attempt | None,
) -> Message:
    with transaction.atomic():
        # Once more, in the transaction that queues: an opt-out a moment ago must win.
        _refuse_not_textable(contact, broadcast.workspace, broadcast.purpose)
        message = Message.objects.create(
            broadcast=broadcast,
            position=position,
            workspace=broadcast.workspace,
            contact=contact,
            phone=contact.phone,
            state=MessageState.PENDING,
            text=tracked.text,
            parts=tracked.parts,
            reference=reference,
            only_counted=is_counted,
            place=place_of(contact),
        )
        note_place(message)
        if attempt is not None:
            attempt.bind(message=message.pk)
    return message


def _name(purpose: str, campaign: Campaign | None) -> str:
    name = STANDING_NAMES[Purpose(purpose)]
    return f"{name}: {campaign.name}" if campaign else name


def _check_purpose(purpose: str, consent: StatedConsent | None) -> None:
    if purpose not in Purpose.values:
        raise BadPurpose(
            f"'{purpose}' is no purpose.",
            why="People agree to one kind of text.",
            do=f"Choose one of: {', '.join(Purpose.values)}.",
        )
    if consent is not None and purpose != Purpose.SERVICE:
        raise BadPurpose(
            "Consent to marketing cannot be stated together with the text.",
            why="It must have been given and recorded before marketing is written to anybody.",
            do="Record it with POST /contacts/{id}/consents first.",
        )


def _record(
    contact: Contact, workspace: Workspace, purpose: str, consent: StatedConsent, actor: str
) -> None:
    record_consent(
        [contact],
        scope=workspace,
        purpose=purpose,
        given=True,
        wording=consent.wording,
        source="api",
        evidence=consent.evidence,
        at=consent.at,
        by=actor,
    )


def _refuse_opted_out(contact: Contact, workspace: Workspace, purpose: str) -> None:
    """A program that states consent with every text must not undo a person's no in passing."""
    scopes = workspace.ancestor_ids
    stopped = Suppression.objects.filter(
        phone_hash=contact.phone_hash,
        scope__in=scopes,
        purpose__in=["", purpose],
        lifted_at=None,
    )
    answers = Consent.objects.filter(contact=contact, purpose=purpose, scope__in=scopes)
    newest = answers.order_by("-at", "-id").first()
    if stopped.exists() or (newest is not None and not newest.given):
        raise NotTextable(
            f"This contact has opted out of {purpose} texts.",
            why="Consent that is stated together with a text does not undo an opt-out.",
            do="Record a newer answer with POST /contacts/{id}/consents, if they gave one.",
        )


def _refuse_not_textable(contact: Contact, workspace: Workspace, purpose: str) -> None:
    people = Contact.objects.in_workspace(workspace).textable(purpose)
    if people.filter(pk=contact.pk).exists():
        return
    raise NotTextable(
        f"This contact may not be sent {purpose} texts.",
        why="They have not agreed to them, or have opted out since.",
        do="Record their consent, if they gave it; nothing was sent.",
    )
