"""The API under /api/v1, assembled from what each feature brings.

This place knows what all calls share: how bodies are read and answers written, how large a body
may be, and that a repeated `Idempotency-Key` gets the first answer again.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, cast

import msgspec
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from ninja import NinjaAPI, Router
from ninja.parser import Parser
from ninja.renderers import BaseRenderer

from tapline import __version__
from tapline.broadcasts.api import reports_router
from tapline.broadcasts.api import router as broadcasts_router
from tapline.broadcasts.api_messages import router as messages_router
from tapline.broadcasts.api_messages import track_router
from tapline.clicks.api import router as clicks_router
from tapline.contacts.api import router as contacts_router
from tapline.contacts.api_segments import router as segments_router
from tapline.errors import TaplineError
from tapline.hours.api import router as hours_router
from tapline.keywords.api import router as keywords_router
from tapline.links.api import router as links_router
from tapline.links.api_bulk import router as many_links_router
from tapline.links.api_destinations import router as destinations_router
from tapline.links.api_domains import router as domains_router
from tapline.pictures.api import router as pictures_router
from tapline.providers.api import router as providers_router
from tapline.replies.api import router as replies_router
from tapline.web.api_errors import body_too_large, install
from tapline.workspaces.api import router as workspace_router
from tapline.workspaces.api_access import ApiRequest, find_key
from tapline.workspaces.idempotency import (
    Attempt,
    KeptAnswer,
    begin,
    fingerprint,
    finish,
    give_up,
)

IDEMPOTENCY_HEADER = "Idempotency-Key"

# Ten thousand texts of 1,600 characters, escaped, fit; every other body is small.
LARGEST_BODY_BYTES = 32 * 1024 * 1024
LARGE_CALLS = ("/track", "/receipts", "/pictures")
LARGEST_SMALL_BODY_BYTES = 1024 * 1024

ROUTERS = (
    contacts_router,
    segments_router,
    links_router,
    many_links_router,
    domains_router,
    destinations_router,
    providers_router,
    hours_router,
    keywords_router,
    replies_router,
    messages_router,
    pictures_router,
    broadcasts_router,
    reports_router,
    clicks_router,
    track_router,
    workspace_router,
)

View = Callable[..., HttpResponse]


class JSONParser(Parser):
    """Reads bodies; says where a malformed one breaks off."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        return cast("dict[str, Any]", msgspec.json.decode(request.body))


class JSONRenderer(BaseRenderer):
    """Writes answers; ten thousand texts take 20 ms."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return msgspec.json.encode(data)


api = NinjaAPI(
    title="Tapline",
    version=__version__,
    description=(
        "Text messages whose links say truthfully who tapped. Every call needs the header "
        "`Authorization: Bearer KEY`; a key belongs to one workspace and does what its scopes "
        f"say. A POST may carry `{IDEMPOTENCY_HEADER}`: repeated with the same key and body, it "
        "is done once and answered alike for a day."
    ),
    urls_namespace="api",
    docs_url=None,  # Its pages load scripts from elsewhere, which ours never do.
    parser=JSONParser(),
    renderer=JSONRenderer(),
)


def guarded(run: View) -> View:
    """Wrap an operation: refuse bodies that are too large, and do repeated requests once."""

    @functools.wraps(run)
    def answer(request: ApiRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            _refuse_too_large(request)
            claimed = _claim(request)
        except (TaplineError, OperationalError, RequestDataTooBig) as error:
            return api.on_exception(request, error)
        if isinstance(claimed, KeptAnswer):
            return _replay(claimed)
        request.attempt = claimed
        response = run(request, *args, **kwargs)
        if claimed is not None:
            _settle(claimed, response)
        return response

    return answer


def unknown_address(request: HttpRequest, address: str) -> HttpResponse:
    """Answer every address that no call has, in the API's own shape."""
    raise Http404


def _refuse_too_large(request: HttpRequest) -> None:
    is_large = request.path.endswith(LARGE_CALLS)
    limit = LARGEST_BODY_BYTES if is_large else LARGEST_SMALL_BODY_BYTES
    if int(request.headers.get("Content-Length") or 0) > limit:
        raise body_too_large(limit)


def _claim(request: HttpRequest) -> Attempt | KeptAnswer | None:
    key = request.headers.get(IDEMPOTENCY_HEADER)
    if request.method != "POST" or key is None:
        return None
    api_key = find_key(request)
    if api_key is None:
        return None  # The operation itself will refuse it.
    same = fingerprint(request.method, request.get_full_path(), request.body)
    return begin(api_key, key, same, timezone.now())


def _settle(attempt: Attempt, response: HttpResponse) -> None:
    """Keep what was done. A refusal did nothing: mended, it may come again with its key."""
    if 200 <= response.status_code < 300:
        finish(attempt, response.status_code, response.content)
    else:
        give_up(attempt)


def _replay(kept: KeptAnswer) -> HttpResponse:
    response = HttpResponse(kept.body, status=kept.status, content_type=api.get_content_type())
    response["Idempotent-Replayed"] = "true"
    return response


install(api)
api.add_decorator(guarded, mode="view")
for each in ROUTERS:
    api.add_router("", each)
# Last, because the first address that fits is taken.
leftover = Router()
leftover.api_operation(
    ["GET", "POST", "PUT", "PATCH", "DELETE"], "/{path:address}", include_in_schema=False
)(unknown_address)
api.add_router("", leftover)
