"""What a scenario file says: how many people, on which phones and networks, and which machines.

A file is data: the same file and seed give the same requests everywhere. Words and shares are
explained in docs/verdicts.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

Span = tuple[float, float]  # from, to; between them all is equally likely


class Machine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One machine that opens the links of a share of the messages."""

    kind: str  # a name in `machines.MACHINES`
    share: float  # of the messages whose phone it concerns
    after: Literal["submission", "arrival", "tap"] = "arrival"
    seconds: Span  # when it opens the first link, counted from there; before a tap: negative
    gap_seconds: Span = (0.05, 0.4)  # between the links of one text
    networks: int = 1  # how many /24 it comes from
    hosts: int = 4  # addresses in each
    versions: tuple[int, int] = (120, 141)  # of the Chrome that it is or claims to be


class Receipts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How truly and how soon the provider tells of arrivals."""

    missing: float = 0.03
    told_after_seconds: Span = (0.0, 1.5)  # the time in a receipt, after the true arrival
    lagging: float = 0.03  # receipts that give a time much after the arrival
    lagging_seconds: Span = (5.0, 90.0)
    late: float = 0.05  # receipts that come only after taps were taken in
    early: float = 0.0  # receipts whose time lies before the submission: clocks differ
    early_seconds: Span = (0.5, 3.0)


class Phones(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which browsers people hold."""

    iphone: float = 0.56
    safari: Sequence[tuple[str, str]] = (("18_6", "26.0"), ("18_5", "18.5"))  # iOS, Safari
    chrome: tuple[int, int] = (137, 142)
    samsung: float = 0.18  # of Androids
    firefox: float = 0.04
    in_app: float = 0.12  # of all phones
    odd: float = 0.06
    hidden: float = 0.003  # browsers that do not say what they are: unknowable
    names_app: float = 0.7  # web views that still send X-Requested-With


class Networks(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where phones are on the network, as shares of the recipients; the rest have Wi-Fi at home."""

    cellular_ipv6: float = 0.3  # an address of one's own in a carrier's /48
    nat: float = 0.15
    nat_addresses: int = 8
    office: float = 0.04
    offices: int = 6
    office_same_phone: float = 0.6  # people of an office who hold the office's phone
    relay: float = 0.05
    relay_addresses: int = 40


class People(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What people do; shares of those who tap, but for `tap` and `staff_tap`."""

    tap: float = 0.23
    staff_tap: float = 0.8
    quick: float = 0.06  # the phone in the hand when the text arrives
    quick_seconds: Span = (2.2, 8.0)
    median_seconds: float = 500.0
    spread: float = 2.0  # sigma of the logarithm
    twice: float = 0.12
    twice_seconds: Span = (0.3, 2.5)
    every_link: float = 0.2  # of texts with several links
    every_link_seconds: Span = (4.0, 90.0)
    again_later: float = 0.1
    forwarded: float = 0.05
    forwarded_seconds: Span = (40.0, 20_000.0)
    rewritten: float = 0.5  # of office people: the tap comes through a rewritten link


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One broadcast and everything that happens to it."""

    name: str
    about: str
    seeds: Sequence[int]
    recipients: int
    links: int = 1
    scheme: Literal["https", "http"] = "https"  # over http browsers send no Sec- headers
    is_test: bool = False
    staff: float = 0.001
    canaries: int = 4  # seed contacts that nobody taps
    submits_per_second: float = 40.0
    travel_median_seconds: float = 4.0
    travel_spread: float = 0.7
    receipts: Receipts = Receipts()
    phones: Phones = Phones()
    networks: Networks = Networks()
    people: People = People()
    machines: Sequence[Machine] = ()
