"""What is to be known about the number that a broadcast leaves from, before it is sent."""

from __future__ import annotations

from collections.abc import Iterator

from tapline.broadcasts.channels import senders_of
from tapline.broadcasts.findings import Finding
from tapline.broadcasts.models import Broadcast
from tapline.providers.models import Registration, SenderKind, SenderNumber
from tapline.providers.registry import account_id_of
from tapline.providers.senders import is_usable

BLOCKED = {
    Registration.MISSING: "is not registered with the carriers",
    Registration.PENDING: "is not registered with the carriers yet",
    Registration.REFUSED: "was refused by the carriers",
}


def sender_findings(broadcast: Broadcast) -> Iterator[Finding]:
    """Yield what stands against a broadcast's sender. The simulator takes everything."""
    if account_id_of(broadcast.provider) is None:
        return
    if not is_usable(broadcast.workspace, broadcast.provider):
        yield Finding(
            "error",
            "The account that it was to leave through is gone.",
            "It was retired after this broadcast was written.",
            "Choose another sender number.",
        )
        return
    senders = senders_of(broadcast)
    if not senders and broadcast.sender_number:
        yield Finding(
            "error",
            f"{broadcast.sender_number} is no sender number any more.",
            "It was retired after this broadcast was written.",
            "Choose another one, or leave it empty for the workspace's usual sender.",
        )
    for sender in senders:
        yield from _registration(sender)


def _registration(sender: SenderNumber) -> Iterator[Finding]:
    registration = Registration(sender.registration)
    if registration in BLOCKED and sender.kind != SenderKind.SERVICE:
        yield Finding(
            "warning",
            f"{sender.number} {BLOCKED[registration]}.",
            "Carriers in the US and elsewhere block texts of unregistered numbers.",
            "Register it at your provider, then say so under «Sender numbers».",
        )
