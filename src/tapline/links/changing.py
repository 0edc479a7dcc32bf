"""What can be changed about links that are on phones already; every change is audited.

One write mends or stops a link for its whole audience, on every edge within a second. A
template's change reaches its personal links too, in batches: repeat one that was interrupted.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils import timezone

from tapline.cards import Card
from tapline.destinations import check_destination, check_template, has_fields
from tapline.errors import Conflict
from tapline.links.changes import next_change
from tapline.links.domains import own_hosts
from tapline.links.models import Campaign, Link, LinkCard, LinkKind, Offer
from tapline.links.watching import follow_change
from tapline.workspaces.audit import record

# Rooms whose texts hold the address that a link led to: link, address before, who changed it.
ON_MENDED: list[Callable[[Link, str, str], None]] = []

# Held by the writer for some 20 ms.
BATCH = 2000


class CannotChange(Conflict):
    """What is on phones already stands in the way of the change."""


def change_destination(link: Link, destination: str, *, actor: str) -> Link:
    """Send everybody who taps from now on to `destination`, taken as it is: no UTM fields added.

    Raises `BadDestination`; `CannotChange` for merge fields when personal links exist.
    """
    check = check_template if link.kind == LinkKind.TEMPLATE else check_destination
    destination = check(destination, own_hosts=own_hosts())
    if has_fields(destination) and link.personal.exists():
        raise CannotChange(
            "This destination has merge fields, and its personal links exist already.",
            why="They were filled when the texts were prepared, one for each recipient.",
            do="Give one address for everybody, or send another broadcast.",
        )
    before = link.destination
    link = _change(link, "link.destination_changed", {"destination": destination}, actor)
    for follow in ON_MENDED:
        follow(link, before, actor)
    follow_change(link)
    return link


def disable(link: Link, *, actor: str) -> Link:
    """Stop a link: taps get the domain's fallback. Disabling twice keeps the first time."""
    return _change(
        link, "link.disabled", {"disabled_at": link.disabled_at or timezone.now()}, actor
    )


def enable(link: Link, *, actor: str) -> Link:
    """Let a disabled link lead to its destination again."""
    return _change(link, "link.enabled", {"disabled_at": None}, actor)


def set_expiry(link: Link, expires_at: dt.datetime | None, *, actor: str) -> Link:
    """Let a link end at a time (aware), or never (None)."""
    return _change(link, "link.expiry_changed", {"expires_at": expires_at}, actor)


def set_goals(link: Link, campaign: Campaign | None, offer: Offer | None, *, actor: str) -> Link:
    """Let the taps from now on count for a campaign and an offer (None: for none); those before
    stay with what they were counted for. Personal links follow: they ask their template."""
    before = _goal_names(link.campaign, link.offer)
    with transaction.atomic():
        Link.objects.filter(pk=link.pk).update(campaign=campaign, offer=offer)
        record(
            link.workspace, actor, "link.goals_changed", link, before, _goal_names(campaign, offer)
        )
    link.refresh_from_db()
    return link


def _goal_names(campaign: Campaign | None, offer: Offer | None) -> dict[str, Any]:
    named = {"campaign": campaign, "offer": offer}
    return {what: goal.name if goal else None for what, goal in named.items()}


def card_of(link: Link) -> Card | None:
    """Return what previews show of a link; None where nothing was chosen."""
    row = LinkCard.objects.filter(link=link).exclude(title="").first()
    return Card(row.title, row.description, row.picture) if row else None


def set_card(link: Link, card: Card | None, *, actor: str) -> None:
    """Let previews show a card that `cards.check_card` returned, or nothing of ours; every edge
    follows within a second. A template's card is that of its personal links."""
    if link.kind == LinkKind.PERSONAL:
        raise CannotChange(
            "A personal link has no card of its own.",
            why="It shows that of the link in the broadcast's text.",
            do="Change the card there.",
        )
    fields = (card or Card(""))._asdict()
    with transaction.atomic():
        change = next_change()
        before = card_of(link)
        LinkCard.objects.update_or_create(link=link, defaults=fields | {"change": change})
        Link.objects.filter(pk=link.pk).update(change=change)
        told = before._asdict() if before else {}
        record(link.workspace, actor, "link.card_changed", link, told, fields if card else {})
    if link.kind == LinkKind.TEMPLATE:
        _change_personal(link, {})


def _change(link: Link, action: str, values: dict[str, Any], actor: str) -> Link:
    """Write `values` to the link, and to the personal links of a template; return the link."""
    with transaction.atomic():
        current = Link.objects.select_for_update().get(pk=link.pk)
        before = {name: getattr(current, name) for name in values}
        Link.objects.filter(pk=link.pk).update(**values, change=next_change())
        record(link.workspace, actor, action, link, _as_json(before), _as_json(values))
    if link.kind == LinkKind.TEMPLATE:
        _change_personal(link, values)
    link.refresh_from_db()
    return link


def _change_personal(template: Link, values: dict[str, Any]) -> None:
    last = 0
    while batch := _next_batch(template, last):
        with transaction.atomic():
            chosen = Link.objects.filter(parent=template, pk__gt=last, pk__lte=batch[-1])
            chosen.update(**values, change=next_change())
        last = batch[-1]


def _next_batch(template: Link, after: int) -> list[int]:
    personal = Link.objects.filter(parent=template, pk__gt=after).order_by("pk")
    return list(personal.values_list("pk", flat=True)[:BATCH])


def _as_json(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, dt.datetime) else value
        for name, value in values.items()
    }
