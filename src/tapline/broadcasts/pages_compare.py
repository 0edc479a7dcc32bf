"""The page that puts two broadcasts side by side."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _

from tapline.broadcasts.breakdowns import until_words
from tapline.broadcasts.comparing import Difference, Outcome, Side, difference, side_of
from tapline.broadcasts.models import WRITTEN, Broadcast, BroadcastKind, BroadcastState
from tapline.digits import whole_number
from tapline.numerals import points
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need

OFFERED = 200
NOT_SENT = (BroadcastState.DRAFT, BroadcastState.CHECKED, BroadcastState.SCHEDULED)


@inside(Need.RATES)
def compare(visit: Visit) -> HttpResponse:
    """Show two broadcasts beside each other, or ask which."""
    one, other = (_chosen(visit, name) for name in ("one", "other"))
    context: dict[str, Any] = {
        "room": "broadcasts",
        "offered": _comparable(visit).order_by("-id")[:OFFERED],
        "one": one,
        "other": other,
        "is_twice": one is not None and one == other,
    }
    if one is not None and other is not None and one != other:
        context |= _side_by_side(side_of(one), side_of(other))
    return visit.render("broadcasts/compare.html", context)


def _side_by_side(first: Side, second: Side) -> dict[str, Any]:
    # The last span has no end, and everybody is in it.
    spans = zip(until_words(), first.in_time, second.in_time, strict=False)
    found = difference(first.sample, second.sample)
    return {
        "first": first,
        "second": second,
        "verdict": in_words(found, first.broadcast.name, second.broadcast.name),
        "spans": list(spans),
    }


def in_words(found: Difference, first: str, second: str) -> str:
    """Return what can be said of two broadcasts in one sentence."""
    if found.outcome == Outcome.TOO_FEW:
        return _("Too few texts arrived to tell which of the two did better.")
    if found.outcome == Outcome.ALIKE:
        return _(
            "Nobody can tell which did better: the true difference lies anywhere between"
            " %(low)s and %(high)s points."
        ) % {"low": points(found.likely.low), "high": points(found.likely.high)}
    is_second = found.outcome == Outcome.BETTER
    low, high = sorted((abs(found.likely.low), abs(found.likely.high)))
    return _("«%(name)s» did better: by %(seen)s points, and likely by %(low)s to %(high)s.") % {
        "name": second if is_second else first,
        "seen": points(abs(found.seen)),
        "low": points(low),
        "high": points(high),
    }


def _chosen(visit: Visit, name: str) -> Broadcast | None:
    number = whole_number(visit.request.GET.get(name, "")) or 0
    return _comparable(visit).filter(pk=number).first()


def _comparable(visit: Visit) -> QuerySet[Broadcast]:
    found = Broadcast.objects.filter(workspace=visit.workspace, kind__in=WRITTEN)
    return found.exclude(state__in=NOT_SENT, kind=BroadcastKind.COMPOSED).select_related(
        "workspace", "campaign", "offer"
    )
