"""What Twilio posts: receipts and inbound texts, signed, tried again as the URL's fragment says.

Sources: twilio.com/docs/messaging/guides/track-outbound-message-status and
…/webhook-request (parameters); twilio.com/docs/usage/webhooks/webhooks-connection-overrides
(`#rc=…&rp=…`: by default one more try, and only when no connection could be made).
"""

from __future__ import annotations

import asyncio
import datetime as dt
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urldefrag, urlencode

from tests.standins.http_client import Posted, Poster
from tests.standins.twilio.ledger import Ledger
from tests.standins.twilio.words import (
    API_VERSION,
    IDEMPOTENCY_HEADER,
    SIGNATURE_HEADER,
    Message,
    sign,
)

FORM = "application/x-www-form-urlencoded; charset=UTF-8"
MOST_TRIES_AGAIN = 5
LONGEST_SECONDS = 15.0
AGAIN_AFTER_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a failed post is made again, and after which failures."""

    times: int = 1
    failures: frozenset[str] = frozenset(("ct",))

    def covers(self, posted: Posted) -> bool:
        """Say whether this outcome is one to try again after."""
        if posted.failure:
            return bool({posted.failure, "all"} & self.failures)
        assert posted.status is not None
        kind = f"{posted.status // 100}xx"
        return kind in ("4xx", "5xx") and bool({kind, "all"} & self.failures)


def split_overrides(url: str) -> tuple[str, Patience]:
    """Return the URL without its fragment, and what the fragment asks for."""
    bare, fragment = urldefrag(url)
    words = parse_qs(fragment)
    times = min(MOST_TRIES_AGAIN, int(words.get("rc", ["1"])[0]))
    return bare, Patience(times, frozenset(words.get("rp", ["ct"])[0].split(",")))


@dataclass(slots=True)
class Webhooks:
    """Posts and writes down what came of it."""

    ledger: Ledger
    poster: Poster
    auth_token: str

    async def post(
        self, url: str, form: Mapping[str, str], *, kind: str, token: str = ""
    ) -> Posted:
        """Post one webhook until it is taken or patience ends. `token` is the same for a repeat."""
        bare, patience = split_overrides(url)
        body = urlencode(form).encode()
        headers = {
            "Content-Type": FORM,
            "User-Agent": "TwilioProxy/1.1",
            SIGNATURE_HEADER: sign(self.auth_token, bare, form),
            IDEMPOTENCY_HEADER: token or secrets.token_hex(16),
        }
        begun = time.monotonic()
        for turn in range(patience.times + 1):
            posted = await self._post_once(bare, body, headers, form, kind)
            is_over = time.monotonic() - begun > LONGEST_SECONDS
            if turn == patience.times or is_over or not patience.covers(posted):
                break
            await asyncio.sleep(AGAIN_AFTER_SECONDS * (turn + 1))
        return posted

    async def _post_once(
        self,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        form: Mapping[str, str],
        kind: str,
    ) -> Posted:
        posted_at = time.time()
        posted = await self.poster.post(url, body, headers)
        self.ledger.note_hook(
            kind=kind,
            sid=form["MessageSid"],
            word=form.get("MessageStatus", form.get("SmsStatus", "")),
            posted_at=posted_at,
            answered_at=time.time(),
            status=posted.status,
            failure=posted.failure,
            body=posted.body[:2000].decode(errors="replace"),
        )
        return posted


def receipt_form(message: Message, status: str, error: int | None, now: float) -> dict[str, str]:
    """Return the parameters of one receipt."""
    form = {
        "AccountSid": message.account_sid,
        "ApiVersion": API_VERSION,
        "From": message.sender or "",
        "MessageSid": message.sid,
        "MessageStatus": status,
        "SmsSid": message.sid,
        "SmsStatus": status,
        "To": message.to,
    }
    if message.service_sid:
        form["MessagingServiceSid"] = message.service_sid
    if error:
        form["ErrorCode"] = str(error)
    if status in ("delivered", "undelivered"):
        form["RawDlrDoneDate"] = dt.datetime.fromtimestamp(now, dt.UTC).strftime("%y%m%d%H%M")
    return form


def inbound_form(
    *, account_sid: str, sid: str, sender: str, to: str, text: str, parts: int
) -> dict[str, str]:
    """Return the parameters of one inbound text; the places are as empty as they often are."""
    places = [f"{end}{what}" for end in ("From", "To") for what in ("City", "State", "Zip")]
    return {
        "AccountSid": account_sid,
        "ApiVersion": API_VERSION,
        "Body": text,
        "From": sender,
        "FromCountry": "US",
        "MessageSid": sid,
        "NumMedia": "0",
        "NumSegments": str(parts),
        "SmsMessageSid": sid,
        "SmsSid": sid,
        "SmsStatus": "received",
        "To": to,
        "ToCountry": "US",
        **dict.fromkeys(places, ""),
    }
