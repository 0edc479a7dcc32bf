"""How a broadcast's audience becomes messages with codes, in chunks that nobody waits for.

Each step does one bounded piece and can be killed anywhere: links, recipients by contact id, codes
for the positions that have none yet, then the state moves on. The statement that picks recipients
is the one that checks consent, opt-outs and duplicates.
"""

from __future__ import annotations

import functools
import json
from contextlib import suppress
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Max
from django.utils import timezone

from tapline.broadcasts.capping import cap_since
from tapline.broadcasts.crowds import count_recipients, mint_crowd
from tapline.broadcasts.lifecycle import pause
from tapline.broadcasts.models import Broadcast, BroadcastLink, BroadcastState
from tapline.broadcasts.picking import GETS_IT, REASON, conditions
from tapline.broadcasts.reasons import HELD_OUT
from tapline.broadcasts.wordings import Wordings, is_held_out_sql, variant_sql, wordings_of
from tapline.destinations import fill_destination
from tapline.errors import Conflict, TaplineError
from tapline.hours.clues import make_tables
from tapline.links.domains import domain_for
from tapline.links.minting import PERSONAL_BATCH, create_link, mint_personal, mint_range
from tapline.links.models import CodeRange, Link, LinkKind
from tapline.texts.merging import parse
from tapline.turns import Turns

# Contacts per transaction: they hold the writer for some 30 ms (python -m bench prepare).
CONTACTS_PER_CHUNK = 2_500
# Personal destinations filled at once: what `mint_personal` writes in one turn, so that filling
# the next ones is the rest.
PERSONAL_PER_CHUNK = PERSONAL_BATCH

CHUNK_END = """
-- The last contact id of the next chunk; no row when all contacts were looked at. By id alone, so
-- that a chunk is bounded work however rare its audience is.
select max(id) from (select id from contacts_contact where id > %s order by id limit %s)
"""

PICK_RECIPIENTS = f"""
-- One message for each contact of the chunk who may be texted and has none in this broadcast yet.
-- (`+` keeps the index on positions out: by it each contact would walk over the whole chunk.)
-- A plus keeps SQLite from the wrong index: without, each chunk would read the whole workspace, or
-- each contact the whole broadcast.
insert into broadcasts_message (
  broadcast_id, position, workspace_id, contact_id, phone, state,
  text, parts, reference, leased_by, error_code, error_text, only_counted, variant, place)
select %(broadcast)s, %(next)s + row_number() over (order by c.id) - 1, c.workspace_id, c.id,
  c.phone, case when {{held_out}} then 'cancelled' else 'pending' end, '', 0, '', '',
  case when {{held_out}} then '{HELD_OUT}' else '' end, '', {{only_counted}}, {{variant}}, {{place}}
from contacts_contact c
where c.id > %(after)s and c.id <= %(end)s and +c.workspace_id = %(workspace)s
  and {{audience}} and {GETS_IT}
  and not exists (
    select 1 from broadcasts_message had
    where had.contact_id = c.id and +had.broadcast_id = %(broadcast)s)
"""

COUNT_LEFT_OUT = f"""
-- Why the others of the chunk got none. Those with a message in positions before are duplicates.
insert into broadcasts_leftout (broadcast_id, reason, count)
select %(broadcast)s, reason, count(*) from (
  select coalesce({REASON}, 'duplicate') as reason
  from contacts_contact c
  where c.id > %(after)s and c.id <= %(end)s and +c.workspace_id = %(workspace)s and {{audience}}
    and not exists (
      select 1 from broadcasts_message got
      where got.contact_id = c.id and +got.broadcast_id = %(broadcast)s
        and got.position >= %(next)s)
) where true
group by reason
on conflict (broadcast_id, reason) do update set count = count + excluded.count
"""

COUNT_PLACES = """
-- How many of the chunk's recipients live where.
insert into broadcasts_broadcastplace (broadcast_id, place, recipients)
select broadcast_id, coalesce(place, ''), count(*)
from broadcasts_message
where broadcast_id = %(broadcast)s and position >= %(next)s and state = 'pending'
group by 1, 2
on conflict (broadcast_id, place) do update set recipients = recipients + excluded.recipients
"""

ATTRIBUTES_BY_POSITION = """
-- What the next personal destinations are filled with.
select m.position, coalesce(c.attributes, '{{}}')
from broadcasts_message m left join contacts_contact c on c.id = m.contact_id
where m.broadcast_id = %(broadcast)s and m.position >= %(first)s and {holds_it}
order by m.position limit %(count)s
"""


def prepare_next() -> bool:
    """Do one piece of preparing for each broadcast that is being prepared; say if there was one."""
    preparing = Broadcast.objects.filter(state=BroadcastState.PREPARING).order_by("started_at")
    waiting = list(preparing.select_related("workspace", "domain"))
    for broadcast in waiting:
        try:
            prepare_piece(broadcast)
        except TaplineError as error:  # Such as a tag that was deleted meanwhile.
            with suppress(Conflict):  # Somebody paused or cancelled it just now.
                pause(broadcast, actor="worker", reason=str(error)[:255])
    return bool(waiting)


def prepare_piece(broadcast: Broadcast) -> None:
    """Do the next piece of preparing one broadcast."""
    wordings = wordings_of(broadcast)
    if wordings.urls and not broadcast.links.exists():
        _make_links(broadcast, wordings)
    elif _take_recipients(broadcast, wordings) or _mint_some(broadcast, wordings):
        return
    else:
        Broadcast.objects.filter(pk=broadcast.pk, state=BroadcastState.PREPARING).update(
            state=BroadcastState.SENDING
        )


def _make_links(broadcast: Broadcast, wordings: Wordings) -> None:
    """Make all links of the texts, or none."""
    domain = broadcast.domain or domain_for(broadcast.workspace)
    with transaction.atomic():
        if broadcast.links.exists():  # Another worker was faster.
            return
        for ordinal, url in enumerate(wordings.urls):
            personal = wordings.is_personal(ordinal)
            link = create_link(
                broadcast.workspace,
                domain,
                url,
                kind=LinkKind.TEMPLATE if personal else LinkKind.SHARED,
                name=f"{broadcast.name[:150]} ({ordinal + 1})",
                campaign=broadcast.campaign,
                offer=broadcast.offer,
                utm=broadcast.utm,
                actor="worker",
            )
            BroadcastLink.objects.create(broadcast=broadcast, link=link, ordinal=ordinal)


def _take_recipients(broadcast: Broadcast, wordings: Wordings) -> bool:
    """Make messages for the next chunk of contacts; False when there are no more contacts."""
    made_of = {
        **conditions(broadcast, wordings),
        "variant": variant_sql(wordings, broadcast.token),
        "held_out": is_held_out_sql(wordings, broadcast.token),
    }
    with _turns.take(), connection.cursor() as cursor:
        # Read again inside: another worker may have moved it, or somebody paused it.
        fresh = Broadcast.objects.select_for_update().get(pk=broadcast.pk)
        if fresh.state != BroadcastState.PREPARING:
            return True
        cursor.execute(CHUNK_END, [fresh.prepared_to_contact, CONTACTS_PER_CHUNK])
        (end,) = cursor.fetchone()
        if end is None:
            return False
        values: dict[str, Any] = {
            "broadcast": fresh.pk,
            "workspace": fresh.workspace_id,
            "next": fresh.next_position,
            "after": fresh.prepared_to_contact,
            "end": end,
            "cap_since": cap_since(fresh, timezone.now()),
        }
        make_tables(cursor)
        cursor.execute(PICK_RECIPIENTS.format(**made_of), values)
        fresh.next_position += cursor.rowcount
        cursor.execute(COUNT_PLACES, values)
        cursor.execute(COUNT_LEFT_OUT.format(**made_of), values)
        fresh.prepared_to_contact = end
        fresh.save(update_fields=["next_position", "prepared_to_contact"])
    return True


def _mint_some(broadcast: Broadcast, wordings: Wordings) -> bool:
    """Give codes to positions that have none; False when every link has them all.

    Where two workers mint the same positions, both codes lead to the same message.
    """
    broadcast.refresh_from_db(fields=["next_position", "state"])
    named, counted = count_recipients(broadcast)
    wanted_to = broadcast.next_position if named else 0
    for entry in broadcast.links.select_related("link__domain").order_by("ordinal"):
        if broadcast.state != BroadcastState.PREPARING:
            return False
        if entry.link.kind == LinkKind.SHARED and mint_crowd(entry.link, counted):
            return True
        minted_to = _minted_to(entry.link)
        if minted_to >= wanted_to:
            continue
        if entry.link.kind == LinkKind.SHARED:
            mint_range(entry.link, broadcast.next_position - minted_to, first_position=minted_to)
            return True
        if _mint_personal(broadcast, entry, wordings, minted_to):
            return True
    return False


def _minted_to(link: Link) -> int:
    """Return the first position of a broadcast's link that has no code yet."""
    if link.kind == LinkKind.TEMPLATE:  # A range of one per recipient: the index knows the last.
        last = CodeRange.objects.filter(template=link).aggregate(at=Max("first_position"))["at"]
        return 0 if last is None else last + 1
    return link.ranges.aggregate(end=Max(F("first_position") + F("count")))["end"] or 0


def _mint_personal(
    broadcast: Broadcast, entry: BroadcastLink, wordings: Wordings, first: int
) -> bool:
    """Make personal links for the next recipients whose text holds `entry`; False: all have one."""
    statement = ATTRIBUTES_BY_POSITION.format(holds_it=_holds_it(wordings, entry.ordinal))
    values = {"broadcast": broadcast.pk, "first": first, "count": PERSONAL_PER_CHUNK}
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows = cursor.fetchall()
    if not rows:
        return False
    destinations = [_destination(entry.link, json.loads(attributes)) for _, attributes in rows]
    mint_personal(entry.link, destinations, first_position=[position for position, _ in rows])
    return True


def _holds_it(wordings: Wordings, ordinal: int) -> str:
    """Return, as SQL over the message alias `m`, whether its text holds a link."""
    if wordings.is_split:
        return f"m.variant in ({', '.join(map(str, wordings.holding(ordinal)))})"
    return f"m.error_code <> '{HELD_OUT}'"


def _destination(link: Link, attributes: dict[str, str]) -> str:
    return fill_destination(link.destination, lambda field: _parsed(field).render(attributes))


_parsed = functools.lru_cache(maxsize=256)(parse)  # the same few fields for every recipient
_turns = Turns()
