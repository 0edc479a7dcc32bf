"""Hands texts to any provider that takes one by one HTTP request, written from templates."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from urllib.parse import quote

import httpx2
from django.utils import timezone

from tapline.outbound import BadAddress, check_address, make_client
from tapline.providers.base import Accepted, Answer, Asked, Found, Outgoing, Refused, Unsure
from tapline.providers.http import templates
from tapline.providers.http.paths import find_text, read_document
from tapline.providers.kinds import Setup
from tapline.providers.many import Round, seconds_until

logging.getLogger("httpx2").setLevel(logging.WARNING)

TIMEOUT = httpx2.Timeout(10.0, connect=3.0)
SETTLED_SECONDS = 60.0
LONGEST_ID = 40

CONTENT_TYPES = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
    "text": "text/plain; charset=utf-8",
    "none": "",
}
ESCAPES: dict[str, templates.Escape] = {
    "json": templates.in_json,
    "form": templates.in_form,
    "text": templates.plainly,
    "none": templates.plainly,
}


class HttpProvider:
    """One account at a provider that templates describe. It cannot be asked about a text whose
    answer was lost: a receipt or a tap settles that, or it is lost."""

    look_up_is_authoritative = False
    settled_after_seconds = SETTLED_SECONDS

    def __init__(self, setup: Setup) -> None:
        self.name = setup.name
        self._setup = setup
        self._connections = int(setup.options["connections"])
        user = setup.options["username"]
        self._client = make_client(
            timeout=TIMEOUT,
            connections=self._connections,
            auth=(user, setup.secrets["secret"]) if user else None,
        )

    def send(self, batch: Sequence[Outgoing]) -> Sequence[Answer]:
        """Hand texts over; see `tapline.providers.base.Provider`."""
        return Round(self._connections).run(batch, self._send_one)

    def look_up(self, asked: Sequence[Asked]) -> Mapping[str, Found]:
        """Nothing is known of such providers that could be asked."""
        return {}

    def close(self) -> None:
        """Close the connections to the provider."""
        self._client.close()

    def _send_one(self, text: Outgoing) -> Answer:
        try:
            response = self._client.send(self._request(text))
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            return _refused(text, "not_reached", f"It cannot be reached: {error}", can_retry=True)
        except BadAddress as error:
            return _refused(text, "bad_address", error.what, can_retry=True, stops=True)
        except httpx2.HTTPError as error:
            why = f"The answer was lost: {type(error).__name__}."
            return Unsure(reference=text.reference, why=why)
        return read_answer(text, response, self._setup)

    def _request(self, text: Outgoing) -> httpx2.Request:
        options, values = self._setup.options, values_of(text, self._setup)
        kind = options["body_format"]
        headers = read_headers(options["headers"], values)
        if CONTENT_TYPES[kind]:
            headers.setdefault("Content-Type", CONTENT_TYPES[kind])
        body = templates.fill(options["body"], values, ESCAPES[kind])
        return self._client.build_request(
            options["method"],
            check_address(templates.fill(options["url"], values, templates.in_address)),
            headers=headers,
            content=None if kind == "none" else body.encode(),
        )


def values_of(text: Outgoing, setup: Setup) -> dict[str, str]:
    """Return what fills the templates for one text."""
    left = (text.send_before_at - timezone.now()).total_seconds()
    reference = quote(text.reference, safe="")
    return {
        "to": text.to,
        "to_digits": text.to.lstrip("+"),
        "from": text.sender,
        "text": text.text,
        "reference": text.reference,
        "validity_seconds": str(max(1, int(left))),
        "send_before": text.send_before_at.isoformat(timespec="seconds"),
        "media": text.media[0] if text.media else "",
        "receipts_url": f"{setup.webhooks}/receipts?reference={reference}",
        "secret": setup.secrets.get("secret", ""),
    }


def read_headers(lines: str, values: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that `Name: value` lines describe."""
    found: dict[str, str] = {}
    for line in lines.splitlines():
        name, _, value = line.partition(":")
        if name.strip():
            found[name.strip()] = templates.fill(value.strip(), values, templates.in_header)
    return found


def read_answer(text: Outgoing, response: httpx2.Response, setup: Setup) -> Answer:
    """Return what an answer means, by the account's paths."""
    options, status = setup.options, response.status_code
    document = read_document(response.content)
    code = find_text(document, options["error_path"]) or str(status)
    if status >= 500:
        return Unsure(reference=text.reference, why=f"It answered {status}.")
    if response.is_success and _succeeded(document, options):
        return Accepted(
            reference=text.reference, provider_id=id_of(document, response, text, setup)
        )
    wait = seconds_until(response.headers.get("Retry-After"), timezone.now())
    return _refused(
        text,
        code,
        f"It answered {status}.",
        can_retry=status in (401, 403, 408, 429) or code in words_of(options["retry_codes"]),
        stops=status in (401, 403),
        retry_after_seconds=wait,
    )


def id_of(document: object, response: httpx2.Response, text: Outgoing, setup: Setup) -> str:
    """Return the provider's id of a text, made unlike those of other accounts. Where it names
    none, our own reference stands for it."""
    found = find_text(document, setup.options["id_path"]) if setup.options["id_path"] else ""
    return known_as(setup, found or text.reference)


def known_as(setup: Setup, provider_id: str) -> str:
    """Return how a provider's id is stored: its counting may begin at 1, as another's does."""
    return f"h{setup.account_id}-{provider_id}"[:64]


def words_of(listed: str) -> set[str]:
    """Return the words of a list with commas."""
    return {word.strip() for word in listed.split(",") if word.strip()}


def _succeeded(document: object, options: Mapping[str, str]) -> bool:
    if not options["success_path"]:
        return True
    return find_text(document, options["success_path"]) in words_of(options["success_values"])


def _refused(
    text: Outgoing,
    code: str,
    why: str,
    *,
    can_retry: bool,
    stops: bool = False,
    retry_after_seconds: float | None = None,
) -> Refused:
    return Refused(
        reference=text.reference,
        code=code[:40],
        text=why[:255],
        can_retry=can_retry,
        stops=stops,
        retry_after_seconds=retry_after_seconds,
    )
