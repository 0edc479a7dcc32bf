"""What travels between us and Twilio: the fields of a request, and how its answers are read.

Sources: Twilio's OpenAPI description of its API 2010-04-01 (github.com/twilio/twilio-oai,
`spec/json/twilio_api_v2010.json`, operations CreateMessage and ListMessage) and its Message
resource page (twilio.com/docs/messaging/api/message-resource). tests/providers/twilio holds the
names and limits that the description gives.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

from tapline.providers.base import Outgoing

BASE_URL = "https://api.twilio.com"
SHORTEST_VALIDITY_SECONDS, LONGEST_VALIDITY_SECONDS = 1, 36_000
MOST_MEDIA = 10
# Behind a webhook's address: post it up to five times more, whatever went wrong, within 15 s. By
# default a receipt that met a restart of ours would be lost. We are called without that part.
# Source: twilio.com/docs/usage/webhooks/webhooks-connection-overrides
TRY_AGAIN = "#rc=5&rp=all"

# Their messages name the recipient's number; numbers stand in no log and no error.
_NUMBER = re.compile(r"\+?\d{7,15}")


def message_form(
    text: Outgoing, *, service: str, callback: str, now: dt.datetime
) -> dict[str, str | list[str]]:
    """Return the form of one CreateMessage request."""
    form: dict[str, str | list[str]] = {
        "To": text.to,
        "Body": text.text,
        "StatusCallback": f"{callback}?reference={quote(text.reference, safe='')}{TRY_AGAIN}",
        "ValidityPeriod": str(validity_seconds(text, now)),
    }
    if text.sender:
        form["From"] = text.sender
    if service:
        form["MessagingServiceSid"] = service
    if text.media:
        form["MediaUrl"] = list(text.media[:MOST_MEDIA])
    return form


def validity_seconds(text: Outgoing, now: dt.datetime) -> int:
    """Return how long Twilio may keep the text; below 1 it is too late to hand it over."""
    left = math.floor((text.send_before_at - now).total_seconds())
    return min(left, LONGEST_VALIDITY_SECONDS)


def read_cost(message: Mapping[str, Any]) -> Decimal | None:
    """Return what a message cost, as a positive amount. Twilio tells it later, if ever, and as a
    negative one, since it is taken from the balance."""
    try:
        return abs(Decimal(str(message["price"]))) if message.get("price") else None
    except InvalidOperation:
        return None


def read_time(value: object) -> dt.datetime | None:
    """Return a time of the API, which writes them as RFC 2822; None for anything else."""
    try:
        return parsedate_to_datetime(str(value)) if value else None
    except (TypeError, ValueError):
        return None


def without_numbers(message: str) -> str:
    """Return an error's words without the phone numbers in them."""
    return _NUMBER.sub("…", message)
