"""How a repeated request with the same `Idempotency-Key` is done once and answered alike.

A request claims its key in a transaction of its own, does its work, and keeps its answer. Where
that work must never be done twice, it binds what it made to the claim in the transaction that
makes it: an attempt that takes over from a dead one then finds it. An attempt that was taken for
dead but still lives cannot bind any more, so its transaction fails.
"""

from __future__ import annotations

import hashlib
import secrets
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from tapline.errors import Conflict, TaplineError
from tapline.workspaces.models import ApiKey, IdempotentRequest

# The longest call of the API takes a few seconds; after this its process is taken for dead.
LEASE = timedelta(seconds=60)
# Long enough for a client's queue that was stopped overnight; answers can be megabytes.
KEPT = timedelta(hours=24)
PRUNED_AT_ONCE = 20

# What a repeated request is told whose answer told of somebody who was erased since: it was done,
# and is not done again.
ERASED_STATUS = 410
ERASED_BODY = (
    b'{"error":{"what":"The answer to this request is gone.",'
    b'"why":"Somebody in it was erased since. What was asked for was done and is not done again.",'
    b'"do":"Ask for what it made by its own address."}}'
)


class BadIdempotencyKey(TaplineError):
    """The header `Idempotency-Key` holds something that cannot be kept."""


class KeyReused(Conflict):
    """The same key came with another request before."""


class StillAtWork(Conflict):
    """The first request with this key has not been answered yet."""


class AttemptOvertaken(Conflict):
    """This attempt was taken for dead and another one does its work."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What the first request with a key was answered."""

    status: int
    body: bytes


@dataclass(slots=True)
class Attempt:
    """One try at a request that carries a key; `made` is what an earlier try bound, if any."""

    row_id: int
    token: str
    made: dict[str, Any] = field(default_factory=dict)

    def bind(self, **made: Any) -> None:
        """Say what this attempt makes. Call it in the transaction that makes it.

        Raises `AttemptOvertaken`, so that the transaction makes nothing.
        """
        rows = IdempotentRequest.objects.filter(pk=self.row_id, attempt=self.token)
        if not rows.update(made=made):
            raise AttemptOvertaken(
                "Another request with this Idempotency-Key took over.",
                why=f"This one took longer than {LEASE.seconds} seconds.",
                do="Repeat the request to get the other one's answer.",
            )
        self.made = made


def fingerprint(method: str, path: str, body: bytes) -> str:
    """Return what two requests must share to be the same: 64 hex digits."""
    return hashlib.sha256(b"\n".join([method.encode(), path.encode(), body])).hexdigest()


@transaction.atomic
def begin(api_key: ApiKey, key: str, request_hash: str, now: datetime) -> Attempt | KeptAnswer:
    """Claim `key`, or return the answer that it already has.

    Raises `BadIdempotencyKey`, `KeyReused` and `StillAtWork`.
    """
    _check_key(key)
    forget_old(now - KEPT)  # Each claim clears more than it adds; the worker clears the rest.
    token = secrets.token_hex(16)
    row, is_new = IdempotentRequest.objects.select_for_update().get_or_create(
        api_key=api_key,
        key=key,
        defaults={"request_hash": request_hash, "attempt": token, "attempt_at": now},
    )
    if is_new:
        return Attempt(row.pk, token)
    if row.request_hash != request_hash:
        raise _reused(key)
    if row.status is not None:
        return KeptAnswer(row.status, zlib.decompress(row.packed_body))
    return _take_over(row, token, now)


def finish(attempt: Attempt, status: int, body: bytes) -> None:
    """Keep the answer, unless another attempt took over meanwhile."""
    IdempotentRequest.objects.filter(pk=attempt.row_id, attempt=attempt.token).update(
        status=status, packed_body=zlib.compress(body, 1)
    )


def give_up(attempt: Attempt) -> None:
    """Let the key be used again at once: the request was refused, or its work failed.

    What the attempt had bound stays known to the next one.
    """
    rows = IdempotentRequest.objects.filter(pk=attempt.row_id, attempt=attempt.token)
    if attempt.made:
        rows.update(attempt_at=F("attempt_at") - LEASE)
    else:
        rows.delete()


def kept_answers(workspace_ids: Sequence[int], text: str) -> list[IdempotentRequest]:
    """Return the kept answers of these workspaces' API keys that hold `text`.

    Unpacks every one of them (about 1 ms a megabyte), so not within a transaction.
    """
    wanted = text.encode()
    rows = IdempotentRequest.objects.filter(
        api_key__workspace__in=workspace_ids, status__isnull=False
    )
    return [
        row
        for row in rows.order_by("pk").iterator(chunk_size=20)
        if wanted in zlib.decompress(row.packed_body)
    ]


def forget_answers(workspace_ids: Sequence[int], text: str) -> int:
    """Forget the kept answers that hold `text`; return how many. Their requests stay done."""
    ids = [row.pk for row in kept_answers(workspace_ids, text)]
    return IdempotentRequest.objects.filter(pk__in=ids).update(
        status=ERASED_STATUS, packed_body=zlib.compress(ERASED_BODY, 1)
    )


def forget_old(before: datetime) -> int:
    """Forget some of the answers from before a moment; return how many, 0 when none is left."""
    old = IdempotentRequest.objects.filter(created_at__lt=before).order_by("created_at")
    ids = list(old.values_list("pk", flat=True)[:PRUNED_AT_ONCE])
    return IdempotentRequest.objects.filter(pk__in=ids).delete()[0] if ids else 0


def _take_over(row: IdempotentRequest, token: str, now: datetime) -> Attempt:
    if row.attempt_at > now - LEASE:
        raise StillAtWork(
            "The first request with this Idempotency-Key is still at work.",
            why="Two at once could do the same thing twice.",
            do=f"Repeat it in a moment; after {LEASE.seconds} seconds a new attempt is made.",
        )
    row.attempt, row.attempt_at = token, now
    row.save(update_fields=["attempt", "attempt_at"])
    return Attempt(row.pk, token, dict(row.made))


def _check_key(key: str) -> None:
    if 0 < len(key) <= 255 and key.isascii() and key.isprintable():
        return
    raise BadIdempotencyKey(
        "This Idempotency-Key cannot be used.",
        why="It must have 1 to 255 printable ASCII characters.",
        do="Send a UUID, for example.",
    )


def _reused(key: str) -> KeyReused:
    return KeyReused(
        f"The Idempotency-Key '{key}' was used before.",
        why="That request had another address or body.",
        do="Send a new key with a new request, or repeat the first one unchanged.",
    )
