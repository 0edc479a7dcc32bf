"""What the openings of one broadcast say about each other, worked out over whole columns.

Everything here is arithmetic on arrays with one place per opening: a million take about a second.
Times are seconds as the recipients' clocks go (a simulator's clock may go faster than ours).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapline.clicks.evidence import (
    ALONE,
    NO_CONTEXT,
    SMALLEST_CLUSTER,
    SOONEST_TAP,
    Cluster,
    Context,
    Walk,
)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

NO_NETWORK = 0
# How soon another link of a text must be opened for anybody to ask whether a person did it.
AT_ONCE_SECONDS = 2
# How many neighbours are looked at for another link; more than a few repeats of one are rare.
NEIGHBOURS = 3
# Delays are of interest until a tap can have come, in steps that keep the number of contexts small.
STEP_SECONDS = 0.25
# Clocks of two machines differ by less; an opening longer before its text tells of a wrong clock.
CLOCKS_DIFFER_SECONDS = 5.0
# Receipts are punctual when so few openings come before their own.
PUNCTUAL_SHARE = 0.02
RECEIPT_SECONDS = 2.0
FEWEST_RECEIPTS = 50
LEADERS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Openings:
    """The openings of one broadcast, a column each. Codes are small numbers, any will do."""

    message: Ints
    link: Ints
    seconds: Floats
    since_submit: Floats  # nan: not known
    since_receipt: Floats  # nan: there is none
    network: Ints  # NO_NETWORK: not known
    look: Ints  # agent and headers
    device: Ints  # kind of device, model and system
    is_canary: Flags
    may_be_person: Flags  # by its look alone
    walked_before: Flags  # by a network and a family of agents that did so lately
    soonest_tap: float = SOONEST_TAP  # seconds after the handing-over

    def __len__(self) -> int:
        return len(self.message)


def contexts_of(openings: Openings) -> tuple[Ints, list[Context]]:
    """Return the different contexts, and for each opening which of them is its own."""
    cluster, clusters = _clusters(openings)
    walk, walks = _walks(openings)
    columns = [
        openings.is_canary.astype(np.int64),
        _steps(openings.since_submit, openings.soonest_tap),
        _seconds_to_other_link(openings),
        _before_receipt(openings).astype(np.int64),
        cluster,
        walk,
    ]
    numbers, rows = _distinct(columns)
    return numbers, [_context(tuple(map(int, row)), clusters, walks) for row in rows]


def shared_links(openings: Openings, is_person: Flags) -> Flags:
    """Return which openings by people came from another device elsewhere than the first of their
    message."""
    shared = np.zeros(len(openings), bool)
    rows = np.flatnonzero(is_person)
    rows = rows[np.lexsort((openings.seconds[rows], openings.message[rows]))]
    if not len(rows):
        return shared
    begins = np.r_[True, np.diff(openings.message[rows]) != 0]
    first = rows[np.maximum.accumulate(np.where(begins, np.arange(len(rows)), 0))]
    known = (openings.network[rows] != NO_NETWORK) & (openings.network[first] != NO_NETWORK)
    shared[rows] = (
        known
        & (openings.device[rows] != openings.device[first])
        & (openings.network[rows] != openings.network[first])
    )
    return shared


# --- one text -------------------------------------------------------------------------------------


def _steps(since_submit: Floats, soonest_tap: float) -> Ints:
    """Return delays in steps, counted from 1; 0 for those that are not of interest or not known."""
    with np.errstate(invalid="ignore"):
        soon = (since_submit < soonest_tap) & (since_submit > -CLOCKS_DIFFER_SECONDS)
    return np.where(soon, np.maximum(since_submit, 0) // STEP_SECONDS + 1, 0).astype(np.int64)


def _seconds_to_other_link(openings: Openings) -> Ints:
    """Return for each opening how many seconds, rounded up, lie between it and one of another link
    of its message by the same look; 0 where none is within `AT_ONCE_SECONDS`."""
    seconds = np.full(len(openings), np.inf)
    rows = np.flatnonzero(openings.may_be_person)
    rows = rows[np.lexsort((openings.seconds[rows], openings.look[rows], openings.message[rows]))]
    for back in range(1, NEIGHBOURS + 1):
        later, earlier = rows[back:], rows[:-back]
        beside = (
            (openings.message[later] == openings.message[earlier])
            & (openings.look[later] == openings.look[earlier])
            & (openings.link[later] != openings.link[earlier])
        )
        later, earlier = later[beside], earlier[beside]
        gap = openings.seconds[later] - openings.seconds[earlier]
        seconds[later] = np.minimum(seconds[later], gap)
        seconds[earlier] = np.minimum(seconds[earlier], gap)
    soon = seconds <= AT_ONCE_SECONDS
    return np.where(soon, np.maximum(np.ceil(seconds), 1), 0).astype(np.int64)


def _before_receipt(openings: Openings) -> Flags:
    """Return which openings came before their receipt's time, where hardly any do."""
    with np.errstate(invalid="ignore"):
        before = openings.since_receipt < -RECEIPT_SECONDS
    told = openings.may_be_person & ~np.isnan(openings.since_receipt)
    count = int(told.sum())
    if count < FEWEST_RECEIPTS or before[told].sum() > PUNCTUAL_SHARE * count:
        return np.zeros(len(openings), bool)
    return before


# --- one network ----------------------------------------------------------------------------------


def _clusters(openings: Openings) -> tuple[Ints, list[Cluster]]:
    """Return the clusters of some size, and for each opening which it belongs to (0: to none)."""
    rows = np.flatnonzero(openings.may_be_person & (openings.network != NO_NETWORK))
    clusters: list[Cluster] = [ALONE]
    belongs = np.zeros(len(openings), np.int64)
    if not len(rows):
        return belongs, clusters
    groups, group_of = np.unique(
        np.stack([openings.network[rows], openings.look[rows]]), axis=1, return_inverse=True
    )
    numbers = np.zeros(groups.shape[1], np.int64)
    for group, cluster in _clusters_of_groups(openings, rows, groups[0], group_of.ravel()):
        numbers[group] = len(clusters)
        clusters.append(cluster)
    belongs[rows] = numbers[group_of.ravel()]
    return belongs, clusters


def _clusters_of_groups(
    openings: Openings, rows: Ints, network_of_group: Ints, group_of: Ints
) -> list[tuple[int, Cluster]]:
    """Return (group, cluster) of the groups that a rule could be about; a group is a look in a
    network."""
    networks, network_of = np.unique(network_of_group, return_inverse=True)
    network = network_of.ravel()[group_of]  # of each row
    recipients = _count_distinct(network, openings.message[rows], len(networks))
    openings_of = np.bincount(group_of, minlength=len(network_of_group))
    all_of = np.bincount(network, minlength=len(networks))
    different = _count_distinct_pairs(network, openings, rows, len(networks))
    spread = _spread(network, openings.since_submit[rows], len(networks))
    canaries = np.bincount(group_of, openings.is_canary[rows], len(network_of_group)) > 0
    found: list[tuple[int, Cluster]] = []
    for number in np.flatnonzero((recipients >= SMALLEST_CLUSTER) | _any(network_of, canaries)):
        groups = np.flatnonzero(network_of.ravel() == number)
        groups = groups[np.argsort(-openings_of[groups], kind="stable")]
        cluster = Cluster(
            recipients=int(recipients[number]),
            looks=len(groups),
            leaders_share=float(openings_of[groups[:LEADERS]].sum() / all_of[number]),
            repeats_share=float(1 - different[number] / all_of[number]),
            spread=float(spread[number]),
        )
        found += _members(groups, cluster, canaries)
    return found


def _members(groups: Ints, cluster: Cluster, canaries: Flags) -> list[tuple[int, Cluster]]:
    """Return the cluster as each of its looks sees it; looks that no rule is about are left out."""
    return [
        (
            int(group),
            replace(cluster, is_leading=place < LEADERS, is_canary_opener=bool(canaries[group])),
        )
        for place, group in enumerate(groups)
        if place < LEADERS or canaries[group]
    ]


def _any(network_of: Ints, flags: Flags) -> Flags:
    return np.bincount(network_of.ravel(), flags) > 0


def _count_distinct(network: Ints, message: Ints, networks: int) -> Ints:
    pairs = np.unique(np.stack([network, message]), axis=1)
    return np.bincount(pairs[0], minlength=networks)


def _count_distinct_pairs(network: Ints, openings: Openings, rows: Ints, networks: int) -> Ints:
    columns = np.stack([network, openings.message[rows], openings.link[rows]])
    return np.bincount(np.unique(columns, axis=1)[0], minlength=networks)


def _spread(network: Ints, delays: Floats, networks: int) -> Floats:
    """Return per network how many times as late as the first tenth the last tenth of its openings
    was; infinite where too few delays are known."""
    spread = np.full(networks, np.inf)
    known = np.flatnonzero(~np.isnan(delays))
    known = known[np.lexsort((delays[known], network[known]))]
    counts = np.bincount(network[known], minlength=networks)
    starts = np.cumsum(counts) - counts
    for number in np.flatnonzero(counts >= SMALLEST_CLUSTER):
        own = delays[known[starts[number] : starts[number] + counts[number]]]
        early, late = np.quantile(own, (0.1, 0.9))
        spread[number] = late / max(early, STEP_SECONDS / 2)
    return spread


# --- who walked before ----------------------------------------------------------------------------


def _walks(openings: Openings) -> tuple[Ints, list[Walk | None]]:
    """Return the walks by known walkers, one per network, and for each opening which it belongs to
    (0: to none)."""
    walks: list[Walk | None] = [None]
    belongs = np.zeros(len(openings), np.int64)
    gathered = openings.may_be_person & (openings.network != NO_NETWORK)
    known = np.flatnonzero(gathered & openings.walked_before)
    for network in np.unique(openings.network[known]):
        own = known[openings.network[known] == network]
        all_of = np.count_nonzero(gathered & (openings.network == network))
        links = np.unique(np.stack([openings.message[own], openings.link[own]]), axis=1)
        belongs[own] = len(walks)
        walks.append(
            Walk(
                recipients=len(np.unique(openings.message[own])),
                share=len(own) / all_of,
                repeats_share=1 - links.shape[1] / len(own),
            )
        )
    return belongs, walks


# --- telling contexts apart -----------------------------------------------------------------------


def _distinct(columns: Sequence[Ints]) -> tuple[Ints, NDArray[Any]]:
    """Return which distinct row each place is, and the distinct rows."""
    rows, numbers = np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)
    return numbers.ravel(), rows


def _context(
    row: tuple[int, ...], clusters: Sequence[Cluster], walks: Sequence[Walk | None]
) -> Context:
    is_canary, step, to_other_link, before_receipt, cluster, walk = row
    if not any(row):
        return NO_CONTEXT
    return Context(
        is_canary=bool(is_canary),
        seconds_since_submit=(step - 1) * STEP_SECONDS if step else None,
        seconds_to_other_link=to_other_link or None,
        before_receipt=bool(before_receipt),
        cluster=clusters[cluster],
        walk=walks[walk],
    )
