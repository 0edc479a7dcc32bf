"""From what a workspace's texts come: its own sender, or else that of the nearest one above it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from tapline.errors import TaplineError
from tapline.providers.accounts import account_by_name, name_of, usable_accounts
from tapline.providers.models import ProviderAccount, SenderNumber
from tapline.providers.registry import SIMULATED, account_id_of, provider
from tapline.workspaces.models import Workspace


class NoSuchSender(TaplineError):
    """A workspace cannot send from there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """From what texts leave: a provider's name, and a number (empty: the provider picks). With a
    pool each recipient has one of its numbers instead."""

    provider: str
    number: str
    pool: int | None = None


SIMULATED_SENDER = Sender(provider=SIMULATED, number="")


def sender_of(workspace: Workspace) -> Sender:
    """Return the default sender of a workspace, or of the nearest one above it that has one.

    Without any, texts go to the simulator, as on a new instance.
    """
    nearest = usable_senders(workspace).filter(is_default=True).first()
    return _as_sender(nearest) if nearest else SIMULATED_SENDER


def sender_for(workspace: Workspace, number: str = "", provider_name: str = "") -> Sender:
    """Return the sender that somebody chose by number, provider or both; nothing chosen means the
    workspace's own. Raises `NoSuchSender`, `NoSuchProvider`, and `NotFound` for a foreign account.
    """
    if not number and not provider_name:
        return sender_of(workspace)
    if provider_name and account_id_of(provider_name) is None:
        return Sender(provider=provider(provider_name).name, number=number)
    senders = usable_senders(workspace)
    if provider_name:
        senders = senders.filter(account=account_by_name(workspace, provider_name))
    chosen = senders.filter(number=number).first() if number else senders.first()
    if chosen is not None:
        return _as_sender(chosen)
    if not number:
        return Sender(provider=provider_name, number="")
    if not provider_name and sender_of(workspace) == SIMULATED_SENDER:
        return Sender(provider=SIMULATED, number=number)
    raise NoSuchSender(
        f"'{number}' is no sender number of this workspace.",
        why="Texts leave from a number that an account at a provider has.",
        do="Add it under «Sender numbers», or leave it empty for the workspace's own.",
    )


def usable_senders(workspace: Workspace) -> QuerySet[SenderNumber]:
    """Return the senders that a workspace may use: its own and those above it, the nearest first,
    of each the default first."""
    return (
        SenderNumber.objects.filter(
            workspace__in=workspace.ancestor_ids, retired_at=None, account__retired_at=None
        )
        .select_related("account", "pool")
        .order_by("-workspace__path", "-is_default", "id")
    )


def is_usable(workspace: Workspace, provider_name: str) -> bool:
    """Say whether a workspace may (still) send through the account of that name."""
    return any(name_of(each) == provider_name for each in usable_accounts(workspace))


def owner_of(account: ProviderAccount, number: str) -> int:
    """Return the id of the workspace that has a number of an account; else the account's own."""
    owned = account.numbers.filter(number=number).order_by("retired_at", "-id")
    found = owned.values_list("workspace", flat=True).first() if number else None
    return found if found is not None else account.workspace_id


def _as_sender(chosen: SenderNumber) -> Sender:
    return Sender(provider=name_of(chosen.account), number=chosen.number, pool=chosen.pool_id)
