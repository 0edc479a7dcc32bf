"""What texts and their links keep of a person; see `contacts.keeping`.

Messages stay as rows without number and text, so that totals do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tapline.clicks import rewrite, store
from tapline.clicks.columns import NAMES
from tapline.clicks.erasing import request_erasure
from tapline.contacts.keeping import Kept, Person, Retention
from tapline.contacts.retention import InOrder
from tapline.hours.places import read_place
from tapline.hours.words import describe_place
from tapline.links.changes import next_change
from tapline.links.models import Link

THEIR_MESSAGES = """
  select id from broadcasts_message
  where contact_id in (select value from json_each(%(contacts)s))
  union
  select id from broadcasts_message
  where contact_id is null and phone <> '' and phone = %(phone)s
    and +workspace_id in (select value from json_each(%(workspaces)s))"""

MESSAGES = f"""
-- A person's messages, also those that lost their contact. `place` is by what evidence they were
-- held to live where.
select m.id, m.broadcast_id, b.name as broadcast, m.position, m.state, m.phone, m.text, m.parts,
  m.reference, m.provider_id, m.submitted_at, m.accepted_at, m.delivered_at, m.failed_at,
  m.error_code, m.error_text, m.cost, m.first_human_click_at, m.only_counted, m.place,
  w.zone as home_zone, w.default_country as home_country
from broadcasts_message m
join broadcasts_broadcast b on b.id = m.broadcast_id
join workspaces_workspace w on w.id = m.workspace_id
where m.id in ({THEIR_MESSAGES})
order by m.id
"""

MESSAGE_IDS = f"""
-- The same, by id.
{THEIR_MESSAGES}
"""

BLANK_MESSAGES = f"""
-- The rows stay, so that totals do. A text that was still waiting goes nowhere, a leased one
-- included: the statement that submits it looks at the state again.
update broadcasts_message
set phone = '', text = '', reference = '', error_text = '', contact_id = null,
  leased_by = '', place = null,
  state = case when state in ('pending', 'leased') then 'cancelled' else state end
where id in ({THEIR_MESSAGES})
"""

MESSAGE_NUMBERS = """
-- Every number that a message holds.
select distinct phone from broadcasts_message where phone <> ''
"""

# Of more ranges than these a link is not one person's; counting on would take long.
MOST_RANGES = 50

_HELD_BY = """exists (
      select 1 from links_coderange r
      join broadcasts_message m on m.broadcast_id = b.id and m.position >= r.first_position
        and (m.position < r.first_position + r.count or r.first_position < 0)
      where r.link_id = link.id and m.id {whose} in ({theirs}))"""

# A link of single texts that no other person's text holds: whose destination is it but theirs?
# A crowd's code (position -1) is everybody's.
THEIR_OWN_LINKS = f"""
  select sent.link_id
  from (select distinct broadcast_id from broadcasts_message where id in ({THEIR_MESSAGES})) theirs
  join broadcasts_broadcast b on b.id = theirs.broadcast_id and b.kind <> 'composed'
  join broadcasts_broadcastlink sent on sent.broadcast_id = b.id
  join links_link link on link.id = sent.link_id and link.kind = 'shared'
  where (select count(*) from (
      select 1 from links_coderange r where r.link_id = link.id limit {MOST_RANGES + 1}
    )) between 1 and {MOST_RANGES}
    and not exists (select 1 from links_alias a where a.link_id = link.id)
    and {_HELD_BY.format(whose="", theirs=THEIR_MESSAGES)}
    and not {_HELD_BY.format(whose="not", theirs=THEIR_MESSAGES)}"""

THEIR_PERSONAL_LINKS = f"""
  select code.link_id
  from broadcasts_message message
  join broadcasts_broadcastlink sent on sent.broadcast_id = message.broadcast_id
  join links_coderange code
    on code.template_id = sent.link_id and code.first_position = message.position
  where message.id in ({THEIR_MESSAGES})
  union {THEIR_OWN_LINKS}"""

PERSONAL_LINKS = f"""
-- Destinations that were made for one recipient.
select id, destination, created_at from links_link
where destination <> '' and id in ({THEIR_PERSONAL_LINKS})
order by id
"""

BLANK_PERSONAL_LINKS = f"""
-- A destination made for one recipient holds what was merged into it: it leads nowhere any more.
update links_link
set destination = '', disabled_at = coalesce(disabled_at, %(now)s), change = %(change)s
where destination <> '' and id in ({THEIR_PERSONAL_LINKS})
"""

BLANK_LINK_AUDIT = f"""
-- What the audit tells of these destinations. Who did what and when stays.
update workspaces_auditentry set before = '{{}}', after = '{{}}'
where workspace_id in (select value from json_each(%(workspaces)s))
  and object_kind = 'link' and (before <> '{{}}' or after <> '{{}}')
  and object_id in ({THEIR_PERSONAL_LINKS})
"""

CLICKS = """
-- A person's clicks, machines' included: every column.
select {columns}
from clicks
where contact in ({contacts}) or message in ({messages})
order by clicked_at
"""


_SENT_AT = "coalesce(m.submitted_at, m.failed_at, b.finished_at, b.started_at, b.created_at)"
_MESSAGES_AFTER = """broadcasts_message m join broadcasts_broadcast b on b.id = m.broadcast_id
  where m.id > %(after)s"""

OLD_MESSAGES = InOrder(
    kind="messages",
    next_end=f"""
-- The last of the next old messages.
with following as (
  select m.id, {_SENT_AT} < %(before)s as is_old
  from {_MESSAGES_AFTER} order by m.id limit %(limit)s)
select coalesce((select min(id) - 1 from following where not is_old),
  (select max(id) from following))
""",
    forget="""
-- As with erasing, but for the contact: that they were sent it stays.
update broadcasts_message
set phone = '', text = '', reference = '', error_text = '', leased_by = '',
  state = case when state in ('pending', 'leased') then 'cancelled' else state end
where id > %(after)s and id <= %(end)s and (phone <> '' or text <> '')
""",
    count=f"""
-- Old messages that still hold a number or words.
select count(*) from {_MESSAGES_AFTER} and {_SENT_AT} < %(before)s
  and (m.phone <> '' or m.text <> '')
""",
)


def _messages(person: Person) -> list[dict[str, Any]]:
    return [_readable(row) for row in person.rows(MESSAGES)]


def _readable(message: dict[str, Any]) -> dict[str, Any]:
    """Return a message with the place that its hours went by in words."""
    zone, country = message.pop("home_zone"), message.pop("home_country")
    place = message["place"]
    told = None if place is None else describe_place(read_place(place, zone, country))
    return message | {"place_in_words": told}


def _message_ids(person: Person) -> list[int]:
    return [row["id"] for row in person.rows(MESSAGE_IDS)]


def _message_numbers() -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(MESSAGE_NUMBERS)
        for rows in iter(lambda: cursor.fetchmany(10_000), []):
            yield from (phone for (phone,) in rows)


def _blank_personal_links(person: Person) -> int:
    person.change(BLANK_LINK_AUDIT)
    return person.change(BLANK_PERSONAL_LINKS, now=timezone.now(), change=next_change())


def _clicks(person: Person) -> list[dict[str, Any]]:
    contacts, messages = person.contact_ids, _message_ids(person)
    if not (contacts or messages):
        return []
    sql = CLICKS.format(
        columns=", ".join(NAMES),
        contacts=store.int_list(contacts),
        messages=store.int_list(messages),
    )
    clicks = [dict(zip(NAMES, row, strict=True)) for row in store.query(sql)]
    links = Link.objects.in_bulk({click["opened_link"] for click in clicks})
    return [click | {"destination": _destination(links, click)} for click in clicks]


def _destination(links: Mapping[int, Link], click: Mapping[str, Any]) -> str:
    link = links.get(click["opened_link"])
    return link.destination if link else ""


def _request_click_erasure(person: Person) -> int:
    request_erasure(person.contact_ids, _message_ids(person))
    return 0


# Erased from the last to the first: links and clicks are found by messages that still are whole.
KEPT = (
    Kept(
        name="messages",
        tables=("broadcasts_message",),
        words=_("The texts that we sent you, with your number, and whether they arrived"),
        find=_messages,
        erase=lambda person: person.change(BLANK_MESSAGES),
        numbers=_message_numbers,
        retention=OLD_MESSAGES.retention("messages_keep_days"),
    ),
    Kept(
        name="personal_links",
        tables=("links_link", "workspaces_auditentry"),
        words=_("Addresses of pages that were made for you alone"),
        find=lambda person: person.rows(PERSONAL_LINKS),
        erase=_blank_personal_links,
    ),
    Kept(
        name="clicks",
        tables=("clicks_clickerasure",),
        files=("clicks", "clicklog"),
        words=_("When you opened our links, on what kind of phone, and in which network"),
        find=_clicks,
        erase=_request_click_erasure,
        retention=Retention(
            setting="clicks_keep_people_days",
            count=lambda old: rewrite.count_people_before(old.before),
            forget=lambda old: rewrite.forget_people_before(old.before),
        ),
    ),
)
