"""Which kind of network an address lies in: hosting, preview services, relays. Pure.

A hosting network alone never makes a machine: people behind a VPN or a relay tap from such, too.
The rules of verdicts say what a kind means for a click; here it is only told.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import NamedTuple

import msgspec

Network = IPv4Network | IPv6Network

# Of two lists that name the same range, the later kind counts: it says more.
HOSTING, RELAY, PREVIEW = "hosting", "relay", "preview"
KINDS = (HOSTING, RELAY, PREVIEW)
# A list that claims more of the internet than this is broken: nobody has that much.
SHORTEST_PREFIX = {4: 7, 6: 16}


class NetworkKind(NamedTuple):
    """What is known of a network, and which list of which day says so."""

    kind: str = ""
    source: str = ""


NO_KIND = NetworkKind()


class RangeList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One published list of ranges."""

    name: str  # "aws"
    kind: str
    source: str  # where it was found
    date: str  # "2026-11-29": when its publisher made it, else when it was fetched
    ranges: list[str]

    @property
    def told(self) -> NetworkKind:
        return NetworkKind(self.kind, f"{self.name} {self.date}")


class RangeTable:
    """Which list an address is in: one bisection, about a microsecond."""

    def __init__(self, lists: Sequence[RangeList]) -> None:
        self._by_version = {4: _flatten(lists, 4), 6: _flatten(lists, 6)}

    def find(self, packed: bytes) -> NetworkKind:
        """Return what is known of an address of 4 or 16 bytes."""
        begins, kinds = self._by_version[4 if len(packed) == 4 else 6]
        index = bisect_right(begins, int.from_bytes(packed, "big")) - 1
        return kinds[index] if index >= 0 else NO_KIND


def read_range(text: str) -> Network | None:
    """Return the network that a text names; None where it is none, or too large to be true."""
    try:
        network = ip_network(text.strip(), strict=False)
    except ValueError:
        return None
    return network if network.prefixlen >= SHORTEST_PREFIX[network.version] else None


def _flatten(lists: Sequence[RangeList], version: int) -> tuple[list[int], list[NetworkKind]]:
    """Return where something else begins, and what: of nested ranges the smallest counts.

    Ranges of addresses lie inside one another or apart, so that a stack holds those around.
    """
    begins: list[int] = []
    kinds: list[NetworkKind] = []
    around: list[tuple[int, NetworkKind]] = []  # last address, and what holds up to it

    def begin(at: int, kind: NetworkKind) -> None:
        if begins and begins[-1] == at:
            kinds[-1] = kind
        else:
            begins.append(at)
            kinds.append(kind)

    def end() -> None:
        last, _ = around.pop()
        begin(last + 1, around[-1][1] if around else NO_KIND)

    for first, last, told in _sorted_ranges(lists, version):
        while around and around[-1][0] < first:
            end()
        begin(first, told)
        around.append((last, told))
    while around:
        end()
    return begins, kinds


def _sorted_ranges(
    lists: Sequence[RangeList], version: int
) -> Iterable[tuple[int, int, NetworkKind]]:
    """Return the ranges by their beginning, larger ones first, of equal ones the weaker kind."""
    found = [
        (int(network.network_address), int(network.broadcast_address), each.told)
        for each in lists
        for text in each.ranges
        if (network := read_range(text)) and network.version == version
    ]
    return sorted(found, key=lambda row: (row[0], -row[1], KINDS.index(row[2].kind)))
