"""What is known about one request when it is judged, and what a judgement says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What one click is. HUMAN alone counts as a tap; UNKNOWN widens the range of the rate."""

    HUMAN = "human"
    PREVIEW = "preview"  # a messaging app or its servers drawing a picture of the page
    SCANNER = "scanner"  # security software and crawlers
    PREFETCH = "prefetch"  # a browser fetching ahead of a tap that may never come
    TOOL = "tool"  # a program: a library, a monitor, an app without a browser
    OPERATOR = "operator"  # the sender's own people and test sends
    UNKNOWN = "unknown"  # weak or contradicting signs


# Recipients of a network below which its openings say nothing about each other.
SMALLEST_CLUSTER = 6

# Seconds after the handing-over to the provider within which nobody can have tapped, where the
# provider's account does not say otherwise.
SOONEST_TAP = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """How one broadcast's links were opened from one network, by what could be people.

    A look is an agent with its headers. Shares lie between 0 and 1.
    """

    recipients: int = 1  # whose links were opened from there
    looks: int = 1
    is_leading: bool = False  # this look is one of the three that opened most
    leaders_share: float = 0.0  # of all openings, by those three
    repeats_share: float = 0.0  # openings of a link that this recipient's text had seen before
    # How much later after the handing-over the ninth of ten openings was than the first of ten.
    # People answer within seconds or hours; a queue works at a steady pace.
    spread: float = 0.0
    is_canary_opener: bool = False  # this look also opened the link of a seed contact from there


ALONE = Cluster()


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """How links of one broadcast were opened from a network by those who walked over another of
    the workspace's lately. Shares lie between 0 and 1."""

    recipients: int  # whose links were opened
    share: float  # of all that was opened from there by what could be people
    repeats_share: float  # openings of a link that this recipient's text had seen before


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the other openings of a broadcast say about one; only a second look knows them."""

    is_canary: bool = False  # the link of a seed contact, which nobody taps
    seconds_since_submit: float | None = None  # only of openings that came soon
    # Another link of the same text was opened by the same look within so many seconds, rounded up;
    # None where none was, or not so soon.
    seconds_to_other_link: int | None = None
    before_receipt: bool = False  # although this provider's receipts are punctual elsewhere
    is_shared: bool = False  # another device, elsewhere, after the recipient's own
    cluster: Cluster = ALONE
    walk: Walk | None = None  # by who did so before


NO_CONTEXT = Context()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that is known about one request. A rule that needs more adds a field here."""

    method: str
    agent: str
    headers: Mapping[str, str]  # names in lower case; only those that the click log keeps
    is_operator: bool  # a test broadcast, or a contact marked as staff
    network_kind: str = ""  # hosting, relay, preview: what a list says of the address; "": nothing
    network_source: str = ""  # which list, and of which day
    soonest_tap: float = SOONEST_TAP  # seconds after the handing-over, as the account says
    requests: int = 1  # more than 1: repeats within a minute that were folded into one record
    context: Context = NO_CONTEXT


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with the names of the rules that led to it."""

    verdict: Verdict
    reasons: tuple[str, ...]
    rules_version: int
