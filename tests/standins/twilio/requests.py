"""What one request to send or to list asks for, or why it is refused, as Twilio checks it.

Source: twilio.com/docs/messaging/api/message-resource («Create a Message», «List Messages») and
spec/yaml/twilio_api_v2010.yaml of twilio/twilio-oai.
"""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from tests.standins.twilio import words
from tests.standins.twilio.ledger import Taken, Wanted

LARGEST_PAGE, USUAL_PAGE = 1000, 50
Form = dict[str, list[str]]


class Refused(Exception):
    """A request that is answered with an error."""

    def __init__(self, problem: words.Problem, value: str = "") -> None:
        super().__init__(problem.sentence.format(value))
        self.problem, self.value = problem, value


@dataclass(frozen=True, slots=True)
class Account:
    """Whose requests are taken. `numbers` may send; no number at all: every number may.
    `services` are pools of numbers by the sid of a Messaging Service."""

    sid: str
    auth_token: str
    numbers: tuple[str, ...] = ()
    services: Mapping[str, tuple[str, ...]] | None = None

    def pool(self, service_sid: str | None, sender: str | None) -> tuple[str, ...]:
        """Return the numbers that a request may be sent from."""
        if sender:
            return (sender,)
        return (self.services or {}).get(service_sid or "", ())


def read_form(body: bytes) -> Form:
    """Return the parameters of a body; empty ones are there as well."""
    return parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)


def check_caller(account: Account, authorization: str) -> None:
    """Raise `Refused` unless this is the account, by HTTP Basic."""
    expected = base64.b64encode(f"{account.sid}:{account.auth_token}".encode()).decode()
    if authorization != f"Basic {expected}":
        raise Refused(words.AUTHENTICATE)


def read_sending(form: Form, account: Account) -> Taken:
    """Return the text that a request hands in; raises `Refused`."""
    to, sender, service = (_one(form, name) for name in ("To", "From", "MessagingServiceSid"))
    text, media = _one(form, "Body"), form.get("MediaUrl", [])
    callback = _one(form, "StatusCallback") or None
    _check_to(to)
    _check_from(sender, service, account)
    _check_content(text, media)
    if callback and not urlsplit(callback).scheme.startswith("http"):
        raise Refused(words.BAD_CALLBACK, callback)
    return Taken(
        sender=sender or None,
        to=to,
        service_sid=service or None,
        text=text,
        media=media,
        status="accepted" if service else "queued",
        status_callback=callback,
        validity_seconds=_validity(_one(form, "ValidityPeriod")),
        form=form,
    )


def read_listing(query: str, number_of: Mapping[str, int]) -> Wanted:
    """Return the filters of a list. `number_of` knows the sid that a page token holds."""
    asked = parse_qs(query, keep_blank_values=True)
    token = _one(asked, "PageToken").removeprefix("PA")
    day = _one(asked, "DateSent")
    since, until = _one(asked, "DateSent>"), _one(asked, "DateSent<")
    return Wanted(
        to=_one(asked, "To") or None,
        sender=_one(asked, "From") or None,
        since=_moment(since or day) if since or day else None,
        until=_moment(until) if until else _moment(day) + 86_400 if day else None,
        before=number_of.get(token) if token else None,
        limit=max(1, min(LARGEST_PAGE, int(_one(asked, "PageSize") or USUAL_PAGE))),
    )


def _check_to(to: str) -> None:
    if not to:
        raise Refused(words.NO_TO)
    if to in words.MAGIC_TO:
        raise Refused(words.MAGIC_TO[to], to)
    if not words.E164.fullmatch(to):
        raise Refused(words.BAD_TO, to)


def _check_from(sender: str, service: str, account: Account) -> None:
    if not sender and not service:
        raise Refused(words.NO_FROM)
    if service and service not in (account.services or {}):
        raise Refused(words.BAD_SERVICE, service)
    if sender in words.MAGIC_FROM:
        raise Refused(words.MAGIC_FROM[sender], sender)
    if sender and account.numbers and sender not in account.numbers:
        raise Refused(words.BAD_FROM, sender)


def _check_content(text: str, media: Sequence[str]) -> None:
    if not text and not media:
        raise Refused(words.NO_BODY)
    if len(text) > words.LONGEST_BODY:
        raise Refused(words.LONG_BODY)
    if len(media) > words.MOST_MEDIA:
        raise Refused(words.TOO_MUCH_MEDIA)


def _validity(raw: str) -> int:
    if not raw:
        return words.LONGEST_VALIDITY_SECONDS
    if not raw.isdecimal() or not 1 <= int(raw) <= words.LONGEST_VALIDITY_SECONDS:
        raise Refused(words.BAD_PARAMETER, f"ValidityPeriod={raw}")
    return int(raw)


def _moment(raw: str) -> float:
    """Return Unix seconds of `YYYY-MM-DD`, midnight in GMT, or of a whole ISO 8601 time."""
    try:
        moment = dt.datetime.fromisoformat(raw)
    except ValueError:
        raise Refused(words.BAD_PARAMETER, f"DateSent={raw}") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()


def _one(form: Mapping[str, Sequence[str]], name: str) -> str:
    return form.get(name, [""])[-1]
