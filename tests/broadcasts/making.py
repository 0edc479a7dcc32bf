"""What tests of broadcasts start from: people who agreed, a broadcast, and a stand-in provider."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from tapline.broadcasts.composing import create_broadcast
from tapline.broadcasts.lifecycle import start
from tapline.broadcasts.models import Broadcast, BroadcastState, Message
from tapline.broadcasts.preparing import prepare_piece
from tapline.broadcasts.sending import Sender
from tapline.broadcasts.settling import Settler
from tapline.contacts.consent import record_consent
from tapline.contacts.models import Contact
from tapline.contacts.phones import hash_phone
from tapline.links.domains import create_domain
from tapline.providers.base import Accepted, Answer, Asked, Found, Outgoing
from tapline.workspaces.models import Workspace
from tapline.workspaces.tree import create_workspace

ACTOR = "test"
TEXT = "Hi {{ first_name | there }}, our menu: https://www.example.com/menu"
MOST_STEPS = 200


def phone(number: int) -> str:
    """Return one of the 80,000 North American numbers that are reserved for fiction."""
    return f"+1{200 + number // 100}55501{number % 100:02}"


def make_workspace() -> Workspace:
    workspace = create_workspace("Bakery")
    create_domain(workspace, "https://go.example.com", proved=True, actor=ACTOR)
    return workspace


def make_contacts(
    workspace: Workspace, count: int, *, first: int = 0, agreed: bool = True, **attributes: str
) -> list[Contact]:
    """Make contacts, who agreed to marketing texts unless told otherwise."""
    contacts = Contact.objects.bulk_create(
        Contact(
            workspace=workspace,
            phone=phone(number),
            phone_hash=hash_phone(phone(number)),
            attributes={"first_name": f"N{number}", **attributes},
        )
        for number in range(first, first + count)
    )
    if agreed:
        record_consent(
            contacts,
            scope=workspace,
            purpose="marketing",
            given=True,
            wording="Yes, text me offers.",
            source="form",
            evidence={},
            at=timezone.now() - dt.timedelta(days=1),
            by=ACTOR,
        )
    return contacts


def make_broadcast(workspace: Workspace, **changes: Any) -> Broadcast:
    fields = {"name": "Menu", "text": TEXT, "audience": {"all": True}, "actor": ACTOR} | changes
    return create_broadcast(workspace, **fields)


def prepare(broadcast: Broadcast) -> Broadcast:
    """Start a broadcast and prepare it to its end."""
    start(broadcast, actor=ACTOR)
    for _ in range(MOST_STEPS):
        broadcast.refresh_from_db()
        if broadcast.state != BroadcastState.PREPARING:
            return broadcast
        prepare_piece(broadcast)
    raise AssertionError("preparing does not come to an end")


def states(broadcast: Broadcast) -> list[str]:
    """Return the states of the messages in the order of their positions."""
    return list(
        Message.objects.filter(broadcast=broadcast)
        .order_by("position")
        .values_list("state", flat=True)
    )


class Crash(Exception):
    """Stands for a worker that dies where it is raised."""


def accept(text: Outgoing) -> Answer:
    return Accepted(reference=text.reference, provider_id=f"id-{text.reference}")


@dataclass
class StandIn:
    """A provider that remembers what it took. `answer` says what becomes of each text."""

    name: str = "stand-in"
    look_up_is_authoritative: bool = True
    settled_after_seconds: float = 25.0
    answer: Callable[[Outgoing], Answer] = accept
    during: Callable[[], None] = lambda: None  # called while a batch is with the provider
    batches: list[list[Outgoing]] = field(default_factory=list)
    known: dict[str, Found] = field(default_factory=dict)

    @property
    def taken(self) -> list[Outgoing]:
        return [text for batch in self.batches for text in batch]

    def send(self, batch: Sequence[Outgoing]) -> Sequence[Answer]:
        self.batches.append(list(batch))
        self.during()
        answers = [self.answer(text) for text in batch]
        for answer in answers:
            if isinstance(answer, Accepted):
                self.known[answer.reference] = Found(provider_id=answer.provider_id)
        return answers

    def look_up(self, asked: Sequence[Asked]) -> Mapping[str, Found]:
        names = [each.reference for each in asked]
        return {name: self.known.get(name, Found(provider_id=None)) for name in names}

    def close(self) -> None: ...


@dataclass
class Clock:
    """A clock that tests move by hand."""

    at: dt.datetime = field(default_factory=timezone.now)

    def __call__(self) -> dt.datetime:
        return self.at

    def seconds(self) -> float:
        return self.at.timestamp()

    def move(self, seconds: float) -> None:
        self.at += dt.timedelta(seconds=seconds)


def make_sender(provider: StandIn, clock: Clock | None = None, chunk: int = 500) -> Sender:
    clock = clock or Clock()
    return Sender(
        find_provider=lambda name: provider, now=clock, monotonic=clock.seconds, chunk=chunk
    )


def make_settler(provider: StandIn, clock: Clock | None = None) -> Settler:
    return Settler(find_provider=lambda name: provider, now=clock or Clock())
