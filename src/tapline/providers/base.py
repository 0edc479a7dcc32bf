"""What every provider adapter promises: texts go out, each with an answer that can be acted on.

The three answers differ in what may be done next. `Accepted`: the provider has the text.
`Refused`: it surely has not, so sending it again is safe where `can_retry` says that it may help.
`Unsure`: nobody knows (a time-out, a cut connection), so the text is never sent again blindly;
`look_up` or a receipt settles it.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol, TypeAlias

from django.utils.functional import Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One text on its way to the provider. `reference` is ours and unique for ever."""

    reference: str
    to: str
    sender: str
    text: str
    # After this moment the provider must not deliver it any more.
    send_before_at: dt.datetime
    tag: str = ""
    media: tuple[str, ...] = ()  # addresses of pictures, where the provider can


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The provider has taken the text. `cost` is None where it names no price."""

    reference: str
    provider_id: str
    cost: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The provider surely has not taken the text. `retry_after_seconds`: how long it asked us to
    wait before anything else is sent. `stops`: no other text would fare better, so the broadcast is
    paused, with `text` as the reason."""

    reference: str
    code: str
    text: str
    can_retry: bool
    retry_after_seconds: float | None = None
    stops: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsure:
    """Whether the provider has taken the text is not known."""

    reference: str
    why: str


Answer: TypeAlias = Accepted | Refused | Unsure


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One text of which nobody knows whether the provider took it. Providers that keep no
    reference of ours find it by recipient and text, in which the code is the recipient's own."""

    reference: str
    to: str
    sender: str
    text: str
    submitted_at: dt.datetime
    # What the provider is known to have taken and failed before, under the same reference.
    other_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a provider says when asked about a reference: its id, or None if it never took it."""

    provider_id: str | None
    cost: Decimal | None = None


class Act(enum.StrEnum):
    """What we do by ourselves about one error code."""

    NONE = "none"
    SEND_AGAIN = "send_again"  # it surely did not leave, and may well do so in a minute
    STOP = "stop"  # nothing leaves through this account or sender until somebody mends it
    OPT_OUT = "opt_out"  # the person told the provider to stop: then we stop too


@dataclass(frozen=True, slots=True)
class Reason:
    """What one error code means, and what can be done about it, in words for people.

    Each provider has a table of them beside its adapter: `REASONS` in its `reasons.py`. `what`
    ends the sentence «It failed because …» and begins small; both may be translated lazily.
    """

    what: str | Promise
    do: str | Promise
    act: Act = Act.NONE


class Status(enum.StrEnum):
    """What a receipt can say, in our words."""

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"  # a word that we do not know yet; changes nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A provider's word on one message, found by `provider_id` or else by `reference`."""

    provider_id: str
    status: Status
    at: dt.datetime
    reference: str = ""
    error_code: str = ""
    error_text: str = ""
    cost: Decimal | None = None  # where the provider names its price


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundText:
    """One text that somebody sent to one of our numbers.

    `account` and `provider_id` tell a repeat; an empty `provider_id` is never one. `provider` is
    the name that answers leave by. `workspace` is whose number it was sent to, where the account
    knows.
    """

    provider_id: str
    sender: str
    to: str
    text: str
    received_at: dt.datetime
    account: str = "simulator"
    provider: str = "simulator"
    workspace: int | None = None


class Provider(Protocol):
    """An adapter. It may be called from several threads."""

    name: str
    # Whether "I never took it" from `look_up` can be relied on as soon as `settled_after_seconds`
    # have passed since the text was submitted.
    look_up_is_authoritative: bool
    # After this long a request of ours cannot be in flight any more.
    settled_after_seconds: float

    def send(self, batch: Sequence[Outgoing]) -> Sequence[Answer]:
        """Hand the texts over; returns one answer for each, in any order. Never raises for what
        a network or a provider can do."""
        ...

    def look_up(self, asked: Sequence[Asked]) -> Mapping[str, Found]:
        """Ask what became of these texts; returns what was found, by reference. One that is
        missing stays unknown; all are missing while the provider cannot be reached."""
        ...

    def close(self) -> None:
        """Close the connections to the provider; nothing is asked of it afterwards."""
        ...
