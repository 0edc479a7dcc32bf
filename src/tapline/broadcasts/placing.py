"""Where one recipient lives, and how that is known: for single texts and for pages."""

from __future__ import annotations

from django.db import connection
from django.db.models import F

from tapline.broadcasts.models import BroadcastPlace, Message
from tapline.contacts.models import Contact
from tapline.hours.clues import make_tables, place_sql

PLACE_OF = f"""
-- The key of one contact's place.
select {place_sql("c")} from contacts_contact c where c.id = %(contact)s
"""


def place_of(contact: Contact) -> str:
    """Return the key of a contact's place, by what is known now."""
    with connection.cursor() as cursor:
        make_tables(cursor)
        cursor.execute(PLACE_OF, {"contact": contact.pk})
        row = cursor.fetchone()
    return str(row[0]) if row else ""


def note_place(message: Message) -> None:
    """Count a single message at its place, so that its hours are looked at."""
    counted, _ = BroadcastPlace.objects.get_or_create(
        broadcast_id=message.broadcast_id, place=message.place or ""
    )
    BroadcastPlace.objects.filter(pk=counted.pk).update(recipients=F("recipients") + 1)
