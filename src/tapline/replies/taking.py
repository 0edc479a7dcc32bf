"""How inbound texts come in: each stored once, in its thread, and an opt-out honoured at once.

Many are taken together, in one short transaction; what it needs to know is read before. Nothing is
refused: texts in every script, empty ones, from short codes, words and nobody are kept all the
same.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from django.db import transaction

from tapline.broadcasts.bulk import in_database, run_bulk
from tapline.contacts.phones import hash_phone
from tapline.providers.base import InboundText
from tapline.replies.heeding import Asked, heed
from tapline.replies.models import LONGEST_NUMBER, Reply, Thread
from tapline.replies.routing import Place, find_places
from tapline.texts.wishes import Verdict, Wish, read_wish

# PostgreSQL cannot store the one, and nobody can encode the other.
_UNSTORABLE = {0: "\u2400"} | dict.fromkeys(range(0xD800, 0xE000), "\ufffd")

# Features that act on what people write add a function here, in their AppConfig.ready. Each is
# called inside the transaction that stores the replies, with all that came together (one of each
# person), and says of each whether it knew what was asked. A clear wish to be left alone and a call
# for help come first, whatever a feature would make of them.
ON_REPLY: list[Callable[[Sequence[Reply]], Sequence[bool]]] = []

BEGIN_THREADS = """
-- A thread for each number that has none in its workspace yet. What they wrote opens it next.
insert into replies_thread (
  workspace_id, phone, contact_id, phone_hash, last_at, number, provider, state, unread)
select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, '', 'simulator', 'done', 0
from json_each(%(rows)s) where true
on conflict (workspace_id, phone) do nothing
"""

KEEP = """
-- What came in; what came before is left out of the answer.
insert into replies_reply (
  account, provider_id, workspace_id, thread_id, broadcast_id, contact_id, phone, number, text,
  wish, wish_reason, is_opt_out, received_at, decided_by)
select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
  value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12, ''
from json_each(%(rows)s) where true
on conflict (account, provider_id) do nothing
returning id, account, provider_id
"""

MOVE_UP = """
-- Bring threads to the top of the page. Texts may come late: their times only grow.
update replies_thread set
  last_at = max(last_at, r.at),
  number = r.number, provider = r.provider,
  contact_id = coalesce(r.contact_id, replies_thread.contact_id),
  last_wrote_at = case when r.is_opt_out then last_wrote_at
    else max(coalesce(last_wrote_at, r.at), r.at) end
from (select value ->> 0 as id, value ->> 1 as at, value ->> 2 as number, value ->> 3 as provider,
        value ->> 4 as contact_id, value ->> 5 as is_opt_out
      from json_each(%(rows)s)) r
where replies_thread.id = r.id
"""

WAKE = """
-- Threads in which somebody has something to read.
update replies_thread set state = 'open', unread = unread + 1
where id in (select value ->> 0 from json_each(%(rows)s))
"""


@dataclass(frozen=True, slots=True)
class _Came:
    """One text with all that is known of it before it is stored."""

    inbound: InboundText
    place: Place
    wish: Wish
    phone: str
    key: tuple[str, str]  # tells a repeat

    @property
    def is_opt_out(self) -> bool:
        return bool(self.phone) and self.wish.verdict == Verdict.CLEAR


def take_inbound(inbound: InboundText) -> Reply | None:
    """Store one inbound text and return it; None if it came before. See `take_many`."""
    return take_many([inbound])[0]


def take_many(texts: Sequence[InboundText]) -> list[Reply | None]:
    """Store inbound texts and return each; None for one that came before.

    Each goes to the thread of its sender in the workspace that `routing` finds, which is open and
    unread afterwards, unless it says what is done by itself and no more. An opt-out stops every
    purpose, as far as the brand chose (the whole tree, unless it did), and is confirmed once. May
    be called again with the same texts, from several processes.
    """
    taken: list[Reply | None] = [None] * len(texts)
    for turn in _turns(texts):
        for position, reply in zip(turn, _take([texts[each] for each in turn]), strict=True):
            taken[position] = reply
    return taken


def _turns(texts: Sequence[InboundText]) -> Iterator[list[int]]:
    """Yield positions of texts that may be taken together: of one person one text at a time, since
    what they wrote first decides what the next one means."""
    left = list(range(len(texts)))
    while left:
        first: dict[str, int] = {}
        for position in left:
            first.setdefault(_number(texts[position].sender), position)
        turn = sorted(first.values())
        yield turn
        left = sorted(set(left) - set(turn))


def _take(texts: Sequence[InboundText]) -> list[Reply | None]:
    came = [
        None if place is None else _read(inbound, place)
        for inbound, place in zip(texts, find_places(texts), strict=True)
    ]
    known = [each for each in came if each is not None]
    if not known:
        return [None] * len(texts)
    with transaction.atomic():
        new = _keep(known)
        wishes = {each.key: each.wish for each in known}
        to_read = _act([(reply, wishes[key]) for key, reply in new.items()])
        run_bulk(WAKE, [(reply.thread_id,) for reply in to_read])
    return [None if each is None else new.get(each.key) for each in came]


def _read(inbound: InboundText, place: Place) -> _Came:
    # Without an id nobody can tell that it came before, so it is kept as a new one.
    provider_id = inbound.provider_id or f"none-{secrets.token_hex(16)}"
    key = (_storable(inbound.account), _storable(provider_id))
    return _Came(inbound, place, read_wish(inbound.text), _number(inbound.sender), key)


def _keep(came: Sequence[_Came]) -> dict[tuple[str, str], Reply]:
    """Store what is new, in threads that move up, and return it by what tells a repeat."""
    threads = _threads_of(came)
    once = {each.key: each for each in came}
    made = {key: _reply(each, threads) for key, each in once.items()}
    ids = {
        (account, provider_id): number
        for number, account, provider_id in run_bulk(KEEP, [_row(each) for each in made.values()])
    }
    new = {key: reply for key, reply in made.items() if key in ids}
    for key, reply in new.items():
        reply.pk = ids[key]
        reply._state.adding = False
    run_bulk(MOVE_UP, [_move(once[key], reply) for key, reply in new.items()])
    return new


def _threads_of(came: Sequence[_Came]) -> dict[tuple[int, str], Thread]:
    """Return the threads of these texts, made where there was none, by workspace and phone."""
    rows = [
        (
            each.place.workspace.pk,
            each.phone,
            each.place.contact and each.place.contact.pk,
            hash_phone(each.phone),
            in_database(each.inbound.received_at),
        )
        for each in came
    ]
    run_bulk(BEGIN_THREADS, rows)
    workspaces = {each.place.workspace.pk: each.place.workspace for each in came}
    found = Thread.objects.filter(workspace__in=workspaces, phone__in={each.phone for each in came})
    threads = {(each.workspace_id, each.phone): each for each in found}
    for thread in threads.values():
        thread.workspace = workspaces[thread.workspace_id]
    return threads


def _reply(came: _Came, threads: dict[tuple[int, str], Thread]) -> Reply:
    place, wish = came.place, came.wish
    thread = threads[place.workspace.pk, came.phone]
    # What `MOVE_UP` writes, so that an answer leaves from where the person wrote to.
    thread.number, thread.provider = _number(came.inbound.to), came.inbound.provider
    return Reply(
        account=came.key[0],
        provider_id=came.key[1],
        workspace=place.workspace,
        thread=thread,
        broadcast=place.message.broadcast if place.message else None,
        contact=place.contact,
        phone=came.phone,
        number=thread.number,
        text=_storable(came.inbound.text),
        wish=wish.verdict,
        wish_reason=wish.reason,
        is_opt_out=came.is_opt_out,
        received_at=came.inbound.received_at,
    )


def _row(reply: Reply) -> tuple[object, ...]:
    return (
        reply.account,
        reply.provider_id,
        reply.workspace_id,
        reply.thread_id,
        reply.broadcast_id,
        reply.contact_id,
        reply.phone,
        reply.number,
        reply.text,
        str(reply.wish),
        reply.wish_reason,
        int(reply.is_opt_out),
        in_database(reply.received_at),
    )


def _move(came: _Came, reply: Reply) -> tuple[object, ...]:
    return (
        reply.thread_id,
        in_database(reply.received_at),
        reply.number,
        came.inbound.provider,
        reply.contact_id,
        int(reply.is_opt_out),
    )


def _act(asked: Sequence[Asked]) -> list[Reply]:
    """Do what replies ask for, and return those that somebody has to read.

    A word that a feature knows («SHOP») leaves no doubt whether it was meant for STOP; START may
    mean more than the end of an opt-out. After a broadcast or with a poster thousands write STOP or
    a keyword and nothing else: that is done and answered, and work for nobody.
    """
    doubtful = [each for each in asked if each[1].verdict == Verdict.UNCLEAR]
    certain = [each for each in asked if each[1].verdict != Verdict.UNCLEAR]
    was_all = {
        reply.pk
        for (reply, wish), was in zip(certain, heed(certain), strict=True)
        if was and wish.verdict != Verdict.START
    }
    known = _heard([reply for reply, _ in asked if reply.pk not in was_all])
    heed([(reply, wish) for reply, wish in doubtful if reply.pk not in known])
    return [reply for reply, _ in asked if _is_to_read(reply, was_all, known)]


def _heard(replies: Sequence[Reply]) -> set[int]:
    """Return which of these a feature knew; all features hear all of them."""
    answers = [hear(replies) for hear in ON_REPLY] if replies else []
    return {reply.pk for each in answers for reply, knew in zip(replies, each, strict=True) if knew}


def _is_to_read(reply: Reply, was_all: set[int], known: set[int]) -> bool:
    if reply.pk in was_all:
        return not reply.is_opt_out
    return not (reply.pk in known and len(reply.text.split()) == 1)


def _number(raw: str) -> str:
    return _storable(raw.strip())[:LONGEST_NUMBER]


def _storable(text: str) -> str:
    return text.translate(_UNSTORABLE)
