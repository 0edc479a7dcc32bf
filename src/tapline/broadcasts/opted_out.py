"""How an opt-out that a person gave to the provider becomes ours.

Whoever wrote STOP to a number whose provider answers such words by itself may be known to us only
by the code of a refused text. They said no; so nothing more goes to them from here either.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable

from tapline.broadcasts.models import Message
from tapline.contacts.consent import is_suppressed, opt_out
from tapline.providers.base import Act
from tapline.providers.registry import reasons_of
from tapline.workspaces.models import Workspace

BY_PROVIDER = "provider"

# How far an opt-out reaches is the brand's choice, which a room further right knows: it puts its
# function here, in its AppConfig.ready. Without it the message's own workspace is meant.
SCOPES: list[Callable[[Workspace], Workspace]] = []


def is_opt_out(provider: str, code: str) -> bool:
    """Say whether a provider's code means that the person opted out there."""
    reason = reasons_of(provider).get(code)
    return reason is not None and reason.act == Act.OPT_OUT


def mirror(messages: Iterable[Message], at: dt.datetime) -> None:
    """Opt out whoever these messages went to. Call it inside the transaction that fails them."""
    for message in messages:
        scope = SCOPES[-1](message.workspace) if SCOPES else message.workspace
        if message.phone and not is_suppressed(message.phone, scope):
            opt_out(message.phone, scope=scope, reason=BY_PROVIDER, at=at, by="worker")
