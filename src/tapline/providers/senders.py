"""From what a workspace's texts come: its own sender, or else that of the nearest one above it."""

from __future__ import annotations

from dataclasses import dataclass

from tapline.providers.accounts import name_of
from tapline.providers.models import ProviderAccount, SenderNumber
from tapline.providers.registry import SIMULATED
from tapline.workspaces.models import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """From what texts leave: a provider's name, and a number (empty: the provider picks)."""

    provider: str
    number: str


SIMULATED_SENDER = Sender(provider=SIMULATED, number="")


def sender_of(workspace: Workspace) -> Sender:
    """Return the default sender of a workspace, or of the nearest one above it that has one.

    Without any, texts go to the simulator, as on a new instance.
    """
    defaults = SenderNumber.objects.filter(
        workspace__in=workspace.ancestor_ids, is_default=True, retired_at=None
    )
    nearest = defaults.select_related("account").order_by("-workspace__path").first()
    if nearest is None:
        return SIMULATED_SENDER
    return Sender(provider=name_of(nearest.account), number=nearest.number)


def owner_of(account: ProviderAccount, number: str) -> int:
    """Return the id of the workspace that has a number of an account; else the account's own."""
    owned = account.numbers.filter(number=number).order_by("retired_at", "-id")
    found = owned.values_list("workspace", flat=True).first() if number else None
    return found if found is not None else account.workspace_id
