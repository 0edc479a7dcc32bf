"""How the latest broadcasts of a workspace went, side by side: cheap enough for its home.

People who tapped come from the tallies that triggers keep; only the upper end of a rate, and who
opened the links, need a look at the clicks. Ranges are those of reports.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from tapline.broadcasts.models import WRITTEN, Broadcast
from tapline.broadcasts.reports import RANGE_SHOWN_FROM
from tapline.broadcasts.samples import samples_of
from tapline.clicks.lookalikes import Lookalikes, measure
from tapline.clicks.overview import Openings, openings_of
from tapline.intervals import Sample
from tapline.workspaces.models import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Went:
    """How one broadcast went. Rates are fractions from 0 to 1; None where nobody could tap."""

    broadcast: Broadcast
    texts: int  # that the rate is about: delivered, or sent where no receipts came
    people: int  # who tapped
    certain: int  # of these, without machines that look like people
    perhaps: int  # who tapped, or perhaps did
    by_people: int  # requests
    by_machines: int

    @property
    def rate(self) -> float | None:
        return min(1.0, self.people / self.texts) if self.texts else None

    @property
    def rate_low(self) -> float | None:
        return min(1.0, self.certain / self.texts) if self.texts else None

    @property
    def rate_high(self) -> float | None:
        return min(1.0, self.perhaps / self.texts) if self.texts else None

    @property
    def shows_range(self) -> bool:
        return (self.rate_high or 0) - (self.rate_low or 0) > RANGE_SHOWN_FROM

    @property
    def openings(self) -> int:
        return self.by_people + self.by_machines

    @property
    def machine_share(self) -> float:
        """How much of what opened the links was machines."""
        return self.by_machines / self.openings if self.openings else 0.0

    @property
    def started_at(self) -> dt.datetime:
        return self.broadcast.started_at or self.broadcast.created_at


def latest(workspace: Workspace, count: int) -> list[Went]:
    """Return how the latest broadcasts that began went, the last first; tests are left out."""
    begun = Broadcast.objects.filter(
        workspace=workspace, kind__in=WRITTEN, started_at__isnull=False, is_test=False
    )
    broadcasts = list(begun.order_by("-id")[:count])
    ids = [each.pk for each in broadcasts]
    samples, opened = samples_of(ids), openings_of(workspace.pk, ids)
    lookalikes = measure(workspace.pk)
    return [_went(each, samples[each.pk], opened[each.pk], lookalikes) for each in broadcasts]


def _went(broadcast: Broadcast, sample: Sample, opened: Openings, lookalikes: Lookalikes) -> Went:
    return Went(
        broadcast=broadcast,
        texts=sample.of,
        people=sample.hits,
        certain=lookalikes.people_at_least(sample.hits, sample.of),
        perhaps=max(sample.hits, opened.perhaps),
        by_people=opened.by_people,
        by_machines=opened.by_machines,
    )
