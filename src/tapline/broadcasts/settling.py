"""What becomes of messages that a crash, a lost answer or a cancelled broadcast left behind.

A leased one never left: it waits again. A submitted one may have: it becomes unknown, and is
settled by asking the provider, by a receipt, or by a tap on the code in its text. Past its
validity it is lost, which is final and reported.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from django.db import connection
from django.utils import timezone

from tapline.broadcasts.bulk import in_database
from tapline.broadcasts.models import Broadcast, FailedTry, Message, MessageState
from tapline.broadcasts.outcomes import ASK_AFTER_SECONDS, keep_answers, position_of
from tapline.errors import TaplineError
from tapline.providers.base import Accepted, Answer, Asked, Found, Provider, Refused
from tapline.providers.registry import provider as provider_named

MESSAGES_PER_STEP = 1_000
# Receipts may come a while after the last moment at which a text could be delivered.
GRACE_SECONDS = 3_600
# Texts to one person within this time of each other may be confused where their words are alike.
AROUND = dt.timedelta(hours=1)

# The second condition repeats the one of the partial index, or SQLite would not use it.
_SOME = """
  select m.id from broadcasts_message m
  where m.broadcast_id = %(broadcast)s and m.state = '{state}'
    and m.state in ('pending', 'leased', 'submitted', 'unknown') and {condition}
  order by m.position limit %(count)s
"""

WAIT_AGAIN = f"""
-- Leases that ran out before the message was handed over.
update broadcasts_message set state = 'pending', leased_by = '', leased_until = null
where id in ({_SOME.format(state="leased", condition="m.leased_until < %(now)s")})
"""

DOUBT = f"""
-- Handed over, perhaps: whoever did so never said what came of it.
update broadcasts_message set state = 'unknown', leased_by = ''
where id in ({_SOME.format(state="submitted", condition="m.leased_until < %(now)s")})
"""

BELIEVE_TAPS = f"""
-- A person opened the code in the text, so it arrived.
update broadcasts_message set
  state = 'delivered', accepted_at = coalesce(accepted_at, submitted_at),
  delivered_at = first_human_click_at, leased_by = '', leased_until = null
where id in ({_SOME.format(state="unknown", condition="m.first_human_click_at is not null")})
"""

GIVE_UP = f"""
-- Nothing was heard of these until after they could be delivered.
update broadcasts_message set
  state = 'lost', error_code = 'no_answer', leased_by = '', leased_until = null
where id in ({_SOME.format(state="unknown", condition="m.submitted_at < %(too_old)s")})
"""

CANCEL_WAITING = """
-- What a cancelled broadcast still holds.
update broadcasts_message set state = 'cancelled', error_code = 'cancelled', leased_by = ''
where id in (
  select m.id from broadcasts_message m
  where m.broadcast_id = %(broadcast)s and m.state in ('pending', 'leased')
    and m.state in ('pending', 'leased', 'submitted', 'unknown')
  limit %(count)s)
"""

UNFINISHED = """
-- Broadcasts that have messages of one unfinished state.
select b.id from broadcasts_broadcast b
where b.state in ('sending', 'paused', 'cancelled') and exists (
  select 1 from broadcasts_message m
  where m.broadcast_id = b.id and m.state = %s
    and m.state in ('pending', 'leased', 'submitted', 'unknown'))
"""

FINISH = """
-- Broadcasts with nothing left to send or to settle are sent.
update broadcasts_broadcast set state = 'sent', finished_at = %s
where state = 'sending' and kind = 'composed' and not exists (
  select 1 from broadcasts_message m
  where m.broadcast_id = broadcasts_broadcast.id
    and m.state in ('pending', 'leased', 'submitted', 'unknown'))
"""


@dataclass(slots=True)
class Settler:
    """Settles what is left behind. `find_provider` and the clock are what tests replace."""

    find_provider: Callable[[str], Provider] = provider_named
    now: Callable[[], dt.datetime] = timezone.now

    def settle_next(self) -> bool:
        """Do one bounded piece of every kind of settling; say whether anything changed."""
        changed = self._each("leased", WAIT_AGAIN) + self._each("submitted", DOUBT)
        changed += self._each("unknown", BELIEVE_TAPS)
        changed += self._ask_providers()
        changed += self._each("unknown", GIVE_UP)
        changed += self._each("pending", CANCEL_WAITING, only="cancelled")
        return bool(changed + finish_sent(self.now()))

    def _each(self, state: str, statement: str, only: str = "") -> int:
        """Run a statement for each broadcast with messages in `state`; return the rows changed."""
        return sum(self._run(broadcast, statement) for broadcast in _unfinished(state, only))

    def _run(self, broadcast: Broadcast, statement: str) -> int:
        now = self.now()
        too_old = now - dt.timedelta(seconds=broadcast.validity_seconds + GRACE_SECONDS)
        values = {
            "broadcast": broadcast.pk,
            "now": in_database(now),
            "too_old": in_database(too_old),
            "count": MESSAGES_PER_STEP,
        }
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            changed: int = cursor.rowcount
        return changed

    def _ask_providers(self) -> int:
        return sum(self._ask(broadcast) for broadcast in _unfinished("unknown"))

    def _ask(self, broadcast: Broadcast) -> int:
        """Ask the provider about the unknown messages of one broadcast that are due."""
        now = self.now()
        due = Message.objects.filter(
            broadcast=broadcast, state=MessageState.UNKNOWN, leased_until__lte=now
        ).order_by("position")[:MESSAGES_PER_STEP]
        asked = {f"{broadcast.token}-{each.position}": each for each in due}
        if not asked:
            return 0
        try:
            provider = self.find_provider(broadcast.provider)
        except TaplineError:  # Its secrets do not open: somebody has to enter them again.
            self._ask_again_later(broadcast, list(asked.values()))
            return 0
        found = _unclaimed(provider.look_up(questions(broadcast, asked)), asked)
        answers = [
            _as_answer(reference, found.get(reference), each, provider, now)
            for reference, each in asked.items()
        ]
        keep_answers(broadcast, [answer for answer in answers if answer is not None], now)
        told = {position_of(answer.reference) for answer in answers if answer is not None}
        self._ask_again_later(broadcast, [e for e in asked.values() if e.position not in told])
        return len(told)

    def _ask_again_later(self, broadcast: Broadcast, unanswered: list[Message]) -> None:
        later = self.now() + dt.timedelta(seconds=ASK_AFTER_SECONDS)
        Message.objects.filter(
            id__in=[each.pk for each in unanswered], state=MessageState.UNKNOWN
        ).update(leased_until=later)


def questions(broadcast: Broadcast, asked: Mapping[str, Message]) -> list[Asked]:
    """Return what to ask a provider about messages, by reference, that may have been taken."""
    others = _other_ids(asked.values())
    tried: dict[int, set[str]] = {}
    for message, provider_id in FailedTry.objects.filter(message__in=asked.values()).values_list(
        "message", "provider_id"
    ):
        tried.setdefault(message, set()).add(provider_id)
    return [
        Asked(
            reference=reference,
            to=each.phone,
            sender=each.sender or broadcast.sender_number,
            text=each.text,
            submitted_at=each.submitted_at,
            other_ids=frozenset(others.get(each.contact_id, set()) | tried.get(each.pk, set())),
        )
        for reference, each in asked.items()
        if each.submitted_at is not None
    ]


def _other_ids(asked: Collection[Message]) -> dict[int | None, set[str]]:
    """Return, by contact, under which ids the provider has other texts to the same people: two
    texts with the same words are not to be taken for each other."""
    times = [each.submitted_at for each in asked if each.submitted_at is not None]
    contacts = {each.contact_id for each in asked if each.contact_id is not None}
    if not contacts:
        return {}
    others = Message.objects.filter(
        contact__in=contacts, submitted_at__gte=min(times) - AROUND, provider_id__isnull=False
    )
    found: dict[int | None, set[str]] = {}
    for contact, provider_id in others.values_list("contact", "provider_id"):
        found.setdefault(contact, set()).add(str(provider_id))
    return found


def _unclaimed(found: Mapping[str, Found], asked: Mapping[str, Message]) -> dict[str, Found]:
    """Return what was found, without ids that belong to another message: those are not it."""
    ids = [each.provider_id for each in found.values() if each.provider_id is not None]
    known = Message.objects.filter(provider_id__in=ids).values_list("provider_id", "pk")
    owners: dict[str | None, int] = dict(known)
    kept: dict[str, Found] = {}
    for reference, each in found.items():
        owner = owners.setdefault(each.provider_id, asked[reference].pk)
        if each.provider_id is None or owner == asked[reference].pk:
            kept[reference] = each
    return kept


def finish_sent(now: dt.datetime) -> int:
    """Call broadcasts sent that have nothing left to send or settle; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(FINISH, [in_database(now)])
        finished: int = cursor.rowcount
    return finished


def _unfinished(state: str, only: str = "") -> list[Broadcast]:
    with connection.cursor() as cursor:
        cursor.execute(UNFINISHED, [state])
        ids = [number for (number,) in cursor.fetchall()]
    found = Broadcast.objects.filter(id__in=ids).select_related("workspace")
    return list(found.filter(state=only) if only else found)


def _as_answer(
    reference: str, found: Found | None, message: Message, provider: Provider, now: dt.datetime
) -> Answer | None:
    """Return what a look-up means as an answer to `send`; None while it means nothing certain."""
    if found is None or message.submitted_at is None:
        return None
    if found.provider_id is not None:
        return Accepted(reference=reference, provider_id=found.provider_id, cost=found.cost)
    settled = message.submitted_at + dt.timedelta(seconds=provider.settled_after_seconds)
    if provider.look_up_is_authoritative and now >= settled:
        return Refused(reference=reference, code="absent", text="", can_retry=True)
    return None
