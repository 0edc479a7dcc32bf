"""What pages and API say of a destination: how it stands, what was found, and since when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tapline.links.destination_findings import Finding, State, findings_of, why_no_answer
from tapline.links.destination_look import NOT_FOLLOWED, Seen
from tapline.links.destination_times import ALARM_AFTER
from tapline.links.models import Destination, Link, TappedLink
from tapline.links.watching import is_waiting, known, seen_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One destination as it is told."""

    address: str
    state: State
    is_waiting: bool  # somebody asked, and a worker is about to look
    looked_at: dt.datetime | None
    failing_since: dt.datetime | None
    is_alarm: bool  # it failed twice in a row
    seen: Seen | None
    findings: tuple[Finding, ...]

    @property
    def redirects(self) -> int:
        return max(0, len(self.seen.hops) - 1) if self.seen else 0

    @property
    def why_no_answer(self) -> str:
        return why_no_answer(self.seen.problem) if self.seen else ""

    @property
    def led_on_to(self) -> str:
        """Where the last page led, and was not followed."""
        return self.seen.told if self.seen and self.seen.problem in NOT_FOLLOWED else ""

    @property
    def seconds(self) -> float:
        return self.seen.milliseconds / 1000 if self.seen else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return it as the API tells it."""
        seen = self.seen or Seen()
        return {
            "address": self.address,
            "state": self.state or "unseen",
            "is_waiting": self.is_waiting,
            "looked_at": self.looked_at,
            "failing_since": self.failing_since,
            "hops": [{"address": hop.address, "status": hop.status} for hop in seen.hops],
            "milliseconds": seen.milliseconds,
            "certificate_days": seen.certificate_days,
            "title": seen.head.title,
            "description": seen.head.description,
            "picture": seen.head.picture,
            "findings": [each.as_dict() for each in self.findings],
        }


def tell(destination: Destination) -> Told:
    """Return what is known of a destination, in the reader's language."""
    seen = seen_of(destination)
    return Told(
        address=destination.address,
        state=State(destination.state),
        is_waiting=is_waiting(destination),
        looked_at=destination.looked_at,
        failing_since=destination.failing_since,
        is_alarm=destination.state == State.FAILING and destination.failures >= ALARM_AFTER,
        seen=seen,
        findings=tuple(findings_of(seen)) if seen else (),
    )


def told_of(link: Link) -> Told | None:
    """Return what is known of where a link leads; None where nobody has asked."""
    found = known(link.workspace, link.destination)
    return tell(found) if found else None


@dataclass(frozen=True, slots=True)
class Alarm:
    """A link that people tap, and the page that fails them."""

    link: Link
    destination: Told
    tapped_at: dt.datetime


def alarms(failing: Iterable[TappedLink]) -> list[Alarm]:
    """Return what `watching.failing` found, as pages and API tell it."""
    return [Alarm(each.link, tell(each.destination), each.tapped_at) for each in failing]
