"""What the writer says is kept is on disk; what cannot be kept is counted and delays nobody."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tapline.clicklog.reader import list_segments, read_batch
from tapline.clicklog.record import encode_line
from tapline.clicklog.segment import remove_stale_drafts
from tapline.clicklog.writer import SegmentWriter
from tests.clicklog.test_reader import record


def serials_on_disk(directory: Path) -> list[int]:
    batches = [read_batch(path, 0, 1 << 26) for path in list_segments(directory)]
    assert not [bad for batch in batches for bad in batch.bad]
    return sorted(item.serial for batch in batches for _, item in batch.lines)


def test_waiting_taps_are_settled_in_order_once_per_batch(tmp_path: Path) -> None:
    settled: list[list[int]] = []

    async def write() -> None:
        writer = SegmentWriter[int](tmp_path, settled.append)
        for serial in range(500):
            writer.append(encode_line(record(serial)), serial)
            if serial % 50 == 0:
                await asyncio.sleep(0)
        await writer.close()
        assert (writer.stats.written, writer.stats.lost) == (500, 0)
        assert writer.stats.syncs == len(settled)

    asyncio.run(write())

    assert [serial for batch in settled for serial in batch] == list(range(500))
    assert len(settled) < 500
    assert serials_on_disk(tmp_path) == list(range(500))


def test_a_full_segment_is_followed_by_another(tmp_path: Path) -> None:
    async def write() -> None:
        writer = SegmentWriter[int](tmp_path, lambda _: None, longest_segment_bytes=600)
        for serial in range(10):
            writer.append(encode_line(record(serial)), serial)
            while writer.stats.written <= serial:
                await asyncio.sleep(0.001)
        await writer.close()

    asyncio.run(write())

    assert len(list_segments(tmp_path)) >= 3
    assert serials_on_disk(tmp_path) == list(range(10))


# RLIMIT_FSIZE makes a write end short and the next one fail, as a full disk does, and needs no
# root. The limit is lifted later, as when an operator makes room.
FULL_DISK = """
import asyncio, resource, signal, sys
from pathlib import Path
from tapline.clicklog.writer import SegmentWriter
from tapline.clicklog.record import encode_line
from tests.clicklog.test_reader import record

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

async def main():
    settled = []
    writer = SegmentWriter(Path(sys.argv[1]), settled.extend)
    async def put(numbers):
        for serial in numbers:
            writer.append(encode_line(record(serial, agent="x" * 400)), serial)
        while len(settled) <= numbers[-1]:
            await asyncio.sleep(0.001)
    await put(range(0, 5))
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    await put(range(5, 15))
    await put(range(15, 25))
    await put(range(25, 26))
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert writer.stats.last_error, "the loss must be told"
    while writer.stats.lost and writer.stats.last_error:
        await put(range(len(settled), len(settled) + 1))
        await asyncio.sleep(0.05)
    await put(range(len(settled), len(settled) + 1))
    await writer.close()
    assert settled == list(range(len(settled))), "answers left in order, all of them"
    print(writer.stats.written, writer.stats.lost, len(settled))

asyncio.run(main())
"""


def test_a_full_disk_delays_no_tap_and_every_loss_is_counted(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FULL_DISK), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    written, lost, settled = map(int, run.stdout.split())
    kept = serials_on_disk(tmp_path)
    assert len(kept) == written
    assert written + lost == settled
    assert lost >= 20
    assert set(range(5)) <= set(kept)
    assert settled - 1 in kept, "writing goes on when there is room again"


def test_a_log_folder_that_cannot_be_made_loses_records_but_settles_taps(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    settled: list[int] = []

    async def write() -> str:
        writer = SegmentWriter[int](tmp_path / "file" / "log", settled.extend)
        writer.append(encode_line(record(1)), 1)
        await writer.close()
        assert writer.stats.lost == 1
        return writer.stats.last_error

    assert "Not a directory" in asyncio.run(write())
    assert settled == [1]


KILLED_WRITER = """
import asyncio, os, sys
from pathlib import Path
from tapline.clicklog.writer import SegmentWriter
from tapline.clicklog.record import encode_line
from tests.clicklog.test_reader import record

def tell(serials):
    os.write(1, "".join(f"{serial}\\n" for serial in serials).encode())

async def main():
    writer = SegmentWriter(Path(sys.argv[1]), tell, longest_segment_bytes=200_000)
    serial = int(sys.argv[2])
    while True:
        for _ in range(37):
            writer.append(encode_line(record(serial)), serial)
            serial += 1
        await asyncio.sleep(0)

asyncio.run(main())
"""


@pytest.mark.slow
def test_whatever_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    acknowledged: list[int] = []
    for start in (0, 10_000_000, 20_000_000):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED_WRITER, str(tmp_path), str(start)],
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3000)]
        os.kill(process.pid, signal.SIGKILL)
        lines += process.stdout.readlines()
        process.stdout.close()
        process.wait(10)
        acknowledged += [int(line) for line in lines if line.endswith(b"\n")]

    kept: set[int] = set()
    for path in list_segments(tmp_path):
        batch = read_batch(path, 0, 1 << 28)
        assert batch.closed
        assert len(batch.bad) <= 1
        kept |= {item.serial for _, item in batch.lines}

    assert len(acknowledged) >= 9000
    assert set(acknowledged) <= kept


def test_drafts_left_by_a_crash_are_removed_when_they_are_old(tmp_path: Path) -> None:
    draft = tmp_path / "20260101T000000Z-0.draft"
    draft.write_bytes(b"{}")
    written_at = draft.stat().st_mtime

    remove_stale_drafts(tmp_path, written_at + 1)
    assert draft.exists()

    remove_stale_drafts(tmp_path, written_at + 3600)
    assert not draft.exists()
