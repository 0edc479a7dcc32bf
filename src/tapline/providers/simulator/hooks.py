"""Where the simulator posts delivery receipts and replies.

Paths: `wire.RECEIPTS_PATH` and `wire.REPLIES_PATH`. The signature is checked before the body is
read; the same receipt or reply may come again, and changes nothing then.
"""

from __future__ import annotations

import functools
import time
from typing import TypeVar

import msgspec
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from tapline import config
from tapline.broadcasts.receipts import apply_receipts
from tapline.instance.keys import Purpose, derive, load_or_create_master_key
from tapline.providers.simulator.receipts import read_receipt, read_reply
from tapline.providers.simulator.signing import BadSignature, verify
from tapline.providers.simulator.wire import (
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    Receipts,
    Replies,
)
from tapline.replies.taking import take_inbound

T = TypeVar("T")


@csrf_exempt  # The signature says who calls; there is no session that could be abused.
@require_POST
def receipts(request: HttpRequest) -> HttpResponse:
    """Take a batch of delivery receipts."""
    try:
        posted = _read_signed(request, Receipts)
    except BadSignature as error:
        return JsonResponse({"error": error.as_dict()}, status=403)
    except msgspec.DecodeError as error:
        return _unreadable(error)
    apply_receipts([read_receipt(line) for line in posted.receipts])
    return JsonResponse({"taken": len(posted.receipts)})


@csrf_exempt  # As above.
@require_POST
def replies(request: HttpRequest) -> HttpResponse:
    """Take a batch of inbound texts."""
    try:
        posted = _read_signed(request, Replies)
    except BadSignature as error:
        return JsonResponse({"error": error.as_dict()}, status=403)
    except msgspec.DecodeError as error:
        return _unreadable(error)
    for line in posted.replies:
        take_inbound(read_reply(line))
    return JsonResponse({"taken": len(posted.replies)})


def _read_signed(request: HttpRequest, kind: type[T]) -> T:
    """Return the body; raises `BadSignature` before anything of it is looked at."""
    verify(
        _key(),
        timestamp=request.headers.get(TIMESTAMP_HEADER, ""),
        signature=request.headers.get(SIGNATURE_HEADER, ""),
        body=request.body,
        now=time.time(),
    )
    return msgspec.json.decode(request.body, type=kind)


@functools.cache
def _key() -> bytes:
    master = load_or_create_master_key(config.current().master_key_path)
    return derive(master, Purpose.SIMULATOR)


def _unreadable(error: msgspec.DecodeError) -> HttpResponse:
    # Only a simulator of another version can sign such a body; a repeat would not help it.
    what = {"what": "The body cannot be read.", "why": f"{error}.", "do": "Update the simulator."}
    return JsonResponse({"error": what}, status=400)
