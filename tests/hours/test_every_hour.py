"""No text is open outside its hours: looked at with plain clocks, for every zone and any moment.

The oracle here knows nothing of openings: it reads the local clock of each place where somebody may
live, and looks the minute up in the week that is written beside the test.
"""

from __future__ import annotations

import datetime as dt
import random
import zoneinfo
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapline.hours.holidays import is_holiday
from tapline.hours.places import dialled_ranges
from tapline.hours.policy import LEAST_LEFT, MARGIN, Policy, look
from tapline.hours.reading import read_week
from tapline.hours.regions import area_codes, postcodes, region_zones
from tapline.hours.rules import RULES
from tapline.hours.windows import DAY_MINUTES, Candidate, Week, next_opening, opening_at

PLAIN = Policy()
ZONES = sorted(zoneinfo.available_timezones() - {"localtime", "Factory"})

# What each rule allows, written down once more from its source: Monday to Friday, Saturday, Sunday.
WRITTEN = {
    "US": ("8-21", "8-21", "8-21"),
    "US-AL": ("8-20", "8-20", ""),
    "US-CA": ("9-21", "9-21", "9-21"),
    "US-CT": ("9-20", "9-20", "9-20"),
    "US-FL": ("8-20", "8-20", "8-20"),
    "US-IL": ("9-21", "9-21", "9-21"),
    "US-KY": ("10-21", "10-21", "10-21"),
    "US-LA": ("8-20", "8-20", ""),
    "US-MA": ("8-20", "8-20", "8-20"),
    "US-MD": ("8-20", "8-20", "8-20"),
    "US-MI": ("9-21", "9-21", "9-21"),
    "US-MN": ("9-21", "9-21", "9-21"),
    "US-MS": ("8-20", "8-20", ""),
    "US-NJ": ("8-20", "8-20", "8-20"),
    "US-NM": ("9-21", "9-21", "9-21"),
    "US-NV": ("9-20", "9-20", "9-20"),
    "US-OK": ("8-20", "8-20", "8-20"),
    "US-RI": ("9-18", "10-17", "10-17"),
    "US-TX": ("9-21", "9-21", "12-21"),
    "US-WA": ("8-20", "8-20", "8-20"),
    "AU": ("9-20", "9-17", ""),
    "CA": ("9-21:30", "10-18", "10-18"),
    "DE": ("8-20", "8-20", "8-20"),
    "ES": ("9-21", "", ""),
    "FR": ("8:30-20", "8:30-20", ""),
    "GB": ("8-20", "8-20", "8-20"),
    "IE": ("8-20", "8-20", "8-20"),
    "NL": ("8-20", "8-20", "8-20"),
    "NZ": ("8-20", "8-20", "8-20"),
}
# Of the plain days of a week in winter and one in summer; none is a holiday anywhere here.
MONDAYS = (dt.date(2026, 2, 2), dt.date(2026, 8, 3))


def _clock(text: str) -> int:
    hour, _, minute = text.partition(":")
    return int(hour) * 60 + int(minute or 0)


def test_every_rule_is_written_down_here_too() -> None:
    assert WRITTEN.keys() == RULES.keys()


@pytest.mark.parametrize("region", WRITTEN)
def test_a_rule_opens_and_closes_at_its_minute_on_each_day_in_winter_and_in_summer(
    region: str,
) -> None:
    zones = region_zones().get(region, ("Etc/UTC",))
    for zone in zones:
        alone = [Candidate(zone, PLAIN.weeks(region))]
        for monday in MONDAYS:
            for day in range(7):
                hours = WRITTEN[region][max(0, day - 4)]
                date = monday + dt.timedelta(days=day)
                _opens_and_closes_as_written(alone, zone, date, hours)


def _opens_and_closes_as_written(
    alone: list[Candidate], zone: str, date: dt.date, hours: str
) -> None:
    def is_open(minute: int) -> bool:
        local = dt.datetime.combine(date, dt.time(minute // 60, minute % 60))
        at = local.replace(tzinfo=zoneinfo.ZoneInfo(zone)).astimezone(dt.UTC)
        return opening_at(alone, at) is not None

    if not hours:
        assert not any(map(is_open, range(0, DAY_MINUTES, 15))), (zone, date)
        return
    opens, closes = map(_clock, hours.split("-"))
    minutes = (opens - 1, opens, opens + 1, closes - 1, closes, closes + 1)
    assert list(map(is_open, minutes)) == [False, True, True, True, False, False], (zone, date)


def _is_within(week: Week, local: dt.datetime) -> bool:
    """Say whether a clock on the wall is inside a week's hours."""
    if week.holidays and is_holiday(week.holidays, local.date()):
        return False
    span = week.days[local.weekday()]
    return span is not None and span[0] <= local.hour * 60 + local.minute < span[1]


def _clocks(key: str, at: dt.datetime) -> list[tuple[str, dt.datetime]]:
    spots = PLAIN.place(key).spots
    return [(region, at.astimezone(zoneinfo.ZoneInfo(zone))) for region, zone in spots]


def _all_allow(key: str, at: dt.datetime) -> bool:
    return all(
        _is_within(its, local) for region, local in _clocks(key, at) for its in PLAIN.weeks(region)
    )


@cache
def _keys() -> tuple[str, ...]:
    every = [f"area:{code}" for code in area_codes()] + [f"postcode:{zip3}" for zip3 in postcodes()]
    every += [key for _start, key in dialled_ranges() if key]
    every += [f"address:{region}" for region in region_zones()]
    every += [f"zone:{zone} area:212" for zone in ZONES]
    return (*every, "area:999", "")


def _instants(first: int, last: int) -> st.SearchStrategy[dt.datetime]:
    """Return any second from the beginning of year `first` to that of year `last`."""
    start, end = (dt.datetime(year, 1, 1, tzinfo=dt.UTC) for year in (first, last))
    seconds = st.integers(0, int((end - start).total_seconds()))
    return seconds.map(lambda past: start + dt.timedelta(seconds=past))


instants = _instants(2024, 2031)


@given(st.integers(0, 10**9), instants)
def test_a_place_that_is_open_is_open_by_every_clock_there(pick: int, at: dt.datetime) -> None:
    key = _keys()[pick % len(_keys())]
    opening = PLAIN.opening_at(key, at)
    if opening is None:
        return
    assert _all_allow(key, at), key
    last = min(opening.closes_at, at + dt.timedelta(days=2)) - dt.timedelta(seconds=1)
    for step in range(12):  # and stays so until it closes
        assert _all_allow(key, at + (last - at) * step / 11), (key, step)


@given(st.integers(0, 10**9), instants)
def test_a_place_that_every_clock_allows_is_open_but_for_changes_of_clocks(
    pick: int, at: dt.datetime
) -> None:
    key = _keys()[pick % len(_keys())]
    near = (at - dt.timedelta(hours=30), at + dt.timedelta(hours=30))
    same = {local.utcoffset() for _region, local in _clocks(key, at)}
    steady = all({x.utcoffset() for _r, x in _clocks(key, each)} == same for each in near)
    if steady and _all_allow(key, at):
        assert PLAIN.is_open(key, at), key


@given(st.integers(0, 10**9), instants)
def test_the_next_opening_is_the_first_that_the_clocks_allow(pick: int, at: dt.datetime) -> None:
    key = _keys()[pick % len(_keys())]
    if PLAIN.is_open(key, at):
        return
    coming = PLAIN.next_opening(key, at)
    assert coming is not None, key
    assert _all_allow(key, coming.opens_at), key
    # An hour of leave for a clock that changes; otherwise nothing was missed on the way.
    quarter, missed = dt.timedelta(minutes=15), 0
    while (at := at + quarter) < coming.opens_at:
        missed += _all_allow(key, at)
    assert missed <= 4, key


# A clock that changes by half an hour, by two hours, at midnight, in a place that skipped a day.
ODD_ZONES = (
    *("Australia/Lord_Howe", "Antarctica/Troll", "Asia/Beirut", "America/Havana"),
    *("Pacific/Apia", "Pacific/Kiritimati", "Asia/Kathmandu", "America/Scoresbysund"),
)


@given(
    st.sampled_from([*ZONES, *ODD_ZONES * 20]),
    st.integers(0, DAY_MINUTES - 1),
    st.integers(1, DAY_MINUTES),
    _instants(2008, 2038),
)
def test_any_hours_in_any_zone_hold_by_the_clock_on_the_wall(
    zone: str, opens: int, length: int, at: dt.datetime
) -> None:
    closes = min(opens + length, DAY_MINUTES)
    its = Week(((opens, closes),) * 7)
    here = [Candidate(zone, (its,))]

    opening = opening_at(here, at) or next_opening(here, at)

    assert opening is not None
    start, end = max(opening.opens_at, at), opening.closes_at - dt.timedelta(microseconds=1)
    for step in range(8):
        moment = start + (min(end, start + dt.timedelta(days=3)) - start) * step / 7
        assert _is_within(its, moment.astimezone(zoneinfo.ZoneInfo(zone))), (zone, moment)


def test_what_may_be_handed_over_is_dropped_by_the_provider_before_any_place_closes() -> None:
    chance = random.Random(11)
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    for _ in range(40):
        at = start + dt.timedelta(seconds=chance.randrange(365 * 24 * 3600))
        keys = chance.sample(_keys(), 25)
        for key, closes_at in look(PLAIN, keys, at).closes_at.items():
            assert closes_at - at > LEAST_LEFT
            if closes_at < at + dt.timedelta(days=2):
                assert _all_allow(key, closes_at - MARGIN)
                assert _all_allow(key, closes_at - dt.timedelta(seconds=1))


def test_own_hours_never_open_what_a_rule_closes() -> None:
    chance = random.Random(13)
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    for own in ("0-24", "6-23", "Sat-Sun 0-24", "12-13"):
        narrowed = Policy(own=(read_week(own),))
        for key in chance.sample(_keys(), 60):
            at = start + dt.timedelta(minutes=chance.randrange(365 * 24 * 60))
            if narrowed.is_open(key, at):
                assert _all_allow(key, at)
                assert all(_is_within(read_week(own), local) for _r, local in _clocks(key, at))
