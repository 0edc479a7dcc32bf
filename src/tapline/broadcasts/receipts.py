"""What providers say about messages, applied in any order and any number of times.

A receipt only ever moves a message up the ladder accepted < failed < delivered, so repeats and
late ones change nothing. Thousands travel in one statement.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from tapline.broadcasts.bulk import in_database, run_bulk
from tapline.broadcasts.models import Broadcast, Message, MessageState
from tapline.broadcasts.opted_out import is_opt_out, mirror
from tapline.broadcasts.trying_again import failed_before, try_again
from tapline.digits import whole_number
from tapline.providers.base import Receipt, Status

RANKS = {Status.ACCEPTED: 1, Status.FAILED: 2, Status.DELIVERED: 3}
# Receipts written in one transaction: it holds the writer for some 30 ms.
WRITTEN_AT_ONCE = 1_000

_NEWS = """(
  select value ->> 0 as provider_id, value ->> 1 as broadcast_id, value ->> 2 as position,
    value ->> 3 as state, value ->> 4 as rank, value ->> 5 as at,
    value ->> 6 as error_code, value ->> 7 as error_text, value ->> 8 as cost
  from json_each(%(rows)s)) r"""

# A message that waits may have been sent after all: a receipt knows better, and keeps it from
# being sent a second time.
_MOVE_UP = f"""
update broadcasts_message set
  state = r.state,
  provider_id = coalesce(broadcasts_message.provider_id, r.provider_id),
  accepted_at = coalesce(accepted_at, submitted_at, r.at),
  delivered_at = case when r.state = 'delivered' then r.at else delivered_at end,
  failed_at = case when r.state = 'failed' then r.at else failed_at end,
  error_code = case when r.state = 'failed' then r.error_code else '' end,
  error_text = case when r.state = 'failed' then r.error_text else '' end,
  cost = coalesce(r.cost, broadcasts_message.cost),
  leased_by = '', leased_until = null
from {_NEWS}
where {{match}} and r.rank > case broadcasts_message.state
  when 'accepted' then 1 when 'failed' then 2 when 'delivered' then 3 else 0 end
returning broadcasts_message.id
"""

BY_PROVIDER_ID = "-- Receipts of messages whose provider's id is known." + _MOVE_UP.format(
    match="broadcasts_message.provider_id = r.provider_id"
)
BY_REFERENCE = (
    "-- Receipts that were faster than the answer they belong to, found by our own reference."
    + _MOVE_UP.format(
        match="broadcasts_message.broadcast_id = r.broadcast_id"
        " and broadcasts_message.position = r.position and broadcasts_message.provider_id is null"
    )
)

KNOWN = f"""
-- Which receipts are of messages that we know.
select count(*) from {_NEWS} where exists (
  select 1 from broadcasts_message m where m.provider_id = r.provider_id)
  or exists (select 1 from broadcasts_message m
    where m.broadcast_id = r.broadcast_id and m.position = r.position)
"""


@dataclass(frozen=True, slots=True)
class ReceiptCount:
    """What became of some receipts: `repeated` ones changed nothing, `unknown` ones are of
    messages that are not ours or say a word that we do not know."""

    applied: int
    repeated: int
    unknown: int


def apply_receipts(receipts: Iterable[Receipt]) -> ReceiptCount:
    """Bring messages up to date with what their provider says; returns what became of them.

    May be called again with the same receipts, in any order, from several processes.
    """
    all_of_them = list(receipts)
    told = _of_this_try(_strongest(all_of_them))
    applied = known = 0
    for start in range(0, len(told), WRITTEN_AT_ONCE):
        rows = _as_rows(told[start : start + WRITTEN_AT_ONCE])
        with transaction.atomic():
            by_reference = run_bulk(BY_REFERENCE, rows)
            applied += len(by_reference) + len(run_bulk(BY_PROVIDER_ID, rows))
            known += run_bulk(KNOWN, rows)[0][0]
            _act_on_failures(told[start : start + WRITTEN_AT_ONCE])
    unknown = len(told) - known + sum(receipt.status not in RANKS for receipt in all_of_them)
    return ReceiptCount(applied, len(all_of_them) - applied - unknown, unknown)


def _act_on_failures(receipts: Sequence[Receipt]) -> None:
    """Send again what that helps, and opt out here whoever had opted out at their provider."""
    failed = {each.provider_id: each.at for each in receipts if each.error_code}
    if not failed:
        return
    messages = list(
        Message.objects.filter(provider_id__in=failed, state=MessageState.FAILED).select_related(
            "workspace", "broadcast"
        )
    )
    for message in messages:
        if is_opt_out(message.broadcast.provider, message.error_code):
            mirror([message], failed[message.provider_id or ""])
    try_again(messages, timezone.now())


def _of_this_try(receipts: Sequence[Receipt]) -> list[Receipt]:
    """Return the receipts without those of tries that failed before, unless one arrived after all.

    A receipt that comes late must not end the wait of a text that is to be sent again.
    """
    old: set[str] = set()
    for start in range(0, len(receipts), WRITTEN_AT_ONCE):
        chunk = receipts[start : start + WRITTEN_AT_ONCE]
        old |= failed_before([each.provider_id for each in chunk])
    return [
        each for each in receipts if each.provider_id not in old or each.status == Status.DELIVERED
    ]


def _strongest(receipts: Sequence[Receipt]) -> list[Receipt]:
    """Return one receipt per message, the highest on the ladder and of those the first."""
    best: dict[str, Receipt] = {}
    for receipt in receipts:
        before = best.get(receipt.provider_id)
        if receipt.status in RANKS and (before is None or _weight(receipt) > _weight(before)):
            best[receipt.provider_id] = receipt
    return list(best.values())


def _weight(receipt: Receipt) -> tuple[int, float]:
    return RANKS[receipt.status], -receipt.at.timestamp()


def _as_rows(receipts: Sequence[Receipt]) -> list[tuple[object, ...]]:
    tokens = {receipt.reference.rpartition("-")[0] for receipt in receipts} - {""}
    ids = dict(Broadcast.objects.filter(token__in=tokens).values_list("token", "id"))
    return [_as_row(receipt, ids) for receipt in receipts]


def _as_row(receipt: Receipt, ids: dict[str, int]) -> tuple[object, ...]:
    token, _, written = receipt.reference.rpartition("-")
    position = whole_number(written)
    broadcast = ids.get(token) if position is not None else None
    return (
        receipt.provider_id,
        broadcast,
        position if broadcast else None,
        receipt.status.value,
        RANKS[receipt.status],
        in_database(receipt.at.astimezone(dt.UTC)),
        receipt.error_code[:40],
        receipt.error_text[:255],
        receipt.cost,
    )
