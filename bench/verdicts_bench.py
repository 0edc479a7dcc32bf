"""How well people are told from machines, over openers whose truth is known; and what it costs.

Plays scenarios through the real path: click log, ingest, receipts, the worker's loops, reports.
`--scenarios DIR` (or `development`, `mixed`) plays others than the held-out set; see
docs/verdicts.md.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from bench.audience import fresh_instance
from bench.figures import Figure, as_report, at_most, seen
from bench.verdict_matrix import Judged, Range, as_table, figures_of, matrix_of
from bench.verdict_world import Played, play, verdicts_of

if TYPE_CHECKING:
    from tapline.clicklog.record import Line
    from tapline.clicks.evidence import Evidence, Judgement
    from tapline.providers.simulator.scenarios.samples import Corpus

SHIPPED = ("held_out", "development", "mixed")
VERDICT_US = 15
MOST_TIMED = 20_000
ROUNDS = 5


def run() -> list[Figure]:
    """Play the scenarios and hold the verdicts against the truth."""
    return measure()[0]


def report() -> dict[str, Any]:
    """Return what `--json` prints: the figures, the matrix and each broadcast's range."""
    figures, details = measure()
    return as_report("verdicts", figures) | details


def measure() -> tuple[list[Figure], dict[str, Any]]:
    folder = _folder()
    corpora = list(_corpora(folder))
    with fresh_instance():
        played = [play(corpus) for corpus in corpora]
        verdicts = [verdicts_of(one) for one in played]
        judged = [
            item for one, said in zip(played, verdicts, strict=True) for item in _judged(one, said)
        ]
        ranges = [_range(one) for one in played]
        changed = _changed_by_fresh_judging(played, verdicts)
        rows = matrix_of(judged)
        print(as_table(rows))
        figures = [
            *figures_of(judged, ranges),
            at_most("verdicts that judging everything afresh changes", changed, "clicks", 0),
            *_costs(),
            seen("requests", len(judged), "", f"{len(played)} broadcasts of {folder.name}"),
        ]
        return figures, {
            "set": folder.name,
            "matrix": rows,
            "ranges": [_as_dict(r) for r in ranges],
        }


def _folder() -> Path:
    from tapline.providers.simulator.scenarios.reading import shipped

    asked = os.environ.get("BENCH_SCENARIOS", SHIPPED[0])
    return shipped(asked) if asked in SHIPPED else Path(asked)


def _corpora(folder: Path) -> Iterator[Corpus]:
    from tapline.providers.simulator.scenarios.reading import BadScenario, read_scenarios
    from tapline.providers.simulator.scenarios.samples import make_corpus, read_corpus

    scenarios, lines = read_scenarios(folder), sorted(folder.glob("*.jsonl"))
    if not scenarios and not lines:
        raise BadScenario(
            f"{folder} holds nothing to play.",
            why="There is no *.toml and no *.jsonl in it.",
            do="docs/verdicts.md says what to put there.",
        )
    for scenario in scenarios:
        for seed in scenario.seeds:
            yield make_corpus(scenario, seed)
    yield from map(read_corpus, lines)


def _judged(played: Played, verdicts: dict[str, str]) -> list[Judged]:
    return [
        Judged(
            sample.kind or sample.truth.value, sample.truth.value, sample.knowable, verdicts[click]
        )
        for sample, click in zip(played.corpus.samples, played.ids, strict=True)
    ]


def _range(played: Played) -> Range:
    """Return the true number of people, and what the report says."""
    from tapline.broadcasts.reports import build_report

    people = {item.message for item in played.corpus.samples if item.truth.value == "human"}
    said = build_report(played.broadcast)
    texts = len(played.corpus.texts)
    return Range(played.corpus.name, texts, len(people), said.people_at_least, said.people_at_most)


def _changed_by_fresh_judging(played: Sequence[Played], before: Sequence[dict[str, str]]) -> int:
    """Judge every click again with all that is known now; return how many verdicts that changes."""
    from tapline.clicks.second_look import rejudge

    rejudge()
    return sum(
        said != verdicts[click]
        for one, verdicts in zip(played, before, strict=True)
        for click, said in verdicts_of(one).items()
    )


# --- costs ----------------------------------------------------------------------------------------


def _costs() -> list[Figure]:
    """Measure what ingest does with lines that it has seen the like of, in memory."""
    lines = _lines()
    evidence = _evidence_of(lines)
    return [
        at_most(
            "a verdict, caches warm",
            _verdict_us(evidence),
            "µs",
            VERDICT_US,
            f"{len(evidence):,} sights",
        ),
        seen("a row with its verdict, caches warm", _row_us(lines), "µs", f"{len(lines):,} lines"),
    ]


def _lines() -> list[Line]:
    """Return lines of the click log as ingest reads them."""
    from tapline import config
    from tapline.clicklog.reader import list_segments, read_batch

    lines: list[Line] = []
    for path in list_segments(config.current().click_log_dir):
        lines += [line for _, line in read_batch(path, 0, 1 << 30).lines]
    return lines[:MOST_TIMED]


def _evidence_of(lines: Sequence[Line]) -> list[Evidence]:
    """Return the evidence that ingest judges for these lines, each sight once."""
    from tapline.clicks import enriching
    from tapline.clicks.rules import judge

    caught: list[Evidence] = []

    def catch(evidence: Evidence) -> Judgement:
        caught.append(evidence)
        return judge(evidence)

    enriching._sight.cache_clear()
    with patch.object(enriching, "judge", catch):
        _make_rows(lines)
    enriching._sight.cache_clear()
    return caught


def _make_rows(lines: Sequence[Line]) -> float:
    """Make the rows of some lines as ingest does; return the seconds without the look-ups."""
    from tapline.clicks.addresses import daily_keys
    from tapline.clicks.enriching import DAY_US, Enricher, look_around
    from tapline.clicks.resolving import resolve

    keys = daily_keys({line.time_us // DAY_US for line in lines})
    enricher = Enricher(resolve(lines), keys, look_around())
    begun = time.process_time()
    for number, line in enumerate(lines):
        enricher.row(number, "bench", line)
    return time.process_time() - begun


def _row_us(lines: Sequence[Line]) -> float:
    return min(_make_rows(lines) for _ in range(ROUNDS)) / len(lines) * 1_000_000


def _verdict_us(evidence: Sequence[Evidence]) -> float:
    from tapline.clicks.rules import judge

    best = float("inf")
    for _ in range(ROUNDS):
        begun = time.process_time()
        for one in evidence:
            judge(one)
        best = min(best, time.process_time() - begun)
    return best / len(evidence) * 1_000_000


def _as_dict(item: Range) -> dict[str, Any]:
    return {
        "broadcast": item.broadcast,
        "texts": item.texts,
        "true_people": item.true,
        "low": item.low,
        "high": item.high,
        "holds": item.holds,
        "points_outside": round(item.points_outside, 3),
    }
