"""Twilio's words: errors, the Message resource, and the signature, as their documents give them.

Sources: twilio.com/docs/messaging/api/message-resource (resource, parameters, list filters);
twilio.com/docs/usage/twilios-response (the body of an error); twilio.com/docs/api/errors (codes);
twilio.com/docs/usage/webhooks/webhooks-security (signature);
twilio.com/docs/iam/test-credentials#test-sms-messages (the numbers that are always refused).
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Any

API_VERSION = "2010-04-01"
SIGNATURE_HEADER = "X-Twilio-Signature"
IDEMPOTENCY_HEADER = "I-Twilio-Idempotency-Token"
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
LONGEST_BODY = 1600
MOST_MEDIA = 10
LONGEST_VALIDITY_SECONDS = 36_000
SETTLED = ("delivered", "undelivered", "failed", "canceled")


@dataclass(frozen=True, slots=True)
class Problem:
    """An error: the HTTP status, Twilio's code, and its sentence, which may name a `value`."""

    status: int
    code: int
    sentence: str

    def body(self, value: str = "") -> dict[str, Any]:
        """Return the JSON of the error. Source: twilio.com/docs/usage/twilios-response."""
        return {
            "code": self.code,
            "message": self.sentence.format(value),
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }


# Each code's page is twilio.com/docs/api/errors/CODE.
AUTHENTICATE = Problem(401, 20003, "Authenticate")
NOT_ALLOWED = Problem(405, 20004, "Method not allowed")
NOT_FOUND = Problem(404, 20404, "The requested resource {} was not found")
TOO_MANY = Problem(429, 20429, "Too Many Requests")
SERVER_ERROR = Problem(500, 20500, "An internal server error has occurred")
UNAVAILABLE = Problem(503, 20503, "Service Unavailable")
NO_TO = Problem(400, 21604, "A 'To' phone number is required.")
BAD_TO = Problem(400, 21211, "The 'To' number {} is not a valid phone number.")
NO_FROM = Problem(400, 21603, "A 'From' phone number is required.")
BAD_FROM = Problem(
    400,
    21606,
    "The From phone number {} is not a valid, SMS-capable inbound phone number or short code"
    " for your account.",
)
BAD_SERVICE = Problem(400, 21701, "The Messaging Service {} does not exist.")
NO_BODY = Problem(400, 21602, "Message body is required.")
LONG_BODY = Problem(400, 21617, "The concatenated message body exceeds the 1600 character limit.")
TOO_MUCH_MEDIA = Problem(400, 21623, "Number of media files exceeds allowed limit.")
BAD_CALLBACK = Problem(400, 21609, "The 'StatusCallback' URL {} is not a valid URL.")
UNSUBSCRIBED = Problem(400, 21610, "Attempt to send to unsubscribed recipient")
QUEUE_FULL = Problem(
    400, 21611, "This 'From' number has exceeded the maximum number of queued messages"
)
BAD_PARAMETER = Problem(400, 20001, "{} is not a valid value for this parameter.")

# Numbers that are refused whatever is set. Source: test-credentials, as above.
MAGIC_TO = {
    "+15005550001": BAD_TO,
    "+15005550002": Problem(400, 21612, "The 'To' phone number {} cannot be reached."),
    "+15005550003": Problem(
        400, 21408, "Permission to send an SMS has not been enabled for the region of {}."
    ),
    "+15005550004": UNSUBSCRIBED,
    "+15005550009": Problem(400, 21614, "'To' number {} is not a valid mobile number"),
}
MAGIC_FROM = {
    "+15005550001": Problem(400, 21212, "The 'From' number {} is not a valid phone number."),
    "+15005550007": BAD_FROM,
    "+15005550008": QUEUE_FULL,
}

# What ends a message after it was taken. Source: the same error pages.
ENDINGS = {
    30001: "Queue overflow",
    30003: "Unreachable destination handset",
    30007: "Message filtered",
    30036: "Validity Period Expired",
}

# Words that Twilio handles itself unless Advanced Opt-Out says otherwise.
# Source: twilio.com/docs/messaging/tutorials/advanced-opt-out
STOP_WORDS = frozenset(
    ("STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL")
)
START_WORDS = frozenset(("START", "YES", "UNSTOP"))


def sign(auth_token: str, url: str, form: Mapping[str, str]) -> str:
    """Return `X-Twilio-Signature`: HMAC-SHA1 over the URL and the sorted names with their values,
    base64. Source: webhooks-security, as above."""
    signed = url + "".join(name + form[name] for name in sorted(form))
    digest = hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message as the ledger holds it. Times are Unix seconds."""

    sid: str
    account_sid: str
    direction: str
    sender: str | None
    to: str
    service_sid: str | None
    text: str
    media: int
    parts: int
    status: str
    error_code: int | None
    created_at: float
    sent_at: float | None
    updated_at: float


def as_resource(message: Message) -> dict[str, Any]:
    """Return a message as the API gives it. Source: message-resource, «Message Properties»."""
    uri = f"/{API_VERSION}/Accounts/{message.account_sid}/Messages/{message.sid}"
    error = message.error_code
    return {
        "account_sid": message.account_sid,
        "api_version": API_VERSION,
        "body": message.text,
        "date_created": as_date(message.created_at),
        "date_sent": None if message.sent_at is None else as_date(message.sent_at),
        "date_updated": as_date(message.updated_at),
        "direction": message.direction,
        "error_code": error,
        "error_message": ENDINGS.get(error) if error else None,
        "from": message.sender,
        "messaging_service_sid": message.service_sid,
        "num_media": str(message.media),
        # With a Messaging Service it is 0 until a sender is chosen.
        "num_segments": str(message.parts if message.sender else 0),
        "price": None if message.sent_at is None else f"-{message.parts * 0.0079:.5f}",
        "price_unit": "USD",
        "sid": message.sid,
        "status": message.status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": message.to,
        "uri": f"{uri}.json",
    }


def as_date(seconds: float) -> str:
    """Return a time as RFC 2822 has it, in UTC, as the Message resource does."""
    return format_datetime(dt.datetime.fromtimestamp(seconds, dt.UTC))
