"""Who tapped of those reached, as reports count it: by the tallies that triggers keep, so that no
click is looked at, however many there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from tapline.broadcasts.models import MessageTally
from tapline.broadcasts.reports import has_receipts, is_delivered, is_sent
from tapline.intervals import Sample


def samples_of(broadcasts: Collection[int]) -> dict[int, Sample]:
    """Return the sample of each broadcast; one that reached nobody is of 0."""
    tallies: dict[int, list[MessageTally]] = defaultdict(list)
    found = MessageTally.objects.filter(broadcast__in=broadcasts, count__gt=0)
    for tally in found.defer("cost", "parts"):  # Decimals take the most time to read.
        tallies[tally.broadcast_id].append(tally)
    return {broadcast: sample_of(tallies[broadcast]) for broadcast in broadcasts}


def sample_of(
    tallies: Sequence[MessageTally], whole: Sequence[MessageTally] | None = None
) -> Sample:
    """Return how many tapped of those delivered, or of those sent where no receipt ever came.
    `whole`: all tallies of the broadcast, where these are some of them.

    Who is only counted is in no rate: nobody knows who of them tapped.
    """
    reached = is_delivered if has_receipts(whole or tallies) else is_sent
    watched = [tally for tally in tallies if not tally.only_counted]
    return Sample(
        sum(tally.count for tally in watched if tally.was_clicked),
        sum(tally.count for tally in watched if reached(tally)),
    )
