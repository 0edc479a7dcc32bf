"""How accounts at providers come to be, change and end; their secrets stay sealed."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from tapline import config
from tapline.errors import NotFound
from tapline.instance.seals import seal, unseal
from tapline.providers.kinds import BadAccount, Field, Setup
from tapline.providers.models import ProviderAccount
from tapline.providers.registry import kind
from tapline.workspaces.audit import record
from tapline.workspaces.models import Workspace

_TABLE, _COLUMN = "providers_provideraccount", "secrets"
LONGEST_OPTION = 4_000


def create_account(
    workspace: Workspace,
    *,
    kind_key: str,
    name: str,
    values: Mapping[str, str],
    currency: str = "USD",
    actor: str,
) -> ProviderAccount:
    """Return a new account. `values` holds its kind's fields, secret ones too.

    Raises `NoSuchProvider`, `BadAccount`.
    """
    options, secrets = _split(kind_key, values, {})
    with transaction.atomic():
        account = ProviderAccount.objects.create(
            workspace=workspace,
            kind=kind_key,
            name=_read_name(name),
            options=options,
            currency=_read_currency(currency),
            created_by=actor,
        )
        _keep_secrets(account, secrets)
        after = {"kind": kind_key, "name": account.name, "options": options}
        record(workspace, actor, "provider_account.created", account, after=after)
    return account


def change_account(
    account: ProviderAccount,
    *,
    name: str | None = None,
    values: Mapping[str, str],
    currency: str | None = None,
    actor: str,
) -> ProviderAccount:
    """Change an account; a secret that is missing or empty stays as it is. Raises `BadAccount`."""
    with transaction.atomic():
        fresh = ProviderAccount.objects.select_for_update().get(pk=account.pk)
        options, secrets = _split(fresh.kind, {**fresh.options, **values}, open_secrets(fresh))
        before = {"name": fresh.name, "options": fresh.options, "currency": fresh.currency}
        fresh.name = _read_name(name) if name is not None else fresh.name
        fresh.currency = _read_currency(currency) if currency is not None else fresh.currency
        changed = sorted(key for key, value in open_secrets(fresh).items() if secrets[key] != value)
        fresh.options, fresh.revision = options, fresh.revision + 1
        fresh.save(update_fields=["name", "options", "currency", "revision"])
        _keep_secrets(fresh, secrets)
        after = {"name": fresh.name, "options": options, "currency": fresh.currency}
        told = {**after, "secrets_changed": changed}
        record(fresh.workspace, actor, "provider_account.changed", fresh, before, told)
    return fresh


def retire_account(account: ProviderAccount, *, actor: str) -> None:
    """Send nothing new through an account. Its webhooks still work: receipts come for days."""
    with transaction.atomic():
        now = timezone.now()
        ProviderAccount.objects.filter(pk=account.pk, retired_at=None).update(retired_at=now)
        account.numbers.filter(retired_at=None).update(retired_at=now, is_default=False)
        record(account.workspace, actor, "provider_account.retired", account)


def usable_accounts(workspace: Workspace) -> QuerySet[ProviderAccount]:
    """Return the accounts that a workspace may send through: its own and those above it."""
    return ProviderAccount.objects.filter(
        workspace__in=workspace.ancestor_ids, retired_at=None
    ).order_by("-workspace__path", "id")


def account_by_name(workspace: Workspace, name: str) -> ProviderAccount:
    """Return the usable account that messages call `name` (`twilio:7`); raises `NotFound`."""
    for account in usable_accounts(workspace):
        if name_of(account) == name:
            return account
    raise NotFound(
        f"There is no provider account '{name}' here.",
        why="It does not exist, was retired, or belongs to another workspace.",
        do="List the accounts with GET /api/v1/provider-accounts or `tapline providers list`.",
    )


def name_of(account: ProviderAccount) -> str:
    """Return what broadcasts, messages and threads call an account."""
    return f"{account.kind}:{account.pk}"


def setup_of(account: ProviderAccount) -> Setup:
    """Return an account as its adapter sees it; raises `SealBroken`."""
    return Setup(
        name=name_of(account),
        account_id=account.pk,
        workspace_id=account.workspace_id,
        token=account.token,
        webhooks=webhooks_of(account),
        options=account.options,
        secrets=open_secrets(account),
    )


def webhooks_of(account: ProviderAccount) -> str:
    """Return the address below which the provider calls us, from TAPLINE_WEB_URL."""
    return f"{config.current().web_url.rstrip('/')}/hooks/{account.kind}/{account.token}"


def open_secrets(account: ProviderAccount) -> dict[str, str]:
    """Return an account's secrets; raises `SealBroken`."""
    if not account.secrets:
        return {}
    opened: dict[str, str] = json.loads(
        unseal(account.secrets, table=_TABLE, row=account.pk, column=_COLUMN)
    )
    return opened


def _keep_secrets(account: ProviderAccount, secrets: Mapping[str, str]) -> None:
    plain = json.dumps(dict(secrets), ensure_ascii=False)
    account.secrets = seal(plain, table=_TABLE, row=account.pk, column=_COLUMN)
    account.save(update_fields=["secrets"])


def _split(
    kind_key: str, values: Mapping[str, Any], kept: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return checked options and secrets; raises `BadAccount`."""
    chosen = kind(kind_key)
    _refuse_unknown(values, {field.name for field in chosen.fields})
    options: dict[str, str] = {}
    secrets: dict[str, str] = {}
    for field in chosen.fields:
        value = str(values.get(field.name) or "").strip()
        if field.secret:
            value = value or kept.get(field.name, "")
        value = value or field.default
        if field.required and not value:
            raise BadAccount(
                f"The account needs its {field.label}.",
                why="Without it the provider takes nothing from us.",
                do=str(field.help) or "Copy it from the provider's pages.",
            )
        if len(value) > LONGEST_OPTION:
            raise BadAccount(
                f"{field.label} is too long.",
                why=f"It may have {LONGEST_OPTION:,} characters.",
                do="Shorten it.",
            )
        (secrets if field.secret else options)[field.name] = _read_value(field, value)
    chosen.check(options, secrets)
    return options, secrets


def _read_value(field: Field, value: str) -> str:
    """Return a value as it is kept; raises `BadAccount` for what the field cannot be."""
    if field.choices and value not in dict(field.choices):
        allowed = ", ".join(dict(field.choices))
        raise BadAccount(
            f"'{value[:40]}' is nothing that can be chosen.",
            why=f"{field.label}: one of {allowed}.",
            do="Choose one of them.",
        )
    return _read_number(field, value, field.limits) if field.limits else value


def _read_number(field: Field, value: str, limits: tuple[float, float]) -> str:
    try:
        number = float(value.replace(",", "."))
    except ValueError:
        number = math.nan
    if not limits[0] <= number <= limits[1]:
        raise BadAccount(
            f"'{value[:40]}' cannot be used.",
            why=f"{field.label}: a number from {limits[0]:g} to {limits[1]:g}.",
            do="Correct it and save again.",
        )
    return f"{number:g}"


def _refuse_unknown(values: Mapping[str, Any], known: set[str]) -> None:
    unknown = sorted(set(values) - known)
    if unknown:
        raise BadAccount(
            f"'{unknown[0][:40]}' is nothing that such an account has.",
            why=f"Its fields are: {', '.join(sorted(known))}.",
            do="Correct the name, or leave it out.",
        )


def _read_name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > 80:
        raise BadAccount(
            "The account needs a name.",
            why="It is how people tell accounts apart; it has 1 to 80 characters.",
            do="Name it after the provider and what it is for, such as «Twilio, shops».",
        )
    return name


def _read_currency(currency: str) -> str:
    currency = currency.strip().upper()
    if len(currency) != 3 or not currency.isalpha() or not currency.isascii():
        raise BadAccount(
            f"'{currency[:10]}' is no currency.",
            why="Prices are shown in it.",
            do="Give its three letters, such as USD or EUR.",
        )
    return currency
