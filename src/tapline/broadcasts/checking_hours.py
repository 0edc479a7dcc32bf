"""What should be known about hours and the cap before sending: in words, with counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence

from django.utils.translation import gettext as _

from tapline import config
from tapline.broadcasts.channels import parts_per_second
from tapline.broadcasts.findings import Finding
from tapline.broadcasts.forecast import Forecast
from tapline.broadcasts.models import Broadcast
from tapline.contacts.models import Purpose
from tapline.hours.words import local_moment
from tapline.providers.registry import reaches_people

SETTINGS = "Settings → Quiet hours"


def check_hours(broadcast: Broadcast, told: Forecast) -> Iterator[Finding]:
    """Yield what there is to know about who waits, who is left out, and why."""
    for each in _CHECKS:
        yield from each(broadcast, told)


def _off(broadcast: Broadcast, told: Forecast) -> Iterator[Finding]:
    is_off = config.current().quiet_hours == "off" and reaches_people(broadcast.provider)
    if is_off and broadcast.purpose == Purpose.MARKETING and told.textable:
        yield Finding(
            "warning",
            "The texts leave at any hour, at night as well.",
            "This instance keeps no quiet hours (TAPLINE_QUIET_HOURS=off), and many places forbid"
            " marketing texts at night.",
            "Send it by day for everybody who gets it, or set TAPLINE_QUIET_HOURS=people.",
        )


def _waiting(broadcast: Broadcast, told: Forecast) -> Iterator[Finding]:
    opens = [each.opens_at for each in told.waiting if each.opens_at]
    if not opens:
        return
    count = sum(each.count for each in told.waiting)
    yield Finding(
        "note",
        f"{count:,} of {told.textable:,} wait for their morning; {told.at_once:,} get it at once.",
        " ".join((_closed(broadcast), _opening(opens, broadcast.workspace.zone))),
        "Nothing needs to be done; or send it when it is day for all of them.",
    )


def _skipped(broadcast: Broadcast, told: Forecast) -> Iterator[Finding]:
    count = sum(each.count for each in told.asleep)
    if told.skips and count:
        yield Finding(
            "warning",
            f"{count:,} of {told.textable:,} get no text: it is night where they live.",
            " ".join((_closed(broadcast), _("This broadcast does not wait."))),
            "Let it wait for their morning, or send it when it is day for all of them.",
        )


def _too_late(broadcast: Broadcast, told: Forecast) -> Iterator[Finding]:
    count = told.too_late - told.never
    if not told.skips and count:
        gives_up = local_moment(told.gives_up_at, broadcast.workspace.zone)
        yield Finding(
            "warning",
            f"{count:,} of {told.textable:,} get no text: their places open too late.",
            f"Whoever still waits after {broadcast.give_up_hours} hours, {gives_up}, is left out.",
            "Let it wait longer, or send it on another day.",
        )


def _never(broadcast: Broadcast, told: Forecast) -> Iterator[Finding]:
    if told.never:
        yield Finding(
            "error" if told.never == told.getting else "warning",
            f"For {told.never:,} of {told.textable:,} there is no open hour at all.",
            "Your own hours and the rules of their places do not meet within ten days.",
            f"Widen your own hours under {SETTINGS}.",
        )


def _unsure(broadcast: Broadcast, told: Forecast) -> Iterator[Finding]:
    if told.unsure:
        yield Finding(
            "note",
            f"Of {told.unsure:,} it is not certain in which of several places they live.",
            "Their numbers or addresses leave that open, so the strictest of these places counts"
            " and they wait longer than others.",
            "Import their state and ZIP code (columns «state» and «zip») to know it better.",
        )


def _slow(broadcast: Broadcast, told: Forecast) -> Iterator[Finding]:
    rate = parts_per_second(broadcast)
    if not rate or not told.closing:
        return
    takes = dt.timedelta(seconds=told.at_once / rate)
    count = sum(count for left, count in told.closing if left < takes)
    if count:
        yield Finding(
            "warning",
            f"Up to {count:,} more may have to wait: their places close before all have left.",
            f"At {rate:g} texts a second from one number, {told.at_once:,} texts take"
            f" {takes / dt.timedelta(hours=1):.1f} hours.",
            "Send it earlier in the day, or in smaller pieces.",
        )


def _capped(broadcast: Broadcast, told: Forecast) -> Iterator[Finding]:
    if told.too_often:
        yield Finding(
            "note",
            f"{told.too_often:,} of {told.textable:,} get no text: they had enough lately.",
            "Your cap on marketing texts per person counts what they got from this workspace.",
            f"Nothing needs to be done; the cap is under {SETTINGS}.",
        )


def _closed(broadcast: Broadcast) -> str:
    if broadcast.scheduled_at is None:
        return _("Their places are closed now.")
    moment = local_moment(broadcast.scheduled_at, broadcast.workspace.zone)
    return _("Their places are closed when it starts (%(moment)s).") % {"moment": moment}


def _opening(opens: Sequence[dt.datetime], zone: str) -> str:
    first, last = local_moment(opens[0], zone), local_moment(opens[-1], zone)
    if first == last:
        return _("Theirs open %(first)s (%(zone)s).") % {"first": first, "zone": zone}
    said = _("The first open %(first)s, the last %(last)s (%(zone)s).")
    return said % {"first": first, "last": last, "zone": zone}


_CHECKS: tuple[Callable[[Broadcast, Forecast], Iterator[Finding]], ...] = (
    _off,
    _never,
    _skipped,
    _too_late,
    _waiting,
    _slow,
    _unsure,
    _capped,
)
