"""How a file of contacts comes in: read as a stream, written in chunks that may be repeated.

A chunk is one transaction, sized by how long the last one held the writer. Importing a file again,
also after a kill, gives the same contacts, tags and answers: contacts are found by their number,
an answer that is in the ledger is not added twice. Nothing an import says undoes an opt-out.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

import phonenumbers
from django.utils import timezone

from tapline.cells import harmless
from tapline.contacts.chunks import ChunkWriter, checkpoints_by_hand
from tapline.contacts.columns import map_columns
from tapline.contacts.models import ContactImport, ImportState, Purpose
from tapline.contacts.reading import Sheet, open_sheet
from tapline.contacts.rows import Answer, BadRow, ImportedRow, RowReader
from tapline.errors import TaplineError
from tapline.workspaces.models import Workspace

BAD_ROWS_KEPT = 1_000
# Others that wait for the writer notice nothing below a tenth of a second: a turn, which can take
# twice as long as meant, and a step of their waiting (`tapline.turns`).
HOLD_SECONDS = 0.025
SORTED_AT_ONCE = 50_000  # about 25 MB, and as much again of the next
COUNTS = ("rows", "created", "updated", "duplicates", "refused", "agreed")
SMALLEST_CHUNK, FIRST_CHUNK, LARGEST_CHUNK = 100, 500, 5_000


class BadAgreement(TaplineError):
    """How, when and to which words people agreed is told in part, or cannot be."""


class BadCountry(TaplineError):
    """Numbers without country code cannot be read."""


class Refusal(NamedTuple):
    """One row that was not imported, and why."""

    line: int
    why: str
    cells: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """What the importer says about a file."""

    by: str  # the actor, as in the ledger
    country: str = ""  # of numbers without country code; empty: the workspace's
    mapping: Mapping[str, str] = field(default_factory=dict)  # field → header
    answer: Answer | None = None  # None: not said; then only columns of the file can say
    purpose: str = Purpose.MARKETING
    tags: tuple[str, ...] = ()
    dry_run: bool = False
    bad_rows_file: Path | None = None  # gets every refused row

    def for_real(self, by: str) -> ImportOptions:
        """Return the same, so that rows are written, on behalf of `by`."""
        return replace(self, dry_run=False, by=by)


@dataclass(slots=True, kw_only=True)
class ImportReport:
    """What became of a file. After a dry run: what would become of it."""

    import_id: int | None
    columns: dict[str, str]  # field → header
    rows: int = 0
    created: int = 0
    updated: int = 0
    duplicates: int = 0  # rows whose number an earlier row had; merged into its contact
    refused: int = 0
    agreed: int = 0  # rows that say how, when and to what the person agreed
    bad_rows: list[Refusal] = field(default_factory=list)  # the first 1,000
    read_bytes: int = 0
    size_bytes: int = 0
    longest_hold_seconds: float = 0.0
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return the report as `--json` prints it."""
        return {
            "import": self.import_id,
            "columns": self.columns,
            **{name: getattr(self, name) for name in COUNTS},
            "bad_rows": [{"line": bad.line, "why": bad.why} for bad in self.bad_rows],
            "seconds": round(self.seconds, 2),
        }


# Told now and then how far an import is. What it raises ends the import between two chunks.
Progress = Callable[[ImportReport], None]


def answer(how: str, at: datetime | None, wording: str) -> Answer | None:
    """Return what the importer says about agreeing; None if nothing. Raises `BadAgreement`."""
    if not how.strip() and at is None and not wording.strip():
        return None
    if not how.strip() or at is None or not wording.strip():
        raise BadAgreement(
            "How people agreed is only told in part.",
            why="A yes can be proved only with how, when and the exact wording they were shown.",
            do="Give all three, or none: then the contacts are kept and get no texts.",
        )
    if at > timezone.now():
        raise BadAgreement(
            f"People cannot have agreed on {at:%Y-%m-%d %H:%M}.",
            why="That is in the future.",
            do="Give the time when they agreed.",
        )
    return Answer(how.strip(), at, wording.strip())


def import_file(
    workspace: Workspace,
    path: Path,
    options: ImportOptions,
    progress: Progress | None = None,
    running: ContactImport | None = None,
) -> ImportReport:
    """Bring the contacts of a CSV file into `workspace` and say what became of each row.

    `running` is the row of an import that its caller has begun and will end; without it there is
    one from the first chunk to the last. Raises `BadCountry`, `NotACsv` and `BadMapping` before
    anything is written. Rows that cannot be read are refused with their reasons; the others come
    in.
    """
    began = time.monotonic()
    country, sheet, columns = understand(workspace, path, options)
    report = ImportReport(
        import_id=None,
        columns={name: sheet.header[at] for name, at in columns.items()},
        size_bytes=sheet.size_bytes,
    )
    reader = reader_of(workspace, options, country, columns)
    with _refusals(options.bad_rows_file, sheet, report) as refuse:
        tell = progress or _silent
        good = _good_rows(sheet, reader, report, refuse, tell)
        if options.dry_run:
            _count(workspace, good, report)
        else:
            with nullcontext(running) if running else _noted(workspace, path, report) as noted:
                _write(noted, options, good, report, tell)
    report.seconds = time.monotonic() - began
    return report


def understand(
    workspace: Workspace, path: Path, options: ImportOptions
) -> tuple[str, Sheet, dict[str, int]]:
    """Return the country of a file's numbers, its sheet, and which column holds what (field →
    number). Raises `BadCountry`, `NotACsv` and `BadMapping`; reads only as far as it must."""
    country = _country(options.country or workspace.default_country)
    sheet = open_sheet(path)
    return country, sheet, map_columns(sheet, options.mapping)


def reader_of(
    workspace: Workspace, options: ImportOptions, country: str, columns: Mapping[str, int]
) -> RowReader:
    """Return what reads the rows of a file that was understood, by what the importer said."""
    return RowReader(
        columns,
        country=country,
        zone=workspace.zone,
        tags=options.tags,
        answer=options.answer,
        now=timezone.now(),
    )


def _country(code: str) -> str:
    if code.upper() in phonenumbers.SUPPORTED_REGIONS:
        return code.upper()
    raise BadCountry(
        f"'{code}' is no country.",
        why="Numbers without country code belong to one, named by its two-letter ISO code.",
        do="Write it like US, GB or DE.",
    )


Refuse = Callable[[int, str, list[str]], None]


def _good_rows(
    sheet: Sheet, reader: RowReader, report: ImportReport, refuse: Refuse, progress: Progress
) -> Iterator[ImportedRow]:
    def tell(read_bytes: int) -> None:
        report.read_bytes = read_bytes
        progress(report)

    read = reader.read
    for line, cells in sheet.rows(tell):
        report.rows += 1
        try:
            row = read(line, cells)
        except BadRow as error:
            refuse(line, str(error), cells)
            continue
        report.agreed += row.answer is not None
        yield row
    tell(sheet.size_bytes)


def _count(workspace: Workspace, rows: Iterator[ImportedRow], report: ImportReport) -> None:
    """Fill the report as if the rows had been written."""
    writer = ChunkWriter(workspace, None, Purpose.MARKETING, by="")
    for chunk in _chunks(rows, lambda: LARGEST_CHUNK):
        _add(report, *writer.count(chunk))


def _write(
    running: ContactImport,
    options: ImportOptions,
    rows: Iterator[ImportedRow],
    report: ImportReport,
    progress: Progress,
) -> None:
    report.import_id = running.pk
    writer = ChunkWriter(running.workspace, running, options.purpose, by=options.by)
    size = _ChunkSize()
    with checkpoints_by_hand():
        for chunk in _chunks(_by_number(rows), lambda: size.rows):
            created, updated, duplicates, held_seconds = writer.write(chunk)
            _add(report, created, updated, duplicates)
            report.longest_hold_seconds = max(report.longest_hold_seconds, held_seconds)
            size.learn(len(chunk), held_seconds)
            progress(report)


@contextmanager
def _noted(workspace: Workspace, path: Path, report: ImportReport) -> Iterator[ContactImport]:
    """Keep a row of the import, which says how it ended."""
    running = ContactImport.objects.create(
        workspace=workspace, file_name=path.name[:255], mapping=report.columns
    )
    try:
        yield running
    except BaseException:
        _close(running, report, ImportState.FAILED)
        raise
    _close(running, report, ImportState.DONE)


def _close(running: ContactImport, report: ImportReport, state: str) -> None:
    for name in COUNTS:
        setattr(running, name, getattr(report, name))
    running.state, running.finished_at = state, timezone.now()
    running.save()


def _add(report: ImportReport, created: int, updated: int, duplicates: int) -> None:
    report.created += created
    report.updated += updated
    report.duplicates += duplicates


@dataclass(slots=True)
class _ChunkSize:
    """How many rows the next chunk has: as many as the disk takes within `HOLD_SECONDS`."""

    rows: int = FIRST_CHUNK

    def learn(self, written: int, held_seconds: float) -> None:
        """Move towards the target, at most doubling."""
        fitting = int(written * HOLD_SECONDS / max(held_seconds, 0.001))
        self.rows = max(SMALLEST_CHUNK, min(fitting, self.rows * 2, LARGEST_CHUNK))


def _by_number(rows: Iterator[ImportedRow]) -> Iterator[ImportedRow]:
    """Sort a large file's rows by number, batch by batch; a small one keeps its order.

    Neighbours share a page of the index, so that a chunk writes a tenth of the pages. The sort is
    stable: of two rows with one number the later still comes later. The next batch is read while
    this one is written, row for row, so that the writer is free between any two chunks.
    """
    batch = list(islice(rows, SORTED_AT_ONCE))
    while batch:
        if len(batch) > LARGEST_CHUNK:
            batch.sort(key=attrgetter("phone"))
        following: list[ImportedRow] = []
        for row in batch:
            yield row
            following += islice(rows, 1)
        batch = following


def _chunks(rows: Iterator[ImportedRow], size: Callable[[], int]) -> Iterator[list[ImportedRow]]:
    chunk: list[ImportedRow] = []
    wanted = size()
    for row in rows:
        chunk.append(row)
        if len(chunk) >= wanted:
            yield chunk
            chunk, wanted = [], size()
    if chunk:
        yield chunk


@contextmanager
def _refusals(target: Path | None, sheet: Sheet, report: ImportReport) -> Iterator[Refuse]:
    """Count refused rows, keep the first for the screen, and write all of them to `target`."""
    with target.open("w", encoding="utf-8-sig", newline="") if target else nullcontext() as file:
        table = csv.writer(file) if file else None
        if table:
            table.writerow(["line", "why", *map(harmless, sheet.header)])

        def refuse(line: int, why: str, cells: list[str]) -> None:
            report.refused += 1
            if len(report.bad_rows) < BAD_ROWS_KEPT:
                report.bad_rows.append(Refusal(line, why, cells))
            if table:
                table.writerow([line, why, *map(harmless, cells)])

        yield refuse


def _silent(report: ImportReport) -> None:
    """Show nothing."""
