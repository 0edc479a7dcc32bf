"""Which broadcasts are due for a second look: those with openings or receipts since the last."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection
from django.db.models import F

from tapline.clicks.models import Look

RECEIVED = """
-- How many texts of the broadcasts that are looked at have arrived.
select broadcast_id, sum(count) from broadcasts_messagetally
where state = 'delivered' and broadcast_id in (select broadcast_id from clicks_look)
group by broadcast_id
"""


def note_openings(broadcasts: Collection[tuple[int, int]]) -> None:
    """Note, inside the caller's transaction, that (workspace, broadcast) have new openings."""
    for workspace_id, broadcast_id in sorted(broadcasts):
        if broadcast_id and not _note(broadcast_id):
            Look.objects.create(broadcast_id=broadcast_id, workspace_id=workspace_id, wanted=1)


def count_received() -> dict[int, int]:
    """Return how many receipts of delivery each broadcast that is looked at has."""
    with connection.cursor() as cursor:
        cursor.execute(RECEIVED)
        return {broadcast: int(count) for broadcast, count in cursor.fetchall()}


def _note(broadcast_id: int) -> int:
    return Look.objects.filter(broadcast_id=broadcast_id).update(wanted=F("wanted") + 1)
