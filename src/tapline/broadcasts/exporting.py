"""A report as files to take away. A million rows need no more memory than ten thousand: rows come
in runs, and what DuckDB writes goes through a file without a name, so it is gone with its process.

Cells of a CSV file that begin like a formula get an apostrophe, since spreadsheets would run them
(OWASP, «CSV Injection»); numbers of people do not: their plus sign is followed by digits alone.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import IO, Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from tapline.broadcasts.audience_shares import GroupShare, count_all_shares
from tapline.broadcasts.breakdowns import Table, tables_of
from tapline.broadcasts.models import Broadcast
from tapline.broadcasts.reports import Report, build_report
from tapline.cells import BEGINNINGS, harmless
from tapline.clicks import store
from tapline.contacts.doings import REACHED_STATES
from tapline.links.models import Link

ROWS_AT_ONCE = 5_000
PIECE_BYTES = 256 * 1024

Figure = tuple[str, str, str, float]
FIGURES: Mapping[str, str] = {
    "section": "VARCHAR",
    "name": "VARCHAR",
    "measure": "VARCHAR",
    "value": "DOUBLE",
}
RECIPIENTS: Mapping[str, str] = {
    "text": "BIGINT",
    "recipient": "BIGINT",
    "number": "VARCHAR",
    "first_name": "VARCHAR",
    "last_name": "VARCHAR",
    "did": "VARCHAR",
    "state": "VARCHAR",
    "reason": "VARCHAR",
    "delivered_at": "TIMESTAMP",
    "first_tap_at": "TIMESTAMP",
    "parts": "INTEGER",
    "cost": "DOUBLE",
}

FIND_RECIPIENTS = """
-- A run of one broadcast's recipients, in the order of their texts.
select m.id, m.position, m.phone, {first_name}, {last_name},
  case
    when m.first_human_click_at is not null then 'tapped'
    when m.only_counted then 'only_counted'
    when m.state in {reached} then 'not_tapped'
    when m.state = 'failed' then 'failed'
    when m.state = 'cancelled' and m.error_code = 'held_out' then 'held_out'
    else ''
  end,
  m.state, m.error_code, cast(m.delivered_at as text), cast(m.first_human_click_at as text),
  m.parts, m.cost
from broadcasts_message m
left join contacts_contact c on c.id = m.contact_id and c.workspace_id = m.workspace_id
where m.broadcast_id = %(broadcast)s and m.workspace_id = %(workspace)s
  and m.position > %(after)s
order by m.position
limit %(most)s
"""

FIND_OPENINGS = """
-- Every opening of one broadcast's links, oldest first; `text` is the recipient's text, 0 for none.
select
    clicked_at, case when message > 0 then message else 0 end as text,
    human, verdict, {reasons} as reasons, requests,
    link, {destination} as destination, seconds_since_delivery, device_kind,
    {device} as device, {os} as os, {browser} as browser, {app} as app,
    country, {region} as region, {city} as city, {network_name} as network_name
from {source}
where workspace = {workspace} and broadcast = {broadcast} and message <> 0
order by clicked_at, id
"""


# --- what is in the files -------------------------------------------------------------------------


def figures(broadcast: Broadcast, *, guarded: bool) -> Iterator[bytes]:
    """Return a report's numbers as CSV: section, name, measure and value, a line each. Audiences
    come last: they are counted to the end as it is read, some seconds where recipients are many."""
    report = build_report(broadcast)
    rows = [("report", name, "number", value) for name, value in _numbers(report)]
    for table in tables_of(broadcast):
        rows += _measured(table)
    lines = csv_lines([tuple(FIGURES)]) + _figure_lines(rows, guarded=guarded)
    titles = (_("Tags"), _("Segments"))  # Read now: the visitor's language ends with the view.
    return chain([lines], _audience_lines(broadcast, report.rate_base, titles, guarded=guarded))


def recipients(broadcast: Broadcast, *, guarded: bool) -> Iterator[bytes]:
    """Yield the recipients as CSV, a run at a time."""
    yield csv_lines([tuple(RECIPIENTS)])
    after = -1
    while rows := _run(broadcast, after, guarded=guarded):
        yield csv_lines(rows)
        after = rows[-1][1]


def openings(broadcast: Broadcast, format_name: str) -> IO[bytes]:
    """Return a file of every opening, as CSV or Parquet."""

    def write() -> IO[bytes]:
        ids = {"workspace": broadcast.workspace_id, "broadcast": broadcast.pk}
        source = store.source(store.find_files(ids))
        return _written(_openings_sql(broadcast, source, guarded=format_name == "csv"), format_name)

    return store.with_files(write)


def _numbers(report: Report) -> Iterator[tuple[str, float]]:
    for name, value in report.as_dict().items():
        if isinstance(value, int | float) and not isinstance(value, bool) and name != "broadcast":
            yield name, value
    yield "cost", float(report.cost)  # as text in the API, so that nothing of it is lost


def _measured(table: Table) -> Iterator[Figure]:
    for words, people, taps in table.rows:
        yield table.title, words, "people", people
        yield table.title, words, "taps", taps


def _audience_lines(
    broadcast: Broadcast, rate_base: str, titles: tuple[str, str], *, guarded: bool
) -> Iterator[bytes]:
    shares = count_all_shares(broadcast, rate_base, timezone.now())
    for title, groups in zip(titles, (shares.tags, shares.segments), strict=True):
        rows = [row for each in groups for row in _audience(title, each)]
        if rows:  # An empty piece would end the file.
            yield _figure_lines(rows, guarded=guarded)


def _audience(title: str, group: GroupShare) -> Iterator[Figure]:
    yield title, group.words, "reached", group.sample.of
    yield title, group.words, "tapped", group.sample.hits


def _figure_lines(rows: Iterable[Figure], *, guarded: bool) -> bytes:
    if guarded:
        rows = [(harmless(title), harmless(name), what, value) for title, name, what, value in rows]
    return csv_lines(rows)


def _run(broadcast: Broadcast, after: int, *, guarded: bool) -> list[tuple[Any, ...]]:
    names = (f"coalesce(c.attributes ->> '{name}', '')" for name in ("first_name", "last_name"))
    first, last = (guard_sql(name) if guarded else name for name in names)
    statement = FIND_RECIPIENTS.format(first_name=first, last_name=last, reached=REACHED_STATES)
    values = {
        "broadcast": broadcast.pk,
        "workspace": broadcast.workspace_id,
        "after": after,
        "most": ROWS_AT_ONCE,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _openings_sql(broadcast: Broadcast, source: str, *, guarded: bool) -> str:
    # What browsers and place files say is not ours: it may begin like a formula.
    foreign = ("reasons", "device", "os", "browser", "app", "region", "city", "network_name")
    return FIND_OPENINGS.format(
        source=source,
        workspace=int(broadcast.workspace_id),
        broadcast=int(broadcast.pk),
        destination=_destination_sql(broadcast),
        **{name: guard_sql(name) if guarded else name for name in foreign},
    )


def _destination_sql(broadcast: Broadcast) -> str:
    """Return what leads from a link to its destination; of personal links the one with fields."""
    links = Link.objects.filter(in_broadcast__broadcast=broadcast)
    cases = [
        f"when {pk} then {_literal(address)}"
        for pk, address in links.values_list("pk", "destination")
    ]
    return f"case link {' '.join(cases)} else '' end" if cases else "''"


# --- how files are written ------------------------------------------------------------------------


def csv_lines(rows: Iterable[Sequence[Any]]) -> bytes:
    """Return rows as lines of CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def guard_sql(value: str) -> str:
    """Return `cells.harmless` in SQL, for any of the databases here."""
    beginnings = ", ".join(_literal(each) for each in BEGINNINGS)
    return (
        f"case when substr({value}, 1, 1) in ({beginnings}) then '''' || {value} else {value} end"
    )


def as_parquet(lines: Iterable[bytes], columns: Mapping[str, str]) -> IO[bytes]:
    """Return CSV with a header as a Parquet file whose columns have the types given."""
    with tempfile.TemporaryFile() as plain:
        for piece in lines:
            plain.write(piece)
        plain.flush()
        kinds = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
        read = f"read_csv('/dev/fd/{plain.fileno()}', header = true, columns = {{{kinds}}})"
        return _written(f"select * from {read}", "parquet")


class PiecesOf:
    """A file piece by piece. It is closed at its end, or when whoever asked for it has left."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        file.seek(0)

    def __iter__(self) -> PiecesOf:
        return self

    def __next__(self) -> bytes:
        if piece := self._file.read(PIECE_BYTES):
            return piece
        self.close()
        raise StopIteration

    def close(self) -> None:
        self._file.close()


def _written(select: str, format_name: str) -> IO[bytes]:
    """Return a file without a name that holds what `select` finds."""
    options = {"csv": "format csv, header", "parquet": "format parquet, compression zstd"}
    file = tempfile.TemporaryFile()  # noqa: SIM115  # closed by `PiecesOf`
    with store.database().cursor() as cursor:
        cursor.execute(
            f"copy ({select}) to '/dev/fd/{file.fileno()}'"
            f" ({options[format_name]}, use_tmp_file false)"
        )
    return file


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
