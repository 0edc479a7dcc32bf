"""Where one recipient lives, how that is known, and when they may be texted: for single texts and
for pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import F

from tapline.broadcasts.models import Broadcast, BroadcastPlace, Message
from tapline.broadcasts.night import keeps_hours
from tapline.contacts.models import Contact
from tapline.hours.clues import make_tables, number_sql, place_sql, tap_sql, unstated_sql
from tapline.hours.deciding import policy_of
from tapline.hours.places import Place, key_of_number
from tapline.hours.policy import Policy
from tapline.hours.rules import Rule, rules_of
from tapline.hours.windows import Opening, Week

PLACE_OF = f"""
-- The key of one contact's place; and what it would be without an address, by their last tap alone,
-- and by number alone.
select {place_sql("c")}, {unstated_sql("c")}, {tap_sql("c")}, {number_sql("c")}
from contacts_contact c where c.id = %(contact)s and c.workspace_id = %(workspace)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """Where somebody lives as far as is known, and what holds there."""

    place: Place
    weaker: tuple[Place, ...]  # what other evidence says, which does not count
    opening: Opening | None  # the one that holds now; None: closed
    next_opening: Opening | None
    rules: tuple[Rule, ...]  # of every place where they may live
    replaced: dict[str, Week]  # region → hours that stand for its rule
    own: tuple[Week, ...]


def place_of(contact: Contact) -> str:
    """Return the key of a contact's place, by what is known now."""
    return _keys(contact)[0]


def places_if_they_wait(
    broadcast: Broadcast, people: Sequence[tuple[Contact | None, str]]
) -> list[str | None]:
    """Return where answers to these contacts or else phones go, if such texts wait here at all:
    mostly nobody has to ask."""
    if not keeps_hours(broadcast, policy_of(broadcast.workspace)):
        return [None] * len(people)
    return [place_of(contact) if contact else key_of_number(phone) for contact, phone in people]


def whereabouts(contact: Contact, now: dt.datetime) -> Whereabouts:
    """Return where a contact lives and when marketing texts may reach them there."""
    policy = policy_of(contact.workspace)
    key, *others = _keys(contact)
    place = policy.place(key)
    return Whereabouts(
        place=place,
        weaker=_weaker(policy, key, others),
        opening=policy.opening_at(key, now),
        next_opening=policy.next_opening(key, now),
        rules=tuple(dict.fromkeys(rule for r in place.regions for rule in rules_of(r))),
        replaced=dict(policy.replaced),
        own=policy.own,
    )


def _weaker(policy: Policy, key: str, others: list[str]) -> tuple[Place, ...]:
    different = dict.fromkeys(each for each in others if each and each != key)
    return tuple(policy.place(each) for each in different)


def _keys(contact: Contact) -> list[str]:
    with connection.cursor() as cursor:
        make_tables(cursor)
        cursor.execute(PLACE_OF, {"contact": contact.pk, "workspace": contact.workspace_id})
        row = cursor.fetchone()
    return [str(each or "") for each in row] if row else [""]


def note_place(message: Message) -> None:
    """Count a single message at its place, so that its hours are looked at."""
    counted, _ = BroadcastPlace.objects.get_or_create(
        broadcast_id=message.broadcast_id, place=message.place or ""
    )
    BroadcastPlace.objects.filter(pk=counted.pk).update(recipients=F("recipients") + 1)
