"""How a workspace's latest broadcasts were opened, for its home.

Unlike a report's questions these read no broadcast into memory: home is opened often, and by
everybody, and must not drive out the reports that somebody is looking at. Files never change under
their name, so what some files say about a broadcast is asked once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from tapline.clicks import store
from tapline.clicks.listing import ListedFile, read_list

OPENINGS = """
-- How one broadcast was opened: messages that a person tapped or perhaps did, requests by people,
-- and those by machines.
select
    count(distinct case when message > 0 and case when verdict = 'unknown' then 1 else human end = 1
        then message end) as perhaps,
    coalesce(sum(case when human = 1 then requests end), 0) as by_people,
    coalesce(sum(case when verdict in ('preview', 'scanner', 'prefetch', 'tool') then requests end),
        0) as by_machines
from clicks
where workspace = :workspace and broadcast = :broadcast and message <> 0
"""
ANSWERS_KEPT = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Openings:
    """How one broadcast was opened. `perhaps`: messages that a person tapped, or perhaps did."""

    perhaps: int = 0
    by_people: int = 0
    by_machines: int = 0


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked about a broadcast: the same of the same files."""

    workspace: int
    broadcast: int
    names: frozenset[str]
    files: Sequence[ListedFile] = field(compare=False)


def openings_of(workspace_id: int, broadcast_ids: Sequence[int]) -> dict[int, Openings]:
    """Return how each of a few broadcasts was opened."""
    return store.with_files(
        lambda: {each: _ask(_question(workspace_id, each)) for each in broadcast_ids}
    )


def _question(workspace: int, broadcast: int) -> _Question:
    files = [file for file in read_list() if (workspace, broadcast) in file.contents]
    return _Question(workspace, broadcast, frozenset(file.name for file in files), files)


@lru_cache(maxsize=ANSWERS_KEPT)
def _ask(question: _Question) -> Openings:
    wanted = {"workspace": question.workspace, "broadcast": question.broadcast}
    ((perhaps, by_people, by_machines),) = store.query(OPENINGS, wanted, files=question.files)
    return Openings(perhaps=perhaps, by_people=int(by_people), by_machines=int(by_machines))
