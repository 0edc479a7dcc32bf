"""Twilio's words in ours: status callbacks and inbound texts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from tapline.providers.base import InboundText, Receipt, Status

STATUSES = {
    # Twilio's word: ours. Source: Twilio's Message resource, values of `status`. What is not here
    # (`receiving`, `received`, `partially_delivered`, words of the future) changes nothing.
    "accepted": Status.ACCEPTED,
    "scheduled": Status.ACCEPTED,
    "queued": Status.ACCEPTED,
    "sending": Status.ACCEPTED,
    "sent": Status.ACCEPTED,
    "delivered": Status.DELIVERED,
    "read": Status.DELIVERED,
    "undelivered": Status.FAILED,
    "failed": Status.FAILED,
    "canceled": Status.FAILED,
}


def read_receipt(form: Mapping[str, str], reference: str, now: dt.datetime) -> Receipt:
    """Return one status callback in our words. Twilio does not say when it happened."""
    status = form.get("MessageStatus") or form.get("SmsStatus") or ""
    return Receipt(
        provider_id=(form.get("MessageSid") or form.get("SmsSid") or "")[:64],
        status=STATUSES.get(status, Status.UNKNOWN),
        at=now,
        reference=reference,
        error_code=form.get("ErrorCode") or "",
    )


def read_inbound(
    form: Mapping[str, str], *, provider: str, workspace: int, now: dt.datetime
) -> InboundText:
    """Return one inbound text in our words."""
    return InboundText(
        provider_id=form.get("MessageSid") or form.get("SmsSid") or "",
        sender=form.get("From", ""),
        to=form.get("To", ""),
        text=form.get("Body", ""),
        received_at=now,
        account=provider,
        provider=provider,
        workspace=workspace,
    )
