"""When one workspace may text: the rules of a place, and what the workspace itself adds. Pure.

Own hours only narrow what the rules leave open. An owner who knows better may put other hours in
the place of a region's rule; that is audited (`deciding`).
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tapline.hours.places import ANY_HOUR, Place, read_place
from tapline.hours.rules import weeks_of
from tapline.hours.windows import ALWAYS, Candidate, Opening, Week, next_opening, opening_at

# A text is not handed over when less than this is left: it must still cross the provider and the
# carrier before the place closes.
LEAST_LEFT = dt.timedelta(minutes=10)
# And it is asked to be dropped this long before, so that a carrier's own queue cannot drift.
MARGIN = dt.timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a workspace has decided about hours. The defaults are the rules as they stand."""

    zone: str = "UTC"
    country: str = "US"
    own: tuple[Week, ...] = ()  # its own hours and those of every workspace above it
    own_service: tuple[Week, ...] = ()  # the same for service texts that wait
    replaced: tuple[tuple[str, Week], ...] = ()  # region → hours that stand for its rule
    service_waits: bool = False
    answers_wait: bool = False
    most_texts: int = 0  # marketing texts per contact in `cap_days`; 0: no cap
    cap_days: int = 7
    at_night: str = "wait"  # what new broadcasts begin with: "wait" or "skip"
    give_up_hours: int = 48

    def for_texts(self, purpose: str) -> Policy:
        """Return the policy with the own hours of a purpose."""
        if purpose == "marketing" or self.own == self.own_service:
            return self
        return replace(self, own=self.own_service)

    def waits(self, purpose: str) -> bool:
        """Say whether texts of a purpose keep to the hours at all."""
        return purpose == "marketing" or self.service_waits

    def place(self, key: str) -> Place:
        """Return the place that a key stands for here."""
        return read_place(key, self.zone, self.country)

    def opening_at(self, key: str, at: dt.datetime) -> Opening | None:
        """Return the opening of a place that `at` lies in; None while it is closed."""
        return opening_at(_candidates(self, key), at)

    def next_opening(self, key: str, at: dt.datetime) -> Opening | None:
        """Return the first opening of a place after `at`."""
        return next_opening(_candidates(self, key), at)

    def is_open(self, key: str, at: dt.datetime) -> bool:
        """Say whether texts may arrive at a place."""
        return self.opening_at(key, at) is not None

    def weeks(self, region: str) -> tuple[Week, ...]:
        """Return every week that holds for a region here."""
        return weeks_of(region, dict(self.replaced)) + self.own


@functools.lru_cache(maxsize=16384)
def _candidates(policy: Policy, key: str) -> tuple[Candidate, ...]:
    if key == ANY_HOUR:
        return (Candidate("UTC", (ALWAYS,)),)
    return tuple(Candidate(zone, policy.weeks(region)) for region, zone in policy.place(key).spots)


@dataclass(frozen=True, slots=True)
class Moment:
    """Which of some places are open at a moment, until when, and when that changes next."""

    closes_at: Mapping[str, dt.datetime]  # the open ones: the last moment to hand over, and no more
    opens_at: Mapping[str, dt.datetime | None]  # the closed ones; None: not within ten days
    changes_at: dt.datetime


def look(
    policy: Policy, keys: Sequence[str], at: dt.datetime, least_left: dt.timedelta = LEAST_LEFT
) -> Moment:
    """Return how things stand. A place that closes within `least_left` counts as closed already."""
    closes_at: dict[str, dt.datetime] = {}
    opens_at: dict[str, dt.datetime | None] = {}
    changes = [at + dt.timedelta(days=1)]
    for key in keys:
        now = policy.opening_at(key, at)
        if now is not None and now.closes_at - at > least_left:
            closes_at[key] = now.closes_at
            changes.append(now.closes_at - least_left)
            continue
        coming = _long_enough(policy, key, at, least_left)
        opens_at[key] = coming.opens_at if coming else None
        if coming:
            changes.append(coming.opens_at)
    return Moment(closes_at, opens_at, min(changes))


def _long_enough(
    policy: Policy, key: str, at: dt.datetime, least_left: dt.timedelta
) -> Opening | None:
    coming = policy.next_opening(key, at)
    while coming and coming.closes_at - coming.opens_at <= least_left:
        at, coming = coming.opens_at, policy.next_opening(key, coming.opens_at)
    return coming
