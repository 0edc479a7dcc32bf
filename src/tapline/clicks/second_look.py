"""Judges openings again by what they say about each other, within a minute; and on demand all.

Ingest judges each request alone. A little later every broadcast with new openings or receipts is
gone through as a whole, and what is to be said otherwise then is corrected.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter

from tapline.clicks import store
from tapline.clicks.correcting import change_verdicts, finish_recounts
from tapline.clicks.judging import find_changes, opened
from tapline.clicks.known_walkers import remember_walkers
from tapline.clicks.looks import count_received
from tapline.clicks.models import Look

# A broadcast that took a second to look at rests for ten: it must not keep the worker busy.
REST_PER_SECOND = 10.0

HELD = """
-- Where there are clicks since a moment.
select distinct workspace, broadcast from clicks where clicked_at >= :since order by all
"""

EVER = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

# (verdict so far, verdict now) → clicks
Differences = Counter[tuple[str, str]]


def look_again() -> bool:
    """Look once at every broadcast with news.

    Always rests afterwards: what comes in the meantime shares the next look.
    """
    finish_recounts()  # of a look that was killed
    received = count_received()
    for look in Look.objects.order_by("id"):
        news = look.wanted, received.get(look.broadcast_id, 0)
        if news == (look.looked, look.receipts) or _rests_until.get(look.pk, 0) > time.monotonic():
            continue
        began = time.thread_time()
        judge_broadcast(look.workspace_id, look.broadcast_id, remembers=True)
        Look.objects.filter(pk=look.pk).update(looked=news[0], receipts=news[1])
        _rests_until[look.pk] = _rest_after(time.thread_time() - began)
    return False


def judge_broadcast(
    workspace_id: int, broadcast_id: int, is_asked: str = "false", *, remembers: bool = False
) -> int:
    """Bring the verdicts of one broadcast up to date; return how many rows changed.

    `is_asked` is a condition on rows: those get today's rules even where older ones judged them.
    `remembers`: who walked over it is known in the workspace's other broadcasts from now on.
    """
    with opened(workspace_id, broadcast_id) as database:
        changes = find_changes(database, workspace_id, broadcast_id, is_asked)
        if remembers:
            remember_walkers(database, workspace_id, broadcast_id)
        if not changes:
            return 0
        return change_verdicts(database, workspace_id, broadcast_id)


def rejudge(since: dt.datetime = EVER) -> int:
    """Judge all clicks since a moment by the rules of today; return how many rows changed.

    Messages' first human clicks follow. Clicks whose people were erased have lost what rules look
    at, and keep their verdicts.
    """
    return sum(judge_broadcast(*held, _since(since)) for held in _held(since))


def differences(since: dt.datetime = EVER) -> Differences:
    """Return what `rejudge` would change, and change nothing."""
    found: Differences = Counter()
    for workspace_id, broadcast_id in _held(since):
        with opened(workspace_id, broadcast_id) as database:
            find_changes(database, workspace_id, broadcast_id, _since(since))
            rows = database.execute(
                "select verdict, new_verdict, count(*) from changes group by all"
            ).fetchall()
        found.update({(before, now): count for before, now, count in rows})
    return found


def _held(since: dt.datetime) -> list[tuple[int, int]]:
    return [(row[0], row[1]) for row in store.query(HELD, {"since": _naive(since)})]


def _since(moment: dt.datetime) -> str:
    return f"o.clicked_at >= timestamp '{_naive(moment):%Y-%m-%d %H:%M:%S.%f}'"


def _naive(moment: dt.datetime) -> dt.datetime:
    return moment.astimezone(dt.UTC).replace(tzinfo=None)


def _rest_after(seconds: float) -> float:
    return time.monotonic() + (REST_PER_SECOND * seconds if seconds > 1 else 0)


_rests_until: dict[int, float] = {}  # by look; on the monotonic clock
