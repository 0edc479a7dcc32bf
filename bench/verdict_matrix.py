"""Holds verdicts against the truth: a confusion matrix per kind of opener, and what follows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from bench.figures import Figure, at_least, at_most, missing, seen

PERSON, OPERATOR, UNKNOWN = "human", "operator", "unknown"
MACHINES = frozenset({"preview", "scanner", "prefetch", "tool"})
NOT_COUNTED_PERCENT, COUNTED_AS_MACHINE_PERCENT, UNKNOWN_PERCENT = 97, 0.5, 3
KIND_PERCENT = 90
# A kind of which there were fewer is told, and held against nothing.
FEWEST = 20


class Judged(NamedTuple):
    """One request: what it truly was, and what it was judged to be."""

    kind: str
    truth: str
    is_knowable: bool
    verdict: str


@dataclass(frozen=True, slots=True)
class Range:
    """How many people opened one broadcast's links, and what its report says."""

    broadcast: str
    texts: int
    true: int
    low: int
    high: int

    @property
    def holds(self) -> bool:
        return self.low <= self.true <= self.high

    @property
    def points_outside(self) -> float:
        """How far the true rate lies outside the range, in points of the rate."""
        return 100 * max(self.low - self.true, self.true - self.high, 0) / self.texts


def figures_of(judged: Sequence[Judged], ranges: Sequence[Range]) -> list[Figure]:
    """Return what the verdicts come to. Machines here are previews, scanners, prefetches and tools;
    the sender's own taps are counted apart."""
    machines = [item for item in judged if item.truth in MACHINES]
    people = [item for item in judged if item.truth == PERSON]
    return [
        _percent(
            "knowable machine opens not counted as people",
            [item for item in machines if item.is_knowable],
            lambda item: item.verdict != PERSON,
            at_least=NOT_COUNTED_PERCENT,
        ),
        _percent(
            "people's taps counted as machine",
            people,
            lambda item: item.verdict in MACHINES | {OPERATOR},
            at_most=COUNTED_AS_MACHINE_PERCENT,
        ),
        _percent(
            "people's taps unknown",
            people,
            lambda item: item.verdict == UNKNOWN,
            at_most=UNKNOWN_PERCENT,
        ),
        _worst_kind(judged),
        _broadcasts_in_range(ranges),
        _farthest(ranges),
        _percent("people, precision", _judged(judged, {PERSON}), lambda it: it.truth == PERSON),
        _percent("people, recall", people, lambda item: item.verdict == PERSON),
        _percent("machines, precision", _judged(judged, MACHINES), lambda it: it.truth in MACHINES),
        _percent("machines, recall", machines, lambda item: item.verdict in MACHINES),
        _percent(
            "machines of the right kind",
            [item for item in machines if item.verdict in MACHINES],
            lambda item: item.verdict == item.truth,
        ),
        _percent(
            "unknowable openers counted as people",
            [item for item in machines if not item.is_knowable],
            lambda item: item.verdict == PERSON,
        ),
        _percent("all verdicts unknown", judged, lambda item: item.verdict == UNKNOWN),
    ]


def matrix_of(judged: Iterable[Judged]) -> list[dict[str, Any]]:
    """Return one row per kind: its truth, how many, and how many got which verdict."""
    rows: defaultdict[tuple[str, str, bool], Counter[str]] = defaultdict(Counter)
    for item in judged:
        rows[item.truth, item.kind, item.is_knowable][item.verdict] += 1
    return [
        {
            "truth": truth,
            "kind": kind,
            "knowable": is_knowable,
            "requests": counts.total(),
            "right": round(_share_right(truth, counts), 4),
            "verdicts": dict(counts.most_common()),
        }
        for (truth, kind, is_knowable), counts in sorted(rows.items())
    ]


def as_table(rows: Iterable[dict[str, Any]]) -> str:
    """Return the matrix as a table to read, columns by verdict."""
    verdicts = [PERSON, UNKNOWN, "preview", "scanner", "prefetch", "tool", OPERATOR]
    lines = [f"{'kind':<24}{'truth':<10}{'requests':>9}{'right':>8}" + _cells(verdicts)]
    for row in rows:
        kind = row["kind"] + ("" if row["knowable"] else " *")
        counts = [str(row["verdicts"].get(verdict, "")) for verdict in verdicts]
        lines.append(
            f"{kind:<24}{row['truth']:<10}{row['requests']:>9}{row['right']:>8.1%}" + _cells(counts)
        )
    return "\n".join([*lines, "* cannot be known; right: people as human, others not as human"])


def _cells(words: Iterable[str]) -> str:
    return "".join(f"{word:>10}" for word in words)


def _share_right(truth: str, counts: Counter[str]) -> float:
    """People shall be people, machines and operators shall not; unknown truths cannot be wrong."""
    people, total = counts[PERSON], counts.total()
    if truth == UNKNOWN:
        return 1.0
    return people / total if truth == PERSON else 1 - people / total


def _worst_kind(judged: Sequence[Judged]) -> Figure:
    rows = [row for row in matrix_of(judged) if row["knowable"] and row["requests"] >= FEWEST]
    name = "the worst knowable kind, right"
    if not rows:
        return missing(name, "%", f"no kind has {FEWEST} requests")
    rows.sort(key=lambda row: float(row["right"]))
    below = [row for row in rows if 100 * row["right"] < KIND_PERCENT]
    note = ", ".join(f"{row['kind']} {row['right']:.1%}" for row in below or rows[:1])
    return at_least(name, 100 * rows[0]["right"], "%", KIND_PERCENT, note)


def _broadcasts_in_range(ranges: Sequence[Range]) -> Figure:
    name = "broadcasts whose true people lie in the range"
    if not ranges:
        return missing(name, "%", "no broadcasts")
    outside = [item for item in ranges if not item.holds]
    note = "; ".join(
        f"{item.broadcast}: {item.true} outside {item.low}–{item.high}" for item in outside
    )
    share = 100 * (1 - len(outside) / len(ranges))
    return at_least(name, share, "%", 100, note or f"{len(ranges)} of {len(ranges)}")


def _farthest(ranges: Sequence[Range]) -> Figure:
    name = "the true rate lies outside the range by at most"
    if not ranges:
        return missing(name, "points", "no broadcasts")
    farthest = max(ranges, key=lambda item: item.points_outside)
    return seen(name, farthest.points_outside, "points", farthest.broadcast)


def _judged(judged: Iterable[Judged], verdicts: Iterable[str]) -> list[Judged]:
    """Return what got one of the verdicts and whose truth somebody knows."""
    wanted = set(verdicts)
    return [item for item in judged if item.verdict in wanted and item.truth != UNKNOWN]


def _percent(
    name: str,
    items: Sequence[Judged],
    holds: Callable[[Judged], bool],
    **target: float,
) -> Figure:
    if not items:
        return missing(name, "%", "there were none")
    share = 100 * sum(map(holds, items)) / len(items)
    note = f"of {len(items):,}"
    if "at_least" in target:
        return at_least(name, share, "%", target["at_least"], note)
    if "at_most" in target:
        return at_most(name, share, "%", target["at_most"], note)
    return seen(name, share, "%", note)
