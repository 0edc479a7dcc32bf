"""Ingest reads what is on disk, sets bad lines aside and knows when a segment is finished."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tapline.clicklog.reader import end_of_lines, list_segments, read_batch
from tapline.clicklog.record import (
    LONGEST_LINE_BYTES,
    Record,
    as_text,
    decode_line,
    encode_line,
    head_part,
    line_of_code,
    link_part,
    opening_part,
)
from tapline.clicklog.segment import Segment, click_id, segment_id


def record(serial: int, **more: object) -> Record:
    seen = {
        "time_us": 1_700_000_000_000_000,
        "host": "go.example.com",
        "domain": 1,
        "path": "BCDFGHJK",
        "serial": serial,
        "outcome": "redirect",
        "status": 302,
        "method": "GET",
        "address": "192.0.2.7",
    }
    return Record(**(seen | more))  # type: ignore[arg-type]


def test_lines_are_read_back_with_their_offsets_in_portions(tmp_path: Path) -> None:
    lines = [encode_line(record(serial, agent="a" * 400)) for serial in range(100)]
    segment = Segment(tmp_path, b"".join(lines[:50]))
    segment.append(b"".join(lines[50:]))
    read, offset = [], 0

    while batch := read_batch(segment.path, offset, 9000).lines:
        read += batch
        offset = read_batch(segment.path, offset, 9000).next_offset
    segment.close()

    assert [item.serial for _, item in read] == list(range(100))
    assert [at for at, _ in read] == [sum(map(len, lines[:index])) for index in range(100)]


def test_a_segment_is_closed_when_its_writer_lets_go(tmp_path: Path) -> None:
    segment = Segment(tmp_path, encode_line(record(1)))

    assert not read_batch(segment.path, 0, 1 << 20).closed
    segment.close()

    first = read_batch(segment.path, 0, 1 << 20)
    assert first.closed
    assert not first.finished
    assert read_batch(segment.path, first.next_offset, 1 << 20).finished


def die(segment: Segment) -> None:
    """Let go of a segment as the kernel does for a writer that was killed."""
    os.close(segment._descriptor)  # Nothing of ours runs in a killed process.


def test_a_torn_last_line_waits_while_the_writer_lives_and_is_bad_after(tmp_path: Path) -> None:
    whole, torn = encode_line(record(1)), b'{"time_us":17'
    segment = Segment(tmp_path, whole)
    segment.path.write_bytes(whole + torn)  # As where a full disk leaves no room to make ahead.

    alive = read_batch(segment.path, 0, 1 << 20)
    die(segment)
    dead = read_batch(segment.path, alive.next_offset, 1 << 20)

    assert (len(alive.lines), alive.bad, alive.next_offset) == (1, [], len(whole))
    assert end_of_lines(segment.path) == len(whole)
    assert (dead.lines, dead.bad) == ([], [(len(whole), torn)])
    assert read_batch(segment.path, dead.next_offset, 1 << 20).finished


def test_room_made_ahead_is_neither_read_nor_left_behind(tmp_path: Path) -> None:
    lines = [encode_line(record(serial)) for serial in range(3)]
    segment = Segment(tmp_path, lines[0])
    segment.append(lines[1])

    alive = read_batch(segment.path, 0, 1 << 20)
    assert segment.path.stat().st_size > alive.next_offset == end_of_lines(segment.path)
    segment.append(lines[2])
    later = read_batch(segment.path, alive.next_offset, 1 << 20)
    segment.close()

    assert [item.serial for _, item in alive.lines + later.lines] == [0, 1, 2]
    assert alive.bad == later.bad == []
    assert segment.path.read_bytes() == b"".join(lines)


def test_the_room_of_a_killed_writer_is_no_bad_line(tmp_path: Path) -> None:
    lines = [encode_line(record(serial)) for serial in range(2)]
    segment = Segment(tmp_path, lines[0])
    segment.append(lines[1])
    die(segment)

    dead = read_batch(segment.path, 0, 1 << 20)

    assert [item.serial for _, item in dead.lines] == [0, 1]
    assert dead.bad == []
    assert dead.next_offset == segment.path.stat().st_size > end_of_lines(segment.path)
    assert read_batch(segment.path, dead.next_offset, 1 << 20).finished


def test_a_batch_that_is_being_written_is_not_seen_before_it_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [encode_line(record(serial)) for serial in range(3)]
    segment = Segment(tmp_path, lines[0])
    seen_between: list[tuple[int, int]] = []
    write = os.pwrite

    def write_and_look(descriptor: int, data: bytes, offset: int) -> int:
        written = write(descriptor, data, offset)
        batch = read_batch(segment.path, 0, 1 << 20)
        seen_between.append((len(batch.lines), len(batch.bad)))
        return written

    monkeypatch.setattr(os, "pwrite", write_and_look)
    segment.append(lines[1] + lines[2])

    assert seen_between == [(1, 0), (3, 0)]


def test_room_grows_with_the_segment_and_is_made_before_the_next_batch(tmp_path: Path) -> None:
    batch = encode_line(record(1, agent="a" * 500)) * 300
    segment = Segment(tmp_path, batch)

    for count in range(2, 12):
        segment.append(batch)
        assert segment.path.stat().st_size > count * len(batch)
    read = read_batch(segment.path, 0, 1 << 26)
    segment.close()

    assert len(read.lines) == 11 * 300
    assert read.bad == []


@pytest.mark.parametrize(
    "bad",
    [b"", b"{}", b"not json", b"\0" * 300, b'{"time_us":"x"}', b'{"path":"\xff"}', b"x" * 50_000],
    ids=["empty", "no fields", "text", "zeros", "wrong type", "not UTF-8", "huge"],
)
def test_a_bad_line_is_set_aside_and_stops_nothing(tmp_path: Path, bad: bytes) -> None:
    before, after = encode_line(record(1)), encode_line(record(2))
    Segment(tmp_path, before + bad + b"\n" + after).close()
    [path] = list_segments(tmp_path)
    serials, set_aside, offset = [], b"", 0

    while not (batch := read_batch(path, offset, 8192)).finished:
        serials += [item.serial for _, item in batch.lines]
        set_aside += b"".join(raw for _, raw in batch.bad)
        offset = batch.next_offset

    assert serials == [1, 2]
    assert set_aside == bad


def test_a_click_id_names_segment_and_offset(tmp_path: Path) -> None:
    segment = Segment(tmp_path, encode_line(record(1)))
    segment.close()

    assert len(segment_id(segment.path)) == 32
    assert click_id(segment.path, 17) == f"{segment_id(segment.path)}-17"


def test_a_line_never_exceeds_four_kilobytes_and_keeps_what_identifies_the_tap() -> None:
    headers = {f"h{number}": as_text(b"\xff" * 9999) for number in range(18)}

    line = encode_line(record(7, headers=headers, agent=as_text(b"\x01" * 600)))

    assert len(line) <= 4096
    kept = decode_line(line)
    assert (kept.serial, kept.path, set(kept.headers)) == (7, "BCDFGHJK", set(headers))


def line_from_parts(seen: Record) -> bytes:
    line = line_of_code(
        opening_part(seen.time_us, seen.host, seen.domain),
        seen.path,
        seen.serial,
        seen.position,
        link_part(seen.generation, seen.link, seen.outcome, seen.status, seen.method),
        seen.address,
        head_part(seen.agent, seen.headers),
    )
    return line.encode()


@pytest.mark.parametrize(
    ("agent", "headers"),
    [
        ("", {}),
        ("Mozilla/5.0 (iPhone)", {"accept": "*/*", "accept-language": "en-GB,en;q=0.9"}),
        ('a"\\b\n\x00', {"referer": 'https://example.com/"}\n{"'}),
        (as_text(b"K\xe4se \xf0\x9f\xa7\x80"), {"from": "\u2028"}),
    ],
)
def test_a_line_made_of_parts_says_what_the_whole_record_says(
    agent: str, headers: dict[str, str]
) -> None:
    seen = record(7, generation=2, link=3, position=4, agent=agent, headers=headers)

    line = line_from_parts(seen)

    assert decode_line(line) == seen == decode_line(encode_line(seen))
    assert line.count(b"\n") == 1


def test_headers_that_could_make_a_line_too_long_have_no_part() -> None:
    names = {"host": "x" * 253, "path": "z" * 12, "outcome": "unresolved", "address": "f" * 45}
    numbers = dict.fromkeys(("domain", "generation", "link", "position"), 2**63 - 1)
    agent = next(size for size in range(4096, 0, -1) if head_part("x" * size, {}))

    line = line_from_parts(record(2**63 - 1, **names, **numbers, agent="x" * agent))

    assert len(line) <= LONGEST_LINE_BYTES
    assert head_part("x" * (agent + 1), {}) == ""


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"Mozilla/5.0", "Mozilla/5.0"),
        ("Käse".encode(), "Käse"),
        (b"K\xe4se\xff", "K\\xe4se\\xff"),
        (b"a" * 600, "a" * 512),
        (b"a" * 511 + "ä".encode(), "a" * 511 + "\\xc3"),
    ],
)
def test_header_bytes_survive_as_text(raw: bytes, text: str) -> None:
    line = encode_line(record(1, agent=as_text(raw)))

    assert decode_line(line).agent == text
