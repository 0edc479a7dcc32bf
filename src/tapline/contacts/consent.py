"""What people agreed to: answers are added to a ledger, and a no takes effect at once.

An opt-out leaves two traces in one transaction: a «no» in the ledger of every contact that has the
number, and a suppression of the number's hash, which outlives the contacts. A later yes given by
the person (not by an import) lifts the suppression.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from tapline.contacts.models import Consent, Contact, Purpose, Suppression, Wording
from tapline.contacts.phones import hash_phone
from tapline.contacts.textable import textable_sql
from tapline.errors import TaplineError
from tapline.workspaces.models import Workspace
from tapline.workspaces.tree import descendant_ids

__all__ = [
    "ON_OPT_OUT",
    "BadConsent",
    "is_suppressed",
    "keep_wording",
    "opt_out",
    "opt_out_many",
    "record_consent",
    "suppress",
    "suppressed_among",
    "textable_sql",
    "undo_opt_out",
]

IMPORT = "import"

# Features that hold waiting texts add a function here, in their AppConfig.ready. Each is called
# inside the opt-outs' transaction with (phones, scope): what waits is stopped with it.
ON_OPT_OUT: list[Callable[[Sequence[str], Workspace], None]] = []


class BadConsent(TaplineError):
    """The answer cannot be recorded as it was given."""


def record_consent(
    contacts: Iterable[Contact],
    *,
    scope: Workspace,
    purpose: str,
    given: bool,
    wording: str,
    source: str,
    evidence: Mapping[str, Any],
    at: datetime,
    by: str,
    language: str = "",
) -> list[Consent]:
    """Add one answer per contact to the ledger and return the new rows.

    `scope` is the contacts' workspace or one above it. `wording` is what the person was shown, ""
    for a no. A yes whose source is not an import lifts older suppressions in `scope` and below.
    Raises `BadConsent` for a yes without wording or in the future, and for a scope elsewhere.
    """
    people = list(contacts)
    # A no counts at once, also when the clock of whoever reports it is ahead of ours.
    at = at if given else min(at, timezone.now())
    _refuse_bad(people, scope, purpose, given=given, wording=wording, at=at)
    with transaction.atomic():
        shown = keep_wording(wording, language)
        rows = Consent.objects.bulk_create(
            Consent(
                contact=contact,
                scope=scope,
                purpose=purpose,
                given=given,
                wording=shown,
                source=source,
                evidence=dict(evidence),
                at=at,
                recorded_by=by,
            )
            for contact in people
        )
        if given and source != IMPORT:
            _lift({contact.phone_hash for contact in people}, scope, purpose, at)
    return rows


def opt_out(
    phone: str, *, scope: Workspace, reason: str, at: datetime, by: str, purpose: str = ""
) -> int:
    """Stop texts to an E.164 number from `scope` and below; return how many contacts have it.

    See `opt_out_many`.
    """
    return opt_out_many({phone: at}, scope=scope, reason=reason, by=by, purpose=purpose)


def opt_out_many(
    said: Mapping[str, datetime], *, scope: Workspace, reason: str, by: str, purpose: str = ""
) -> int:
    """Stop texts to E.164 numbers from `scope` and below; return how many contacts have them.

    `said` tells when each was said. `purpose` "" stops every purpose. Works for numbers that no
    contact has yet. One transaction: a no in the ledger, a suppression, and whatever `ON_OPT_OUT`
    stops, in a few statements for up to some hundred numbers.
    """
    purposes = [purpose] if purpose else list(Purpose.values)
    for each in purposes:
        _refuse_bad_purpose(each)
    now = timezone.now()  # A no counts at once, also when the clock of whoever reports it is ahead.
    at = {phone: min(moment, now) for phone, moment in said.items()}
    with transaction.atomic():
        contacts = _with_numbers(at, scope)
        Consent.objects.bulk_create(
            Consent(
                contact=contact,
                scope=scope,
                purpose=each,
                given=False,
                source=reason[:80],
                evidence={},
                at=at[contact.phone],
                recorded_by=by,
            )
            for each in purposes
            for contact in contacts
        )
        hashes = {hash_phone(phone): moment for phone, moment in at.items()}
        _suppress_each(hashes, scope=scope, purpose=purpose, reason=reason)
        for stop_waiting in ON_OPT_OUT:
            stop_waiting(list(at), scope)
    return len(contacts)


def undo_opt_out(
    phone: str,
    *,
    workspace: Workspace,
    reason: str,
    wording: str,
    evidence: Mapping[str, Any],
    at: datetime,
    by: str,
) -> int | None:
    """Take back the opt-outs that the person gave to `workspace`, or to all around it; return how
    many answers were renewed, None where no such opt-out is in force.

    Opt-outs for other reasons than `reason` stay. A yes that the opt-out had ended is recorded
    anew with `wording`, the words that offered it; without words none is, and the person remains
    without consent. Who had not agreed before has not now. One transaction.
    """
    at = min(at, timezone.now())
    with transaction.atomic():
        found = Suppression.objects.filter(
            phone_hash=hash_phone(phone), reason=reason, lifted_at=None, at__lte=at
        ).select_related("scope")
        scopes = {*workspace.ancestor_ids, *descendant_ids(workspace)}
        ended = list(found.filter(scope__in=scopes))
        if not ended:
            return None
        renewed = 0
        for contact in _with_numbers([phone], _widest(each.scope for each in ended)):
            for old in _ended_by(contact, reason) if wording.strip() else ():
                record_consent(
                    [contact], scope=old.scope, purpose=old.purpose, given=True, wording=wording,
                    source=reason, evidence={**evidence, "renews": old.pk}, at=at, by=by,
                )  # fmt: skip
                renewed += 1
        now = timezone.now()
        Suppression.objects.filter(pk__in=[each.pk for each in ended]).update(lifted_at=now)
    return renewed


def is_suppressed(phone: str, scope: Workspace) -> bool:
    """Say whether every text to an E.164 number from `scope` is stopped already."""
    return bool(suppressed_among([phone], scope))


def suppressed_among(phones: Iterable[str], scope: Workspace) -> set[str]:
    """Return to which of these E.164 numbers every text from `scope` is stopped already."""
    hashes = {hash_phone(phone): phone for phone in phones}
    found = Suppression.objects.filter(
        phone_hash__in=hashes, scope__in=scope.ancestor_ids, purpose="", lifted_at=None
    )
    return {hashes[each] for each in found.values_list("phone_hash", flat=True)}


def suppress(
    phone_hash: str, *, scope: Workspace, purpose: str, reason: str, at: datetime
) -> Suppression:
    """Put a number's hash under suppression, unless it already is; return the one in force."""
    return _suppress_each({phone_hash: at}, scope=scope, purpose=purpose, reason=reason)[0]


def _suppress_each(
    hashes: Mapping[str, datetime], *, scope: Workspace, purpose: str, reason: str
) -> list[Suppression]:
    active = Suppression.objects.filter(
        phone_hash__in=hashes, scope=scope, purpose=purpose, lifted_at=None
    )
    known = {each.phone_hash: each for each in active.order_by("-pk")}
    said_again = [each for each in known.values() if hashes[each.phone_hash] > each.at]
    for each in said_again:  # Only a yes newer than this may lift it.
        each.at = hashes[each.phone_hash]
    Suppression.objects.bulk_update(said_again, ["at"])
    new = Suppression.objects.bulk_create(
        Suppression(phone_hash=each, scope=scope, purpose=purpose, reason=reason[:80], at=at)
        for each, at in hashes.items()
        if each not in known
    )
    return [*known.values(), *new]


def keep_wording(text: str, language: str = "") -> Wording | None:
    """Return the one row that holds these words in this language; None for no words."""
    if not text.strip():
        return None
    text_hash = hashlib.sha256(f"{language}\n{text}".encode()).hexdigest()
    wording, _ = Wording.objects.get_or_create(
        text_hash=text_hash, defaults={"text": text, "language": language}
    )
    return wording


def _with_numbers(phones: Iterable[str], scope: Workspace) -> list[Contact]:
    """Return every contact with one of these numbers in `scope` and below."""
    return list(Contact.objects.filter(workspace__in=descendant_ids(scope), phone__in=list(phones)))


def _widest(scopes: Iterable[Workspace]) -> Workspace:
    return min(scopes, key=lambda scope: len(scope.ancestor_ids))


def _ended_by(contact: Contact, reason: str) -> list[Consent]:
    """Return the yeses of a contact that nothing but an opt-out for `reason` has ended."""
    ended = []
    for purpose in Purpose.values:
        answers = Consent.objects.filter(contact=contact, purpose=purpose)
        newest = answers.exclude(given=False, source=reason).order_by("-at", "-id").first()
        if newest is not None and newest.given:
            ended.append(newest)
    return ended


def _lift(hashes: set[str], scope: Workspace, purpose: str, at: datetime) -> None:
    """End the suppressions that a newer yes overrules.

    One for every purpose goes on for the purposes that the person did not agree to.
    """
    overruled = Suppression.objects.filter(
        phone_hash__in=hashes,
        scope__in=descendant_ids(scope),
        purpose__in=["", purpose],
        lifted_at=None,
        at__lte=at,
    )
    for old in list(overruled):
        for other in set(Purpose.values) - {purpose} if old.purpose == "" else ():
            suppress(old.phone_hash, scope=old.scope, purpose=other, reason=old.reason, at=old.at)
        old.lifted_at = timezone.now()
        old.save(update_fields=["lifted_at"])


def _refuse_bad(
    contacts: Sequence[Contact],
    scope: Workspace,
    purpose: str,
    *,
    given: bool,
    wording: str,
    at: datetime,
) -> None:
    _refuse_bad_purpose(purpose)
    if given and not wording.strip():
        raise BadConsent(
            "The wording is missing.",
            why="A yes counts only with the words that the person was shown.",
            do="Give the exact text of the form, card or message.",
        )
    if at > timezone.now():
        raise BadConsent(
            f"The answer is dated {at:%Y-%m-%d %H:%M}.",
            why="That is in the future.",
            do="Give the time when the person said so.",
        )
    inside = set(descendant_ids(scope))
    if any(contact.workspace_id not in inside for contact in contacts):
        raise BadConsent(
            f"'{scope.name}' does not cover this contact.",
            why="An answer covers texts from its workspace and from those below it.",
            do="Choose the contact's workspace or one above it.",
        )


def _refuse_bad_purpose(purpose: str) -> None:
    if purpose not in Purpose.values:
        raise BadConsent(
            f"'{purpose}' is no purpose.",
            why="Consent is given for one kind of text.",
            do=f"Choose one of: {', '.join(Purpose.values)}.",
        )
