"""Where an inbound text belongs: by the number that it was sent to, then by whom it answers.

A number may serve a whole tree, and a person may be known to several of its workspaces, so the
newest text that they got decides between them. A text from a stranger goes to whoever has the
number; one to a number that nobody has, to the oldest workspace at the top: nothing is lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tapline.broadcasts.models import Broadcast, Message, MessageState
from tapline.contacts.models import Contact
from tapline.contacts.phones import hash_phone
from tapline.providers.base import InboundText
from tapline.replies.models import Thread
from tapline.workspaces.models import Workspace

# A text that never left cannot be what somebody answers.
_LEFT = [
    MessageState.SUBMITTED,
    MessageState.ACCEPTED,
    MessageState.DELIVERED,
    MessageState.FAILED,
    MessageState.UNKNOWN,
    MessageState.LOST,
    MessageState.EXTERNAL,
]


@dataclass(frozen=True, slots=True)
class Place:
    """Whose an inbound text is; what it answers and who wrote it, where that is known."""

    workspace: Workspace
    message: Message | None
    contact: Contact | None


def find_place(inbound: InboundText) -> Place | None:
    """Return where `inbound` belongs; None on an instance that has no workspace yet."""
    known = _contacts(inbound.sender)
    message = _answered(inbound, known)
    if message is not None and message.workspace_id is not None:
        return Place(message.workspace, message, message.contact)
    workspace = next(_by_number(inbound), None) or next(_by_sender(inbound, known), None)
    workspace = workspace or Workspace.objects.filter(parent=None).order_by("pk").first()
    if workspace is None:
        return None
    contact = next((each for each in known if each.workspace_id == workspace.pk), None)
    return Place(workspace, None, contact)


def _contacts(phone: str) -> list[Contact]:
    """Return everybody who has this number, in whichever workspace, the newest first."""
    if not phone:
        return []
    found = Contact.objects.filter(phone=phone, phone_hash=hash_phone(phone))
    return list(found.select_related("workspace").order_by("-id"))


def _answered(inbound: InboundText, contacts: list[Contact]) -> Message | None:
    """Return the newest text that the sender got: from the number that they wrote to, or else,
    unless that number is somebody's, from any."""
    if not contacts:
        return None
    got = (
        Message.objects.filter(contact__in=contacts, state__in=_LEFT)
        .select_related("broadcast", "workspace", "contact")
        .order_by("-id")
    )
    from_there = got.filter(broadcast__sender_number=inbound.to).first()
    if from_there is not None:
        return from_there
    owner = next(_by_number(inbound), None)
    if owner is None:
        return got.first()
    return got.filter(workspace__path__startswith=owner.path).first()


def _by_number(inbound: InboundText) -> Iterator[Workspace]:
    """Yield whose number it was sent to: as the provider's account says, or who sent from it."""
    if inbound.workspace is not None:
        yield from Workspace.objects.filter(pk=inbound.workspace)
    if inbound.to:
        sent = Broadcast.objects.filter(sender_number=inbound.to).select_related("workspace")
        yield from (each.workspace for each in sent.order_by("-id")[:1])


def _by_sender(inbound: InboundText, contacts: list[Contact]) -> Iterator[Workspace]:
    """Yield who knows the person that wrote."""
    yield from (each.workspace for each in contacts)
    threads = Thread.objects.filter(phone=inbound.sender).select_related("workspace")
    yield from (each.workspace for each in threads.order_by("-last_at")[:1])
