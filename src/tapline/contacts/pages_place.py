"""What one contact's page says of where they live and when they may be texted: in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from tapline import config
from tapline.broadcasts.models import Message
from tapline.broadcasts.placing import Whereabouts, whereabouts
from tapline.contacts.models import Contact
from tapline.hours.deciding import policy_of
from tapline.hours.places import ANY_HOUR
from tapline.hours.policy import Policy
from tapline.hours.words import describe_place, local_moment, name_region, tell_week

# More places than these are told by their number, and clocks by the first and the last.
MOST_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Told:
    """The lines of the page. `rules` are (place, hours, source)."""

    place: str
    weaker: list[str]
    clocks: list[str]
    is_open: bool
    until: str
    is_unsure: str  # why the strictest of several holds; empty where there is one
    rules: list[tuple[str, str, str]]
    own: list[str]
    sleeps: bool  # this instance keeps quiet hours at all


def tell_place(contact: Contact, now: dt.datetime) -> Told:
    """Return what is known of a contact's place, and what holds there now and why."""
    found = whereabouts(contact, now)
    return Told(
        place=describe_place(found.place),
        weaker=[describe_place(each) for each in found.weaker],
        clocks=[_clock(zone, now) for zone in found.place.zones[:MOST_SHOWN]],
        is_open=found.opening is not None,
        until=_until(found),
        is_unsure=_unsure(found),
        rules=_rules(found) if len(found.place.regions) <= MOST_SHOWN else [],
        own=[tell_week(week) for week in found.own],
        sleeps=config.current().quiet_hours != "off",
    )


def tell_texts(contact: Contact, messages: Iterable[Message]) -> list[tuple[Message, str]]:
    """Return each text with the place that its hour was chosen for, as it was known then."""
    sent = list(messages)
    return list(zip(sent, places_then(contact, [each.place or "" for each in sent]), strict=True))


def places_then(contact: Contact, keys: Iterable[str]) -> list[str]:
    """Return the places that texts' hours were chosen for in words; empty where none was."""
    policy = policy_of(contact.workspace)
    return [_place_then(policy, key) for key in keys]


def _place_then(policy: Policy, key: str) -> str:
    return "" if key in ("", ANY_HOUR) else describe_place(policy.place(key))


def _clock(zone: str, now: dt.datetime) -> str:
    return f"{local_moment(now, zone)} ({zone})"


def _until(found: Whereabouts) -> str:
    """Return until when it stays so, by the first clock there."""
    zone = found.place.zones[0]
    if found.opening:
        return _("until %(moment)s") % {"moment": _clock(zone, found.opening.closes_at)}
    if found.next_opening:
        return _("until %(moment)s") % {"moment": _clock(zone, found.next_opening.opens_at)}
    return _("for the next ten days")


def _unsure(found: Whereabouts) -> str:
    count = len(found.place.spots)
    if count < 2:
        return ""
    return _(
        "Any of %(count)d places is possible; texts leave only while all of them are open."
    ) % {"count": count}


def _rules(found: Whereabouts) -> list[tuple[str, str, str]]:
    told = []
    for rule in found.rules:
        name = name_region(rule.region) or _("anywhere")
        if instead := found.replaced.get(rule.region):
            told.append((name, tell_week(instead), _("decided by a workspace")))
        else:
            told.append((name, tell_week(rule.week), rule.source))
    return told
