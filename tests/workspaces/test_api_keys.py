"""API keys open one workspace, with the scopes they were given, until they are revoked."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from django.utils import timezone

from tapline.workspaces.api_keys import (
    BadApiKey,
    authenticate,
    create_api_key,
    has_scope,
    revoke,
)
from tapline.workspaces.audit import history
from tapline.workspaces.models import ApiKey
from tapline.workspaces.tree import create_workspace

pytestmark = pytest.mark.django_db


def test_a_key_is_found_by_its_token_and_kept_as_a_hash_alone() -> None:
    workspace = create_workspace("Fernwood")

    key, token = create_api_key(workspace, "Shop", ["links:write", "contacts:read"])

    found = authenticate(token)
    assert found is not None
    assert found.workspace == workspace
    assert key.key_hash == hashlib.sha256(token.encode()).hexdigest()
    assert token.startswith(key.prefix)
    stored = " ".join(str(value) for value in ApiKey.objects.values_list().get())
    assert token not in stored
    assert token not in str([entry.after for entry in history(workspace)])


def test_a_key_may_do_what_its_scopes_say() -> None:
    key, _ = create_api_key(create_workspace("Fernwood"), "Shop", ["links:write"])

    assert has_scope(key, "links:write")
    assert not has_scope(key, "contacts:read")


@pytest.mark.parametrize("token", ["", "tapline_", "tapline_wrong", "Bearer x", "é" * 50])
def test_a_wrong_token_opens_nothing(token: str) -> None:
    create_api_key(create_workspace("Fernwood"), "Shop", ["links:write"])

    assert authenticate(token) is None


def test_a_revoked_key_opens_nothing_and_is_audited_once() -> None:
    workspace = create_workspace("Fernwood")
    key, token = create_api_key(workspace, "Shop", ["links:write"])

    revoke(key, actor="user 1")
    revoke(key, actor="user 1")

    assert authenticate(token) is None
    assert [entry.action for entry in history(workspace)] == ["api_key.revoked", "api_key.created"]


def test_last_use_is_written_at_most_once_a_minute() -> None:
    key, token = create_api_key(create_workspace("Fernwood"), "Shop", ["links:write"])

    authenticate(token)
    first = ApiKey.objects.get(pk=key.pk).last_used_at
    authenticate(token)
    assert ApiKey.objects.get(pk=key.pk).last_used_at == first

    ApiKey.objects.filter(pk=key.pk).update(last_used_at=timezone.now() - timedelta(minutes=2))
    authenticate(token)
    last = ApiKey.objects.get(pk=key.pk).last_used_at
    assert first is not None
    assert last is not None
    assert last >= first


@pytest.mark.parametrize(("name", "scopes"), [("", ["links:read"]), ("A", []), ("A", ["all"])])
def test_a_key_without_name_or_with_unknown_scopes_is_refused(name: str, scopes: list[str]) -> None:
    with pytest.raises(BadApiKey):
        create_api_key(create_workspace("Fernwood"), name, scopes)
