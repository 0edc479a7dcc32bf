"""How a report divides people by where their taps came from, and whose data says so."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from tapline.clicks import reports as clicks
from tapline.geo.book import Credit, place_book
from tapline.geo.countries import COUNTRIES


def place_shares(workspace_id: int, broadcast_id: int) -> list[tuple[str, Sequence[clicks.Share]]]:
    """Return titles and shares, as far as places are known, the unknown last; nothing where
    nobody's is."""
    ids = (workspace_id, broadcast_id)
    countries, networks = clicks.by_country(*ids), clicks.by_network(*ids)
    found: list[tuple[str, Sequence[clicks.Share]]] = []
    if any(each.value for each in countries):
        found += [
            (_("Country"), [_named(each) for each in _known_first(countries)]),
            (_("Region"), _known_first(clicks.by_region(*ids))),
            (_("City"), _known_first(clicks.by_city(*ids))),
        ]
    if any(each.value for each in networks):
        found.append((_("Network"), _known_first(networks)))
    return found


def credits_now() -> Sequence[Credit]:
    """Return whose data says where addresses are, as far as licences ask for that."""
    book = place_book()
    book.refresh()
    return book.coverage().credits


def _known_first(shares: Sequence[clicks.Share]) -> list[clicks.Share]:
    return sorted(shares, key=lambda share: not share.value)


def _named(share: clicks.Share) -> clicks.Share:
    return clicks.Share(COUNTRIES.get(share.value, share.value), share.people, share.taps)
