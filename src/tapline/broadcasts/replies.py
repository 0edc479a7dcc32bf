"""What people answer: stored once, and a stop word honoured at once."""

from __future__ import annotations

import re

from django.db import transaction

from tapline.broadcasts.models import Message, MessageState, Reply
from tapline.contacts.consent import opt_out
from tapline.contacts.models import Contact
from tapline.contacts.phones import hash_phone
from tapline.providers.base import InboundText
from tapline.workspaces.models import Workspace

# Revocation by these words alone is certain. Sources: 47 CFR 64.1200(a)(10) (stop, quit, end,
# revoke, opt out, cancel, unsubscribe) and the words that Twilio honours besides.
STOP_WORDS = frozenset(
    {"stop", "stopall", "quit", "end", "revoke", "optout", "cancel", "unsubscribe"}
)
_NOT_LETTERS = re.compile(r"[\W_]+")

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


def take_reply(inbound: InboundText) -> Reply | None:
    """Store one inbound text and return it; None if it came before or nobody knows its sender.

    It answers the newest text that its sender got. A stop word (alone, in any spelling) stops
    every purpose in the whole tree of that workspace: the person need not know who belongs to
    whom. One transaction.
    """
    message = _answered(inbound)
    workspace = message.workspace if message else _workspace_of(inbound.sender)
    if workspace is None:
        return None
    with transaction.atomic():
        reply, is_new = Reply.objects.get_or_create(
            provider_id=inbound.provider_id,
            defaults={
                "workspace": workspace,
                "broadcast": message.broadcast if message else None,
                "contact": message.contact if message else None,
                "phone": inbound.sender,
                "text": inbound.text,
                "is_opt_out": is_stop_word(inbound.text),
                "received_at": inbound.received_at,
            },
        )
        if not is_new:
            return None
        if reply.is_opt_out:
            root = Workspace.objects.get(pk=workspace.ancestor_ids[0])
            opt_out(inbound.sender, scope=root, reason="reply", at=inbound.received_at, by="reply")
    return reply


def is_stop_word(text: str) -> bool:
    """Say whether a reply is a word that means no and nothing else («Stop!», «OPT-OUT»)."""
    return _NOT_LETTERS.sub("", text).casefold() in STOP_WORDS


def _answered(inbound: InboundText) -> Message | None:
    """Return the newest text that the sender of this one got, from the number that it was sent to
    if that is known."""
    contacts = Contact.objects.filter(phone_hash=hash_phone(inbound.sender), phone=inbound.sender)
    got = (
        Message.objects.filter(contact__in=list(contacts), state__in=_LEFT)
        .select_related("broadcast", "workspace", "contact")
        .order_by("-id")
    )
    return got.filter(broadcast__sender_number=inbound.to).first() or got.first()


def _workspace_of(phone: str) -> Workspace | None:
    contact = (
        Contact.objects.filter(phone_hash=hash_phone(phone), phone=phone)
        .select_related("workspace")
        .order_by("-id")
        .first()
    )
    return contact.workspace if contact else None
