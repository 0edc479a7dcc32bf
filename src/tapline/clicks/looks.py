"""Which broadcasts are due for a second look: those with openings or receipts since the last."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import connection
from django.db.models import DateTimeField, F, Value
from django.db.models.functions import Coalesce, Least

from tapline.clicks.models import Look

RECEIVED = """
-- How many texts of the broadcasts that are looked at have arrived.
select broadcast_id, sum(count) from broadcasts_messagetally
where state = 'delivered' and broadcast_id in (select broadcast_id from clicks_look)
group by broadcast_id
"""


def note_openings(broadcasts: Collection[tuple[int, int]], since: dt.datetime) -> None:
    """Note, inside the caller's transaction, that (workspace, broadcast) have new openings, none
    older than `since`."""
    for workspace_id, broadcast_id in sorted(broadcasts):
        if broadcast_id and not _note(broadcast_id, since):
            Look.objects.create(
                broadcast_id=broadcast_id, workspace_id=workspace_id, wanted=1, since=since
            )


def note_look(look: Look, receipts: int) -> None:
    """Note that a look knew what was `look.wanted`, and so many receipts. Openings that were listed
    meanwhile leave `since` as it is: too early does no harm."""
    known = Look.objects.filter(pk=look.pk)
    known.update(looked=look.wanted, receipts=receipts)
    known.filter(wanted=look.wanted).update(since=None)


def count_received() -> dict[int, int]:
    """Return how many receipts of delivery each broadcast that is looked at has."""
    with connection.cursor() as cursor:
        cursor.execute(RECEIVED)
        return {broadcast: int(count) for broadcast, count in cursor.fetchall()}


def _note(broadcast_id: int, since: dt.datetime) -> int:
    new = Value(since, output_field=DateTimeField())
    return Look.objects.filter(broadcast_id=broadcast_id).update(
        wanted=F("wanted") + 1, since=Least(Coalesce(F("since"), new), new)
    )
