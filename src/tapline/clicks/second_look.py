"""Judges openings again by what they say about each other, within a minute; and on demand all.

Ingest judges each request alone. A little later every broadcast with new openings or receipts is
gone through as far as something can have changed, and what is to be said otherwise is corrected.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter

from django.utils import timezone

from tapline.clicks import store
from tapline.clicks.correcting import change_verdicts, finish_recounts
from tapline.clicks.judging import find_changes, opened
from tapline.clicks.known_walkers import remember_walkers
from tapline.clicks.lookalikes import note_seed_openings
from tapline.clicks.looks import count_received, note_look
from tapline.clicks.models import Look
from tapline.clicks.moments import naive
from tapline.clicks.spans import EVER, Span, spans_of

# A broadcast that took a second to look at rests for ten: it must not keep the worker busy.
REST_PER_SECOND = 10.0

HELD = """
-- Where there are clicks since a moment.
select distinct workspace, broadcast from clicks where clicked_at >= :since order by all
"""

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
        judge_broadcast(look.workspace_id, look.broadcast_id, look.since, remembers=True)
        note_look(look, news[1])
        _rests_until[look.pk] = _rest_after(time.thread_time() - began)
    return False


def judge_broadcast(
    workspace_id: int,
    broadcast_id: int,
    since: dt.datetime | None = EVER,
    is_asked: str = "false",
    *,
    remembers: bool = False,
) -> int:
    """Bring the verdicts of one broadcast up to date; return how many rows changed.

    `since`: the oldest opening that is new; None where only receipts can be. `is_asked` is a
    condition on rows: those get today's rules even where older ones judged them. `remembers`: who
    walked over it is known in the workspace's other broadcasts from now on.
    """
    spans = spans_of(workspace_id, broadcast_id, since, timezone.now())
    judged = [_judge_span(workspace_id, broadcast_id, span, is_asked, remembers) for span in spans]
    # Also where nothing changed: the last look may have been killed before this.
    note_seed_openings(workspace_id, broadcast_id)
    return sum(judged)


def _judge_span(
    workspace_id: int, broadcast_id: int, span: Span, is_asked: str, remembers: bool
) -> int:
    with opened(workspace_id, broadcast_id, span) as database:
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
    return sum(judge_broadcast(*held, since, _since(since)) for held in _held(since))


def differences(since: dt.datetime = EVER) -> Differences:
    """Return what `rejudge` would change, and change nothing."""
    found: Differences = Counter()
    for workspace_id, broadcast_id in _held(since):
        for span in spans_of(workspace_id, broadcast_id, since, timezone.now()):
            found += _differences_in(workspace_id, broadcast_id, span, _since(since))
    return found


def _differences_in(workspace_id: int, broadcast_id: int, span: Span, is_asked: str) -> Differences:
    with opened(workspace_id, broadcast_id, span) as database:
        find_changes(database, workspace_id, broadcast_id, is_asked)
        sql = "select verdict, new_verdict, count(*) from changes group by all"
        rows = database.execute(sql).fetchall()
    return Counter({(before, now): count for before, now, count in rows})


def _held(since: dt.datetime) -> list[tuple[int, int]]:
    return [(row[0], row[1]) for row in store.query(HELD, {"since": naive(since)})]


def _since(moment: dt.datetime) -> str:
    return f"o.clicked_at >= timestamp '{naive(moment):%Y-%m-%d %H:%M:%S.%f}'"


def _rest_after(seconds: float) -> float:
    return time.monotonic() + (REST_PER_SECOND * seconds if seconds > 1 else 0)


_rests_until: dict[int, float] = {}  # by look; on the monotonic clock
