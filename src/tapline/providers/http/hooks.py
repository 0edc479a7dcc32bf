"""What such a provider posts: receipts and inbound texts, read by the account's paths."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation

from django.utils import timezone

from tapline.broadcasts.receipts import apply_receipts
from tapline.providers.accounts import setup_of
from tapline.providers.base import InboundText, Receipt, Status
from tapline.providers.hooks import NO_SUCH, Accounts, Post, Said
from tapline.providers.http.paths import find_text, items_at, read_document
from tapline.providers.http.send import known_as, words_of
from tapline.providers.http.signing import is_genuine
from tapline.providers.kinds import Setup
from tapline.replies.taking import take_many

LARGEST_COST = Decimal(10_000)

TAKEN = Said(200, "ok")
FORGED = Said(403, "The signature or secret does not fit, or the request is too old.")
UNREADABLE = Said(400, "This is neither JSON nor a form.")


def receipts(posts: Sequence[Post]) -> list[Said]:
    """Take receipts, one or several in a post."""
    said, read = _read(posts)
    apply_receipts(
        [receipt for post, setup in read for receipt in read_receipts(post, setup, timezone.now())]
    )
    return said


def inbound(posts: Sequence[Post]) -> list[Said]:
    """Take inbound texts, one or several in a post."""
    accounts = Accounts.of("http", posts)
    said, read = _read(posts)
    take_many(
        [text for post, setup in read for text in read_texts(post, setup, accounts, timezone.now())]
    )
    return said


def read_receipts(post: Post, setup: Setup, now: dt.datetime) -> Iterator[Receipt]:
    """Yield the receipts of one post in our words."""
    options = setup.options
    for item in items_at(read_document(post.body), options["receipt_list"]):
        provider_id = find_text(item, options["receipt_id"])
        reference = find_text(item, options["receipt_reference"])
        reference = reference or post.query.get("reference", [""])[-1]
        if provider_id or reference:
            yield Receipt(
                provider_id=known_as(setup, provider_id or reference),
                status=status_of(find_text(item, options["receipt_status"]), options),
                at=now,
                reference=reference[:40],
                error_code=find_text(item, options["receipt_error"])[:40],
                cost=_amount(find_text(item, options["receipt_cost"])),
            )


def status_of(word: str, options: Mapping[str, str]) -> Status:
    """Return the provider's word in ours; one that the account does not list changes nothing."""
    for status in (Status.DELIVERED, Status.FAILED, Status.ACCEPTED):
        if word and word in words_of(options[f"{status}_words"]):
            return status
    return Status.UNKNOWN


def read_texts(
    post: Post, setup: Setup, accounts: Accounts, now: dt.datetime
) -> Iterator[InboundText]:
    """Yield the inbound texts of one post in our words."""
    options = setup.options
    for item in items_at(read_document(post.body), options["inbound_list"]):
        number = find_text(item, options["inbound_to"])
        yield InboundText(
            provider_id=find_text(item, options["inbound_id"])[:120],
            sender=_with_plus(find_text(item, options["inbound_from"])),
            to=_with_plus(number),
            text=find_text(item, options["inbound_text"]),
            received_at=now,
            account=setup.name,
            provider=setup.name,
            workspace=accounts.owner(post.token, _with_plus(number)),
        )


def _amount(raw: str) -> Decimal | None:
    """Return a cost as a positive amount; None for what is none."""
    try:
        amount = abs(Decimal(raw))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount < LARGEST_COST else None


def _read(posts: Sequence[Post]) -> tuple[list[Said], list[tuple[Post, Setup]]]:
    """Return what to answer to each post, and the genuine ones that can be read."""
    accounts = Accounts.of("http", posts)
    setups = {token: setup_of(account) for token, account in accounts.by_token.items()}
    said = [_said(post, setups.get(post.token)) for post in posts]
    read = [
        (post, setups[post.token])
        for post, answer in zip(posts, said, strict=True)
        if answer is TAKEN
    ]
    return said, read


def _said(post: Post, setup: Setup | None) -> Said:
    if setup is None:
        return NO_SUCH
    if not is_genuine(post, setup.options, setup.secrets, timezone.now()):
        return FORGED
    return TAKEN if read_document(post.body) is not None else UNREADABLE


def _with_plus(number: str) -> str:
    """Return a number as we write it: many providers leave the plus out. Short codes have none."""
    digits = number.strip().replace(" ", "")
    return f"+{digits}" if digits.isdigit() and len(digits) > 8 else number.strip()
