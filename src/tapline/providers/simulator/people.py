"""What becomes of one accepted message: whether it arrives, and who then opens its links when.

Pure and seeded: the same seed, number and turn give the same answer in every process and after
every crash. All delays are simulated seconds, counted from acceptance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from tapline.providers.simulator.agents import (
    ANDROIDS,
    GOOGLE_PREVIEWS,
    IMESSAGE,
    IPHONES,
    SCANNERS,
    SECOND_DEVICES,
    TOOLS,
    WHATSAPP,
    Kind,
    Opener,
    prefetched,
)

# Numbers that end so are left alone: the text arrives, and nobody simulated opens it. The demo
# gives such a number to the newcomer's own phone.
LEFT_ALONE_ENDING = "5550100"

# Shares of messages, guessed from vendors' public claims; none is measured for text messages.
IPHONE_SHARE = 0.56
FAILURES: tuple[tuple[float, str, str], ...] = (
    # Share of messages, code and words. Codes as Twilio numbers them.
    (0.012, "30003", "The phone is switched off or out of reach."),
    (0.008, "30007", "The carrier's filter blocked the message."),
    (0.010, "30006", "The number is a landline."),
)
PREVIEW_SHARE_IPHONE = 0.14  # Only senders who are among the contacts are previewed unasked.
PREVIEW_SHARE_ANDROID = 0.34  # Google Messages looks links up unless it is switched off.
FORWARDED_SHARE = 0.01
SCANNED_SHARE = 0.06
TOOL_SHARE = 0.008
TAP_SHARE = 0.23
# Of those who tap:
PREFETCH_SHARE_ANDROID = 0.09
TWICE_SHARE = 0.15
SECOND_DEVICE_SHARE = 0.06
DAY_LATER_SHARE = 0.07
# Of those to whom it was delivered:
THANKS_SHARE = 0.012
STOP_SHARE = 0.006

THANKS = ("Thanks!", "thank you 😊", "Great, thanks", "thx, see you there")
STOPS = ("STOP", "Stop", "stop", "UNSUBSCRIBE")

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


@dataclass(frozen=True, slots=True)
class Phone:
    """A recipient's phone and where it is on the network. It stays the same for every text."""

    browser: Opener
    is_iphone: bool
    address: str


@dataclass(frozen=True, slots=True)
class Opening:
    """One request that a link of the message will get."""

    after_seconds: float
    url: str
    opener: Opener
    address: str


@dataclass(frozen=True, slots=True)
class InboundText:
    """What the recipient answers."""

    after_seconds: float
    text: str


@dataclass(frozen=True, slots=True)
class Fate:
    """Everything that will happen to one accepted message. No `error_code`: it is delivered."""

    settled_after_seconds: float
    error_code: str = ""
    error_text: str = ""
    openings: tuple[Opening, ...] = ()
    reply: InboundText | None = None


def phone_of(seed: int, number: str) -> Phone:
    """Return the phone behind a number: always the same one for one seed."""
    random = Random(f"phone/{seed}/{number}")  # noqa: S311  # a simulation, not a secret
    is_iphone = random.random() < IPHONE_SHARE
    browser = _one_of(IPHONES if is_iphone else ANDROIDS, random)
    return Phone(browser, is_iphone, _own_address(random))


def fate_of(seed: int, number: str, turn: int, urls: Sequence[str]) -> Fate:
    """Return what becomes of the text number `turn` (from 0) to `number`, which holds `urls`."""
    random = Random(f"fate/{seed}/{turn}/{number}")  # noqa: S311  # a simulation, not a secret
    if number.endswith(LEFT_ALONE_ENDING):
        return Fate(settled_after_seconds=2.0)
    settled = min(random.lognormvariate(1.4, 0.8), HOUR)  # median 4 s, a few wait for minutes
    if failure := failure_of(random):
        return Fate(settled, *failure)
    phone = phone_of(seed, number)
    openings = [*_machines(random, phone, urls), *_taps(random, phone, urls)] if urls else []
    return Fate(
        settled,
        openings=tuple(_later(opening, settled) for opening in openings),
        reply=reply_of(random, settled),
    )


def _machines(random: Random, phone: Phone, urls: Sequence[str]) -> Iterator[Opening]:
    if phone.is_iphone and len(urls) == 1 and random.random() < PREVIEW_SHARE_IPHONE:
        yield Opening(random.uniform(1, 20), urls[0], IMESSAGE, phone.address)
    if not phone.is_iphone and random.random() < PREVIEW_SHARE_ANDROID:
        yield _from_machine(random, GOOGLE_PREVIEWS, random.uniform(0.5, 8), urls[0])
    if random.random() < FORWARDED_SHARE:
        yield Opening(random.uniform(5 * MINUTE, 8 * HOUR), urls[0], WHATSAPP, phone.address)
    if random.random() < SCANNED_SHARE:
        started = random.uniform(0.2, 30)
        for number, url in enumerate(urls):  # A scanner reads the whole text.
            yield _from_machine(random, SCANNERS, started + number * 0.4, url)
    if random.random() < TOOL_SHARE:
        yield _from_machine(random, TOOLS, random.uniform(MINUTE, HOUR), urls[0])


def _taps(random: Random, phone: Phone, urls: Sequence[str]) -> Iterator[Opening]:
    if random.random() >= TAP_SHARE:
        return
    # Median eight minutes, one in ten after more than two hours.
    first = min(random.lognormvariate(6.2, 2.1), 20 * HOUR)
    url = random.choice(urls)
    if not phone.is_iphone and random.random() < PREFETCH_SHARE_ANDROID:
        yield Opening(max(first - 1.5, 0.1), url, prefetched(phone.browser), phone.address)
    yield Opening(first, url, phone.browser, phone.address)
    if random.random() < TWICE_SHARE:
        again = first + random.uniform(3, 10 * MINUTE)
        yield Opening(again, random.choice(urls), phone.browser, phone.address)
    if random.random() < SECOND_DEVICE_SHARE:
        other = _one_of(SECOND_DEVICES, random)
        yield Opening(first + random.uniform(MINUTE, 3 * HOUR), url, other, _own_address(random))
    if random.random() < DAY_LATER_SHARE:
        yield Opening(first + random.uniform(20 * HOUR, DAY), url, phone.browser, phone.address)


def failure_of(random: Random) -> tuple[str, str] | None:
    """Return code and words of why a text fails, or None when it arrives."""
    roll = random.random()
    for share, code, words in FAILURES:
        if roll < share:
            return code, words
        roll -= share
    return None


def reply_of(random: Random, settled: float) -> InboundText | None:
    """Return what the recipient of a text that arrived after `settled` seconds answers."""
    roll = random.random()
    after = settled + random.uniform(20, 30 * MINUTE)
    if roll < STOP_SHARE:
        return InboundText(after, random.choice(STOPS))
    if roll < STOP_SHARE + THANKS_SHARE:
        return InboundText(after, random.choice(THANKS))
    return None


def _from_machine(
    random: Random, openers: Sequence[Opener], after_seconds: float, url: str
) -> Opening:
    opener = _one_of(openers, random)
    return Opening(after_seconds, url, opener, _machine_address(opener, random))


def _later(opening: Opening, seconds: float) -> Opening:
    return Opening(opening.after_seconds + seconds, opening.url, opening.opener, opening.address)


def _one_of(openers: Sequence[Opener], random: Random) -> Opener:
    return random.choices(openers, [opener.weight for opener in openers])[0]


def _own_address(random: Random) -> str:
    """Return a phone's address: one of 15 million in the loopback network."""
    return f"127.{random.randint(16, 250)}.{random.randint(0, 255)}.{random.randint(1, 254)}"


def _machine_address(opener: Opener, random: Random) -> str:
    """Return one of the four addresses that machines of one kind share."""
    return f"127.{_MACHINE_NETWORKS[opener.kind]}.0.{random.randint(1, 4)}"


_MACHINE_NETWORKS = {Kind.PREVIEW: 2, Kind.SCANNER: 3, Kind.TOOL: 4}
