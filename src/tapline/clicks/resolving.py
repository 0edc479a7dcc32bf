"""Where a record of the click log belongs: link, broadcast, message, contact.

One query each per batch, however many clicks it has. They read tables of `links`, `broadcasts`
and `contacts` by SQL, because ingest must also change some of them in its one transaction.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec
from django.db import connection

from tapline.clicklog.record import Seen

EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001  # Databases answer in UTC without a zone.
MICROSECOND = dt.timedelta(microseconds=1)
# SQLite takes 32,766 parameters in one statement; a serial needs four.
MOST_ROWS_PER_QUERY = 8_000

LINKS = """
-- What opened links belong to. A personal link stands for the template in the broadcast's text.
select
    l.id,
    coalesce(l.parent_id, l.id),
    l.workspace_id,
    coalesce(b.id, 0),
    coalesce(l.campaign_id, b.campaign_id, 0),
    coalesce(l.offer_id, b.offer_id, 0),
    coalesce(b.is_test, false),
    w.zone
from links_link l
join workspaces_workspace w on w.id = l.workspace_id
left join broadcasts_broadcastlink bl on bl.link_id = coalesce(l.parent_id, l.id)
left join broadcasts_broadcast b on b.id = bl.broadcast_id
where l.id in ({places})
"""

MESSAGES = """
-- The messages at some positions of some broadcasts, with what a verdict and a report need.
select
    m.broadcast_id,
    m.position,
    m.id,
    coalesce(m.contact_id, 0),
    coalesce(c.is_staff, false),
    coalesce(c.zone, ''),
    m.phone = '',
    m.submitted_at,
    m.delivered_at,
    m.first_human_click_at
from json_each(%s) wanted -- broadcast: [position, …]
cross join json_each(wanted.value) place
cross join broadcasts_message m
    on m.broadcast_id = cast(wanted.key as integer) and m.position = place.value
left join contacts_contact c on c.id = m.contact_id
"""

RANGES = """
-- The ranges that serials lie in, which the edge did not know yet when they were opened.
select k.column1, k.column2, k.column3, k.column4, r.link_id, r.first_position, r.first
from (values {places}) k
join links_keygeneration g on g.domain_id = k.column1 and g.number = k.column2
join links_coderange r
    on r.generation_id = g.id and r.length = k.column3
    and k.column4 >= r.first and k.column4 < r.first + r.count
"""

DOMAINS = "select id, workspace_id from links_domain where id in ({places})"


@dataclass(frozen=True, kw_only=True)  # no slots: one is made per link, and it keeps `columns`
class LinkPlace:
    """What a link belongs to. Ids are 0 where there is nothing."""

    link: int = 0
    workspace: int = 0
    broadcast: int = 0
    campaign: int = 0
    offer: int = 0
    is_test: bool = False
    zone: str = "UTC"

    @functools.cached_property
    def columns(self) -> tuple[int, int, int, int, int]:
        """The columns workspace, broadcast, campaign, offer and link."""
        return self.workspace, self.broadcast, self.campaign, self.offer, self.link


class MessagePlace(NamedTuple):
    """The message whose code was opened. Times are µs since 1970, None where not known.

    A named tuple: there is one per click, and making a frozen dataclass takes five times as long.
    """

    message: int = 0
    contact: int = 0
    is_staff: bool = False
    zone: str = ""
    is_erased: bool = False
    submitted_us: int | None = None
    delivered_us: int | None = None
    first_human_us: int | None = None


NO_MESSAGE = MessagePlace()
# Somebody who is only counted opened the code that all such recipients share: nothing of the
# person goes into the row, and no message learns of it.
CROWD = MessagePlace(message=-1, is_erased=True)

SerialKey = tuple[int, int, int, int]  # domain, generation's number, code length, serial
Opened = tuple[int, int]  # link, and position of its recipient


@dataclass(slots=True)
class Places:
    """Everything that one batch's records lead to."""

    links: dict[int, LinkPlace] = field(default_factory=dict)
    messages: dict[tuple[int, int], MessagePlace] = field(default_factory=dict)
    late: dict[SerialKey, Opened] = field(default_factory=dict)
    domains: dict[int, int] = field(default_factory=dict)  # workspace

    def opened(self, record: Seen) -> Opened:
        """Return the link that was opened and the position of its recipient."""
        if record.link or record.serial < 0:
            return record.link, record.position
        return self.late.get(serial_key(record), (0, -1))

    def message(self, record: Seen, opened: Opened, broadcast: int) -> MessagePlace:
        """Return the message that `opened` (what `record` opened) belongs to."""
        link, position = opened
        if link and position < 0 <= record.serial:
            return CROWD
        return self.messages.get((broadcast, position), NO_MESSAGE)

    def link_place(self, record: Seen, link: int) -> LinkPlace:
        """Return what `link` belongs to; an unknown one at least to its domain's workspace."""
        place = self.links.get(link)
        return place or LinkPlace(workspace=self.domains.get(record.domain, 0))


def resolve(records: Sequence[Seen]) -> Places:
    """Look up everything that `records` lead to."""
    places = Places(late=_find_late(_late_keys(records)))
    opened = [places.opened(record) for record in records]
    places.links = _find_links({link for link, _ in opened if link})
    if len(places.links) < len({link for link, _ in opened}):
        places.domains = _find_domains({record.domain for record in records})
    places.messages = _find_messages(
        {
            (places.links[link].broadcast, position)
            for link, position in opened
            if position >= 0 and link in places.links and places.links[link].broadcast
        }
    )
    return places


def opened_by(records: Sequence[Seen]) -> list[Opened]:
    """Return which link each record opened and whose position, 0 and -1 where that is unknown."""
    places = Places(late=_find_late(_late_keys(records)))
    return [places.opened(record) for record in records]


def serial_key(record: Seen) -> SerialKey:
    """Return what tells one code from all others; every character of a code is one byte."""
    return record.domain, record.generation, len(record.path), record.serial


def as_us(value: Any) -> int | None:
    """Return a database's time, which is UTC, as µs since 1970; None stays None."""
    if value is None:
        return None
    moment = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
    if moment.tzinfo is not None:
        moment = moment.replace(tzinfo=None)
    return (moment - EPOCH) // MICROSECOND


def _late_keys(records: Sequence[Seen]) -> set[SerialKey]:
    """Return the codes that the edge did not know yet."""
    return {serial_key(record) for record in records if not record.link and record.serial >= 0}


def _find_late(keys: set[SerialKey]) -> dict[SerialKey, tuple[int, int]]:
    return {
        (domain, generation, length, serial): (link, first_position + serial - first)
        for domain, generation, length, serial, link, first_position, first in _rows(RANGES, keys)
    }


def _find_links(link_ids: set[int]) -> dict[int, LinkPlace]:
    return {
        opened: LinkPlace(
            link=link,
            workspace=workspace,
            broadcast=broadcast,
            campaign=campaign,
            offer=offer,
            is_test=bool(is_test),
            zone=zone,
        )
        for opened, link, workspace, broadcast, campaign, offer, is_test, zone in _rows(
            LINKS, [(link,) for link in link_ids], place="%s"
        )
    }


def _find_messages(keys: set[tuple[int, int]]) -> dict[tuple[int, int], MessagePlace]:
    wanted: defaultdict[int, list[int]] = defaultdict(list)
    for broadcast, position in sorted(keys):  # neighbours lie on the same pages
        wanted[broadcast].append(position)
    with connection.cursor() as cursor:
        cursor.execute(MESSAGES, [msgspec.json.encode(wanted).decode()])
        rows = cursor.fetchall()
    return {
        (broadcast, position): MessagePlace(
            message,
            contact,
            bool(is_staff),
            zone,
            bool(is_erased),
            as_us(submitted),
            as_us(delivered),
            as_us(first_human),
        )
        for (
            broadcast,
            position,
            message,
            contact,
            is_staff,
            zone,
            is_erased,
            submitted,
            delivered,
            first_human,
        ) in rows
    }


def _find_domains(domain_ids: set[int]) -> dict[int, int]:
    return dict(_rows(DOMAINS, [(domain,) for domain in domain_ids], place="%s"))


def _rows(
    sql: str, keys: Iterable[tuple[int, ...]], *, place: str | None = None
) -> Iterator[tuple[Any, ...]]:
    """Run `sql` with all `keys` bound, in as many statements as the parameters' limit asks for."""
    ordered = sorted(keys)  # neighbours lie on the same pages
    for start in range(0, len(ordered), MOST_ROWS_PER_QUERY):
        some = ordered[start : start + MOST_ROWS_PER_QUERY]
        one = place or "(" + ", ".join(["%s"] * len(some[0])) + ")"
        values = [value for key in some for value in key]
        with connection.cursor() as cursor:
            cursor.execute(sql.format(places=", ".join([one] * len(some))), values)
            yield from cursor.fetchall()
