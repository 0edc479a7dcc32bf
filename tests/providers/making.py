"""Accounts and senders for tests."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from tapline import config
from tapline.providers.accounts import create_account
from tapline.providers.models import ProviderAccount, SenderKind, SenderNumber
from tapline.workspaces.models import Workspace

ACTOR = "user 1"
ACCOUNT_SID = "AC" + "0" * 31 + "1"
AUTH_TOKEN = "a made-up token"
OUR_NUMBER = "+12125550100"


def set_config(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """Change settings for one test."""
    changed = dataclasses.replace(config.current(), **changes)
    monkeypatch.setattr(config, "current", lambda: changed)


def make_twilio(
    workspace: Workspace, *, name: str = "Twilio", base_url: str = "", **values: str
) -> ProviderAccount:
    fields = {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN, "base_url": base_url, **values}
    return create_account(workspace, kind_key="twilio", name=name, values=fields, actor=ACTOR)


def make_number(
    account: ProviderAccount, number: str = OUR_NUMBER, *, is_default: bool = True, **values: object
) -> SenderNumber:
    values = {"workspace": account.workspace, "kind": SenderKind.LONG_CODE, **values}
    return SenderNumber.objects.create(
        account=account, number=number, is_default=is_default, **values
    )
