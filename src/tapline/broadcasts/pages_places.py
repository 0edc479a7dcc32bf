"""How a report divides people by where their taps came from, and whose data says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from tapline.clicks import reports as clicks
from tapline.geo.book import Credit, place_book
from tapline.geo.countries import COUNTRIES
from tapline.names import country_name

# A map has so many strengths of colour; `reports.css` has a class for each.
STRENGTHS = 4


@dataclass(frozen=True, slots=True)
class Country:
    """One country on the map: its two letters, its words, and how strongly it is coloured."""

    code: str
    words: str
    strength: int


@dataclass(frozen=True, slots=True)
class WorldMap:
    """Where people tapped, and from how many to how many each strength of colour goes."""

    countries: list[Country]
    legend: list[tuple[int, int, int]]  # strength, from, to


@dataclass(frozen=True, slots=True)
class Places:
    """What is known of where taps came from: tables (title and shares), and a map of countries."""

    tables: list[tuple[str, Sequence[clicks.Share]]]
    map: WorldMap | None = None


def places_of(workspace_id: int, broadcast_id: int, *, closely: bool = True) -> Places:
    """Return the places of a broadcast's taps as far as they are known, the unknown last; nothing
    where nobody's is. Cities and networks come only with `closely`: a small one tells who."""
    ids = (workspace_id, broadcast_id)
    countries = clicks.by_country(*ids)
    networks = clicks.by_network(*ids) if closely else []
    found: list[tuple[str, Sequence[clicks.Share]]] = []
    if any(each.value for each in countries):
        found += [
            (_("Country"), [_named(each) for each in _known_first(countries)]),
            (_("Region"), _known_first(clicks.by_region(*ids))),
        ]
        if closely:
            found.append((_("City"), _known_first(clicks.by_city(*ids))))
    if any(each.value for each in networks):
        found.append((_("Network"), _known_first(networks)))
    told_apart = any(each.people for each in countries)  # Of who is only counted there are taps.
    counts = {each.value: each.people if told_apart else each.taps for each in countries}
    return Places(found, world_map(counts))


def world_map(counts: Mapping[str, int]) -> WorldMap | None:
    """Return the map of (country, how many); None where no country is known."""
    known = {code: count for code, count in counts.items() if code in COUNTRIES and count > 0}
    if not known:
        return None
    bounds = upper_bounds(max(known.values()))
    # The map's strongest colour is always that of the most, however few strengths there are.
    first = STRENGTHS - len(bounds) + 1
    strengths = {
        code: next(first + place for place, bound in enumerate(bounds) if count <= bound)
        for code, count in known.items()
    }
    countries = [Country(code, country_name(code), strengths[code]) for code in known]
    lowest = [1, *(bound + 1 for bound in bounds[:-1])]
    legend = [
        (first + place, low, high)
        for place, (low, high) in enumerate(zip(lowest, bounds, strict=True))
    ]
    return WorldMap(countries, legend)


def upper_bounds(most: int) -> list[int]:
    """Return up to where each strength goes: each time as many times more, since few countries have
    most of the people. The last is `most`."""
    bounds = {round(most ** (place / STRENGTHS)) for place in range(1, STRENGTHS)}
    return [*sorted(bound for bound in bounds if bound < most), most]


def credits_now() -> Sequence[Credit]:
    """Return whose data says where addresses are, as far as licences ask for that."""
    book = place_book()
    book.refresh()
    return book.coverage().credits


def _known_first(shares: Sequence[clicks.Share]) -> list[clicks.Share]:
    return sorted(shares, key=lambda share: not share.value)


def _named(share: clicks.Share) -> clicks.Share:
    return clicks.Share(country_name(share.value), share.people, share.taps)
