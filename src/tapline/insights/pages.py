"""The page that ranks campaigns, offers, texts, audiences, times and keywords by what they did."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.http import HttpResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from tapline.digits import whole_number
from tapline.insights.groupings import GROUPINGS, Grouping
from tapline.insights.ranking import Line, rank
from tapline.insights.sums import BroadcastSum, sums_of
from tapline.intervals import pooled
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need

# Days back, as the address says them; 0 is everything.
PERIODS: dict[int, str | Promise] = {
    30: gettext_lazy("30 days"),
    90: gettext_lazy("90 days"),
    365: gettext_lazy("A year"),
    0: gettext_lazy("Everything"),
}
USUAL_PERIOD = 90
LONGEST_RANKING = 15
# A picture of a range is so wide, in its own units.
PICTURE = 100


@dataclass(frozen=True, slots=True)
class Drawn:
    """One line of a ranking, and where its range, rate and the average lie in its picture."""

    line: Line
    begins: float
    width: float
    rate: float
    average: float


@dataclass(frozen=True, slots=True)
class Section:
    """One ranking as the page shows it; `hidden` lines were cut."""

    grouping: Grouping
    lines: list[Drawn]
    hidden: int


@inside(Need.RATES)
def what_works(visit: Visit) -> HttpResponse:
    """Rank what broadcasts of the chosen period have in common by their click rates."""
    days = _days(visit.request.GET.get("days", ""))
    since = timezone.now() - dt.timedelta(days=days) if days else None
    sums = sums_of(visit.workspace, since)
    everything = pooled(each.sample for each in sums)
    context = {
        "room": "insights",
        "days": days,
        "periods": PERIODS.items(),
        "broadcasts": len(sums),
        "everything": everything,
        "sections": [_section(visit, each, sums) for each in GROUPINGS],
    }
    return visit.render("insights/what_works.html", context)


def _days(raw: str) -> int:
    days = whole_number(raw)
    return days if days in PERIODS else USUAL_PERIOD


def _section(visit: Visit, grouping: Grouping, sums: list[BroadcastSum]) -> Section:
    ranking = rank(grouping.divide(visit.workspace, sums), [each.sample for each in sums])
    shown = ranking.lines[:LONGEST_RANKING]
    # The widest range that says something fills its picture; those that say nothing are cut.
    highest = max((line.range.high for line in shown if line.standing != "too_few"), default=1.0)
    scale = PICTURE / max(highest, ranking.average)
    return Section(
        grouping,
        [_draw(line, ranking.average, scale) for line in shown],
        len(ranking.lines) - len(shown),
    )


def _draw(line: Line, average: float, scale: float) -> Drawn:
    begins, ends, rate = (
        min(PICTURE, value * scale) for value in (line.range.low, line.range.high, line.sample.rate)
    )
    return Drawn(
        line, round(begins, 1), round(ends - begins, 1), round(rate, 1), round(average * scale, 1)
    )
