"""Where a recipient lives, as far as the evidence tells: a short key, and what it stands for.

A key names the evidence itself, so that it can be shown and argued about years later:

- `address:US-FL`, `address:US-FL/331`, `address:FR`: state or country that the contact states;
  with the ZIP code's beginning where that agrees and narrows the zones
- `postcode:331`: the beginning of a stated ZIP or Canadian postcode
- `tap:US-FL`, `tap:FR`: where the network of their last tap is (see `taps`)
- `zone:America/New_York area:212`, `zone:America/New_York tap:US-NY`: the stated zone; the last
  tap, or else the number, tells the state
- `area:305`: a North American area code; `number:+33`: the number's calling code
- `` (nothing): the workspace's own zone and country
- `any`: leaves at any hour (an answer to somebody who just wrote, an opt-out's confirmation)

The strongest evidence counts; `clues` picks it by SQL. Where it leaves several places open, all of
them are candidates, and the strictest holds. Pure.
"""

from __future__ import annotations

import bisect
import datetime as dt
import functools
import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, country_code_for_region
from phonenumbers.tzdata import TIMEZONE_DATA

from tapline.hours.regions import (
    LIES_OVER,
    TERRITORIES,
    area_codes,
    postcodes,
    region_names,
    region_zones,
)

ANY_HOUR = "any"
LONGEST_KEY = 80


@dataclass(frozen=True, slots=True)
class Place:
    """What a key stands for: evidence ("area", …), and (region, zone) of each candidate."""

    evidence: str
    value: str  # what the evidence says: "305", "US-FL", "America/New_York"
    spots: tuple[tuple[str, str], ...]

    @property
    def regions(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(region for region, _zone in self.spots))

    @property
    def zones(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(zone for _region, zone in self.spots))


@functools.lru_cache(maxsize=8192)
def read_place(key: str, home_zone: str, home_country: str) -> Place:
    """Return the place that a key stands for. An unreadable one counts as no evidence."""
    evidence, _, value = key.partition(":")
    spots: tuple[tuple[str, str], ...] = ()
    if evidence in ("address", "tap"):
        spots = _of_address(value)
    elif evidence == "postcode":
        spots = _spots(postcodes().get(value, ()))
    elif evidence == "zone":
        spots = _of_zone(value)
        value = value.partition(" ")[0]
    elif evidence in ("area", "number"):
        spots = _of_number(key)
    if spots:
        return Place(evidence, value, spots)
    return Place("workspace", home_zone, ((home_country, known_zone(home_zone)),))


@functools.lru_cache(maxsize=8192)
def key_of_tap(country: str, region: str) -> str:
    """Return the key of where a tap came from: "US" and "Florida, US" are `tap:US-FL`.

    Empty where that tells no hours: of the US and Canada the state must be known.
    """
    if f"US-{country}" in TERRITORIES:
        return f"tap:US-{country}"
    if country in ("US", "CA"):
        state = _state_codes().get((country, region.removesuffix(f", {country}")))
        return f"tap:{state}" if state else ""
    return f"tap:{country}" if country_zones(country) else ""


@functools.cache
def _state_codes() -> dict[tuple[str, str], str]:
    return {(region[:2], name): region for region, name in region_names().items()}


def known_zone(name: str) -> str:
    """Return the zone if the machine knows it, else UTC."""
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return "UTC"
    return name


def _of_address(value: str) -> tuple[tuple[str, str], ...]:
    region, _, postcode = value.partition("/")
    narrowed = tuple(spot for spot in _spots(postcodes().get(postcode, ())) if spot[0] == region)
    if narrowed:
        return narrowed
    zones = region_zones().get(region) or country_zones(region)
    return tuple((region, zone) for zone in zones)


def _of_number(key: str) -> tuple[tuple[str, str], ...]:
    evidence, _, value = key.partition(":")
    if evidence == "area":
        return _of_area(value)
    zones = TIMEZONE_DATA.get(value.removeprefix("+"), ())
    return tuple((country_of_prefix(value), known_zone(zone)) for zone in zones)


def _of_area(code: str) -> tuple[tuple[str, str], ...]:
    """Return the candidates of an area code; of an unknown one all of the US and Canada."""
    regions = area_codes().get(code)
    if regions is None:
        mainland = {r: zones for r, zones in region_zones().items() if r not in TERRITORIES}
        return _spots(mainland.items())
    reached = _zones_of_prefix(f"1{LIES_OVER.get(code, code)}")
    found: list[tuple[str, str]] = []
    for region in regions:
        own = region_zones().get(region, reached)
        near = tuple(z for z in own if any(same_clock(z, other) for other in reached))
        found += [(region, zone) for zone in near or own]
    return tuple(found)


def _of_zone(value: str) -> tuple[tuple[str, str], ...]:
    """Return the states of the tap, or the number, that lie in the stated zone; where none of them
    does, every state that lies in it, or else the zone's country."""
    zone, _, other = value.partition(" ")
    spots = _of_address(other[4:]) if other.startswith("tap:") else _of_number(other)
    if known_zone(zone) != zone:
        return spots
    regions = {region for region, its in spots if same_clock(zone, its)}
    regions = regions or {region for region, zones in region_zones().items() if zone in zones}
    regions = regions or _countries_of_zone().get(zone, set()) or {""}
    return tuple((region, zone) for region in sorted(regions))


def _spots(rows: Iterable[tuple[str, tuple[str, ...]]]) -> tuple[tuple[str, str], ...]:
    return tuple((region, zone) for region, zones in rows for zone in zones)


def country_of_prefix(prefix: str) -> str:
    """Return the country (ISO 3166) of a calling prefix such as "+33" or "+7701"; "" for none."""
    digits = prefix.removeprefix("+")
    if digits.startswith(("76", "77")):
        return "KZ"
    for length in (1, 2, 3):
        if countries := COUNTRY_CODE_TO_REGION_CODE.get(int(digits[:length] or 0)):
            return countries[0] if countries[0] != "001" else ""
    return ""


def country_zones(country: str) -> tuple[str, ...]:
    """Return the zones of a country; empty for one that nobody knows."""
    if country in ("US", "CA"):
        states = region_zones().items()
        inside = (z for region, zones in states if region.startswith(country) for z in zones)
        return tuple(dict.fromkeys(inside))
    calling = country_code_for_region(country)
    if calling == 1:
        codes = [code for code, regions in area_codes().items() if country in regions]
        return tuple(dict.fromkeys(zone for code in codes for zone in _zones_of_prefix(f"1{code}")))
    prefix = "77" if country == "KZ" else str(calling)
    return tuple(dict.fromkeys(known_zone(zone) for zone in TIMEZONE_DATA.get(prefix, ())))


@functools.cache
def _zones_of_prefix(prefix: str) -> tuple[str, ...]:
    """Return every zone that numbers beginning so may lie in."""
    within = (zones for begin, zones in TIMEZONE_DATA.items() if begin.startswith(prefix))
    return tuple(dict.fromkeys(known_zone(zone) for zones in within for zone in zones))


@functools.cache
def _countries_of_zone() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for calling, countries in COUNTRY_CODE_TO_REGION_CODE.items():
        for zone in TIMEZONE_DATA.get(str(calling), ()) if calling != 1 else ():
            found.setdefault(zone, set()).add(countries[0])
    return found


@functools.lru_cache(maxsize=8192)
def same_clock(zone: str, other: str) -> bool:
    """Say whether two zones show the same time, summer and winter."""
    moments = [dt.datetime(2026, month, 15, 12, tzinfo=dt.UTC) for month in (1, 7)]
    clocks = [zoneinfo.ZoneInfo(known_zone(each)) for each in (zone, other)]
    first, second = ([each.astimezone(clock).utcoffset() for each in moments] for clock in clocks)
    return first == second


@functools.cache
def dialled_ranges() -> tuple[tuple[str, str], ...]:
    """Return (first number, key) of ranges of numbers outside North America, in order.

    A range ends where the next begins. Prefixes that say no more than a shorter one are left out.
    """
    prefixes = sorted(p for p in TIMEZONE_DATA if not p.startswith("1") and _says_more(p))
    starts: dict[str, str] = {}
    open_prefixes: list[str] = []
    for prefix in [*prefixes, "~"]:
        while open_prefixes and not prefix.startswith(open_prefixes[-1]):
            ended = open_prefixes.pop()
            outer = f"number:+{open_prefixes[-1]}" if open_prefixes else ""
            starts["+" + ended[:-1] + chr(ord(ended[-1]) + 1)] = outer
        if prefix != "~":
            starts["+" + prefix] = f"number:+{prefix}"
            open_prefixes.append(prefix)
    return tuple(sorted(starts.items()))


def key_of_number(phone: str) -> str:
    """Return the key of the place that an E.164 number alone tells; empty for none."""
    if phone.startswith("+1"):
        return f"area:{phone[2:5]}"
    ranges = dialled_ranges()
    at = bisect.bisect_right(ranges, phone, key=lambda each: each[0])
    return ranges[at - 1][1] if at else ""


def _says_more(prefix: str) -> bool:
    shorter = (prefix[:length] for length in range(len(prefix) - 1, 0, -1))
    outer = next((each for each in shorter if each in TIMEZONE_DATA), None)
    if outer is None:
        return True
    same_country = country_of_prefix(outer) == country_of_prefix(prefix)
    return not (same_country and TIMEZONE_DATA[outer] == TIMEZONE_DATA[prefix])
