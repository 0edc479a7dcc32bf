"""How an inbound text comes in: stored once, in its thread, and an opt-out honoured at once.

One short transaction; what it needs to know is read before. Nothing is refused: texts in every
script, empty ones, from short codes, words and nobody are kept all the same.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest

from tapline.contacts.phones import hash_phone
from tapline.providers.base import InboundText
from tapline.replies.heeding import heed
from tapline.replies.models import LONGEST_NUMBER, Reply, Thread, ThreadState
from tapline.replies.routing import Place, find_place
from tapline.texts.wishes import Verdict, Wish, read_wish

# PostgreSQL cannot store the one, and nobody can encode the other.
_UNSTORABLE = {0: "\u2400"} | dict.fromkeys(range(0xD800, 0xE000), "\ufffd")

# Features that act on what people write add a function here, in their AppConfig.ready. Each is
# called inside the transaction that stores the reply and says whether it knew what was asked. A
# clear wish to be left alone and a call for help come first, whatever a feature would make of them.
ON_REPLY: list[Callable[[Reply], bool]] = []


def take_inbound(inbound: InboundText) -> Reply | None:
    """Store one inbound text and return it; None if it came before.

    It goes to the thread of its sender in the workspace that `routing` finds, which is open and
    unread afterwards. An opt-out stops every purpose, as far as the brand chose (the whole tree,
    unless it did), and is confirmed once. May be called again with the same text, from several
    processes.
    """
    place = find_place(inbound)
    if place is None:
        return None
    wish = read_wish(inbound.text)
    with transaction.atomic():
        thread = _thread_of(inbound, place)
        reply, is_new = _keep(inbound, place, thread, wish)
        if not is_new:
            return None
        _move_up(thread, reply, inbound, place)
        _act(reply, wish)
    return reply


def _act(reply: Reply, wish: Wish) -> None:
    """Do what a reply asks for. A word that a feature knows («SHOP») leaves no doubt whether it
    was meant for STOP; START may mean more than the end of an opt-out."""
    is_doubtful = wish.verdict == Verdict.UNCLEAR
    if not is_doubtful and heed(reply, wish) and wish.verdict != Verdict.START:
        return
    was_known = [hear(reply) for hear in ON_REPLY]
    if is_doubtful and not any(was_known):
        heed(reply, wish)


def _thread_of(inbound: InboundText, place: Place) -> Thread:
    phone = _number(inbound.sender)
    thread, _ = Thread.objects.get_or_create(
        workspace=place.workspace,
        phone=phone,
        defaults={
            "contact": place.contact,
            "phone_hash": hash_phone(phone),
            "last_at": inbound.received_at,
        },
    )
    return thread


def _keep(inbound: InboundText, place: Place, thread: Thread, wish: Wish) -> tuple[Reply, bool]:
    return Reply.objects.get_or_create(
        account=inbound.account,
        # Without an id nobody can tell that it came before, so it is kept as a new one.
        provider_id=inbound.provider_id or f"none-{secrets.token_hex(16)}",
        defaults={
            "workspace": place.workspace,
            "thread": thread,
            "broadcast": place.message.broadcast if place.message else None,
            "contact": place.contact,
            "phone": thread.phone,
            "number": _number(inbound.to),
            "text": inbound.text.translate(_UNSTORABLE),
            "wish": wish.verdict,
            "wish_reason": wish.reason,
            "is_opt_out": bool(thread.phone) and wish.verdict == Verdict.CLEAR,
            "received_at": inbound.received_at,
        },
    )


def _move_up(thread: Thread, reply: Reply, inbound: InboundText, place: Place) -> None:
    """Bring a thread to the top of the page. Texts may come late: its times only grow."""
    changes: dict[str, object] = {
        "state": ThreadState.OPEN,
        "unread": F("unread") + 1,
        "last_at": Greatest("last_at", reply.received_at),
        "number": reply.number,
        "provider": inbound.provider,
    }
    if place.contact is not None:
        changes["contact"] = place.contact
    if not reply.is_opt_out:
        changes["last_wrote_at"] = _later(thread.last_wrote_at, reply.received_at)
    Thread.objects.filter(pk=thread.pk).update(**changes)


def _later(known: dt.datetime | None, at: dt.datetime) -> dt.datetime:
    return max(known, at) if known else at


def _number(raw: str) -> str:
    return raw.strip().translate(_UNSTORABLE)[:LONGEST_NUMBER]
