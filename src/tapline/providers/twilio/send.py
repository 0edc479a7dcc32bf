"""Hands texts to Twilio, one request each, and asks it about those whose answer was lost.

429: not processed, safe to repeat (source: twilio.com/docs/api/errors/20429). Time-outs and 5xx:
Twilio may have taken the text, so it is asked before anything else happens. It keeps no reference
of ours, so a text is found again by its recipient and its words; the code in them is that
recipient's own.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

import httpx2
from django.utils import timezone

from tapline.outbound import make_client
from tapline.providers.base import Accepted, Act, Answer, Asked, Found, Outgoing, Refused, Unsure
from tapline.providers.kinds import Setup
from tapline.providers.many import Round, seconds_until
from tapline.providers.twilio.reasons import REASONS
from tapline.providers.twilio.wire import (
    message_form,
    read_cost,
    read_time,
    validity_seconds,
    without_numbers,
)
from tapline.texts.links import find_links

# It tells every request at the level of our own events.
logging.getLogger("httpx2").setLevel(logging.WARNING)

TIMEOUT = httpx2.Timeout(10.0, connect=3.0)
# A worker hands over within 5 s of marking its texts; a round begins no request after 12 s, and a
# request ends within 22 s. The rest is for Twilio to list what it took.
SETTLED_SECONDS = 90.0
PAGE_SIZE = 50
# Twilio's clock and ours may differ by this much.
CLOCKS_DIFFER = dt.timedelta(seconds=60)


class TwilioProvider:
    """One account at Twilio; it may be called from several threads."""

    look_up_is_authoritative = True
    settled_after_seconds = SETTLED_SECONDS

    def __init__(self, setup: Setup) -> None:
        self.name = setup.name
        self._service = setup.options.get("messaging_service_sid", "")
        self._callback = f"{setup.webhooks}/receipts"
        self._connections = int(setup.options["connections"])
        account = setup.options["account_sid"]
        self._path = f"/2010-04-01/Accounts/{account}/Messages.json"
        self._account_path = f"/2010-04-01/Accounts/{account}.json"
        self._client = make_client(
            base_url=setup.options["base_url"].rstrip("/"),
            auth=(account, setup.secrets["auth_token"]),
            timeout=TIMEOUT,
            connections=self._connections,
        )

    def send(self, batch: Sequence[Outgoing]) -> Sequence[Answer]:
        """Hand texts over; see `tapline.providers.base.Provider`."""
        return Round(self._connections).run(batch, self._send_one)

    def look_up(self, asked: Sequence[Asked]) -> Mapping[str, Found]:
        """Look for texts in Twilio's list; see `tapline.providers.base.Provider`."""
        answers = Round(self._connections).ask(asked, self._find)
        return {each.reference: found for each, found in answers if found is not None}

    def close(self) -> None:
        """Close the connections to Twilio."""
        self._client.close()

    def test(self) -> str:
        """Return the account's name at Twilio; raises `httpx2.HTTPError`."""
        response = self._client.get(self._account_path)
        response.raise_for_status()
        return str(_read(response).get("friendly_name") or "")

    def _send_one(self, text: Outgoing) -> Answer:
        now = timezone.now()
        if validity_seconds(text, now) < 1:
            return _later(text, "too_late", "There was no time left to deliver it.")
        form = message_form(text, service=self._service, callback=self._callback, now=now)
        try:
            response = self._client.post(self._path, data=form)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            return _later(text, "not_reached", f"Twilio cannot be reached: {error}")
        except httpx2.HTTPError as error:
            why = f"Twilio's answer was lost: {type(error).__name__}."
            return Unsure(reference=text.reference, why=why)
        return read_answer(text.reference, response, now)

    def _find(self, asked: Asked) -> Found | None:
        """Return what Twilio's newest texts to this person say; None while that is not certain."""
        if not asked.to or not asked.text.strip():  # Erased meanwhile, or nothing to know it by.
            return None
        query = {"To": asked.to, "PageSize": str(PAGE_SIZE)}
        if asked.sender:
            query["From"] = asked.sender
        try:
            response = self._client.get(self._path, params=query)
            response.raise_for_status()
        except httpx2.HTTPError:
            return None
        messages = _read(response).get("messages")
        return find_among(asked, messages) if isinstance(messages, list) else None


def read_answer(reference: str, response: httpx2.Response, now: dt.datetime) -> Answer:
    """Return what Twilio's answer to CreateMessage means."""
    body = _read(response)
    if response.is_success:
        if sid := body.get("sid"):
            return Accepted(reference=reference, provider_id=str(sid), cost=read_cost(body))
        return Unsure(reference=reference, why="Twilio's answer could not be read.")
    code = str(body.get("code") or response.status_code)
    if response.status_code >= 500:
        return Unsure(reference=reference, why=f"Twilio answered {response.status_code} ({code}).")
    reason = REASONS.get(code)
    act = reason.act if reason else Act.NONE
    # 403 with a code is about this text, such as a country that the account may not write to.
    is_shut_out = response.status_code == 401 or (response.status_code == 403 and not body)
    stops = act == Act.STOP or is_shut_out
    return Refused(
        reference=reference,
        code=code,
        text=without_numbers(str(body.get("message") or f"Twilio answered {code}."))[:255],
        can_retry=stops or act == Act.SEND_AGAIN or response.status_code in (408, 429),
        retry_after_seconds=seconds_until(response.headers.get("Retry-After"), now),
        stops=stops,
    )


def find_among(asked: Asked, messages: Sequence[Mapping[str, Any]]) -> Found | None:
    """Return the asked text among Twilio's newest to that person, or that it is not there. None
    where the page may end before the time at which it was handed over."""
    since = asked.submitted_at - CLOCKS_DIFFER
    made = [(read_time(message.get("date_created")), message) for message in messages]
    since_then = [
        message
        for made_at, message in made
        if (made_at is None or made_at >= since) and _may_be_it(asked, message)
    ]
    for fits in (_has_its_words, _has_its_link):
        for message in since_then:
            if fits(asked, str(message.get("body") or "")):
                return Found(provider_id=str(message["sid"]), cost=read_cost(message))
    reaches_back = any(made_at is not None and made_at < since for made_at, _ in made)
    return Found(provider_id=None) if reaches_back or len(messages) < PAGE_SIZE else None


def _may_be_it(asked: Asked, message: Mapping[str, Any]) -> bool:
    is_ours = str(message.get("direction") or "outbound").startswith("outbound")
    return is_ours and message.get("sid") not in {None, *asked.other_ids}


def _has_its_words(asked: Asked, body: str) -> bool:
    """Twilio puts its own words before those of trial accounts."""
    return body.strip().endswith(asked.text.strip())


def _has_its_link(asked: Asked, body: str) -> bool:
    """Where Twilio swapped look-alike letters, the recipient's own link tells."""
    return any(link.url in body for link in find_links(asked.text))


def _read(response: httpx2.Response) -> Mapping[str, Any]:
    try:
        body = json.loads(response.content)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _later(text: Outgoing, code: str, why: str) -> Refused:
    return Refused(reference=text.reference, code=code, text=why[:255], can_retry=True)
