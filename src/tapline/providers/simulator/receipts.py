"""The simulator's words in ours: delivery receipts and inbound texts."""

from __future__ import annotations

import datetime as dt

from tapline.providers.base import InboundText, Receipt, Status
from tapline.providers.simulator.wire import (
    ACCEPTED,
    DELIVERED,
    REJECTED,
    UNDELIVERED,
    ReceiptLine,
    ReplyLine,
)

STATUSES = {
    # The simulator's word: ours. A word that is not here changes nothing.
    ACCEPTED: Status.ACCEPTED,
    DELIVERED: Status.DELIVERED,
    UNDELIVERED: Status.FAILED,
    REJECTED: Status.FAILED,
}


def read_receipt(line: ReceiptLine) -> Receipt:
    """Return one receipt in our words."""
    return Receipt(
        provider_id=line.id,
        status=STATUSES.get(line.status, Status.UNKNOWN),
        at=_as_time(line.at),
        reference=line.reference,
        error_code=line.error_code,
        error_text=line.error_text,
    )


def read_reply(line: ReplyLine) -> InboundText:
    """Return one inbound text in our words."""
    return InboundText(
        provider_id=line.id,
        sender=line.sender,
        to=line.to,
        text=line.text,
        received_at=_as_time(line.at),
    )


def _as_time(seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)
