"""What a provider's answers make of submitted messages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.db import connection, transaction

from tapline.broadcasts.bulk import in_database, run_bulk
from tapline.broadcasts.models import Broadcast, Message
from tapline.broadcasts.opted_out import is_opt_out, mirror
from tapline.providers.base import Accepted, Answer, Unsure

# How long a message whose answer was lost waits until the provider is asked.
ASK_AFTER_SECONDS = 10

# As a look-up for each row: joined, SQLite would walk over the whole broadcast for every row.
_BY_POSITION = """(
    select m.id from broadcasts_message m
    where m.broadcast_id = %(broadcast)s and m.position = r.position)"""

ACCEPT = f"""
-- The provider has these. A receipt may have been faster: then only what it left open is filled.
update broadcasts_message set
  provider_id = r.provider_id, accepted_at = coalesce(accepted_at, %(now)s),
  cost = coalesce(r.cost, broadcasts_message.cost), leased_by = '', leased_until = null,
  state = case when state in ('submitted', 'unknown', 'lost') then 'accepted' else state end
from (select value ->> 0 as position, value ->> 1 as provider_id, value ->> 2 as cost
      from json_each(%(rows)s)) r
where broadcasts_message.id = {_BY_POSITION}
  and state in ('submitted', 'unknown', 'lost', 'accepted', 'delivered', 'failed')
"""

REFUSE = f"""
-- The provider will not take these, now or ever.
update broadcasts_message set
  state = 'failed', failed_at = %(now)s, error_code = r.code, error_text = r.text, cost = null,
  leased_by = '', leased_until = null
from (select value ->> 0 as position, value ->> 1 as code, value ->> 2 as text
      from json_each(%(rows)s)) r
where broadcasts_message.id = {_BY_POSITION}
  and state in ('submitted', 'unknown')
"""

SEND_LATER = f"""
-- The provider surely does not have these: they may be sent again.
update broadcasts_message set
  state = 'pending', submitted_at = null, cost = null, leased_by = '', leased_until = null
from (select value ->> 0 as position from json_each(%(rows)s)) r
where broadcasts_message.id = {_BY_POSITION}
  and state in ('submitted', 'unknown')
"""

ASK_LATER = f"""
-- Nobody knows of these. `leased_until` says when to ask.
update broadcasts_message set
  state = 'unknown', leased_by = '', leased_until = %(until)s, error_text = r.why
from (select value ->> 0 as position, value ->> 1 as why from json_each(%(rows)s)) r
where broadcasts_message.id = {_BY_POSITION}
  and state in ('submitted', 'unknown')
"""

# The tallies know what submitted, accepted and delivered messages cost, whatever came in between.
COUNT_SPENT = """
-- What a broadcast has cost so far, for its spend limit.
update broadcasts_broadcast set spent = coalesce(
  (select sum(t.cost) from broadcasts_messagetally t where t.broadcast_id = %(broadcast)s), 0)
where id = %(broadcast)s
"""


def keep_answers(broadcast: Broadcast, answers: Iterable[Answer], now: dt.datetime) -> None:
    """Write down what the provider answered, in one transaction."""
    accepted: list[tuple[int, str, Decimal | None]] = []
    refused: list[tuple[int, str, str]] = []
    later: list[tuple[int]] = []
    unsure: list[tuple[int, str]] = []
    for answer in answers:
        position = position_of(answer.reference)
        if isinstance(answer, Accepted):
            accepted.append((position, answer.provider_id, answer.cost))
        elif isinstance(answer, Unsure):
            unsure.append((position, answer.why[:255]))
        elif answer.can_retry:
            later.append((position,))
        else:
            refused.append((position, answer.code[:40], answer.text[:255]))
    until = now + dt.timedelta(seconds=ASK_AFTER_SECONDS)
    with transaction.atomic():
        _write(ACCEPT, broadcast, accepted, now)
        _write(REFUSE, broadcast, refused, now)
        _write(SEND_LATER, broadcast, later, now)
        _write(ASK_LATER, broadcast, unsure, now, until)
        count_spent(broadcast.pk)
        _mirror_opt_outs(broadcast, refused, now)


def _mirror_opt_outs(
    broadcast: Broadcast, refused: Sequence[tuple[int, str, str]], now: dt.datetime
) -> None:
    positions = [position for position, code, _ in refused if is_opt_out(broadcast.provider, code)]
    if positions:
        told = Message.objects.filter(broadcast=broadcast, position__in=positions)
        mirror(told.select_related("workspace"), now)


def count_spent(broadcast_id: int) -> None:
    """Bring what a broadcast has spent up to date."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT_SPENT, {"broadcast": broadcast_id})


def position_of(reference: str) -> int:
    """Return the position in a reference of ours, `{token}-{position}`."""
    return int(reference.rpartition("-")[2])


def _write(
    statement: str,
    broadcast: Broadcast,
    rows: Sequence[tuple[object, ...]],
    now: dt.datetime,
    until: dt.datetime | None = None,
) -> None:
    if rows:
        values = {
            "broadcast": broadcast.pk,
            "now": in_database(now),
            "until": in_database(until or now),
        }
        run_bulk(statement, rows, values)
