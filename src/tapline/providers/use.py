"""How many parts left from a sender number on one of its days, by its carriers' clock."""

from __future__ import annotations

import datetime as dt
import functools
import zoneinfo

from django.db.models import F

from tapline.providers.models import SenderDay


def parts_on(sender: int, day: dt.date) -> int:
    """Return how many parts left from a sender on a day."""
    counted = SenderDay.objects.filter(sender=sender, day=day).values_list("parts", flat=True)
    return counted.first() or 0


def count_parts_on(sender: int, day: dt.date, parts: int) -> None:
    """Count parts as left from a sender on a day. Call it inside a transaction."""
    counted, _ = SenderDay.objects.get_or_create(sender_id=sender, day=day)
    SenderDay.objects.filter(pk=counted.pk).update(parts=F("parts") + parts)


def day_in(zone: str, now: dt.datetime) -> dt.date:
    """Return the date in a zone; in UTC where the zone is not known (any more)."""
    return now.astimezone(_zone(zone)).date()


def is_zone(name: str) -> bool:
    """Say whether a time zone of this name exists."""
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


@functools.cache
def _zone(name: str) -> dt.tzinfo:
    return zoneinfo.ZoneInfo(name) if is_zone(name) else dt.UTC
