"""How what is kept about people goes when it is old: kind by kind, in pieces that nobody waits for.

Each kind names the setting that says after how many days. Rows that count stay, without what tells
of a person. Where ids are given in the order of time, a mark remembers how far a kind was gone
through, so that a year of emptied rows is not looked at again.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils import timezone

from tapline import config
from tapline.contacts import keeping
from tapline.contacts.keeping import ROWS_PER_CHUNK, Kept, Old, Retention
from tapline.contacts.models import RetentionMark

# Between two pieces others get their turn: see `broadcasts.preparing`.
REST_SECONDS = 0.027


@dataclass(frozen=True, slots=True)
class Due:
    """What retention would do about one kind now."""

    name: str
    setting: str
    days: int  # 0: for ever
    rows: int  # that would go


@dataclass(frozen=True, slots=True, kw_only=True)
class InOrder:
    """Forgets rows in the order of their ids. SQL gets `after`, `before`, `end` and `limit`."""

    kind: str
    # The last id of the next piece: up to the first row that is not old yet; null or `after`: none.
    next_end: str
    forget: str  # rows with after < id <= end
    count: str  # how many with after < id are old and still tell of somebody

    def forget_some(self, old: Old) -> int:
        """Forget the next piece, and move the mark with it; say how many ids it spans."""
        with transaction.atomic():
            mark, _ = RetentionMark.objects.get_or_create(kind=self.kind)
            end = _number(self.next_end, old, after=mark.done_to, limit=ROWS_PER_CHUNK)
            if end <= mark.done_to:
                return 0
            _run(self.forget, old, after=mark.done_to, end=end)
            RetentionMark.objects.filter(pk=mark.pk).update(done_to=end)
        return end - mark.done_to

    def count_old(self, old: Old) -> int:
        """Say how many rows would be forgotten now."""
        mark = RetentionMark.objects.filter(kind=self.kind).first()
        return _number(self.count, old, after=mark.done_to if mark else 0)

    def retention(self, setting: str) -> Retention:
        """Return this as a kind's retention."""
        return Retention(setting=setting, count=self.count_old, forget=self.forget_some)


def days_kept(retention: Retention) -> int:
    """Return after how many days things go; 0: never."""
    return int(getattr(config.current(), retention.setting))


def look(now: dt.datetime | None = None) -> list[Due]:
    """Say for each kind with a setting what would go now; changes nothing."""
    now = now or timezone.now()
    return [
        Due(kind.name, kind.retention.setting, days_kept(kind.retention), _due(kind.retention, now))
        for kind in keeping.kinds()
        if kind.retention
    ]


def apply(
    now: dt.datetime | None = None, *, rest: Callable[[float], None] = time.sleep
) -> dict[str, int]:
    """Forget everything that is due, piece by piece; return how much of each kind was gone
    through. May be killed at any point, and done again."""
    now = now or timezone.now()
    return {
        kind.name: _apply(kind, now, rest)
        for kind in keeping.kinds()
        if kind.retention and days_kept(kind.retention)
    }


def _apply(kind: Kept, now: dt.datetime, rest: Callable[[float], None]) -> int:
    assert kind.retention is not None
    old = _old(kind.retention, now)
    done = 0
    while some := kind.retention.forget(old):
        done += some
        rest(REST_SECONDS)
    return done


def _due(retention: Retention, now: dt.datetime) -> int:
    return retention.count(_old(retention, now)) if days_kept(retention) else 0


def _old(retention: Retention, now: dt.datetime) -> Old:
    return Old(before=now - dt.timedelta(days=days_kept(retention)))


def _number(sql: str, old: Old, **more: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, {**old.params, **more})
        (value,) = cursor.fetchone()
    return int(value or 0)


def _run(sql: str, old: Old, **more: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, {**old.params, **more})
