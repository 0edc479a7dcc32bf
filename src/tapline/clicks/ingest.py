"""Moves clicks from the click log into the click store, each exactly once.

One pass reads a batch of every segment that has grown, writes one immutable file, and then, in
one transaction of the control database, lists the file, moves the offsets and sets messages'
first human clicks (of a large pass the rest in turns: `first_clicks`). Killed at any point it
leaves all of that or none; a file that was written and never listed is removed by the clean-up.

Two guards make sure that no two ingesters both win: a file lock, which dies with its holder, and
the transaction itself, which refuses when the sequence or an offset is no longer what was read.
"""

from __future__ import annotations

import fcntl
import functools
import gc
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from tapline import config
from tapline.clicklog.reader import Batch, list_segments, read_batch
from tapline.clicklog.record import Line
from tapline.clicklog.segment import segment_id, sync_directory
from tapline.clicks import store
from tapline.clicks.addresses import daily_keys
from tapline.clicks.columns import NAMES
from tapline.clicks.enriching import DAY_US, Enricher, Row, as_arrays, is_plausible, look_around
from tapline.clicks.first_clicks import set_first_clicks, set_waiting
from tapline.clicks.listing import WrittenFile, add_files, ensure_counter
from tapline.clicks.looks import note_openings
from tapline.clicks.models import ClickCounter, LogSegment
from tapline.clicks.parquet import write_file
from tapline.clicks.resolving import MessagePlace, resolve
from tapline.errors import Conflict
from tapline.links.watching import note_taps
from tapline.turns import Turns

logger = logging.getLogger(__name__)

# A pass takes up to some 12,000 lines, 40 MB of rows. What it costs beside its lines (a file, a
# commit, the pages that its messages share) is a quarter of all at a third of that.
MOST_BYTES_PER_PASS = 6_000_000
HUMAN_COLUMN = NAMES.index("human")
CLICKED_COLUMN = NAMES.index("clicked_at")
LINK_COLUMN = NAMES.index("link")


class Overtaken(Conflict):
    """Another ingester listed these or other clicks first; the pass is done again."""


@dataclass(slots=True)
class Segment:
    """One segment's share of a pass."""

    path: Path
    offset: int  # where the list says that reading goes on
    batch: Batch
    is_new: bool
    implausible: list[int] = field(default_factory=list)  # offsets

    @property
    def has_moved(self) -> bool:
        return self.batch.next_offset > self.offset


def ingest_once() -> int:
    """Take one batch of clicks in; return how many lines were read, 0 when there is nothing to do.

    Does nothing while another process of this machine is at it.
    """
    with _alone() as is_alone:
        if not is_alone:
            return 0
        try:
            set_waiting(_turns)  # of a pass that was killed
            with _no_garbage_collection():
                taken = _take_in(_read_segments(config.current().click_log_dir))
            set_waiting(_turns)
            return taken
        except Overtaken:
            logger.warning("another ingester was faster; reading again")
            return 0


def _take_in(segments: Sequence[Segment]) -> int:
    if not segments:
        return 0
    first_sequence = ensure_counter().next_sequence
    rows, messages = _enrich(segments, first_sequence)
    for segment in segments:
        _set_bad_lines_aside(segment)
    written = _write(rows)
    try:
        _commit(segments, first_sequence, rows, messages, written)
    except Overtaken:
        # Surely not listed. After any other error it may be: a commit can reach the disk and still
        # fail here, so the file is left to the clean-up, which asks the list.
        if written:
            (store.folder() / written.name).unlink(missing_ok=True)
        raise
    note_taps({row[LINK_COLUMN] for row in rows if row[HUMAN_COLUMN]} - {0})
    return sum(len(segment.batch.lines) + len(segment.batch.bad) for segment in segments)


# --- reading --------------------------------------------------------------------------------------


def _read_segments(directory: Path) -> list[Segment]:
    """Return what every unfinished segment has to say, until a pass is full."""
    progress = {
        name: (offset, finished)
        for name, offset, finished in LogSegment.objects.filter(
            deleted_at__isnull=True
        ).values_list("name", "offset", "finished_at")
    }
    segments = []
    room = MOST_BYTES_PER_PASS
    for path in list_segments(directory):
        offset, finished = progress.get(path.name, (0, None))
        if finished:
            continue
        batch = read_batch(path, offset, max(room, 1))
        segment = Segment(path, offset, batch, is_new=path.name not in progress)
        room -= batch.next_offset - offset
        if segment.has_moved or batch.finished:
            segments.append(segment)
        if room <= 0:
            break
    return segments


# --- rows -----------------------------------------------------------------------------------------


def _enrich(segments: Sequence[Segment], sequence: int) -> tuple[list[Row], list[MessagePlace]]:
    clicks = list(_plausible_lines(segments))
    records = [record for _, record in clicks]
    days = {record.time_us // DAY_US for record in records}
    enricher = Enricher(resolve(records), daily_keys(days), look_around())
    rows, messages = [], []
    for number, (name, record) in enumerate(clicks):
        row, message = enricher.row(sequence + number, name, record)
        rows.append(row)
        messages.append(message)
    return rows, messages


def _plausible_lines(segments: Sequence[Segment]) -> Iterator[tuple[str, Line]]:
    for segment in segments:
        name = segment_id(segment.path)
        for offset, record in segment.batch.lines:
            if is_plausible(record):
                yield f"{name}-{offset}", record  # `click_id`, without reading the name each time
            else:
                segment.implausible.append(offset)


def _write(rows: list[Row]) -> WrittenFile | None:
    if not rows:
        return None
    database = _writer()
    database.register("batch", as_arrays(rows))
    try:
        return write_file(database, store.folder(), "batch")
    finally:
        database.unregister("batch")


@functools.cache
def _writer() -> duckdb.DuckDBPyConnection:
    """Return the connection that writes files; the ingest lock lets one pass at a time use it."""
    return store.connect(threads=1, memory="256MB")


# --- bad lines ------------------------------------------------------------------------------------


def _set_bad_lines_aside(segment: Segment) -> None:
    """Keep what could not be read in a file of its own, and say so.

    The name holds the offset, so a pass that is done again writes the same file again.
    """
    bad = _bad_lines(segment)
    if not bad:
        return
    folder = config.current().click_log_dir / "bad"
    folder.mkdir(exist_ok=True, mode=0o700)
    path = folder / f"{segment.path.stem}-{bad[0][0]}.txt"
    path.write_bytes(b"".join(b"%d\t%s\n" % line for line in bad))
    sync_directory(folder)
    logger.error(
        "%d lines of click log segment %s cannot be read; they are kept in %s",
        len(bad),
        segment.path.name,
        path,
    )


def _bad_lines(segment: Segment) -> list[tuple[int, bytes]]:
    with segment.path.open("rb") as file:
        lines = list(segment.batch.bad)
        for offset in segment.implausible:
            file.seek(offset)
            lines.append((offset, file.readline().rstrip(b"\n")))
    return sorted(lines)


# --- the one transaction --------------------------------------------------------------------------


def _commit(
    segments: Sequence[Segment],
    first_sequence: int,
    rows: Sequence[Row],
    messages: Sequence[MessagePlace],
    written: WrittenFile | None,
) -> None:
    first_clicks = _first_human_clicks(rows, messages)
    with _turns.take():
        claim_sequences(first_sequence, len(rows))
        for segment in segments:
            _move_offset(segment)
        if written:
            add_files([written], level=0)
            note_openings(written.contents, written.first_at)
        set_first_clicks(first_clicks)


def claim_sequences(first: int, count: int) -> None:
    """Take numbers for `count` rows, inside the caller's transaction; raises `Overtaken` when
    `first` is not the next any more."""
    claimed = ClickCounter.objects.filter(id=1, next_sequence=first).update(
        next_sequence=first + count, list_version=F("list_version") + (1 if count else 0)
    )
    if not claimed:
        raise _overtaken()


def _move_offset(segment: Segment) -> None:
    finished_at = timezone.now() if segment.batch.finished else None
    if segment.is_new:
        try:
            with transaction.atomic():
                LogSegment.objects.create(name=segment.path.name)
        except IntegrityError as error:
            raise _overtaken() from error
    moved = LogSegment.objects.filter(
        name=segment.path.name, offset=segment.offset, finished_at__isnull=True
    ).update(
        offset=segment.batch.next_offset,
        bad_lines=F("bad_lines") + len(segment.batch.bad) + len(segment.implausible),
        finished_at=finished_at,
    )
    if not moved:
        raise _overtaken()


def _first_human_clicks(rows: Sequence[Row], messages: Sequence[MessagePlace]) -> dict[int, int]:
    """Return the first human click (µs) of each message where it is news."""
    first: dict[int, int] = {}
    for row, message in zip(rows, messages, strict=True):
        if message.message <= 0 or not row[HUMAN_COLUMN]:
            continue
        clicked_us = row[CLICKED_COLUMN]
        if message.first_human_us is None or clicked_us < message.first_human_us:
            first[message.message] = min(clicked_us, first.get(message.message, clicked_us))
    return first


def _overtaken() -> Overtaken:
    return Overtaken(
        "Another ingester was faster.",
        why="Two workers read the same click log.",
        do="Nothing is lost or doubled; stop one of them.",
    )


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Collect no garbage during a pass: none is made, and looking for it among the batch's many
    small objects took 40 % of the time (`python -m bench ingest`)."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextmanager
def ingest_paused() -> Iterator[None]:
    """Hold the ingest lock, waiting for a pass that is under way."""
    with _alone(waits=True):
        yield


@contextmanager
def _alone(*, waits: bool = False) -> Iterator[bool]:
    """Hold the ingest lock for a pass; yields False when somebody else holds it."""
    folder = config.current().click_log_dir
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder / "ingest.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB))
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(descriptor)


_turns = Turns()
