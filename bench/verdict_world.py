"""Plays a corpus into an instance as it would have come: taps into the click log, receipts as a
provider tells them, and the worker's own loops between them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from tapline.broadcasts.models import Broadcast
    from tapline.clicklog.record import Record
    from tapline.links.models import Link
    from tapline.providers.simulator.scenarios.samples import Corpus, Sample, Text

# Taps are taken in in so many pieces; receipts that came meanwhile follow each piece, so that most
# taps soon after delivery are judged before their receipt is here, as they are in life.
PIECES = 6
# The worker's loops that have to do with verdicts: all but those that delete.
LEFT_OUT = {"erase", "clean-up"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """One corpus in the instance."""

    corpus: Corpus
    broadcast: Broadcast
    ids: Sequence[str]  # the click of each sample

    @property
    def of(self) -> tuple[int, int]:
        """The workspace and broadcast that every report asks for."""
        return self.broadcast.workspace_id, self.broadcast.pk


def play(corpus: Corpus) -> Played:
    """Take a whole corpus in; returns when nothing is left to do."""
    broadcast, links = _make_broadcast(corpus)
    positions = {message: number for number, message in enumerate(corpus.texts)}
    waiting = sorted(
        (text for text in corpus.texts.values() if text.receipt_at and text.delivered_at),
        key=_receipt_at,
    )
    ids: list[str] = []
    size = len(corpus.samples) // PIECES + 1
    for start in range(0, len(corpus.samples), size):
        piece = corpus.samples[start : start + size]
        ids += _write([_record(sample, broadcast, links, positions) for sample in piece])
        run_loops()
        until = dt.datetime.fromtimestamp(piece[-1].time_us / 1_000_000, dt.UTC)
        come = [text for text in waiting if _receipt_at(text) <= until]
        _tell(broadcast, positions, come)
        waiting = waiting[len(come) :]
    _tell(broadcast, positions, waiting)
    run_loops()
    return Played(corpus=corpus, broadcast=broadcast, ids=ids)


def run_loops() -> None:
    """Let the worker's loops about clicks run until none finds anything to do."""
    from tapline.clicks.loops import CLICK_LOOPS

    steps = [loop.step for loop in CLICK_LOOPS if loop.name not in LEFT_OUT]
    while sum(step() for step in steps):
        pass


def verdicts_of(played: Played) -> dict[str, str]:
    """Return the stored verdict of each click of a corpus."""
    from tapline.clicks import store

    sql = "select id, verdict from clicks where workspace = :workspace and broadcast = :broadcast"
    workspace, broadcast = played.of
    return dict(store.query(sql, {"workspace": workspace, "broadcast": broadcast}))


def _make_broadcast(corpus: Corpus) -> tuple[Broadcast, dict[int, Link]]:
    """Return a sent broadcast with a message for each text, and what stands for its links."""
    from tapline.broadcasts.models import Broadcast, BroadcastLink
    from tapline.links.domains import create_domain
    from tapline.links.minting import create_link, mint_range
    from tapline.workspaces.models import Workspace
    from tapline.workspaces.tree import create_workspace

    number = Workspace.objects.count()
    workspace = create_workspace(corpus.name[:80], zone="UTC")  # no corpus learns from another
    domain = create_domain(workspace, f"https://go{number}.example.com", proved=True, actor="bench")
    broadcast = Broadcast.objects.create(
        workspace=workspace,
        name=corpus.name[:160],
        domain=domain,
        state="sent",
        provider="elsewhere",  # the simulator's clock may be fast
        is_test=corpus.is_test,
        created_by="bench",
    )
    links = {}
    for ordinal, named in enumerate(sorted({sample.link for sample in corpus.samples})):
        link = create_link(workspace, domain, f"https://www.example.com/{ordinal}", actor="bench")
        BroadcastLink.objects.create(broadcast=broadcast, link=link, ordinal=ordinal)
        mint_range(link, max(len(corpus.texts), 1))
        links[named] = link
    _make_messages(broadcast, corpus.texts.values())
    return broadcast, links


def _make_messages(broadcast: Broadcast, texts: Iterable[Text]) -> None:
    from tapline.broadcasts.models import Message, MessageState
    from tapline.contacts.models import Contact

    some = list(texts)
    # The numbers are in no country's plan, and nothing is ever sent.
    contacts = Contact.objects.bulk_create(
        Contact(
            workspace=broadcast.workspace,
            phone=f"+1999{number:07d}",
            phone_hash=f"{number:032x}",
            is_staff=text.role == "staff",
            is_canary=text.role == "canary",
        )
        for number, text in enumerate(some)
    )
    Message.objects.bulk_create(
        Message(
            broadcast=broadcast,
            workspace=broadcast.workspace,
            position=position,
            contact=contact,
            phone=contact.phone,
            state=MessageState.ACCEPTED,
            submitted_at=text.submitted_at,
            accepted_at=text.submitted_at,
        )
        for position, (contact, text) in enumerate(zip(contacts, some, strict=True))
    )


def _record(
    sample: Sample, broadcast: Broadcast, links: dict[int, Link], positions: dict[str, int]
) -> Record:
    """Return the line that the edge would have written here."""
    from tapline.clicklog.record import Record

    link, position = links[sample.link], positions[sample.message]
    assert broadcast.domain is not None
    seen = {name: getattr(sample, name) for name in Record.__struct_fields__}
    return msgspec.structs.replace(
        Record(**seen),
        host=broadcast.domain.host,
        domain=broadcast.domain.pk,
        generation=1,
        serial=position,
        link=link.pk,
        position=position,
    )


def _write(records: Sequence[Record]) -> list[str]:
    """Write one closed segment of the click log; return the id of each click."""
    from tapline import config
    from tapline.clicklog.record import encode_line
    from tapline.clicklog.segment import Segment, segment_id

    lines = [encode_line(record) for record in records]
    segment = Segment(config.current().click_log_dir, b"".join(lines))
    segment.close()
    name, offset, ids = segment_id(segment.path), 0, []
    for line in lines:
        ids.append(f"{name}-{offset}")
        offset += len(line)
    return ids


def _tell(broadcast: Broadcast, positions: dict[str, int], texts: Iterable[Text]) -> None:
    """Take receipts in as they come from a provider."""
    from tapline.broadcasts.receipts import apply_receipts
    from tapline.providers.base import Receipt, Status

    apply_receipts(
        Receipt(
            provider_id=f"bench-{broadcast.token}-{positions[text.message]}",
            status=Status.DELIVERED,
            at=text.delivered_at,
            reference=f"{broadcast.token}-{positions[text.message]}",
        )
        for text in texts
        if text.delivered_at
    )


def _receipt_at(text: Text) -> dt.datetime:
    assert text.receipt_at is not None
    return text.receipt_at
