"""The API's calls on providers' accounts and sender numbers. Secrets go in and never come out."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any

from django.utils import timezone
from ninja import Router, Status
from pydantic import Field

from tapline.providers import accounts, numbers
from tapline.providers.models import ProviderAccount, SenderNumber
from tapline.providers.prices import read_key, set_prices
from tapline.providers.telling import tell_account, tell_sender, test_connection
from tapline.workspaces.api_access import ApiRequest, actor_of, needs, workspace_of
from tapline.workspaces.api_types import (
    Answer,
    Cursor,
    Limit,
    Name,
    Page,
    Payload,
    Text,
    Word,
    found_or_404,
    page_of,
)

router = Router(tags=["providers"])

Values = dict[str, Annotated[Text, Field(max_length=4000)]]
Prices = dict[
    Annotated[Text, Field(pattern=r"\S", max_length=20)], Annotated[Decimal, Field(ge=0, lt=1000)]
]


class AccountIn(Payload):
    kind: Word = Field(description="twilio or http.")
    name: Annotated[Name, Field(max_length=80)]
    values: Values = Field(description="The fields of its kind, secret ones included.")
    currency: Annotated[Word, Field(max_length=3)] = "USD"


class AccountChanges(Payload):
    """What is left out stays as it is; so does a secret that is empty."""

    name: Annotated[Name, Field(max_length=80)] | None = None
    values: Values = Field(default_factory=dict)
    currency: Annotated[Word, Field(max_length=3)] | None = None
    prices: Prices | None = Field(
        None,
        description="What a part costs by country; * is everywhere else. «US mms» and «* mms»:"
        " what a text with pictures costs, whatever its parts. Replaces all.",
    )


class AccountOut(Answer):
    id: int
    provider: str = Field(description="What broadcasts and messages call it, such as twilio:7.")
    kind: str
    name: str
    workspace: int
    options: dict[str, str]
    secrets: list[str] = Field(description="Which secrets it has; never what they are.")
    currency: str
    prices: dict[str, str]
    webhooks: dict[str, str] = Field(description="Addresses to paste at the provider.")
    retired_at: dt.datetime | None


class TestOut(Answer):
    is_good: bool
    said: str


class SenderIn(Payload):
    provider: Word = Field(description="The account, such as twilio:7.")
    number: Annotated[Word, Field(max_length=24)] = Field(
        "", description="Empty only for the kind service, where the provider picks."
    )
    kind: Word = Field("long_code", description="long_code, toll_free, short_code, word, service.")
    registration: Word = Field(
        "missing", description="not_needed, missing, pending, done, refused."
    )
    registration_note: Annotated[Text, Field(max_length=160)] = ""
    parts_per_second: float = Field(0, description="0: no limit.")
    parts_per_day: int = Field(0, description="0: no limit.")
    day_zone: Word = Field("UTC", description="Where that day begins.")
    pool: Annotated[Text, Field(max_length=80)] = ""
    is_default: bool = False


class SenderChanges(Payload):
    """What is left out stays as it is."""

    kind: Word | None = None
    registration: Word | None = None
    registration_note: Annotated[Text, Field(max_length=160)] | None = None
    parts_per_second: float | None = None
    parts_per_day: int | None = None
    day_zone: Word | None = None
    pool: Annotated[Text, Field(max_length=80)] | None = None
    is_default: bool | None = None


class SenderOut(Answer):
    id: int
    number: str
    kind: str
    workspace: int
    provider: str
    pool: str | None
    registration: str
    registration_note: str
    parts_per_second: float
    parts_per_day: int
    day_zone: str
    sent_today: int
    left_today: int | None = Field(description="null: no limit.")
    is_default: bool
    retired_at: dt.datetime | None


@router.get(
    "/provider-accounts",
    auth=needs("providers:read"),
    response=Page[AccountOut],
    summary="List accounts",
)
def list_accounts(request: ApiRequest, cursor: Cursor, limit: Limit) -> dict[str, Any]:
    """The workspace's own, and those of workspaces above it that it may send through."""
    usable = accounts.usable_accounts(workspace_of(request))
    return page_of(usable, cursor, limit, lambda rows: [tell_account(each) for each in rows])


@router.post(
    "/provider-accounts",
    auth=needs("providers:write"),
    response={201: AccountOut},
    summary="Add an account",
)
def add_account(request: ApiRequest, account: AccountIn) -> Status[dict[str, Any]]:
    made = accounts.create_account(
        workspace_of(request),
        kind_key=account.kind,
        name=account.name,
        values=account.values,
        currency=account.currency,
        actor=actor_of(request),
    )
    return Status(201, tell_account(made))


@router.patch(
    "/provider-accounts/{int:account_id}",
    auth=needs("providers:write"),
    response=AccountOut,
    summary="Change an account",
)
def change_account(request: ApiRequest, account_id: int, changes: AccountChanges) -> dict[str, Any]:
    account = _account(request, account_id)
    changed = accounts.change_account(
        account,
        name=changes.name,
        values=changes.values,
        currency=changes.currency,
        actor=actor_of(request),
    )
    if changes.prices is not None:
        prices = {_country(name): price for name, price in changes.prices.items()}
        set_prices(changed, prices, actor=actor_of(request))
    return tell_account(changed)


@router.post(
    "/provider-accounts/{int:account_id}/test",
    auth=needs("providers:write"),
    response=TestOut,
    summary="Test the connection",
)
def test_account(request: ApiRequest, account_id: int) -> dict[str, Any]:
    """Asks the provider whether it knows the account. Nothing is sent to anybody."""
    is_good, said = test_connection(_account(request, account_id))
    return {"is_good": is_good, "said": said}


@router.delete(
    "/provider-accounts/{int:account_id}",
    auth=needs("providers:write"),
    response={204: None},
    summary="Retire an account",
)
def retire_account(request: ApiRequest, account_id: int) -> Status[None]:
    """Sends nothing new through it. Receipts of its last texts still come in."""
    account = _account(request, account_id)
    accounts.retire_account(account, actor=actor_of(request))
    return Status(204, None)


@router.get(
    "/sender-numbers",
    auth=needs("providers:read"),
    response=Page[SenderOut],
    summary="List sender numbers",
)
def list_senders(request: ApiRequest, cursor: Cursor, limit: Limit) -> dict[str, Any]:
    """The workspace's own, and those of workspaces above it that it may use."""
    now = timezone.now()
    usable = SenderNumber.objects.filter(
        workspace__in=workspace_of(request).ancestor_ids, retired_at=None
    ).select_related("account", "pool")
    return page_of(usable, cursor, limit, lambda rows: [tell_sender(each, now) for each in rows])


@router.post(
    "/sender-numbers",
    auth=needs("providers:write"),
    response={201: SenderOut},
    summary="Add a sender number",
)
def add_sender(request: ApiRequest, sender: SenderIn) -> Status[dict[str, Any]]:
    workspace = workspace_of(request)
    account = accounts.account_by_name(workspace, sender.provider)
    details = numbers.SenderDetails(**sender.model_dump(exclude={"provider"}))
    made = numbers.add_number(workspace, account, details, actor=actor_of(request))
    return Status(201, tell_sender(made, timezone.now()))


@router.patch(
    "/sender-numbers/{int:sender_id}",
    auth=needs("providers:write"),
    response=SenderOut,
    summary="Change a sender number",
)
def change_sender(request: ApiRequest, sender_id: int, changes: SenderChanges) -> dict[str, Any]:
    sender = _sender(request, sender_id)
    known = numbers.details_of(sender)
    told = changes.model_dump(exclude_none=True)
    details = numbers.SenderDetails(**{**_as_values(known), **told})
    changed = numbers.change_number(sender, details, actor=actor_of(request))
    return tell_sender(changed, timezone.now())


@router.delete(
    "/sender-numbers/{int:sender_id}",
    auth=needs("providers:write"),
    response={204: None},
    summary="Retire a sender number",
)
def retire_sender(request: ApiRequest, sender_id: int) -> Status[None]:
    """Sends nothing new from it. What people write to it still comes in."""
    sender = _sender(request, sender_id)
    numbers.retire_number(sender, actor=actor_of(request))
    return Status(204, None)


def _account(request: ApiRequest, account_id: int) -> ProviderAccount:
    own = ProviderAccount.objects.filter(workspace=workspace_of(request), retired_at=None)
    found = own.select_related("workspace").filter(pk=account_id).first()
    return found_or_404(found, "account")


def _sender(request: ApiRequest, sender_id: int) -> SenderNumber:
    own = SenderNumber.objects.filter(workspace=workspace_of(request), retired_at=None)
    found = own.select_related("account", "pool", "workspace").filter(pk=sender_id).first()
    return found_or_404(found, "sender number")


def _as_values(details: numbers.SenderDetails) -> dict[str, Any]:
    return {name: getattr(details, name) for name in details.__dataclass_fields__}


def _country(name: str) -> str:
    try:
        return read_key(name)
    except ValueError:
        return name  # `set_prices` says what is wrong with it.
