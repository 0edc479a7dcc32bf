"""Who puts records on disk before taps are answered: group commit in a helper thread.

Records that arrive while one batch is being synced form the next batch. All state but the open
segment belongs to the thread of the event loop, so there is no lock: the helper thread gets one
batch at a time and reports back once per batch.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from tapline.clicklog.segment import Segment

Waiting = TypeVar("Waiting")

LONGEST_SEGMENT_BYTES = 64 * 1024 * 1024
LONGEST_SEGMENT_SECONDS = 3600.0
FIRST_RETRY_SECONDS = 0.25
LONGEST_RETRY_SECONDS = 10.0
# How often the helper thread looks whether an idle segment has grown too old.
IDLE_CHECK_SECONDS = 60.0


@dataclass(slots=True)
class WriterStats:
    """What the writer has done since it started. Changed in the loop's thread only."""

    written: int = 0
    lost: int = 0
    syncs: int = 0
    sync_seconds: float = 0.0
    last_error: str = ""


@dataclass(frozen=True, slots=True)
class _Settled:
    seconds: float
    error: str  # empty: on disk


class SegmentWriter(Generic[Waiting]):
    """Appends lines to segments in `directory` for one event loop.

    `on_settled` is called in the loop once per batch, with what was given to `append`, in that
    order: the lines are on disk then, or counted as lost in `stats`.
    """

    def __init__(
        self,
        directory: Path,
        on_settled: Callable[[list[Waiting]], object],
        *,
        longest_segment_bytes: int = LONGEST_SEGMENT_BYTES,
        longest_segment_seconds: float = LONGEST_SEGMENT_SECONDS,
    ) -> None:
        self.stats = WriterStats()
        self._loop = asyncio.get_running_loop()
        self._on_settled = on_settled
        self._lines: list[bytes] = []
        self._waiting: list[Waiting] = []
        self.is_busy = False  # a batch is being written, or about to be
        self._batches: queue.SimpleQueue[tuple[bytes, int, list[Waiting]] | None] = (
            queue.SimpleQueue()
        )
        self._file = _SegmentFile(directory, longest_segment_bytes, longest_segment_seconds)
        self._thread = threading.Thread(target=self._write_batches, name="click log", daemon=True)
        self._thread.start()

    def append(self, line: bytes, waiting: Waiting) -> None:
        """Take one line; `waiting` is handed to `on_settled` when its fate is known."""
        self._lines.append(line)
        self._waiting.append(waiting)
        if not self.is_busy:
            # At the end of this turn of the loop, so that all that came in together goes together.
            self.is_busy = True
            self._loop.call_soon(self._hand_over)

    async def close(self) -> None:
        """Wait until every line is settled, then close the segment and end the thread."""
        while self.is_busy:
            await asyncio.sleep(0.001)
        self._batches.put(None)
        await self._loop.run_in_executor(None, self._thread.join)

    def _hand_over(self) -> None:
        batch = (b"".join(self._lines), len(self._lines), self._waiting)
        self._lines, self._waiting = [], []
        self._batches.put(batch)

    def _settle(self, count: int, waiting: list[Waiting], settled: _Settled) -> None:
        stats = self.stats
        stats.last_error = settled.error
        if settled.error:
            stats.lost += count
        else:
            stats.written += count
            stats.syncs += 1
            stats.sync_seconds += settled.seconds
        if self._lines:
            self._hand_over()  # First, so that the disk works while answers go out.
        else:
            self.is_busy = False
        self._on_settled(waiting)

    def _write_batches(self) -> None:
        """Run in the helper thread until `close`."""
        while True:
            try:
                batch = self._batches.get(timeout=IDLE_CHECK_SECONDS)
            except queue.Empty:
                self._file.close_if_full()
                continue
            if batch is None:
                self._file.close()
                return
            lines, count, waiting = batch
            settled = self._file.write(lines)
            with contextlib.suppress(RuntimeError):  # The loop was closed under us: nobody waits.
                self._loop.call_soon_threadsafe(self._settle, count, waiting, settled)


class _SegmentFile:
    """The segment being written, replaced when it is full, old or broken. Helper thread only."""

    def __init__(self, directory: Path, longest_bytes: int, longest_seconds: float) -> None:
        self._directory = directory
        self._longest_bytes = longest_bytes
        self._longest_seconds = longest_seconds
        self._segment: Segment | None = None
        self._opened_at = 0.0
        self._retry_at = 0.0
        self._retry_seconds = FIRST_RETRY_SECONDS
        self._error = ""

    def write(self, lines: bytes) -> _Settled:
        """Put lines on disk, or say why not. While opening fails, most calls give up at once:
        taps wait for this."""
        started = time.monotonic()
        if self._segment is None and started < self._retry_at:
            return _Settled(0.0, self._error)
        try:
            self.close_if_full()
            if self._segment is None:
                self._segment = Segment(self._directory, lines)
                self._opened_at = started
            else:
                self._segment.append(lines)
        except OSError as error:
            return self._give_up(error, started)
        self._retry_seconds = FIRST_RETRY_SECONDS
        return _Settled(time.monotonic() - started, "")

    def close_if_full(self) -> None:
        """Close the segment where it is too large or too old; the next write opens another."""
        if self._segment is None:
            return
        age_seconds = time.monotonic() - self._opened_at
        if self._segment.length_bytes >= self._longest_bytes or age_seconds > self._longest_seconds:
            self.close()

    def close(self) -> None:
        if self._segment is not None:
            segment, self._segment = self._segment, None
            with contextlib.suppress(OSError):
                segment.close()

    def _give_up(self, error: OSError, now: float) -> _Settled:
        self._error = f"{error.strerror or error} ({error.filename or self._directory})"
        if self._segment is not None:
            self.close()  # The next batch begins another at once: only this file may be broken.
        else:
            self._retry_at = now + self._retry_seconds
            self._retry_seconds = min(self._retry_seconds * 2, LONGEST_RETRY_SECONDS)
        return _Settled(0.0, self._error)
