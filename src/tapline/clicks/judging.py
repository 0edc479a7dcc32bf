"""Judges openings of one broadcast beside each other: from what is stored to what is to be said.

The verdict of an opening depends on what is stored and told by now, and not on the order in which
that came, so judging everything afresh later comes to the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple

import duckdb
import numpy as np
from django.db import connection
from numpy.typing import NDArray

from tapline.clicks import store
from tapline.clicks.arrival import Arrival, arrival_of
from tapline.clicks.contexts import Openings, contexts_of, shared_links
from tapline.clicks.evidence import Context, Evidence, Verdict
from tapline.clicks.known_walkers import opened_by_known
from tapline.clicks.resolving import EPOCH, MICROSECOND
from tapline.clicks.rules import RULES_VERSION, judge
from tapline.clicks.spans import Span

MOST_IDS_PER_QUERY = 30_000
SECOND_US = 1_000_000

# What the rules look at in one request, as it was stored: lists of networks of today change nothing
# of it.
SIGHT = "method, agent, headers, is_operator, requests, network_kind, network_source"

SIGHTS = """
-- The different things that rules look at in one request: far fewer than openings.
create or replace temp table sights as
select
    row_number() over (order by {sight}) - 1 as sight,
    dense_rank() over (order by agent, headers) as look, *
from (
    select distinct {sight} from {source}
    where workspace = $workspace and broadcast = $broadcast and path <> ''
      and clicked_at >= $read_from and clicked_at < $until
)
"""

OPENED = """
-- A span of one broadcast's openings that can be judged: of who is erased nothing is left to look
-- at. Those of the time before are there to be seen beside them.
-- What they looked like is a number: a million with their headers would take a gigabyte.
create or replace temp table opened as
select
    row_number() over () - 1 as place, id, message, opened_link, clicked_at,
    seconds_since_submit, seconds_since_delivery, network,
    device_kind || '/' || device || '/' || os as device,
    verdict, reasons, rules_version, s.sight, s.look, clicked_at >= $judged_from as is_judged
from {source} join sights s using ({sight})
where workspace = $workspace and broadcast = $broadcast and path <> ''
  and clicked_at >= $read_from and clicked_at < $until
"""

COLUMNS = """
-- Openings as numbers. Code 0 of a network is «not known».
select
    o.message, o.opened_link as link, epoch_us(o.clicked_at) as at,
    coalesce(o.seconds_since_submit, 'nan'::double) as since_submit,
    coalesce(o.seconds_since_delivery, 'nan'::double) as since_receipt,
    n.network, o.sight, o.look, d.device
from opened o
join (
    select network as name, case when network = '' then 0 else row_number() over () end as network
    from (select distinct network from opened)
) n on n.name = o.network
join (
    select device as name, row_number() over () as device from (select distinct device from opened)
) d on d.name = o.device
order by o.place
"""

CHANGES = """
-- What is to be said of openings now, where it is something else than is stored. What older rules
-- judged changes only when asked for.
create or replace temp table changes as
select o.id, o.message, o.verdict, j.new_verdict, j.new_reasons
from opened o
join of_each using (place)
join judgements j using (judgement)
where o.is_judged and (o.rules_version = {version} or ({is_asked}))
  and (o.rules_version <> {version} or o.verdict <> j.new_verdict or o.reasons <> j.new_reasons)
"""

RECEIPTS = """
-- When the provider says that some messages arrived.
select m.id, m.delivered_at
from json_each(%s) wanted cross join broadcasts_message m on m.id = wanted.value
where m.delivered_at is not null
"""

CANARIES = """
-- Messages of one broadcast to seed contacts.
select m.id
from contacts_contact c join broadcasts_message m on m.contact_id = c.id
where c.workspace_id = %s and c.is_canary and m.broadcast_id = %s
"""


class Judged(NamedTuple):
    """One broadcast's openings and what is to be said of each."""

    of_each: NDArray[np.int64]  # places in `judgements`
    judgements: Sequence[tuple[str, str]]  # verdict, reasons


# --- reading --------------------------------------------------------------------------------------


@contextmanager
def opened(workspace_id: int, broadcast_id: int, span: Span) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a database of its own whose table `opened` holds a span of one broadcast's openings."""
    database = store.connect(threads=1, memory="512MB")
    wanted = {"workspace": workspace_id, "broadcast": broadcast_id}
    within = {"read_from": span.read_from, "until": span.until}

    def read() -> None:
        files = [file for file in store.find_files(wanted) if span.touches(file)]
        source = store.source(files)
        database.execute(SIGHTS.format(source=source, sight=SIGHT), wanted | within)
        database.execute(
            OPENED.format(source=source, sight=SIGHT),
            wanted | within | {"judged_from": span.judged_from},
        )

    try:
        store.with_files(read)
        yield database
    finally:
        database.close()


def find_changes(
    database: duckdb.DuckDBPyConnection, workspace_id: int, broadcast_id: int, where: str = "false"
) -> int:
    """Fill the table `changes` with openings that are to be said something else of; return how
    many. Those for which `where` holds are in it when only the version of the rules is another."""
    judged = _judge(database, workspace_id, broadcast_id)
    database.register("judgements", _as_table(judged.judgements))
    database.register(
        "of_each", {"place": np.arange(len(judged.of_each)), "judgement": judged.of_each}
    )
    database.execute(CHANGES.format(is_asked=where, version=RULES_VERSION))
    row = database.execute("select count(*) from changes").fetchone()
    return int(row[0]) if row else 0


def _as_table(judgements: Sequence[tuple[str, str]]) -> dict[str, NDArray[Any]]:
    verdicts, reasons = zip(*judgements, strict=True) if judgements else ((), ())
    return {
        "judgement": np.arange(len(judgements)),
        "new_verdict": np.array(verdicts, dtype=object),
        "new_reasons": np.array(reasons, dtype=object),
    }


# --- judging --------------------------------------------------------------------------------------


def _judge(database: duckdb.DuckDBPyConnection, workspace_id: int, broadcast_id: int) -> Judged:
    arrival = arrival_of(broadcast_id)
    sights = _sights(database, arrival)
    columns = database.execute(COLUMNS).fetchnumpy()
    sight = columns["sight"].astype(np.int64)
    alone = [judge(evidence).verdict for evidence in sights]
    may_be_person = np.array([verdict in _PERHAPS for verdict in alone], bool)[sight]
    may_be_person &= columns["message"] > 0  # Aliases and shared codes are opened by anybody.
    canaries = _canaries(workspace_id, broadcast_id)
    openings = _openings(columns, may_be_person, arrival, canaries)
    openings.walked_before[opened_by_known(database, workspace_id, broadcast_id)] = True
    context, contexts = contexts_of(openings)
    of_each, judgements = _judge_pairs(sight, context, sights, contexts)
    is_person = np.array([verdict == Verdict.HUMAN for verdict, _ in judgements], bool)[of_each]
    is_person &= may_be_person
    shared = shared_links(openings, is_person)
    context, contexts = _with_shared(context, contexts, shared)
    return Judged(*_judge_pairs(sight, context, sights, contexts))


_PERHAPS = frozenset({Verdict.HUMAN, Verdict.UNKNOWN})


def _judge_pairs(
    sight: NDArray[np.int64],
    context: NDArray[np.int64],
    sights: Sequence[Evidence],
    contexts: Sequence[Context],
) -> tuple[NDArray[np.int64], list[tuple[str, str]]]:
    """Judge each different pair of sight and context once."""
    pairs, of_each = np.unique(sight * len(contexts) + context, return_inverse=True)
    judgements = []
    for pair in pairs.tolist():
        one, other = divmod(pair, len(contexts))
        said = judge(replace(sights[one], context=contexts[other]))
        judgements.append((said.verdict.value, ",".join(said.reasons)))
    return of_each.ravel(), judgements


def _with_shared(
    context: NDArray[np.int64], contexts: Sequence[Context], shared: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], list[Context]]:
    marked = [replace(one, is_shared=True) for one in contexts]
    return context + shared * len(contexts), [*contexts, *marked]


def _sights(database: duckdb.DuckDBPyConnection, arrival: Arrival) -> list[Evidence]:
    rows = database.execute(f"select {SIGHT} from sights order by sight").fetchall()
    return [_evidence(arrival.soonest_tap, *row) for row in rows]


def _evidence(
    soonest_tap: float,
    method: str,
    agent: str,
    headers: str,
    is_operator: int,
    requests: int,
    network_kind: str,
    network_source: str,
) -> Evidence:
    return Evidence(
        method=method,
        agent=agent,
        headers=json.loads(headers) if headers else {},
        is_operator=bool(is_operator),
        soonest_tap=soonest_tap,
        requests=requests,
        network_kind=network_kind,
        network_source=network_source,
    )


def _openings(
    columns: dict[str, NDArray[Any]],
    may_be_person: NDArray[np.bool_],
    arrival: Arrival,
    canaries: Sequence[int],
) -> Openings:
    message, at = columns["message"], columns["at"]
    return Openings(
        message=message,
        link=columns["link"],
        seconds=at / SECOND_US * arrival.pace,
        since_submit=columns["since_submit"] * arrival.pace,
        since_receipt=_since_receipt(columns, arrival),
        network=columns["network"],
        look=columns["look"],
        device=columns["device"],
        is_canary=np.isin(message, canaries),
        may_be_person=may_be_person,
        walked_before=np.zeros(len(message), bool),
        soonest_tap=arrival.soonest_tap,
    )


def _since_receipt(columns: dict[str, NDArray[Any]], arrival: Arrival) -> NDArray[np.float64]:
    """Return how long after its text's arrival each opening came; nan where nobody can tell."""
    told, message = columns["since_receipt"], columns["message"]
    if not arrival.receipts_tell:
        return np.full(len(told), np.nan)
    late = (columns["at"] - _receipts(message[np.isnan(told)], message)) / SECOND_US
    return np.where(np.isnan(told), late, told) * arrival.pace


# --- what the control database knows --------------------------------------------------------------


def _receipts(wanted: NDArray[np.int64], of: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return when (µs) each message of `of` arrived, nan where that is not known or not wanted."""
    found: list[tuple[int, Any]] = []
    ids = np.unique(wanted).tolist()
    with connection.cursor() as cursor:
        for start in range(0, len(ids), MOST_IDS_PER_QUERY):
            cursor.execute(RECEIPTS, [json.dumps(ids[start : start + MOST_IDS_PER_QUERY])])
            found += cursor.fetchall()
    if not found:
        return np.full(len(of), np.nan)
    found.sort()
    messages = np.array([message for message, _ in found])
    moments = np.array([(moment - EPOCH) / MICROSECOND for _, moment in found])
    places = np.minimum(np.searchsorted(messages, of), len(messages) - 1)
    return np.where(messages[places] == of, moments[places], np.nan)


def _canaries(workspace_id: int, broadcast_id: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(CANARIES, [workspace_id, broadcast_id])
        return [message for (message,) in cursor.fetchall()]
