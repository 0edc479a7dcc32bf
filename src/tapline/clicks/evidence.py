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


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that is known about one request. A rule that needs more adds a field here."""

    method: str
    agent: str
    headers: Mapping[str, str]  # names in lower case; only those that the click log keeps
    is_operator: bool  # a test broadcast, or a contact marked as staff
    network_kind: str = ""  # hosting, relay, preview: what a list says of the address; "": nothing
    network_source: str = ""  # which list, and of which day
    requests: int = 1  # more than 1: repeats within a minute that were folded into one record


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with the names of the rules that led to it."""

    verdict: Verdict
    reasons: tuple[str, ...]
    rules_version: int
