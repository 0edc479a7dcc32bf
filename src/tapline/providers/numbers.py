"""How sender numbers come to be, change and end: kind, caps, and whose default they are."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone

from tapline.contacts.phones import BadNumber, normalise
from tapline.errors import Conflict, TaplineError
from tapline.providers.models import (
    ProviderAccount,
    Registration,
    SenderKind,
    SenderNumber,
    SenderPool,
)
from tapline.providers.use import is_zone
from tapline.workspaces.audit import record
from tapline.workspaces.models import Workspace

_SHORT_CODE = re.compile(r"\d{3,8}", re.ASCII)
# Up to eleven characters, one of them a letter. Source: 3GPP TS 23.040, 9.1.2.5.
_WORD = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 &_.+-]{1,11}")
MOST_PER_SECOND, MOST_PER_DAY = 100_000.0, 100_000_000


class BadSender(TaplineError):
    """A sender number cannot be stored like that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderDetails:
    """What somebody enters about a sender. `pool` is a name; empty: it stands alone."""

    number: str = ""
    kind: str = SenderKind.LONG_CODE
    registration: str = Registration.MISSING
    registration_note: str = ""
    parts_per_second: float = 0.0
    parts_per_day: int = 0
    day_zone: str = "UTC"
    pool: str = ""
    is_default: bool = False


def add_number(
    workspace: Workspace, account: ProviderAccount, details: SenderDetails, *, actor: str
) -> SenderNumber:
    """Return a new sender of `workspace` at `account`, which must be its own or one above it.

    Raises `BadSender`, `BadNumber`, `Conflict` where the account has this sender already.
    """
    number = _checked(workspace, details)
    with transaction.atomic():
        if details.is_default:
            _take_default_away(workspace)
        try:
            with transaction.atomic():
                made = SenderNumber.objects.create(
                    workspace=workspace, account=account, **_columns(account, details, number)
                )
        except IntegrityError as error:
            raise Conflict(
                f"'{number or account.name}' is there already.",
                why="An account has each of its sender numbers once.",
                do="Change the one that there is.",
            ) from error
        record(workspace, actor, "sender_number.added", made, after=asdict(details))
    return made


def change_number(sender: SenderNumber, details: SenderDetails, *, actor: str) -> SenderNumber:
    """Change everything but the number itself. Raises `BadSender`."""
    _checked(sender.workspace, details, known=sender.number)
    with transaction.atomic():
        fresh = (
            SenderNumber.objects.select_for_update().select_related("workspace").get(pk=sender.pk)
        )
        before = asdict(details_of(fresh))
        if details.is_default:
            _take_default_away(fresh.workspace)
        for name, value in _columns(fresh.account, details, fresh.number).items():
            setattr(fresh, name, value)
        fresh.save()
        after = asdict(details_of(fresh))
        record(fresh.workspace, actor, "sender_number.changed", fresh, before, after)
    return fresh


def retire_number(sender: SenderNumber, *, actor: str) -> None:
    """Send nothing new from a number. What people write to it still comes in."""
    with transaction.atomic():
        SenderNumber.objects.filter(pk=sender.pk, retired_at=None).update(
            retired_at=timezone.now(), is_default=False
        )
        record(sender.workspace, actor, "sender_number.retired", sender)


def details_of(sender: SenderNumber) -> SenderDetails:
    """Return what is known of a sender, as it was entered."""
    return SenderDetails(
        number=sender.number,
        kind=sender.kind,
        registration=sender.registration,
        registration_note=sender.registration_note,
        parts_per_second=sender.parts_per_second,
        parts_per_day=sender.parts_per_day,
        day_zone=sender.day_zone,
        pool=sender.pool.name if sender.pool else "",
        is_default=sender.is_default,
    )


def _columns(account: ProviderAccount, details: SenderDetails, number: str) -> dict[str, object]:
    return {
        "number": number,
        "kind": details.kind,
        "registration": details.registration,
        "registration_note": details.registration_note,
        "parts_per_second": details.parts_per_second,
        "parts_per_day": details.parts_per_day,
        "day_zone": details.day_zone,
        "pool": _pool(account, details.pool),
        "is_default": details.is_default,
    }


def _pool(account: ProviderAccount, name: str) -> SenderPool | None:
    return SenderPool.objects.get_or_create(account=account, name=name)[0] if name else None


def _take_default_away(workspace: Workspace) -> None:
    SenderNumber.objects.filter(workspace=workspace, is_default=True).update(is_default=False)


def _checked(workspace: Workspace, details: SenderDetails, known: str | None = None) -> str:
    """Return the number as it is stored; raises what is wrong with the details."""
    if details.kind not in SenderKind.values:
        _refuse(
            f"'{details.kind}' is no kind of sender.", f"One of {', '.join(SenderKind.values)}."
        )
    if details.registration not in Registration.values:
        words = ", ".join(Registration.values)
        _refuse(f"'{details.registration}' is no state of registration.", f"One of {words}.")
    if not 0 <= details.parts_per_second <= MOST_PER_SECOND:
        _refuse("That is no rate.", f"Parts a second: 0 (no limit) to {MOST_PER_SECOND:,.0f}.")
    if not 0 <= details.parts_per_day <= MOST_PER_DAY:
        _refuse("That is no count for a day.", f"Parts a day: 0 (no limit) to {MOST_PER_DAY:,}.")
    if not is_zone(details.day_zone):
        _refuse(f"'{details.day_zone}' is no time zone.", "Such as America/Los_Angeles or UTC.")
    if len(details.pool) > 80 or len(details.registration_note) > 160:
        _refuse("A name or note is too long.", "A pool's name has 80 characters, a note 160.")
    return known if known is not None else _number(workspace, details)


def _number(workspace: Workspace, details: SenderDetails) -> str:
    raw = details.number.strip()
    if details.kind == SenderKind.SERVICE:
        if raw:
            _refuse("A service has no number of its own.", "The provider picks one of its pool.")
        return ""
    if details.kind == SenderKind.SHORT_CODE:
        if not _SHORT_CODE.fullmatch(raw):
            _refuse(f"'{raw[:20]}' is no short code.", "It has three to eight digits.")
        return raw
    if details.kind == SenderKind.WORD:
        if not _WORD.fullmatch(raw):
            _refuse(f"'{raw[:20]}' is no sender's word.", "Up to eleven letters and digits.")
        return raw
    try:
        return normalise(raw, workspace.default_country)
    except BadNumber as error:
        raise BadSender(error.what, why=error.why, do=error.do) from error


def _refuse(what: str, why: str) -> None:
    raise BadSender(what, why=why, do="Correct it and save again.")
