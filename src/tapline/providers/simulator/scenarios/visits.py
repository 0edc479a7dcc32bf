"""Everything that happens to one text: when it arrives, and who opens its links when.

Pure and seeded per recipient, so that any part of an audience can be made alone: what many
recipients have in common (a scanner's addresses, an office, a carrier's NAT) follows from the
scenario and the seed. Times are seconds after the text was handed to the provider.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from tapline.providers.simulator.agents import Headers, Kind
from tapline.providers.simulator.scenarios.handsets import Handset, handset, over, second_device
from tapline.providers.simulator.scenarios.machines import MACHINES, MachineKind
from tapline.providers.simulator.scenarios.scenario import Machine, Scenario

DAY = 86_400.0
REFERERS = (
    "https://linkprotect.cudasvc.com/",
    "https://protect-us.mimecastprotect.com/",
    "https://url.emailprotection.link/",
)
# What has addresses that many share; each has a block of its own among `BLOCKS`.
SHARED = ("nat", "office", "relay", "cellular", "proxy", *MACHINES)
FIRST_BLOCK, BLOCKS = 20, 40


@dataclass(frozen=True, slots=True)
class World:
    """A scenario played with one seed and so many links in each text, on a network whose addresses
    begin with `first_byte`.

    `has_ipv6`: phones may have IPv6 addresses; without, those share a carrier's IPv4 network.
    """

    scenario: Scenario
    seed: int
    links: int
    first_byte: int = 240  # 240.0.0.0/4 is nobody's (RFC 1112)
    has_ipv6: bool = True


@dataclass(frozen=True, slots=True)
class Visit:
    """One request, and what it truly is."""

    after_seconds: float
    link: int  # which of the text's links, from 0
    kind: str
    truth: Kind
    is_knowable: bool
    method: str
    headers: Headers
    address: str


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who gets the text, on what and where."""

    handset: Handset
    place: str  # home, cellular, nat, office, relay
    address: str
    role: str  # "", staff, canary


def recipient_of(world: World, name: str, *, is_canary: bool = False) -> Recipient:
    """Return the recipient of that name: always the same one for one seed."""
    random = Random(f"recipient/{world.seed}/{name}")  # noqa: S311  # a simulation, not a secret
    networks, scenario = world.scenario.networks, world.scenario
    roll, place = random.random(), "home"
    for word, share in (
        ("cellular", networks.cellular_ipv6),
        ("nat", networks.nat),
        ("office", networks.office),
        ("relay", networks.relay),
    ):
        if roll < share:
            place = word
            break
        roll -= share
    phone_random, address = random, _address_in(world, place, random)
    if place == "office" and random.random() < networks.office_same_phone:
        phone_random = Random(f"office/{world.seed}/{address}")  # noqa: S311
    phone = handset(phone_random, scenario.phones, scenario.scheme)
    if phone.is_proxied:
        place, address = "proxied", _shared_address(world, "proxy", 1, 6, random)
    role = "canary" if is_canary else "staff" if random.random() < scenario.staff else ""
    return Recipient(phone, place, address, role)


def arrival_of(world: World, name: str) -> float:
    """Return when the text reaches the phone."""
    random = Random(f"arrival/{world.seed}/{name}")  # noqa: S311
    scenario = world.scenario
    return random.lognormvariate(math.log(scenario.travel_median_seconds), scenario.travel_spread)


def visits_of(world: World, name: str, recipient: Recipient) -> list[Visit]:
    """Return every request that the text of one recipient gets, in the order of time."""
    random = Random(f"visits/{world.seed}/{name}")  # noqa: S311
    arrival = arrival_of(world, name)
    taps = [] if recipient.role == "canary" else list(_taps(world, recipient, arrival, random))
    first_tap = taps[0].after_seconds if taps else None
    visits = list(taps)
    for machine in world.scenario.machines:
        visits += _of_machine(world, machine, recipient, arrival, first_tap, random)
    return sorted(visits, key=lambda visit: visit.after_seconds)


# --- people ---------------------------------------------------------------------------------------


def _taps(world: World, recipient: Recipient, arrival: float, random: Random) -> Iterator[Visit]:
    people, links = world.scenario.people, world.links
    share = people.staff_tap if recipient.role == "staff" else people.tap
    if random.random() >= share:
        return
    is_quick = random.random() < people.quick
    delay = (
        random.uniform(*people.quick_seconds)
        if is_quick
        else min(2.0 + random.lognormvariate(math.log(people.median_seconds), people.spread), DAY)
    )
    first, link = arrival + delay, random.randrange(links)
    kind = "quick_tap" if is_quick else _usual_kind(recipient)
    is_rewritten = recipient.place == "office" and random.random() < people.rewritten
    yield _tap(world, recipient, first, link, "rewritten_tap" if is_rewritten else kind, random)
    if random.random() < people.twice:
        at = first + random.uniform(*people.twice_seconds)
        yield _tap(world, recipient, at, link, "double_tap", random)
    if links > 1 and random.random() < people.every_link:
        at = first
        for other in range(links):
            at += random.uniform(*people.every_link_seconds)
            yield _tap(world, recipient, at, other, "every_link_tap", random)
    if random.random() < people.again_later:
        at = first + random.uniform(600, DAY)
        yield _tap(world, recipient, at, random.randrange(links), kind, random)
    if random.random() < people.forwarded:
        yield _forwarded(world, recipient, first, link, random)


def _usual_kind(recipient: Recipient) -> str:
    """Return what a tap is remarkable for: the phone's browser, or else where it is."""
    if recipient.handset.label != "usual":
        return f"{recipient.handset.label}_browser"
    return f"{recipient.place}_tap"


def _tap(
    world: World, recipient: Recipient, at: float, link: int, kind: str, random: Random
) -> Visit:
    address, headers = recipient.address, recipient.handset.headers
    if recipient.place == "relay":  # The way out changes from request to request.
        address = _address_in(world, "relay", random)
    if kind == "rewritten_tap":
        headers = (*headers, ("Referer", random.choice(REFERERS)))
    is_staff = world.scenario.is_test or recipient.role == "staff"
    return Visit(
        at,
        link,
        "staff_tap" if is_staff else kind,
        Kind.OPERATOR if is_staff else Kind.HUMAN,
        recipient.handset.label != "hidden",
        "GET",
        headers,
        address,
    )


def _forwarded(
    world: World, recipient: Recipient, first: float, link: int, random: Random
) -> Visit:
    """The link passed on, opened on another device elsewhere: a person, though another one."""
    other = second_device(random, world.scenario.phones, world.scenario.scheme)
    friend = Recipient(other, "home", _address_in(world, "home", random), recipient.role)
    at = first + random.uniform(*world.scenario.people.forwarded_seconds)
    return _tap(world, friend, at, link, "forwarded_tap", random)


# --- machines -------------------------------------------------------------------------------------


def _of_machine(
    world: World,
    machine: Machine,
    recipient: Recipient,
    arrival: float,
    first_tap: float | None,
    random: Random,
) -> Iterator[Visit]:
    kind = MACHINES[machine.kind]
    if not _concerns(world, kind, recipient) or random.random() >= machine.share:
        return
    starts = {"submission": 0.0, "arrival": arrival, "tap": first_tap}[machine.after]
    if starts is None:
        return
    at = starts + random.uniform(*machine.seconds)
    if machine.after == "submission":  # It holds the text up until it has looked at it.
        at = min(at, arrival * 0.9)
    method, headers = kind.shown(random, recipient.handset, machine.versions)
    address = _machine_address(world, machine, kind, recipient, random)
    links = range(world.links) if kind.every_link else (0,)
    for link in links:
        yield Visit(
            max(at, 0.05),
            link,
            machine.kind,
            kind.truth,
            kind.is_knowable,
            method,
            over(world.scenario.scheme, headers),
            address,
        )
        at += random.uniform(*machine.gap_seconds)


def _concerns(world: World, kind: MachineKind, recipient: Recipient) -> bool:
    if world.links < kind.needs_links:
        return False
    if kind.only_offices and recipient.place != "office":
        return False
    if kind.place == "own" and recipient.place == "proxied":
        return False
    return kind.phones == "all" or (kind.phones == "iphone") == recipient.handset.is_iphone


# --- addresses ------------------------------------------------------------------------------------


def _address_in(world: World, place: str, random: Random) -> str:
    networks = world.scenario.networks
    match place:
        case "nat":
            return _shared_address(world, "nat", 1, networks.nat_addresses, random)
        case "office":
            return _shared_address(world, "office", networks.offices, 1, random)
        case "relay":
            return _shared_address(world, "relay", 4, networks.relay_addresses, random)
        case "cellular" if world.has_ipv6:
            subnet, phone = random.randrange(65536), random.randrange(2**32)
            high, low = divmod(phone, 65536)
            return f"2001:db8:{_block(world, 'cellular'):x}:{subnet:x}::{high:x}:{low:x}"
        case "cellular":
            return f"{world.first_byte}.{_block(world, 'cellular')}.{_host(random)}"
    return f"{world.first_byte}.{random.randint(100, 254)}.{_host(random)}"


def _host(random: Random) -> str:
    return f"{random.randint(0, 255)}.{random.randint(1, 254)}"


def _machine_address(
    world: World, machine: Machine, kind: MachineKind, recipient: Recipient, random: Random
) -> str:
    match kind.place:
        case "own":
            return recipient.address
        case "shared":
            return _shared_address(world, machine.kind, machine.networks, machine.hosts, random)
    return f"{world.first_byte}.{random.randint(60, 99)}.{_host(random)}"


def _shared_address(world: World, what: str, networks: int, hosts: int, random: Random) -> str:
    """Return one of the few addresses that many share: `networks` of /24 with `hosts` in each."""
    network, host = random.randrange(networks), random.randint(1, hosts)
    return f"{world.first_byte}.{_block(world, what)}.{network}.{host}"


def _block(world: World, what: str) -> int:
    """Return the second byte of those addresses: one for each thing, others for another seed."""
    return FIRST_BLOCK + (SHARED.index(what) + world.seed) % BLOCKS
