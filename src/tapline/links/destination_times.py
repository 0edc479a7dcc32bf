"""When a destination is looked at again, and when it counts as failing. Pure.

One failed look is no alarm: servers restart. The second one, a minute later, is.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from tapline.links.destination_findings import State

# Failed looks in a row that make an alarm.
ALARM_AFTER = 2
# How long after its last tap a destination is of interest.
FORGOTTEN_AFTER = dt.timedelta(days=7)
BE_SURE_AFTER = dt.timedelta(minutes=1)
# While it fails somebody waits for it to be well again; after an hour less eagerly.
FAILING_EVERY, FAILING_LATER_EVERY = dt.timedelta(minutes=5), dt.timedelta(minutes=30)
# Sites that turn us away are not pressed.
DOUBTFUL_EVERY = dt.timedelta(hours=1)
TAPPED_LATELY, TAPPED_TODAY = dt.timedelta(hours=1), dt.timedelta(days=1)
TODAY_EVERY, LATER_EVERY = dt.timedelta(hours=1), dt.timedelta(hours=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How often in a row a destination failed, since when, and when it is looked at next."""

    failures: int
    failing_since: dt.datetime | None
    look_at: dt.datetime | None


def after_look(
    state: State,
    now: dt.datetime,
    *,
    failures: int,
    failing_since: dt.datetime | None,
    tapped_at: dt.datetime | None,
    every: dt.timedelta,
) -> Standing:
    """Return what one look changes. `every`: the rest while people tap; zero: never by itself."""
    fails = state == State.FAILING
    failures = min(failures + 1, 1000) if fails else 0
    failing_since = (failing_since or now) if fails else None
    rest = _rest(state, failures, now - (failing_since or now), _since(tapped_at, now), every)
    return Standing(
        failures=failures,
        failing_since=failing_since,
        look_at=now + rest if rest is not None else None,
    )


def _rest(
    state: State, failures: int, failing: dt.timedelta, idle: dt.timedelta, every: dt.timedelta
) -> dt.timedelta | None:
    if not every or idle > FORGOTTEN_AFTER:
        return None
    if 0 < failures < ALARM_AFTER:
        return BE_SURE_AFTER
    if failures:
        return FAILING_EVERY if failing < TAPPED_LATELY else FAILING_LATER_EVERY
    if idle > TAPPED_TODAY:
        return max(every, LATER_EVERY)
    if idle > TAPPED_LATELY:
        return max(every, TODAY_EVERY)
    return max(every, DOUBTFUL_EVERY) if state == State.DOUBTFUL else every


def _since(moment: dt.datetime | None, now: dt.datetime) -> dt.timedelta:
    return now - moment if moment else dt.timedelta.max
