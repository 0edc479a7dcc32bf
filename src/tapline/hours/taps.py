"""Where people last tapped, as evidence of where they live: a row per contact, kept up from clicks.

Only taps that a person made, whose place is known, and whose network is none of which it is known
that it hides where people are (a data centre, a relay). What is corrected to be no person's tap
goes; another tap brings a place again. Who is only counted is in no row.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from django.db import connection
from django.utils import timezone

from tapline import config
from tapline.clicks import store
from tapline.clicks.listing import read_list
from tapline.clicks.moments import aware, naive
from tapline.hours.models import TapMark, TapPlace
from tapline.hours.places import key_of_tap
from tapline.turns import Turns
from tapline.workspaces.counting import only_counted
from tapline.workspaces.models import Workspace

# People travel and move. A month is longer than most journeys, so that somebody who came home and
# taps rarely is not taken to be abroad for long, and no longer than most lists wait between texts.
DAYS = 30

# What one query reads: each looks at every file with anything new, so a backlog of millions must
# not be read in small pieces. What one transaction writes is less, since others wait for it.
CLICKS_PER_READ = 50_000
CLICKS_PER_TURN = 2_000

CLICKS = """
-- Of the clicks that are new in the feed: taps that say where somebody is, and corrected ones that
-- no longer do.
select sequence, workspace, contact, clicked_at, human, country, region
from clicks
where sequence > :after and contact > 0 and clicked_at >= :since
  and case when human = 1 then country <> '' and network_kind = '' else earlier_verdict <> '' end
order by sequence
limit :limit
"""

FORGET = """
-- Taps of one workspace that turned out to be no person's.
delete from hours_tapplace
where workspace_id = %(workspace)s and (contact_id, tapped_at) in (
  select value ->> 0, value ->> 1 from json_each(%(taps)s))
"""

KEEP = """
-- The places of newer taps, of contacts that are still there and are not only counted. A cross join
-- keeps its order: by workspace first, each of its contacts would be looked for among the taps.
insert into hours_tapplace (contact_id, workspace_id, tapped_at, place)
select c.id, c.workspace_id, tap.value ->> 1, tap.value ->> 2
from json_each(%(taps)s) tap
cross join contacts_contact c on c.id = tap.value ->> 0
where c.workspace_id = %(workspace)s and not {only_counted}
on conflict (contact_id) do update set tapped_at = excluded.tapped_at, place = excluded.place
where excluded.tapped_at > hours_tapplace.tapped_at
"""


class Click(NamedTuple):
    """One row of `CLICKS`; the time is UTC without a zone."""

    sequence: int
    workspace: int
    contact: int
    clicked_at: dt.datetime
    human: int
    country: str
    region: str


def note_taps() -> bool:
    """Read the feed on by one piece and keep where people tapped; say whether there may be more.

    How far it came is written in the same transaction, so a crash neither misses nor repeats.
    """
    after = _mark()
    since = _oldest(timezone.now())
    clicks, reached = store.with_files(lambda: _read(after, since))
    for start in range(0, len(clicks), CLICKS_PER_TURN):
        turn = clicks[start : start + CLICKS_PER_TURN]
        _keep(turn, turn[-1].sequence)
    if reached > max(after, clicks[-1].sequence if clicks else 0):
        _keep([], reached)
    return len(clicks) == CLICKS_PER_READ


def _keep(clicks: Sequence[Click], reached: int) -> None:
    with _turns.take():
        _apply(clicks)
        TapMark.objects.update_or_create(id=1, defaults={"sequence": reached})


def forget_old_taps(now: dt.datetime | None = None) -> bool:
    """Delete places of taps that count no more, a turn's worth; say whether there were so many."""
    oldest = _oldest(now or timezone.now())
    old = TapPlace.objects.filter(tapped_at__lt=oldest).values("pk")[:CLICKS_PER_TURN]
    if not old.exists():
        return False
    with _turns.take():
        return TapPlace.objects.filter(pk__in=old).delete()[0] == CLICKS_PER_TURN


def _oldest(now: dt.datetime) -> dt.datetime:
    """Return since when taps count: never longer than clicks may say whose they are."""
    people_days = config.current().clicks_keep_people_days
    return now - dt.timedelta(days=min(DAYS, people_days or DAYS))


def _mark() -> int:
    return TapMark.objects.filter(id=1).values_list("sequence", flat=True).first() or 0


def _read(after: int, since: dt.datetime) -> tuple[list[Click], int]:
    """Return the next clicks, and up to which number of the feed nothing else is of use."""
    files = [file for file in read_list() if file.last_sequence > after]
    rows = store.query(
        CLICKS,
        {"after": after, "since": naive(since), "limit": CLICKS_PER_READ},
        files=files,
    )
    clicks = [Click(*row) for row in rows]
    if len(clicks) == CLICKS_PER_READ:
        return clicks, clicks[-1].sequence
    return clicks, max((file.last_sequence for file in files), default=after)


def _apply(clicks: Sequence[Click]) -> None:
    """Inside the caller's transaction, workspace by workspace: corrections first, then taps."""
    by_workspace = defaultdict(list)
    for click in clicks:
        by_workspace[click.workspace].append(click)
    for workspace in Workspace.objects.filter(pk__in=by_workspace):
        _apply_in(workspace, by_workspace[workspace.pk])


def _apply_in(workspace: Workspace, clicks: Sequence[Click]) -> None:
    taps = [(each, key_of_tap(each.country, each.region)) for each in clicks if each.human]
    gone = [_row(each, "") for each in clicks if not each.human]
    kept = [_row(each, place) for each, place in taps if place]
    sql = KEEP.format(only_counted=only_counted(workspace).sql("c.phone"))
    with connection.cursor() as cursor:
        cursor.execute(FORGET, {"workspace": workspace.pk, "taps": json.dumps(gone)})
        cursor.execute(sql, {"workspace": workspace.pk, "taps": json.dumps(kept)})


def _row(click: Click, place: str) -> tuple[int, str, str]:
    moment = aware(click.clicked_at)
    return click.contact, str(connection.ops.adapt_datetimefield_value(moment)), place


_turns = Turns()
