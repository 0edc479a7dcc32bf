"""How the API words what went wrong: one table of statuses, one shape of body.

Every refusal is `{"error": {"what": …, "why": …, "do": …}}`; where single items of a request are
to blame, `items` names each with its index.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from tapline.errors import NotFound, TaplineError
from tapline.links.domains import NoDomain
from tapline.web.errors import OTHER_STATUS
from tapline.web.errors import STATUSES as PAGE_STATUSES
from tapline.workspaces.api_access import KeyLacksScope, NoKey

logger = logging.getLogger(__name__)


class BodyTooLarge(TaplineError):
    """The body is larger than this call allows."""


class MalformedBody(TaplineError):
    """The body is no JSON."""


class InvalidRequest(TaplineError):
    """Fields are missing, unknown or of the wrong kind."""

    def __init__(self, errors: Sequence[dict[str, Any]]) -> None:
        self.items = [_item(error) for error in errors]
        super().__init__(
            f"{len(self.items)} things in this request are wrong."
            if len(self.items) > 1
            else "One thing in this request is wrong.",
            why=f"{self.items[0]['field']}: {self.items[0]['why']}",
            do="Correct what `items` lists; /api/v1/openapi.json describes every field.",
        )

    def as_dict(self) -> dict[str, Any]:
        return {**super().as_dict(), "items": self.items}


# What pages answer, and what only the API meets. Everything else that a caller can mend is 422.
STATUSES: dict[type[TaplineError], int] = {
    **PAGE_STATUSES,
    MalformedBody: 400,
    NoKey: 401,
    KeyLacksScope: 403,
    NoDomain: 409,  # Not the address of the call is missing, but something that it needs.
    BodyTooLarge: 413,
    TaplineError: OTHER_STATUS,
}


def status_of(error: TaplineError) -> int:
    """Return the HTTP status of an error, by its nearest listed class."""
    return next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)


def answer_error(request: HttpRequest, error: TaplineError) -> HttpResponse:
    """Return the answer that tells a program, and the person reading its log, what to do."""
    response = _answer(status_of(error), error)
    if response.status_code == 401:
        response["WWW-Authenticate"] = 'Bearer realm="Tapline"'
    return response


def install(api: NinjaAPI) -> None:
    """Let `api` word every error in this shape."""
    handlers: dict[type[Exception], Callable[[HttpRequest, Any], HttpResponse]] = {
        TaplineError: answer_error,
        ValidationError: _invalid,
        HttpError: _http_error,
        Http404: _not_found,
        RequestDataTooBig: _too_big,
        OperationalError: _busy,
        Exception: _failed,
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)


def body_too_large(limit_bytes: int) -> BodyTooLarge:
    """Return the refusal of a body above `limit_bytes`."""
    return BodyTooLarge(
        "The request is too large.",
        why=f"This call takes up to {limit_bytes:,} bytes.",
        do="Send fewer items in one call.",
    )


def _answer(status: int, error: TaplineError) -> HttpResponse:
    body = msgspec.json.encode({"error": error.as_dict()})
    return HttpResponse(body, status=status, content_type="application/json; charset=utf-8")


def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    return answer_error(request, InvalidRequest(error.errors))


def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    """ninja raises these itself, in practice only for a body that is no JSON."""
    malformed = MalformedBody(
        "The body of this request cannot be read.",
        why=f"It is not valid JSON: {error.__cause__ or error.message}.",
        do="Send one JSON object, encoded as UTF-8.",
    )
    return answer_error(request, malformed)


def _not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    missing = NotFound(
        "There is nothing at this address.",
        why="No call of the API has it.",
        do="Look at /api/v1/openapi.json, which lists them all.",
    )
    return answer_error(request, missing)


def _too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    too_large = BodyTooLarge(
        "The request is too large.", why=f"{error}", do="Send fewer items in one call."
    )
    return answer_error(request, too_large)


def _busy(request: HttpRequest, error: OperationalError) -> HttpResponse:
    logger.warning("the control database refused a request of the API: %s", error)
    busy = TaplineError(
        "Tapline is too busy, or its database cannot be reached.",
        why="The database did not answer in time.",
        do="Repeat the request in a few seconds.",
    )
    response = _answer(503, busy)
    response["Retry-After"] = "5"
    return response


def _failed(request: HttpRequest, error: Exception) -> HttpResponse:
    """The outermost place of a request: a mistake of ours ends here, logged with its trace."""
    logger.error("a request of the API failed", exc_info=error)
    failed = TaplineError(
        "Tapline failed to do this.",
        why="It met a mistake of its own; its log says which.",
        do="Repeat the request once; if it fails again, tell whoever runs this Tapline.",
    )
    return _answer(500, failed)


def _item(error: dict[str, Any]) -> dict[str, Any]:
    """Turn one of pydantic's findings into an item: where it is and what to do."""
    source, *path = error["loc"]
    if source == "body":
        path = path[1:]  # the name of our own function's parameter
    field = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    index = next((step for step in path if isinstance(step, int)), None)
    where = field.lstrip(".") or source
    return {
        "index": index,
        "field": where,
        "what": f"{where} is wrong.",
        "why": _sentence(str(error["msg"]).removeprefix("Value error, ")),
        "do": "Remove it." if error["type"] == "extra_forbidden" else f"Correct {where}.",
    }


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."
