"""How a table becomes links: taken in, checked by the worker, looked at, made by the worker.

The worker goes through a table in chunks. What a chunk finds or makes, and how far it came, are
one transaction: killed at any point, nothing is lost and nothing made twice. Several workers may
share one table; a chunk that another was faster with is dropped. Codes are handed out before,
since they are never handed out again: a chunk that fails leaves a gap.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from tapline.errors import Conflict, TaplineError
from tapline.links.aliases import BadAlias, taken
from tapline.links.bulk import Line
from tapline.links.domains import own_hosts
from tapline.links.goals import campaign_named, offer_named
from tapline.links.making_many import (
    Made,
    Wanted,
    check_wanted,
    make_many,
    take_codes,
    taken_aliases,
)
from tapline.links.models import Domain, LinkTable, LinkTableLine, TableState
from tapline.turns import Turns
from tapline.workspaces import audit
from tapline.workspaces.models import Workspace

logger = logging.getLogger(__name__)

# Few enough that a turn holds the writer for some 25 ms.
LINES_TAKEN_IN = 2_000
LINES_CHECKED = 1_000
LINES_MADE = 150
# A chunk that broke off so often is given up.
MOST_ATTEMPTS = 5
# Their links stay; what is forgotten is the table that said how they came to be.
KEPT = dt.timedelta(days=30)
# A request that died while it took a table in left a piece of one.
ARRIVES_WITHIN = dt.timedelta(hours=1)
FORGOTTEN_AT_ONCE = 2_000

ADD_LINE = """
insert into links_linktableline
    (table_id, line, destination, name, alias, campaign, offer, short_link, is_bad, problem)
values (%s, %s, %s, %s, %s, %s, %s, %s, false, '{}')
"""

FIRST_LINES = """
-- On which line of a table each of these aliases is named first.
select alias, min(line) from links_linktableline
where table_id = %s and alias <> '' and alias in (select value from json_each(%s))
group by alias
"""

MARK_MADE = "update links_linktableline set short_link = %s where id = %s"

Problems = dict[int, TaplineError]  # by id of the line


class BrokeOff(TaplineError):
    """The worker died again and again at one chunk of a table."""


def take_in(
    workspace: Workspace, domain: Domain, file_name: str, lines: Sequence[Line], *, actor: str
) -> LinkTable:
    """Keep a table for the worker to check, and return it. No link is made of it yet."""
    table = LinkTable.objects.create(
        workspace=workspace,
        domain=domain,
        file_name=file_name[:255],
        made_by=actor,
        lines=len(lines),
        kept=sum(bool(line.short_link) for line in lines),
    )
    for start in range(0, len(lines), LINES_TAKEN_IN):
        with _turns.take(), connection.cursor() as cursor:
            chunk = lines[start : start + LINES_TAKEN_IN]
            cursor.executemany(ADD_LINE, [(table.pk, *line) for line in chunk])
    _move(table, TableState.ARRIVING, TableState.CHECKING)
    return table


def begin(table: LinkTable, *, actor: str) -> None:
    """Let the worker make the links of a table that was checked; asked for twice it is done once.

    Raises `Conflict` for one that is not checked yet.
    """
    with transaction.atomic():
        if _move(table, TableState.CHECKED, TableState.MAKING, at=0, handled=0):
            after = {"file": table.file_name, "links": table.good}
            audit.record(table.workspace, actor, "links.made", table, after=after)
            return
        table.refresh_from_db(fields=["state"])  # Somebody may have been faster.
        if table.state not in (TableState.MAKING, TableState.DONE):
            raise Conflict(
                f"«{table.file_name}» is not checked yet.",
                why="Before that is done nobody knows what its lines would become.",
                do="Wait until its page says how many links there will be.",
            )


def check_again(table: LinkTable) -> None:
    """Let the worker check a table that failed once more; lines that are links stay so."""
    fresh = {"at": 0, "handled": 0, "bad": 0, "attempts": 0, "failure": {}, "finished_at": None}
    _move(table, TableState.FAILED, TableState.CHECKING, **fresh)


def discard(table: LinkTable) -> None:
    """Forget a table of which nothing was made; not one that somebody lets be made meanwhile."""
    # What never arrived is never made, and forgotten anyway if this ends halfway.
    if _move(table, TableState.CHECKED, TableState.ARRIVING):
        _forget(table)


def work_next() -> bool:
    """Check or make one chunk of the table that waited longest; say whether there was one."""
    under_way = LinkTable.objects.filter(state__in=[TableState.CHECKING, TableState.MAKING])
    table = under_way.select_related("workspace", "domain").order_by("turn_at").first()
    if table is None:
        return False
    LinkTable.objects.filter(pk=table.pk).update(attempts=F("attempts") + 1, turn_at=timezone.now())
    try:
        if table.attempts >= MOST_ATTEMPTS:
            raise _died_too_often(table)
        (check_chunk if table.state == TableState.CHECKING else make_chunk)(table)
    except TaplineError as error:
        logger.warning("table of links %s failed: %s", table.pk, error)
        failed = {"finished_at": timezone.now(), "failure": error.as_dict()}
        _move(table, table.state, TableState.FAILED, **failed)
    return True


def check_chunk(table: LinkTable) -> None:
    """Say of the next lines which cannot become links, and why."""
    lines = _next_lines(table, LINES_CHECKED)
    wanted = [each for each in lines if not each.short_link]
    problems = _problems(table, wanted)
    with _turns.take():
        if _is_still_at(table):
            _write_problems(wanted, problems)
            _advance(table, lines, LINES_CHECKED, TableState.CHECKED, bad=len(problems))


def make_chunk(table: LinkTable) -> None:
    """Make links of the next lines that can become some. Raises `NoCodesLeft` and `NotFound`."""
    lines = _next_lines(table, LINES_MADE)
    wanted = [each for each in lines if not each.short_link and not each.is_bad]
    # Looked at again: a host or an alias may have been taken since.
    problems = _problems(table, wanted)
    good = [each for each in wanted if each.pk not in problems]
    asked = _asked(table.workspace, good)
    codes = take_codes(table.domain, sum(not each.alias for each in asked))
    with _turns.take():
        if _is_still_at(table):
            made = make_many(table.workspace, table.domain, asked, codes)
            problems |= {
                line.pk: each.refusal for line, each in zip(good, made, strict=True) if each.refusal
            }
            _write_problems(wanted, problems)
            fresh = _write_short_links(good, made)
            _advance(table, lines, LINES_MADE, TableState.DONE, bad=len(problems), made=fresh)


def forget_old(now: dt.datetime | None = None) -> bool:
    """Forget a table that is older than `KEPT` or never arrived; say whether there was any."""
    now = now or timezone.now()
    never_arrived = Q(state=TableState.ARRIVING, created_at__lt=now - ARRIVES_WITHIN)
    tables = LinkTable.objects.filter(Q(created_at__lt=now - KEPT) | never_arrived)
    old = tables.order_by("id").first()
    if old is None:
        return False
    _forget(old)
    return True


def _forget(table: LinkTable) -> None:
    lines = LinkTableLine.objects.filter(table=table)
    while ids := list(lines.values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE]):
        with _turns.take():
            lines.filter(pk__in=ids)._raw_delete(lines.db)
    table.delete()


def _next_lines(table: LinkTable, most: int) -> list[LinkTableLine]:
    lines = LinkTableLine.objects.filter(table=table, line__gt=table.at)
    return list(lines.order_by("line")[:most])


def _problems(table: LinkTable, lines: Sequence[LinkTableLine]) -> Problems:
    """Return what keeps lines from becoming links, by the line's id."""
    problems: Problems = {}
    hosts = own_hosts()
    for line in lines:
        try:
            check_wanted(line.destination, line.alias, hosts)
        except TaplineError as error:
            problems[line.pk] = error
    paths = [line.alias for line in lines if line.alias]
    known, first = taken_aliases(table.domain, paths), _first_lines(table, paths)
    for line in lines:
        if line.alias in known:
            problems.setdefault(line.pk, taken(known[line.alias], table.workspace_id))
        elif first.get(line.alias, line.line) < line.line:
            problems.setdefault(line.pk, _named_twice(line.alias, first[line.alias]))
    return problems


def _first_lines(table: LinkTable, paths: Sequence[str]) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(FIRST_LINES, [table.pk, msgspec.json.encode(paths).decode()])
        return dict(cursor.fetchall())


def _asked(workspace: Workspace, lines: Sequence[LinkTableLine]) -> list[Wanted]:
    """Return what lines without a problem ask for; campaigns and offers that are new are made."""
    campaigns = {
        name: campaign_named(workspace, name) for name in {each.campaign for each in lines}
    }
    offers = {name: offer_named(workspace, name) for name in {each.offer for each in lines}}
    checked = (check_wanted(each.destination, each.alias, ()) for each in lines)
    return [
        Wanted(
            destination=destination,
            alias=alias,
            name=line.name,
            campaign=campaigns[line.campaign],
            offer=offers[line.offer],
        )
        for line, (destination, alias) in zip(lines, checked, strict=True)
    ]


def _is_still_at(table: LinkTable) -> bool:
    """Say whether no other worker did this chunk meanwhile; only in the transaction that does."""
    same = LinkTable.objects.filter(pk=table.pk, state=table.state, at=table.at)
    return same.select_for_update().exists()


def _advance(
    table: LinkTable, lines: Sequence[LinkTableLine], most: int, then: str, **counts: int
) -> None:
    """Write down how far a table is, and what it becomes after its last chunk."""
    values: dict[str, Any] = {name: F(name) + count for name, count in counts.items()}
    if len(lines) < most:
        values |= {"state": then, "finished_at": timezone.now()}
    LinkTable.objects.filter(pk=table.pk).update(
        at=lines[-1].line if lines else table.at,
        handled=F("handled") + len(lines),
        attempts=0,
        **values,
    )


def _write_problems(lines: Iterable[LinkTableLine], problems: Problems) -> None:
    changed = []
    for line in lines:
        said = problems[line.pk].as_dict() if line.pk in problems else {}
        if line.problem != said:
            line.problem, line.is_bad = said, bool(said)
            changed.append(line)
    LinkTableLine.objects.bulk_update(changed, ["problem", "is_bad"], batch_size=200)


def _write_short_links(lines: Iterable[LinkTableLine], made: Iterable[Made]) -> int:
    """Write down what lines became; return how many there are."""
    found = [(each.short_link, line.pk) for line, each in zip(lines, made, strict=True)]
    found = [each for each in found if each[0]]
    with connection.cursor() as cursor:
        cursor.executemany(MARK_MADE, found)
    return len(found)


def _move(table: LinkTable, state: str, then: str, **values: Any) -> bool:
    """Change a table from one state to another; say whether it was in the first."""
    found = LinkTable.objects.filter(pk=table.pk, state=state)
    return bool(found.update(state=then, turn_at=timezone.now(), **values))


def _named_twice(alias: str, line: int) -> BadAlias:
    return BadAlias(
        f"The alias '{alias}' stands in this table twice.",
        why=f"Line {line} has it already.",
        do="Choose another alias for one of them.",
    )


def _died_too_often(table: LinkTable) -> BrokeOff:
    return BrokeOff(
        f"«{table.file_name}» could not be done.",
        why=f"The worker broke off {MOST_ATTEMPTS} times at one part of it.",
        do="Look at the log of `tapline up`, and try it again; no link is made twice.",
    )


# Of all tables in this process, one chunk after the other.
_turns = Turns()
