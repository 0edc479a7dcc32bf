"""Verdicts are held against the truth: what the matrix says, and a run over lines of others."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from bench.verdict_matrix import Judged, Range, figures_of, matrix_of

NOON = dt.datetime(2026, 11, 2, 12, 0, tzinfo=dt.UTC)
PAGE = {"Accept": "text/html,application/xhtml+xml", "Accept-Language": "en-US"}
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1"
)


def person(verdict: str, kind: str = "tap") -> Judged:
    return Judged(kind, "human", True, verdict)


def scanner(verdict: str, *, is_knowable: bool = True) -> Judged:
    return Judged("scan" if is_knowable else "hidden scan", "scanner", is_knowable, verdict)


def values(*judged: Judged, ranges: tuple[Range, ...] = ()) -> dict[str, float | None]:
    return {figure.name: figure.value for figure in figures_of(judged, ranges)}


def test_a_person_taken_for_a_machine_is_an_error_and_an_unknown_one_is_not() -> None:
    said = values(*[person("human")] * 97, *[person("unknown")] * 2, person("scanner"))

    assert said["people's taps counted as machine"] == pytest.approx(1)
    assert said["people's taps unknown"] == pytest.approx(2)
    assert said["people, recall"] == pytest.approx(97)
    assert said["machines, precision"] == 0


def test_a_machine_that_is_unknown_is_not_counted_as_a_person() -> None:
    said = values(*[scanner("scanner")] * 6, *[scanner("unknown")] * 3, scanner("human"))

    assert said["knowable machine opens not counted as people"] == pytest.approx(90)
    assert said["machines, recall"] == pytest.approx(60)
    assert said["people, precision"] == 0


def test_what_cannot_be_known_is_told_apart() -> None:
    said = values(scanner("scanner"), scanner("human", is_knowable=False))

    assert said["knowable machine opens not counted as people"] == 100
    assert said["unknowable openers counted as people"] == 100


def test_the_worst_kind_is_named_and_rare_kinds_are_held_against_nothing() -> None:
    judged = [*[person("human")] * 50, *[scanner("human")] * 20, person("scanner", "rare")]
    [worst] = [item for item in figures_of(judged, ()) if item.name.startswith("the worst")]

    assert (worst.value, worst.ok) == (0, False)
    assert worst.note == "scan 0.0%"


def test_a_range_holds_what_is_true() -> None:
    inside, below = Range("a", 50, 10, 9, 11), Range("b", 50, 8, 9, 11)
    figures = figures_of([person("human")], [inside, below])
    [told, farthest] = [figure for figure in figures if "range" in figure.name]

    assert (told.value, told.ok, told.note) == (50, False, "b: 8 outside 9–11")
    assert (farthest.value, farthest.unit, farthest.note) == (2, "points", "b")


def test_the_matrix_has_a_row_for_each_kind() -> None:
    rows = matrix_of([person("human"), person("unknown"), scanner("preview")])

    assert [(row["kind"], row["requests"], row["right"]) for row in rows] == [
        ("tap", 2, 0.5),
        ("scan", 1, 1.0),
    ]
    assert rows[0]["verdicts"] == {"human": 1, "unknown": 1}


def line(message: int, seconds: float, **more: Any) -> dict[str, Any]:
    return {
        "time_us": int((NOON.timestamp() + seconds) * 1_000_000),
        "host": "go.example.com",
        "domain": 7,
        "path": f"BCDFGHJ{message}",
        "link": 3,
        "outcome": "redirect",
        "status": 302,
        "method": "GET",
        "address": "192.0.2.7",
        "agent": IPHONE,
        "headers": PAGE,
        "truth": "human",
        "message": f"text {message}",
        "recipient": f"person {message}",
        "submitted_at": NOON.isoformat(),
        "delivered_at": None,
    } | more


THEIRS = [
    line(2, 60),
    line(2, 62),
    line(3, 5, agent="GoogleMessages", truth="preview", kind="their preview"),
    line(4, 9, agent="curl/8.14.1", truth="tool"),
    line(5, 9, role="staff", truth="operator"),
    line(6, 30, truth="scanner", knowable=False),
]


@pytest.mark.slow
def test_lines_of_others_go_the_whole_way_and_are_held_against_their_truth(tmp_path: Path) -> None:
    write(tmp_path / "theirs.jsonl", THEIRS)

    ended = run_bench(tmp_path)

    assert ended.returncode == 0, ended.stderr
    said = json.loads(ended.stdout)
    assert {row["kind"]: row["verdicts"] for row in said["matrix"]} == {
        "human": {"human": 2},
        "their preview": {"preview": 1},
        "tool": {"tool": 1},
        "operator": {"operator": 1},
        "scanner": {"human": 1},
    }
    [told] = said["ranges"]
    assert (told["texts"], told["true_people"], told["low"], told["high"]) == (5, 1, 2, 2)
    assert (told["holds"], told["points_outside"]) == (False, 20)
    figures = {figure["name"]: figure["value"] for figure in said["figures"]}
    assert figures["verdicts that judging everything afresh changes"] == 0
    assert 0 < figures["a verdict, caches warm"] < 1_000


@pytest.mark.slow
def test_a_line_of_others_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    write(tmp_path / "theirs.jsonl", [THEIRS[0], line(3, 5, truth="robot")])

    ended = run_bench(tmp_path)

    assert ended.returncode == 1
    assert "theirs.jsonl, line 2 cannot be used. Invalid enum value 'robot'" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.slow
def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    ended = run_bench(tmp_path)

    assert ended.returncode == 1
    assert f"{tmp_path} holds nothing to play." in ended.stderr


def write(path: Path, lines: list[dict[str, Any]]) -> None:
    path.write_bytes(b"".join(msgspec.json.encode(item) + b"\n" for item in lines))


def run_bench(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench", "verdicts", "--json", "--scenarios", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
