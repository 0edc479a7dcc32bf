"""A workspace with one broadcast, its messages, and a click log that tests write into."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from django.utils import timezone

from tapline import config
from tapline.broadcasts.models import Broadcast, BroadcastLink, Message
from tapline.clicklog.record import Record, encode_line
from tapline.clicklog.segment import Segment
from tapline.clicks.ingest import ingest_once
from tapline.contacts.models import Contact
from tapline.links.domains import create_domain
from tapline.links.minting import create_link, mint_range
from tapline.links.models import Domain, Link
from tapline.workspaces.models import Workspace
from tapline.workspaces.tree import create_workspace

NOON = dt.datetime(2026, 11, 2, 12, 0, tzinfo=dt.UTC)  # a Monday
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
)
PIXEL = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/126.0.0.0 Mobile Safari/537.36"
)
# What every browser says when it opens a page.
PAGE = {"accept": "text/html,application/xhtml+xml", "accept-language": "en-US"}
WHATSAPP = "WhatsApp/2.23.20.0 A"


@dataclass(frozen=True, slots=True)
class World:
    """What the tests of clicks stand on."""

    workspace: Workspace
    domain: Domain
    broadcast: Broadcast
    link: Link
    messages: Sequence[Message]

    @property
    def of(self) -> tuple[int, int]:
        """The workspace and broadcast that every report asks for."""
        return self.workspace.pk, self.broadcast.pk

    def tap(self, position: int = 0, *, at: dt.datetime = NOON, **values: Any) -> Record:
        """Return the record of one tap on the link by the recipient at `position`."""
        tap = Record(
            time_us=int(at.timestamp() * 1_000_000),
            host=self.domain.host,
            domain=self.domain.pk,
            path="BCDFGHJK",
            generation=1,
            serial=position,
            link=self.link.pk,
            position=position,
            outcome="redirect",
            status=302,
            method="GET",
            address="203.0.113.7",
            agent=IPHONE,
            headers=PAGE,
        )
        return msgspec.structs.replace(tap, **values)


def make_world(recipients: int = 5, *, zone: str = "UTC", is_test: bool = False) -> World:
    workspace = create_workspace("Bakery", zone=zone)
    domain = create_domain(
        workspace, f"https://{secrets.token_hex(4)}.example.com", proved=True, actor="test"
    )
    broadcast = Broadcast.objects.create(
        workspace=workspace, name="November", domain=domain, is_test=is_test, created_by="test"
    )
    link = create_link(workspace, domain, "https://www.example.com/menu", actor="test")
    BroadcastLink.objects.create(broadcast=broadcast, link=link, ordinal=0)
    mint_range(link, max(recipients, 1))
    return World(workspace, domain, broadcast, link, _make_messages(broadcast, recipients))


def elsewhere(world: World) -> World:
    """The texts left through a provider whose clock is ours."""
    Broadcast.objects.filter(pk=world.broadcast.pk).update(provider="elsewhere")
    return world


def _make_messages(broadcast: Broadcast, count: int) -> list[Message]:
    phones = [f"+1212555{100 + number % 100:04d}" for number in range(count)]
    contacts = Contact.objects.bulk_create(
        Contact(
            workspace=broadcast.workspace,
            phone=f"{phone}{number // 100 or ''}",
            phone_hash=f"{number:032x}",
        )
        for number, phone in enumerate(phones)
    )
    return Message.objects.bulk_create(
        Message(
            broadcast=broadcast,
            workspace=broadcast.workspace,
            position=position,
            contact=contact,
            phone=contact.phone,
            state="delivered",
            submitted_at=NOON - dt.timedelta(seconds=70),
            delivered_at=NOON - dt.timedelta(seconds=60),
        )
        for position, contact in enumerate(contacts)
    )


def write_log(records: Sequence[Record], *, junk: bytes = b"") -> Segment:
    """Write one segment with `records`, `junk` after them, and close it."""
    lines = b"".join(encode_line(record) for record in records)
    segment = Segment(config.current().click_log_dir, lines + junk, timezone.now())
    segment.close()
    return segment


def take_in(*records: Record) -> None:
    """Write the records to the click log and take them in."""
    write_log(records)
    while ingest_once():
        pass
