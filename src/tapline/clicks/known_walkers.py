"""Which networks and browsers walked over a workspace's broadcasts lately.

Found by a look at one broadcast, a sign for looks at the workspace's others: in a small broadcast
nobody walks far enough to be known. A walk counts for clicks after it was found, so that what a
verdict goes by was there before its click, and judging everything afresh comes to the same.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from typing import Any

import duckdb
import numpy as np
from django.utils import timezone
from numpy.typing import NDArray

from tapline.clicks.models import KnownWalker
from tapline.clicks.moments import aware, naive

# Scanners move and browsers are updated; a network that was given to somebody else is forgotten.
COUNTS_FOR = dt.timedelta(days=30)
# A walk that goes on is written down again once a day at most.
PROLONGED_BY = dt.timedelta(days=1)
# So long a walk is kept when it no longer counts: clicks of its time may be judged again.
KEPT_FOR = dt.timedelta(days=365)
FAMILY_BYTES = 16

WALKED = """
-- Who walked over this broadcast, and when last.
select o.network, s.agent, max(o.clicked_at)
from opened o
join sights s using (sight)
join of_each using (place)
join judgements j using (judgement)
where o.is_judged and j.new_reasons = 'walker'
group by o.network, s.agent
"""

OPENED_BY_KNOWN = """
-- The openings by those who walked over another broadcast before.
select distinct o.place
from opened o
join families f using (sight)
join known_walkers k on k.network = o.network and k.family = f.family
where o.clicked_at > k.found_at and o.clicked_at <= k.counts_until
"""

_NUMBERS = re.compile(r"[\d._]+")


def family_of(agent: str) -> str:
    """Return what agents have in common that differ in their numbers alone: a browser's next
    version is the same family."""
    plain = _NUMBERS.sub("", agent).encode()
    return hashlib.blake2b(plain, digest_size=FAMILY_BYTES).hexdigest()


def remember_walkers(
    database: duckdb.DuckDBPyConnection, workspace_id: int, broadcast_id: int
) -> None:
    """Keep who walked over a broadcast, as `find_changes` has judged it. One that goes on walking
    counts for longer."""
    now = timezone.now()
    of = {"workspace_id": workspace_id, "broadcast_id": broadcast_id}
    counting = KnownWalker.objects.filter(counts_until__gte=now, **of)
    known = {(each.network, each.family): each for each in counting}
    new, longer = [], []
    for (network, family), until in _walked(database).items():
        walker = known.get((network, family))
        if walker is None:
            new.append(
                KnownWalker(network=network, family=family, found_at=now, counts_until=until, **of)
            )
        elif until - walker.counts_until >= PROLONGED_BY:
            walker.counts_until = until
            longer.append(walker)
    KnownWalker.objects.bulk_create(walker for walker in new if walker.counts_until > now)
    KnownWalker.objects.bulk_update(longer, ["counts_until"])


def _walked(database: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], dt.datetime]:
    """Return until when each that walked counts."""
    found: dict[tuple[str, str], dt.datetime] = {}
    for network, agent, last in database.execute(WALKED).fetchall():
        key = network, family_of(agent)
        until = aware(last) + COUNTS_FOR
        found[key] = max(until, found.get(key, until))
    return found


def opened_by_known(
    database: duckdb.DuckDBPyConnection, workspace_id: int, broadcast_id: int
) -> NDArray[np.int64]:
    """Return the places in `opened` that are by who walked over another of the workspace's
    broadcasts before."""
    known = KnownWalker.objects.filter(workspace_id=workspace_id).exclude(broadcast_id=broadcast_id)
    rows = list(known.values_list("network", "family", "found_at", "counts_until"))
    if not rows:
        return np.zeros(0, np.int64)
    agents = database.execute("select sight, agent from sights").fetchall()
    database.register("known_walkers", _as_table(rows))
    database.register(
        "families",
        {
            "sight": np.array([sight for sight, _ in agents], np.int64),
            "family": np.array([family_of(agent) for _, agent in agents], object),
        },
    )
    return database.execute(OPENED_BY_KNOWN).fetchnumpy()["place"].astype(np.int64)


def forget_walkers(now: dt.datetime) -> int:
    """Delete walks that stopped counting long ago; return how many."""
    return KnownWalker.objects.filter(counts_until__lt=now - KEPT_FOR).delete()[0]


def _as_table(rows: list[tuple[str, str, dt.datetime, dt.datetime]]) -> dict[str, NDArray[Any]]:
    networks, families, found, until = zip(*rows, strict=True)
    return {
        "network": np.array(networks, object),
        "family": np.array(families, object),
        "found_at": _as_utc(found),
        "counts_until": _as_utc(until),
    }


def _as_utc(moments: tuple[dt.datetime, ...]) -> NDArray[np.datetime64]:
    return np.array([naive(moment) for moment in moments], "datetime64[us]")
