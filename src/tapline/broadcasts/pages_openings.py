"""Pages that say why openings count as what they do: of one text each, and of all by reason."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from tapline.broadcasts.models import Message
from tapline.broadcasts.opening_words import tell_opening
from tapline.clicks import openings
from tapline.clicks.openings import Opening, ReasonCount
from tapline.clicks.reason_words import COUNTS_AS, reason_in_words
from tapline.links.models import Link
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need

MOST_OPENINGS = 500
MOST_REASONS = 30


@inside(Need.PEOPLE)
def show_openings(visit: Visit, broadcast_id: int, message_id: int) -> HttpResponse:
    """Show each opening of one recipient's text, oldest first, with what it counts as and why."""
    message = get_object_or_404(
        Message.objects.select_related("broadcast", "contact"),
        pk=message_id,
        broadcast_id=broadcast_id,
        workspace=visit.workspace,
        only_counted=False,
    )
    found = openings.of_message(visit.workspace.pk, broadcast_id, message_id, MOST_OPENINGS + 1)
    shown = found[:MOST_OPENINGS]
    destinations = _destinations(visit, shown)
    context = {
        "room": "broadcasts",
        "broadcast": message.broadcast,
        "message": message,
        "lines": [tell_opening(each, destinations) for each in shown],
        "has_several_links": len(destinations) > 1,
        "has_more": len(found) > len(shown),
        "most": MOST_OPENINGS,
    }
    return visit.render("broadcasts/openings.html", context)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of machine in a report: what it is called, and its reasons with their counts."""

    words: str
    reasons: list[tuple[str, int]]


def machines_by_reason(workspace_id: int, broadcast_id: int) -> list[Kind]:
    """Return the machines of a report by kind, and each kind's by reason, the most first."""
    return kinds_of(openings.by_reason(workspace_id, broadcast_id)[:MOST_REASONS])


def kinds_of(counts: Sequence[ReasonCount]) -> list[Kind]:
    """Group counts by kind in the order of the verdicts; reasons of equal words are one."""
    order = list(COUNTS_AS)
    ordered = sorted(counts, key=lambda each: order.index(each.verdict))
    return [
        Kind(str(COUNTS_AS[verdict]), _by_words(group))
        for verdict, group in itertools.groupby(ordered, key=lambda each: each.verdict)
    ]


def _by_words(counts: Iterable[ReasonCount]) -> list[tuple[str, int]]:
    found: dict[str, int] = {}
    for each in counts:
        words = reason_in_words(each.reasons)
        found[words] = found.get(words, 0) + each.requests
    return sorted(found.items(), key=lambda one: -one[1])


def _destinations(visit: Visit, shown: Sequence[Opening]) -> dict[int, str]:
    ids = {each.link for each in shown}
    links = Link.objects.filter(workspace=visit.workspace, pk__in=ids)
    return dict(links.values_list("pk", "destination"))
