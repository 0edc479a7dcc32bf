"""How waiting messages reach the provider: each at most once, whatever dies on the way.

A chunk is leased (consent is checked again by the statement that leases), rendered, marked as
submitted, and only then handed over; the answers are written last. Each step is a transaction of
its own, so the writer is free while texts are rendered and while the provider thinks. What a
crash leaves behind is settled by `tapline.broadcasts.settling`, never sent again blindly.
"""

from __future__ import annotations

import datetime as dt
import json
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeGuard

from django.db import connection, transaction
from django.utils import timezone

from tapline.broadcasts.bulk import in_database, run_bulk
from tapline.broadcasts.capping import cap_since, too_often_sql
from tapline.broadcasts.channels import Channel, channels_of
from tapline.broadcasts.composing import send_before, sends_pictures
from tapline.broadcasts.lifecycle import pause
from tapline.broadcasts.models import Broadcast, BroadcastKind
from tapline.broadcasts.night import Night
from tapline.broadcasts.outcomes import count_spent, keep_answers
from tapline.broadcasts.pacing import use_turns
from tapline.broadcasts.rendering import Rendered, render_chunk
from tapline.broadcasts.turns import choose_turns, use_more_turns, within_day
from tapline.contacts.textable import answerable_sql, textable_sql
from tapline.errors import Conflict, TaplineError
from tapline.pictures.media import public_media
from tapline.providers.base import Accepted, Answer, Outgoing, Provider, Refused
from tapline.providers.prices import PriceList, prices_of
from tapline.providers.registry import provider as provider_named
from tapline.providers.registry import reasons_of

# Few enough that little is unsettled after a crash, many enough that three commits weigh little.
MESSAGES_PER_CHUNK = 500
# A lease must outlive rendering one chunk, which takes a fraction of a second.
LEASE_SECONDS = 60
# A worker that slept longer than this between marking a chunk and handing it over must not hand
# it over: the chunk may have been settled meanwhile.
HAND_OVER_SECONDS = 5.0
FIRST_REST_SECONDS, LONGEST_REST_SECONDS = 0.5, 30.0

WITH_WAITING = """
-- Broadcasts that have something to send. Asked first, so that the many that gather single texts
-- do not each take the writer several times a second.
select b.id from broadcasts_broadcast b
where b.state = 'sending' and exists (
  select 1 from broadcasts_message m
  where m.broadcast_id = b.id and m.state = 'pending'
    and m.state in ('pending', 'leased', 'submitted', 'unknown'))
"""

LEASE = """
-- Lease the picked messages of one broadcast. Who may not be texted (any more) is not leased but
-- cancelled, in the same statement; so is a text that lost its contact.
update broadcasts_message set
  leased_by = %(owner)s, leased_until = %(until)s,
  state = case when {may_get_it} and not {too_often} then 'leased' else 'cancelled' end,
  error_code = case when not coalesce({may_get_it}, false) then 'not_textable'
    when {too_often} then 'too_often' else '' end
where id in (select value from json_each(%(picked)s)) and state = 'pending'
  and exists (select 1 from broadcasts_broadcast b
              where b.id = %(broadcast)s and b.state = 'sending')
returning id, state
"""

SUBMIT = """
-- Mark rendered messages as handed over, before they are. An opt-out, a pause or a cancel that came
-- since they were leased keeps them here.
update broadcasts_message set
  state = 'submitted', text = r.text, parts = r.parts, cost = r.cost, sender = r.sender,
  submitted_at = %(now)s, leased_until = %(until)s
from (select value ->> 0 as id, value ->> 1 as text, value ->> 2 as parts, value ->> 3 as cost,
        value ->> 4 as sender
      from json_each(%(rows)s)) r
where broadcasts_message.id = r.id and state = 'leased' and leased_by = %(owner)s
  and exists (select 1 from broadcasts_broadcast b
              where b.id = broadcasts_message.broadcast_id and b.state = 'sending')
returning broadcasts_message.id
"""

RELEASE = """
-- Give back what this worker leased and did not hand over.
update broadcasts_message set
  state = 'pending', leased_by = '', leased_until = null, submitted_at = null, cost = null
from (select value ->> 0 as id from json_each(%(rows)s)) r
where broadcasts_message.id = r.id and state in ('leased', 'submitted') and leased_by = %(owner)s
returning broadcasts_message.id
"""

DROP = """
-- Cancel what cannot be sent to this recipient at all, with the reason.
update broadcasts_message set state = 'cancelled', error_code = r.reason
from (select value ->> 0 as id, value ->> 1 as reason from json_each(%(rows)s)) r
where broadcasts_message.id = r.id and state = 'leased' and leased_by = %(owner)s
"""


@dataclass(slots=True)
class _Rest:
    """How long a provider that cannot take texts is left alone; doubles while that goes on."""

    until: float = 0.0
    seconds: float = 0.0

    def after(self, answers: Sequence[Answer], now: float) -> None:
        """Rest while a provider takes nothing, or as long as it asked for."""
        if answers and not any(_is_settled(answer) for answer in answers):
            self.seconds = min(LONGEST_REST_SECONDS, max(FIRST_REST_SECONDS, self.seconds * 2))
        else:
            self.seconds = 0.0
        asked_for = [each.retry_after_seconds or 0.0 for each in answers if _is_later(each)]
        self.until = now + max([self.seconds, *asked_for])


@dataclass(slots=True)
class Sender:
    """Sends what waits, chunk by chunk. `find_provider` and the clocks are what tests replace."""

    find_provider: Callable[[str], Provider] = provider_named
    now: Callable[[], dt.datetime] = timezone.now
    monotonic: Callable[[], float] = time.monotonic
    chunk: int = MESSAGES_PER_CHUNK
    _rests: dict[str, _Rest] = field(default_factory=dict)
    _night: Night = field(default_factory=Night)

    def send_next(self) -> bool:
        """Hand over one chunk of each broadcast that is being sent; say if there was anything."""
        with connection.cursor() as cursor:
            cursor.execute(WITH_WAITING)
            waiting = [number for (number,) in cursor.fetchall()]
        sending = Broadcast.objects.filter(id__in=waiting).order_by("id")
        chunks = [self.send_chunk(each) for each in sending.select_related("workspace", "domain")]
        return any(chunks)

    def send_chunk(self, broadcast: Broadcast) -> bool:
        """Lease, render, submit and hand over the next messages of one broadcast."""
        rest = self._rests.setdefault(broadcast.provider, _Rest())
        if self.monotonic() < rest.until:
            return False
        if not self._has_provider(broadcast):
            return False
        owner = secrets.token_hex(8)
        leased = self._lease(broadcast, owner)
        if not leased:
            return False
        rendered, dropped = render_chunk(broadcast, list(leased))
        if dropped:
            run_bulk(DROP, dropped, {"owner": owner})
        submitted_at = self.now()
        submitted = self._submit(broadcast, rendered, owner, submitted_at, leased)
        if self.now() - submitted_at > dt.timedelta(seconds=HAND_OVER_SECONDS):
            _take_back(broadcast, submitted, owner)
        elif submitted:
            self._hand_over(broadcast, submitted, rest, leased)
        return True

    def _has_provider(self, broadcast: Broadcast) -> bool:
        """Say whether a broadcast's provider can be used; pause it with the reason where not, so
        that one account whose secrets do not open holds up nobody else."""
        try:
            self.find_provider(broadcast.provider)
        except TaplineError as error:
            with suppress(Conflict):  # Single texts wait; or somebody was faster.
                pause(broadcast, actor="worker", reason=f"{error.what} {error.do}"[:255])
            return False
        return True

    def _lease(self, broadcast: Broadcast, owner: str) -> dict[int, Channel]:
        """Lease the next messages; return from which number each of them is to leave."""
        too_often = too_often_sql(broadcast, "broadcasts_message.contact_id")
        statement = LEASE.format(may_get_it=may_get_it_sql(broadcast), too_often=too_often)
        now = self.now()
        picked = self._night.pick(broadcast, self.chunk, now)
        if not picked:
            return {}
        channels = channels_of(broadcast)
        with transaction.atomic(), connection.cursor() as cursor:
            chosen = choose_turns(channels, picked, now)
            if not chosen:
                return {}
            values = {
                "broadcast": broadcast.pk,
                "owner": owner,
                "until": in_database(now + dt.timedelta(seconds=LEASE_SECONDS)),
                "picked": json.dumps(list(chosen)),
                "now": in_database(now),
                "cap_since": cap_since(broadcast, now),
            }
            cursor.execute(statement, values)
            leased = [number for number, state in cursor.fetchall() if state == "leased"]
            for channel in channels:
                turns = sum(chosen[number] == channel for number in leased)
                use_turns(channel, turns, now)
        return {number: chosen[number] for number in leased}

    def _submit(
        self,
        broadcast: Broadcast,
        rendered: Sequence[Rendered],
        owner: str,
        at: dt.datetime,
        leased: Mapping[int, Channel],
    ) -> list[Rendered]:
        """Mark as submitted what spend limit and daily caps allow and return it; give the rest
        back."""
        prices = prices_of(broadcast.provider, with_pictures=sends_pictures(broadcast))
        provider = self.find_provider(broadcast.provider)
        until = at + dt.timedelta(seconds=provider.settled_after_seconds)
        with transaction.atomic():
            fresh = Broadcast.objects.select_for_update().get(pk=broadcast.pk)
            affordable = within_limit(rendered, prices, fresh)
            allowed = within_day(affordable, leased, at)
            rows = [
                (
                    each.id,
                    each.text,
                    each.parts,
                    cost_of(each, prices),
                    leased[each.id].number if broadcast.sender_pool_id else None,
                )
                for each in allowed
            ]
            values = {"owner": owner, "now": in_database(at), "until": in_database(until)}
            marked = {number for (number,) in run_bulk(SUBMIT, rows, values)}
            kept_back = [(each.id,) for each in rendered if each.id not in marked]
            if kept_back:
                run_bulk(RELEASE, kept_back, values)
            use_more_turns([each for each in allowed if each.id in marked], leased, at)
            count_spent(broadcast.pk)
        if len(affordable) < len(rendered):
            with suppress(Conflict):  # Somebody paused or cancelled it just now.
                pause(broadcast, actor="worker", reason="The spend limit is reached.")
        return [each for each in allowed if each.id in marked]

    def _hand_over(
        self,
        broadcast: Broadcast,
        submitted: Sequence[Rendered],
        rest: _Rest,
        leased: Mapping[int, Channel],
    ) -> None:
        provider = self.find_provider(broadcast.provider)
        now = self.now()
        before = send_before(broadcast, now)
        media = public_media(broadcast.workspace, broadcast.media)
        answers = provider.send(
            [
                Outgoing(
                    reference=f"{broadcast.token}-{each.position}",
                    to=each.phone,
                    sender=leased[each.id].number,
                    text=each.text,
                    send_before_at=self._night.send_before(broadcast, each.place, before, now),
                    tag=broadcast.token,
                    media=media,
                )
                for each in submitted
            ]
        )
        keep_answers(broadcast, answers, self.now())
        rest.after(answers, self.monotonic())
        _pause_if_useless(broadcast, answers)


def _is_later(answer: Answer) -> TypeGuard[Refused]:
    return isinstance(answer, Refused) and answer.can_retry


def _is_settled(answer: Answer) -> bool:
    return isinstance(answer, Accepted) or (isinstance(answer, Refused) and not answer.can_retry)


def _pause_if_useless(broadcast: Broadcast, answers: Sequence[Answer]) -> None:
    """Pause where the provider says that no text would fare better until somebody mends it."""
    for answer in answers:
        if isinstance(answer, Refused) and answer.stops:
            known = reasons_of(broadcast.provider).get(answer.code)
            why = f"Nothing can leave: {known.what if known else answer.text}."
            with suppress(Conflict):  # Single texts wait instead; or somebody was faster.
                pause(broadcast, actor="worker", reason=why[:255])
            return


def _take_back(broadcast: Broadcast, submitted: Sequence[Rendered], owner: str) -> None:
    """Undo a submission that nobody has heard of yet."""
    with transaction.atomic():
        run_bulk(RELEASE, [(each.id,) for each in submitted], {"owner": owner})
        count_spent(broadcast.pk)


def may_get_it_sql(broadcast: Broadcast) -> str:
    """Return the condition, with the parameter `now`, under which a message of `broadcast` may
    leave: its person agreed to such texts, or, for an answer, wrote to us."""
    if broadcast.kind in (BroadcastKind.ANSWERS, BroadcastKind.NOTICES):
        return answerable_sql(broadcast.workspace, message="broadcasts_message")
    textable = textable_sql(broadcast.workspace, broadcast.purpose)
    return f"""exists (
      select 1 from contacts_contact c where c.id = broadcasts_message.contact_id and {textable})"""


def cost_of(rendered: Rendered, prices: PriceList) -> Decimal:
    """Return what a text costs by the prices that were entered; 0 where none was."""
    return prices.times(rendered.parts) * (prices.of(rendered.phone) or Decimal(0))


def within_limit(
    rendered: Sequence[Rendered], prices: PriceList, broadcast: Broadcast
) -> Sequence[Rendered]:
    """Return the first of `rendered` that the broadcast's spend limit still pays for."""
    if broadcast.spend_limit is None:
        return rendered
    left = broadcast.spend_limit - broadcast.spent
    for count, each in enumerate(rendered):
        left -= cost_of(each, prices)
        if left < 0:
            return rendered[:count]
    return rendered
