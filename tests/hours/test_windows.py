"""When a place is open: states, zones, days on which clocks change, uncertain places, holidays."""

from __future__ import annotations

import datetime as dt
import random
import zoneinfo

import pytest
from phonenumbers import SUPPORTED_REGIONS

from tapline.hours.holidays import easter, is_holiday
from tapline.hours.places import country_zones, dialled_ranges, read_place
from tapline.hours.policy import LEAST_LEFT, Policy, look
from tapline.hours.regions import LIES_OVER, area_codes, postcodes
from tapline.hours.rules import week
from tapline.hours.windows import Candidate, opening_at

NEW_YORK, CHICAGO, DENVER = "America/New_York", "America/Chicago", "America/Denver"
PLAIN = Policy()

# key, local time (or UTC with a Z), the zone of that time, open?
TABLE = [
    # Federal: 8 to 21, minute by minute.
    ("area:404", "2026-03-04 07:59", NEW_YORK, False),
    ("area:404", "2026-03-04 08:00", NEW_YORK, True),
    ("area:404", "2026-03-04 20:59", NEW_YORK, True),
    ("area:404", "2026-03-04 21:00", NEW_YORK, False),
    ("area:303", "2026-03-04 08:00", DENVER, True),
    ("area:303", "2026-03-04 08:00", NEW_YORK, False),
    # The same moment is day in New York and night in Los Angeles and Honolulu.
    ("area:212", "2026-03-04 10:30", NEW_YORK, True),
    ("area:213", "2026-03-04 10:30", NEW_YORK, False),
    ("area:808", "2026-03-04 12:30", NEW_YORK, False),
    # States that close at 20.
    ("area:305", "2026-03-04 19:59", NEW_YORK, True),
    ("area:305", "2026-03-04 20:00", NEW_YORK, False),
    ("area:405", "2026-03-04 20:00", CHICAGO, False),
    ("area:410", "2026-03-04 20:00", NEW_YORK, False),
    ("area:601", "2026-03-04 20:00", CHICAGO, False),
    ("area:201", "2026-03-04 20:00", NEW_YORK, False),
    ("area:201", "2026-03-04 19:59", NEW_YORK, True),
    # Connecticut 9 to 20.
    ("area:203", "2026-03-04 08:59", NEW_YORK, False),
    ("area:203", "2026-03-04 09:00", NEW_YORK, True),
    ("area:203", "2026-03-04 20:00", NEW_YORK, False),
    # Texas 9 to 21, Sundays from 12.
    ("area:214", "2026-03-07 09:00", CHICAGO, True),
    ("area:214", "2026-03-08 11:59", CHICAGO, False),
    ("area:214", "2026-03-08 12:00", CHICAGO, True),
    ("area:214", "2026-03-08 20:59", CHICAGO, True),
    # El Paso goes by Denver's time.
    ("area:915", "2026-03-04 08:30", DENVER, False),
    ("area:915", "2026-03-04 09:00", DENVER, True),
    # Rhode Island 9 to 18, weekends 10 to 17.
    ("area:401", "2026-03-04 17:59", NEW_YORK, True),
    ("area:401", "2026-03-04 18:00", NEW_YORK, False),
    ("area:401", "2026-03-07 09:30", NEW_YORK, False),
    ("area:401", "2026-03-07 10:00", NEW_YORK, True),
    ("area:401", "2026-03-08 17:00", NEW_YORK, False),
    # Alabama, Louisiana and Mississippi keep Sundays free, the first two holidays as well.
    ("area:205", "2026-03-08 12:00", CHICAGO, False),
    ("area:504", "2026-03-08 12:00", CHICAGO, False),
    ("area:601", "2026-03-08 12:00", CHICAGO, False),
    ("area:205", "2026-07-03 12:00", CHICAGO, False),  # The Fourth is a Saturday: kept on Friday.
    ("area:601", "2026-07-03 12:00", CHICAGO, True),
    # Split states: an area code that reaches into both zones is open only while both are.
    ("area:850", "2026-03-04 08:30", NEW_YORK, False),  # 7:30 in Pensacola
    ("area:850", "2026-03-04 09:00", NEW_YORK, True),
    ("area:850", "2026-03-04 20:00", NEW_YORK, False),  # 20:00 in Tallahassee
    ("area:850", "2026-03-04 19:30", CHICAGO, False),
    ("area:615", "2026-03-04 08:30", CHICAGO, True),  # Nashville is in one zone
    ("area:423", "2026-03-04 08:30", NEW_YORK, False),  # Chattanooga's is not
    ("area:208", "2026-03-04 08:30", DENVER, False),  # Boise or Coeur d'Alene
    ("area:208", "2026-03-04 20:30", "America/Los_Angeles", False),
    ("area:541", "2026-03-04 08:30", "America/Los_Angeles", True),
    ("area:541", "2026-03-04 20:30", "America/Los_Angeles", False),
    ("area:605", "2026-03-04 20:30", DENVER, False),
    ("area:701", "2026-03-04 08:30", CHICAGO, False),
    ("area:308", "2026-03-04 08:30", CHICAGO, False),
    ("area:785", "2026-03-04 20:30", DENVER, False),
    ("area:906", "2026-03-04 09:30", NEW_YORK, False),
    ("area:812", "2026-03-04 20:30", CHICAGO, False),
    ("area:270", "2026-03-04 10:30", NEW_YORK, False),
    # Codes that lie over another are in its zones, whatever `phonenumbers` says of them.
    ("area:448", "2026-03-04 08:30", NEW_YORK, False),  # Pensacola again
    ("area:448", "2026-03-04 19:30", CHICAGO, False),
    ("area:689", "2026-03-04 19:30", NEW_YORK, True),  # Orlando, which is not on Chicago's time
    ("area:689", "2026-03-04 20:00", NEW_YORK, False),
    ("area:364", "2026-03-04 10:30", NEW_YORK, False),  # Paducah
    ("area:364", "2026-03-04 10:00", CHICAGO, True),
    ("area:930", "2026-03-04 20:30", CHICAGO, False),  # Evansville or Columbus
    ("area:930", "2026-03-04 08:30", NEW_YORK, False),
    ("area:458", "2026-03-04 20:30", "America/Los_Angeles", False),  # Ontario, Oregon
    ("area:778", "2026-03-04 20:45", "America/Vancouver", False),  # 21:45 in Cranbrook
    ("area:581", "2026-03-04 21:00", "America/Toronto", False),  # 22:00 on the Magdalen Islands
    # Arizona does not move its clocks, its Navajo towns do.
    ("area:928", "2026-07-08 20:30", "America/Phoenix", False),
    ("area:928", "2026-07-08 08:30", "America/Phoenix", True),
    ("area:928", "2026-01-07 20:30", "America/Phoenix", True),
    ("postcode:865", "2026-07-08 20:30", "America/Phoenix", False),
    ("postcode:850", "2026-07-08 20:30", "America/Phoenix", True),
    # Alaska and its outermost islands; West Wendover in Nevada; the territories.
    ("area:907", "2026-03-04 08:30", "America/Anchorage", False),
    ("area:907", "2026-03-04 09:00", "America/Anchorage", True),
    ("area:907", "2026-03-04 20:30", "America/Adak", False),
    ("area:775", "2026-03-04 19:30", "America/Los_Angeles", False),
    ("area:702", "2026-03-04 19:30", "America/Los_Angeles", True),
    ("area:787", "2026-03-04 20:59", "America/Puerto_Rico", True),
    ("area:671", "2026-03-04 08:00", "Pacific/Guam", True),
    ("area:684", "2026-03-04 21:00", "Pacific/Pago_Pago", False),
    # Provinces that reach into two zones.
    ("area:807", "2026-03-04 09:30", "America/Toronto", False),
    ("area:250", "2026-03-04 20:45", "America/Vancouver", False),
    ("area:867", "2026-03-04 10:30", "America/Toronto", False),
    ("area:306", "2026-07-08 09:00", "America/Regina", True),
    # A stated state without its zone is as uncertain; a postcode makes it certain.
    ("address:US-FL", "2026-03-04 08:30", NEW_YORK, False),
    ("address:US-FL/331", "2026-03-04 08:30", NEW_YORK, True),
    ("address:US-FL/325", "2026-03-04 08:30", NEW_YORK, False),
    ("address:US-FL/325", "2026-03-04 19:30", CHICAGO, True),
    ("address:US-FL/902", "2026-03-04 08:30", NEW_YORK, False),  # That is in California.
    ("postcode:799", "2026-03-04 08:30", CHICAGO, False),
    ("postcode:799", "2026-03-04 09:00", DENVER, True),
    ("postcode:798", "2026-03-04 20:30", DENVER, False),  # El Paso's side, or Marfa
    ("postcode:377", "2026-03-04 08:30", NEW_YORK, False),  # Knoxville's side, or Crab Orchard
    ("postcode:379", "2026-03-04 08:30", NEW_YORK, True),
    ("postcode:401", "2026-03-04 10:30", NEW_YORK, False),  # Fort Knox, or Hardinsburg
    ("postcode:402", "2026-03-04 10:30", NEW_YORK, True),
    ("address:US-TN", "2026-03-04 08:30", NEW_YORK, False),
    ("address:US-TN/372", "2026-03-04 08:30", CHICAGO, True),
    # A stated zone with the number's state; with a number from elsewhere, all states in the zone.
    ("zone:America/New_York area:212", "2026-03-04 20:30", NEW_YORK, True),
    ("zone:America/New_York area:305", "2026-03-04 20:30", NEW_YORK, False),
    ("zone:America/Chicago area:850", "2026-03-04 19:30", CHICAGO, True),
    ("zone:America/New_York area:213", "2026-03-04 18:30", NEW_YORK, False),  # Rhode Island?
    ("zone:America/Detroit area:212", "2026-03-04 20:30", NEW_YORK, True),
    ("zone:Nowhere/Else area:212", "2026-03-04 08:00", NEW_YORK, True),  # only the number counts
    ("zone:Nowhere/Else area:212", "2026-03-04 07:59", NEW_YORK, False),
    # Clocks: spring forward on 8 March, back on 1 November 2026.
    ("area:404", "2026-03-08 11:59Z", "", False),
    ("area:404", "2026-03-08 12:00Z", "", True),  # 8:00 EDT
    ("area:404", "2026-03-07 12:00Z", "", False),  # 7:00 EST
    ("area:404", "2026-03-07 13:00Z", "", True),
    ("area:404", "2026-11-01 12:59Z", "", False),
    ("area:404", "2026-11-01 13:00Z", "", True),  # 8:00 EST
    ("area:404", "2026-11-01 00:59Z", "", True),  # 20:59 EDT the evening before
    ("area:404", "2026-11-02 01:59Z", "", True),  # 20:59 EST
    ("area:602", "2026-03-08 15:00Z", "", True),  # Phoenix never moves
    ("area:602", "2026-11-01 15:00Z", "", True),
    ("area:602", "2026-11-01 14:59Z", "", False),
    ("number:+44", "2026-03-29 07:00Z", "", True),  # 8:00 BST, on the day
    ("number:+44", "2026-03-28 07:00Z", "", False),
    ("number:+44", "2026-10-25 07:59Z", "", False),
    ("number:+44", "2026-10-25 08:00Z", "", True),
    # Elsewhere clocks move on other days, at other hours, by other steps, or the other way round.
    ("number:+64", "2026-04-05 00:00Z", "", True),  # noon, on the day they fall back
    ("address:NZ", "2026-04-04 18:59Z", "", False),  # 6:59, or 7:44 on Chatham: closed either way
    ("address:AU", "2026-10-06 02:30Z", "", True),  # 13:30 in Sydney, 9:00 on the Cocos Islands
    ("address:AU", "2026-10-06 02:29Z", "", False),
    ("address:AU", "2026-10-06 08:59Z", "", True),  # 19:59 in Sydney since Sunday
    ("address:AU", "2026-10-06 09:00Z", "", False),
    ("address:AU", "2026-10-01 09:29Z", "", True),  # before, 19:59 on Lord Howe Island
    ("address:AU", "2026-10-01 09:30Z", "", False),
    ("number:+972", "2026-03-27 05:00Z", "", True),  # Israel moved that night: 8:00
    ("number:+972", "2026-03-26 05:00Z", "", False),
    ("number:+20", "2026-04-24 05:00Z", "", True),  # Egypt moved at midnight: 8:00
    # Countries.
    ("number:+33", "2026-03-04 08:29", "Europe/Paris", False),
    ("number:+33", "2026-03-04 08:30", "Europe/Paris", True),
    ("number:+33", "2026-03-04 20:00", "Europe/Paris", False),
    ("number:+33", "2026-03-08 12:00", "Europe/Paris", False),  # Sunday
    ("number:+33", "2026-07-14 12:00", "Europe/Paris", False),
    ("number:+33", "2026-05-14 12:00", "Europe/Paris", False),  # Ascension
    ("number:+33", "2026-05-15 12:00", "Europe/Paris", True),
    ("number:+49", "2026-03-08 19:59", "Europe/Berlin", True),
    ("number:+49", "2026-03-08 20:00", "Europe/Berlin", False),
    ("number:+34", "2026-03-04 09:30", "Europe/Madrid", False),  # 8:30 on the Canaries
    ("number:+34", "2026-03-04 10:00", "Europe/Madrid", True),
    ("address:ES", "2026-03-07 12:00", "Europe/Madrid", False),  # Saturday
    ("area:416", "2026-03-04 21:29", "America/Toronto", True),
    ("area:416", "2026-03-04 21:30", "America/Toronto", False),
    ("area:416", "2026-03-07 09:30", "America/Toronto", False),
    ("area:416", "2026-03-07 18:00", "America/Toronto", False),
    ("area:709", "2026-03-04 09:15", "America/St_Johns", False),  # Labrador is on Halifax's time
    ("postcode:M", "2026-03-04 09:00", "America/Toronto", False),  # Ontario reaches to Winnipeg's
    ("number:+61", "2026-01-26 14:00", "Australia/Sydney", False),  # Australia Day
    ("number:+61", "2026-03-04 10:00", "Australia/Sydney", False),  # 7:00 in Perth
    ("address:NZ", "2026-03-04 12:00", "Pacific/Auckland", True),
    ("number:+81", "2026-03-04 19:59", "Asia/Tokyo", True),  # no rule known: the default
    ("number:+81", "2026-03-04 20:00", "Asia/Tokyo", False),
    # No evidence at all: the workspace's zone. Answers leave at any hour.
    ("", "2026-03-04 12:00Z", "", True),
    ("", "2026-03-04 22:00Z", "", False),
    ("any", "2026-03-04 03:00Z", "", True),
]


def _moment(text: str, zone: str) -> dt.datetime:
    local = dt.datetime.fromisoformat(text.removesuffix("Z"))
    return local.replace(tzinfo=zoneinfo.ZoneInfo(zone) if zone else dt.UTC).astimezone(dt.UTC)


@pytest.mark.parametrize(("key", "time", "zone", "is_open"), TABLE)
def test_a_place_is_open_when_its_strictest_rule_says_so(
    key: str, time: str, zone: str, is_open: bool
) -> None:
    assert PLAIN.is_open(key, _moment(time, zone)) is is_open


def test_hours_that_clocks_skip_or_repeat_are_taken_the_strict_way() -> None:
    from_two = Candidate(NEW_YORK, (week("2:30-20"),))
    until_half_past_one = Candidate(NEW_YORK, (week("0-1:30"),))

    # 8 March: 2:30 does not exist; 1:30 EST plus an hour is 3:30 EDT.
    assert opening_at([from_two], _moment("2026-03-08 07:29Z", "")) is None
    assert opening_at([from_two], _moment("2026-03-08 07:30Z", "")) is not None
    # 1 November: 1:30 comes twice; it closes at the first.
    assert opening_at([until_half_past_one], _moment("2026-11-01 05:29Z", "")) is not None
    assert opening_at([until_half_past_one], _moment("2026-11-01 05:30Z", "")) is None


def test_midnight_closes_nothing() -> None:
    always = [Candidate(NEW_YORK, (week("0-24"),))]
    opening = opening_at(always, _moment("2026-03-04 23:59", NEW_YORK))
    assert opening is not None
    assert opening.closes_at > _moment("2026-03-12 00:00", NEW_YORK)


def _random_keys(count: int) -> list[str]:
    numbers = [key for _start, key in dialled_ranges() if key]
    states = [f"address:US-{code}/{zip3}" for code in ("FL", "TX", "ID") for zip3 in ("331", "799")]
    every = [f"area:{code}" for code in area_codes()] + numbers + states
    every += [f"postcode:{begin}" for begin in postcodes()] + ["area:999", "number:+7"]
    return random.Random(7).sample(every, count)


def test_a_place_is_never_open_outside_any_of_its_candidates() -> None:
    chance = random.Random(3)
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    for key in _random_keys(150):
        at = start + dt.timedelta(minutes=chance.randrange(365 * 24 * 60))
        spots = PLAIN.place(key).spots
        alone = [opening_at([Candidate(zone, PLAIN.weeks(region))], at) for region, zone in spots]
        together = PLAIN.opening_at(key, at)
        assert (together is not None) == all(alone), key
        if together:
            assert together.opens_at <= at < together.closes_at
            assert together.closes_at == min(each.closes_at for each in alone if each)


def test_the_next_opening_is_open_and_a_place_stays_open_until_it_closes() -> None:
    chance = random.Random(5)
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    for key in _random_keys(100):
        at = start + dt.timedelta(minutes=chance.randrange(365 * 24 * 60))
        coming = PLAIN.next_opening(key, at)
        assert coming is not None, key
        assert at < coming.opens_at < coming.closes_at
        assert PLAIN.is_open(key, coming.opens_at)
        assert PLAIN.is_open(key, coming.closes_at - dt.timedelta(microseconds=1))
        assert not PLAIN.is_open(key, coming.closes_at)
        assert not PLAIN.is_open(key, coming.opens_at - dt.timedelta(microseconds=1))


def test_every_place_in_the_tables_opens_within_ten_days() -> None:
    at = dt.datetime(2026, 12, 24, 23, tzinfo=dt.UTC)  # before the holidays
    keys = {f"area:{code}" for code in area_codes()} | {"area:999"}
    keys |= {key for _start, key in dialled_ranges() if key}
    keys |= {f"address:{country}" for country in SUPPORTED_REGIONS}
    closed = [key for key in keys if PLAIN.next_opening(key, at) is None]
    assert closed == []


def test_a_code_that_lies_over_another_reaches_into_the_same_zones() -> None:
    for code, older in LIES_OVER.items():
        zones, older_zones = (set(PLAIN.place(f"area:{each}").zones) for each in (code, older))
        assert zones == older_zones, code
        assert area_codes()[code] == area_codes()[older] or "CA-BC" in area_codes()[code]


def test_every_zone_in_the_tables_is_known() -> None:
    for key in [f"area:{code}" for code in area_codes()] + [f"postcode:{p}" for p in postcodes()]:
        place = read_place(key, "UTC", "US")
        assert place.evidence != "workspace", key
        for zone in place.zones:
            assert zoneinfo.ZoneInfo(zone)
    assert country_zones("JM") == ("America/Jamaica",)


def test_every_area_code_in_use_is_in_the_table() -> None:
    from phonenumbers.tzdata import TIMEZONE_DATA

    known = {prefix[1:4] for prefix in TIMEZONE_DATA if prefix[0] == "1" and len(prefix) >= 4}
    assert known - area_codes().keys() <= {"273"}  # not in service yet; read as «somewhere»


def test_numbers_outside_america_find_the_range_that_they_lie_in() -> None:
    ranges = dialled_ranges()
    assert list(ranges) == sorted(ranges)

    def key_of(phone: str) -> str:
        return [key for start, key in ranges if start <= phone][-1]

    assert read_place(key_of("+447700900123"), "UTC", "US").spots[0][0] == "GB"
    assert "Europe/London" in read_place(key_of("+447700900123"), "UTC", "US").zones
    assert key_of("+33612345678") == "number:+33"
    assert read_place(key_of("+77011234567"), "UTC", "US").regions == ("KZ",)
    assert key_of("+2101234567") == ""  # no country's


def test_own_hours_only_narrow_and_replaced_ones_stand_for_the_rule() -> None:
    noon = _moment("2026-03-04 12:00", NEW_YORK)
    early, late = noon - dt.timedelta(hours=3), noon + dt.timedelta(hours=8, minutes=30)
    own = Policy(own=(week("10-24"),))
    assert not own.is_open("area:404", early)
    assert own.is_open("area:404", late)
    assert not own.is_open("area:305", late)  # Florida's rule goes on
    loosened = Policy(replaced=(("US-FL", week("8-21")),))
    assert loosened.is_open("area:305", late)


def test_a_place_that_closes_soon_counts_as_closed_and_opens_in_the_morning() -> None:
    at = _moment("2026-03-04 20:55", NEW_YORK)

    moment = look(PLAIN, ["area:404", "area:213", "area:808"], at)

    assert moment.opens_at == {"area:404": _moment("2026-03-05 08:00", NEW_YORK)}
    assert set(moment.closes_at) == {"area:213", "area:808"}
    assert moment.changes_at == _moment("2026-03-04 20:50", "America/Los_Angeles")


def test_a_long_queue_at_the_provider_closes_places_earlier() -> None:
    at = _moment("2026-03-04 19:00", NEW_YORK)
    assert "area:404" in look(PLAIN, ["area:404"], at).closes_at
    assert "area:404" in look(PLAIN, ["area:404"], at, dt.timedelta(hours=3)).opens_at
    assert dt.timedelta(minutes=10) == LEAST_LEFT


@pytest.mark.parametrize(
    ("calendar", "day"),
    [
        ("FR", "2026-04-06"),
        ("FR", "2026-05-25"),
        ("FR", "2027-01-01"),
        ("ES", "2026-04-03"),
        ("AU", "2026-12-28"),
        ("AU", "2021-12-27"),
        ("AU", "2021-12-28"),
        ("US", "2026-11-26"),
        ("US", "2026-05-25"),
        ("US", "2026-01-19"),
        ("US", "2021-12-31"),  # New Year's Day 2022 was a Saturday
    ],
)
def test_holidays_fall_where_they_fell(calendar: str, day: str) -> None:
    assert is_holiday(calendar, dt.date.fromisoformat(day))
    assert not is_holiday(calendar, dt.date(2026, 3, 4))


def test_easter_is_on_the_known_dates() -> None:
    known = {2024: (3, 31), 2025: (4, 20), 2026: (4, 5), 2027: (3, 28), 2038: (4, 25)}
    assert {year: (easter(year).month, easter(year).day) for year in known} == known
