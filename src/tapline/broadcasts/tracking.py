"""How texts that another system sends get tracked links: texts with recipients in, texts out.

A call does everything or nothing: one bad text refuses the call and every bad one is named. Each
text becomes a message with a position of its own, so that a tap leads back to its recipient. Its
contact is made where the number is new, without consent: whoever sends the text answers for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from tapline.broadcasts.composing import MOST_CHARACTERS
from tapline.broadcasts.models import Broadcast, BroadcastKind, BroadcastState, Message
from tapline.broadcasts.models import MessageState as State
from tapline.broadcasts.tracked_links import (
    DestinationReader,
    FinishedText,
    TrackedLink,
    TrackedText,
    refuse_stopped,
    track_texts,
)
from tapline.broadcasts.watched import look_at_shared
from tapline.contacts.phones import normalise
from tapline.contacts.upserting import ensure_contacts
from tapline.errors import Conflict, NotFound, TaplineError
from tapline.links.domains import domain_for, own_hosts
from tapline.links.models import Campaign, Offer
from tapline.workspaces.counting import OnlyCounted, only_counted
from tapline.workspaces.idempotency import Attempt
from tapline.workspaces.models import Workspace

MAX_TEXTS = 10_000
# Messages written in one transaction: it holds the writer for some 40 ms.
WRITTEN_AT_ONCE = 1_000

TAKE_POSITIONS = """
-- Take the next positions of one broadcast, for ever.
update broadcasts_broadcast set next_position = next_position + %s where id = %s
returning next_position
"""

INSERT_EXTERNAL = """
-- One text that another system sends.
insert into broadcasts_message (
  broadcast_id, position, workspace_id, contact_id, phone, state, text, parts, reference,
  only_counted, leased_by, error_code, error_text)
values (%s, %s, %s, %s, %s, 'external', %s, %s, %s, %s, '', '', '')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Untracked:
    """One text as its sender wrote it. `reference` is the sender's own id, or empty."""

    to: str
    text: str
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """One text as it shall be sent, in the order of the call."""

    message_id: int
    to: str
    reference: str
    text: str
    parts: int
    links: list[TrackedLink]


class BadTexts(TaplineError):
    """Some texts of a call cannot be tracked; none was. `items` says which, and why."""

    def __init__(self, items: Sequence[dict[str, Any]], total: int) -> None:
        self.items = list(items)
        super().__init__(
            f"{len(self.items):,} of {total:,} texts cannot be tracked, so none was.",
            why=f"Text {self.items[0]['index']}: {self.items[0]['what']} {self.items[0]['why']}",
            do="Correct or leave out the texts that `items` lists, and send the call again.",
        )

    def as_dict(self) -> dict[str, Any]:
        return {**super().as_dict(), "items": self.items}


class BadText(TaplineError):
    """The text cannot be a message."""


@dataclass(frozen=True, slots=True)
class _Ready:
    """A text that passed every check, and where it stood in the call."""

    index: int
    phone: str
    reference: str
    finished: FinishedText


def track(
    workspace: Workspace,
    texts: Sequence[Untracked],
    *,
    broadcast: Broadcast,
    actor: str,
    attempt: Attempt | None = None,
) -> list[Tracked]:
    """Return the texts with tracked links, in their order; see the module's promise.

    With an `attempt`, what an attempt that died half way had written is taken back first. Raises
    `BadTexts`, and `NoCodesLeft` from minting. Must not be called inside a transaction.
    """
    _refuse_too_many(texts)
    ready = read_texts(workspace, texts, broadcast)
    contacts = ensure_contacts(workspace, (text.phone for text in ready))
    # Texts with the same links side by side: their positions form few ranges.
    ready.sort(key=lambda text: text.finished.distinct)
    _take_back(attempt)
    first = take_positions(broadcast, len(ready), attempt)
    assert broadcast.domain is not None
    finished = [text.finished for text in ready]
    written = track_texts(broadcast, broadcast.domain, finished, first, actor=actor)
    _write(broadcast, first, ready, written, contacts, attempt)
    look_at_shared(broadcast, (name for text in finished for name in text.distinct))
    return _in_order(broadcast, first, ready, written)


def tracked_broadcast(
    workspace: Workspace,
    name: str,
    *,
    campaign: Campaign | None = None,
    offer: Offer | None = None,
    actor: str,
) -> Broadcast:
    """Return the broadcast that gathers tracked texts under `name`, made where there is none.

    An empty name means today's. Raises `NoDomain`, and `Conflict` where the broadcast belongs to
    another campaign or offer.
    """
    name = name or f"Tracked texts {timezone.now():%Y-%m-%d}"
    with transaction.atomic():
        # The lock lets two calls at once agree on one broadcast.
        Workspace.objects.select_for_update().get(pk=workspace.pk)
        found = _tracked(workspace).filter(name=name).order_by("id").first()
        if found is None:
            return _create(workspace, name, campaign, offer, actor)
    _refuse_other(found, campaign, offer)
    return found


def tracked_broadcast_by_id(workspace: Workspace, broadcast_id: int) -> Broadcast:
    """Return one broadcast of tracked texts; raises `NotFound`."""
    found = _tracked(workspace).filter(pk=broadcast_id).first()
    if found is None:
        raise NotFound(
            f"There is no broadcast {broadcast_id} for tracked texts.",
            why="It belongs to others, or its texts are sent by Tapline itself.",
            do="Name a broadcast instead: it is made where there is none.",
        )
    return found


def read_texts(
    workspace: Workspace, texts: Sequence[Untracked], broadcast: Broadcast
) -> list[_Ready]:
    """Return the texts with their numbers normalised and their links checked.

    Raises `BadTexts`, which names every bad text.
    """
    reader = DestinationReader(own_hosts(), broadcast.utm)
    counted = only_counted(workspace)
    ready: list[_Ready] = []
    items: list[dict[str, Any]] = []
    for index, text in enumerate(texts):
        try:
            ready.append(_read(index, text, workspace.default_country, reader, counted))
        except TaplineError as error:
            items.append({"index": index, **error.as_dict()})
    items += _stopped_items(broadcast, ready)
    if items:
        raise BadTexts(sorted(items, key=lambda item: item["index"]), len(texts))
    return ready


def take_positions(broadcast: Broadcast, count: int, attempt: Attempt | None = None) -> int:
    """Take `count` positions and return the first, in one short transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(TAKE_POSITIONS, [count, broadcast.pk])
        first = int(cursor.fetchone()[0]) - count
        if attempt is not None:
            attempt.bind(broadcast=broadcast.pk, first=first, count=count)
    return first


def check_text(text: str) -> None:
    """Raise `BadText` for what no provider takes as one text."""
    if not text.strip():
        raise BadText("The text is empty.", why="There is nothing to send.", do="Write a text.")
    if len(text) > MOST_CHARACTERS:
        raise BadText(
            f"The text has {len(text):,} characters.",
            why=f"Providers take up to {MOST_CHARACTERS:,} as one text.",
            do="Shorten it, or send it as two texts.",
        )


def _read(
    index: int, text: Untracked, country: str, reader: DestinationReader, counted: OnlyCounted
) -> _Ready:
    check_text(text.text)
    phone = normalise(text.to, country)
    finished = reader.read(text.text, crowd_member=phone if counted.covers(phone) else "")
    return _Ready(index, phone, text.reference, finished)


def _stopped_items(broadcast: Broadcast, ready: Iterable[_Ready]) -> list[dict[str, Any]]:
    ready = list(ready)
    named = (destination for text in ready for destination in text.finished.distinct)
    stopped = refuse_stopped(broadcast, named)
    return [
        {"index": text.index, **stopped[destination].as_dict()}
        for text in ready
        for destination in text.finished.distinct
        if destination in stopped
    ]


def _refuse_too_many(texts: Sequence[Untracked]) -> None:
    if not 1 <= len(texts) <= MAX_TEXTS:
        raise BadText(
            f"The call has {len(texts):,} texts.",
            why=f"A call takes 1 to {MAX_TEXTS:,}.",
            do="Send them in several calls.",
        )


def _take_back(attempt: Attempt | None) -> None:
    """Remove what an attempt that died wrote: nobody has its texts, so they must not count."""
    if attempt is None or not attempt.made:
        return
    first, count = attempt.made["first"], attempt.made["count"]
    for start in range(first, first + count, WRITTEN_AT_ONCE):
        end = min(start + WRITTEN_AT_ONCE, first + count)
        Message.objects.filter(
            broadcast=attempt.made["broadcast"],
            position__gte=start,
            position__lt=end,
            state=State.EXTERNAL,
        ).delete()


def _write(
    broadcast: Broadcast,
    first: int,
    ready: Sequence[_Ready],
    written: Sequence[TrackedText],
    contacts: dict[str, int],
    attempt: Attempt | None,
) -> None:
    rows = [
        (
            broadcast.pk,
            first + i,
            broadcast.workspace_id,
            contacts[text.phone],
            text.phone,
            done.text,
            done.parts,
            text.reference,
            bool(text.finished.crowd_member),
        )
        for i, (text, done) in enumerate(zip(ready, written, strict=True))
    ]
    for start in range(0, len(rows), WRITTEN_AT_ONCE):
        with transaction.atomic(), connection.cursor() as cursor:
            if attempt is not None:  # Overtaken meanwhile? Then write nothing more.
                attempt.bind(**attempt.made)
            cursor.executemany(INSERT_EXTERNAL, rows[start : start + WRITTEN_AT_ONCE])


def _in_order(
    broadcast: Broadcast, first: int, ready: Sequence[_Ready], written: Sequence[TrackedText]
) -> list[Tracked]:
    ids = dict(
        Message.objects.filter(
            broadcast=broadcast, position__gte=first, position__lt=first + len(ready)
        ).values_list("position", "id")
    )
    answers = [
        (
            text.index,
            Tracked(
                message_id=ids[first + i],
                to=text.phone,
                reference=text.reference,
                text=done.text,
                parts=done.parts,
                links=done.links,
            ),
        )
        for i, (text, done) in enumerate(zip(ready, written, strict=True))
    ]
    return [tracked for _, tracked in sorted(answers, key=lambda answer: answer[0])]


def _tracked(workspace: Workspace) -> QuerySet[Broadcast]:
    rows = Broadcast.objects.filter(workspace=workspace, kind=BroadcastKind.TRACKED)
    return rows.select_related("workspace", "domain", "campaign", "offer")


def _create(
    workspace: Workspace, name: str, campaign: Campaign | None, offer: Offer | None, actor: str
) -> Broadcast:
    # SENT: nothing of it waits to be sent by us.
    return Broadcast.objects.create(
        workspace=workspace,
        kind=BroadcastKind.TRACKED,
        state=BroadcastState.SENT,
        name=name,
        domain=domain_for(workspace),
        campaign=campaign,
        offer=offer,
        provider="",
        created_by=actor,
        started_at=timezone.now(),
    )


def _refuse_other(broadcast: Broadcast, campaign: Campaign | None, offer: Offer | None) -> None:
    for word, wanted, has in (
        ("campaign", campaign, broadcast.campaign),
        ("offer", offer, broadcast.offer),
    ):
        if wanted is not None and wanted != has:
            raise Conflict(
                f"The broadcast '{broadcast.name}' belongs to another {word}.",
                why=f"Its {word} is {has.name!r}." if has else f"It was begun without {word}.",
                do=f"Leave the {word} out, or choose another name for the broadcast.",
            )
