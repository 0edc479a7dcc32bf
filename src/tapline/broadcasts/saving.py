"""How a broadcast that is being written is kept by itself, complete or not.

Nothing is refused: what can be read of the form is kept, what cannot be is said when somebody wants
to send it. One that waits for its time is left alone: keeping would take it back to a draft.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from tapline.broadcasts.composing import take_sender
from tapline.broadcasts.models import AtNight, Broadcast, BroadcastState
from tapline.contacts.models import Purpose
from tapline.errors import TaplineError
from tapline.hours.deciding import policy_of
from tapline.links.domains import domain_for
from tapline.workspaces.audit import record
from tapline.workspaces.models import Workspace

LONGEST_NAME = 160
NAME_FROM_TEXT = 40

# Who has not chosen yet writes to everybody who agreed, as the form shows it.
FIRST_AUDIENCE = {"all": True}


def keep_draft(
    workspace: Workspace, stored: Broadcast | None, values: Mapping[str, Any], *, actor: str
) -> Broadcast | None:
    """Return the draft with `values` kept, a new one where there was none.

    None: nothing was written yet, or it is no draft any more, so nothing was kept.
    """
    if stored is None:
        if not (values.get("text") or values.get("name")):
            return None
        return _keep_new(workspace, values, actor)
    with transaction.atomic():
        fresh = Broadcast.objects.select_for_update().get(pk=stored.pk, workspace=workspace)
        if fresh.state not in (BroadcastState.DRAFT, BroadcastState.CHECKED):
            return None
        _take(fresh, values)
        fresh.state = BroadcastState.DRAFT
        fresh.save()
    return fresh


def _keep_new(workspace: Workspace, values: Mapping[str, Any], actor: str) -> Broadcast:
    policy = policy_of(workspace)
    draft = Broadcast(
        workspace=workspace,
        audience=FIRST_AUDIENCE,
        domain=domain_for(workspace),
        at_night=policy.at_night,
        give_up_hours=policy.give_up_hours,
        created_by=actor,
    )
    take_sender(draft, "")
    _take(draft, values)
    with transaction.atomic():
        draft.save(force_insert=True)
        record(workspace, actor, "broadcast.created", draft, after={"name": draft.name})
    return draft


def _take(draft: Broadcast, values: Mapping[str, Any]) -> None:
    """Set what can be stored; the rest stays as it was."""
    for name, value in values.items():
        if name in _FITS and not _FITS[name](value):
            continue
        if name == "sender_number":
            _take_sender(draft, value)
        elif name in ("campaign", "offer"):
            _take_named(draft, name, value)
        else:
            setattr(draft, name, value)
    draft.name = draft.name[:LONGEST_NAME] or _name_from(draft.text)


def _take_named(draft: Broadcast, name: str, thing: Any) -> None:
    """Take a campaign or an offer; a name that is being typed makes none yet."""
    if thing is None or thing.pk is not None:
        setattr(draft, name, thing)


def _take_sender(draft: Broadcast, number: str) -> None:
    try:
        take_sender(draft, number)
    except TaplineError:
        return  # A number that is still being typed.


def _name_from(text: str) -> str:
    words = " ".join(text.split())
    return words[:NAME_FROM_TEXT] or _("Without a name")


_FITS: dict[str, Callable[[Any], bool]] = {
    "purpose": lambda value: value in Purpose.values,
    "at_night": lambda value: value in AtNight.values,
    "give_up_hours": lambda value: 0 <= value < 2**15,
}
