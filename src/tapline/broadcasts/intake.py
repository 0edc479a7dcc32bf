"""How the receipts of texts that another system sent reach their messages.

Without them such texts have no denominator: nobody knows how many arrived. The same receipt twice
changes nothing, and one of a message that is not known is counted and named.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tapline.broadcasts.models import BroadcastKind, Message
from tapline.broadcasts.receipts import ReceiptCount, apply_receipts
from tapline.providers.base import Receipt, Status
from tapline.workspaces.models import Workspace

# Django's limit of parameters in one statement on SQLite is 999.
LOOKED_UP_AT_ONCE = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class OthersReceipt:
    """What became of one text, named by our message id or else by the sender's own reference."""

    status: Status
    at: dt.datetime
    message_id: int | None = None
    reference: str = ""
    error_code: str = ""
    error_text: str = ""


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of a call's receipts; `unknown` are the indexes of those without a message."""

    applied: int
    repeated: int
    unknown: list[int]


def take_receipts(workspace: Workspace, receipts: Sequence[OthersReceipt]) -> Intake:
    """Bring the messages of tracked texts up to date; see the module's promise.

    Only texts that others sent can be told about here: of ours the provider's word counts. A
    reference that several messages have means the newest of them.
    """
    by_id = _names(workspace, "pk", {each.message_id for each in receipts} - {None})
    by_reference = _names(workspace, "reference", {each.reference for each in receipts} - {""})
    known: list[Receipt] = []
    unknown: list[int] = []
    for index, each in enumerate(receipts):
        name = by_reference.get(each.reference) if each.message_id is None else None
        name = name or by_id.get(each.message_id)
        if name is None:
            unknown.append(index)
        else:
            known.append(_as_receipt(name, each))
    count = apply_receipts(known) if known else ReceiptCount(0, 0, 0)
    return Intake(count.applied, count.repeated, unknown)


def _names(workspace: Workspace, column: str, wanted: Iterable[object]) -> Mapping[object, str]:
    """Return id or reference → our name for the message at providers, `{token}-{position}`."""
    found: dict[object, str] = {}
    values = list(wanted)
    for start in range(0, len(values), LOOKED_UP_AT_ONCE):
        chunk = values[start : start + LOOKED_UP_AT_ONCE]
        rows = Message.objects.filter(
            workspace=workspace, broadcast__kind=BroadcastKind.TRACKED, **{f"{column}__in": chunk}
        ).order_by("pk")
        for value, token, position in rows.values_list(column, "broadcast__token", "position"):
            found[value] = f"{token}-{position}"
    return found


def _as_receipt(name: str, receipt: OthersReceipt) -> Receipt:
    return Receipt(
        # Made from our own name, because callers do not know their provider's ids to be unique.
        provider_id=f"external-{name}",
        reference=name,
        status=receipt.status,
        at=receipt.at,
        error_code=receipt.error_code,
        error_text=receipt.error_text,
    )
