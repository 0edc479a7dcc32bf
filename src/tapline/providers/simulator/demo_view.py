"""What the demo shows in the terminal while it runs: counts that grow, and the last taps."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

PLAIN_SECONDS = 3.0
# The parser tells a browser's forms apart: «Mobile Safari», «Chrome Mobile iOS».
_FORM = re.compile(r"^Mobile | Mobile( iOS)?$")
# As on the page: beside the rate where it is wider than half a point.
RANGE_SHOWN_FROM = 0.005
MACHINES = ("preview", "scanner", "prefetch", "tool")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tap:
    """One person's tap: «iPhone, Safari» and when."""

    device: str
    browser: str
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What is known at one moment."""

    contacts: int
    report: dict[str, Any]
    taps: Sequence[Tap]
    now: dt.datetime

    def count(self, *names: str) -> int:
        """Return the sum of the report's counts `names`."""
        return sum(self.report[name] for name in names)


Show = Callable[[State], None]


def describe_tap(tap: Tap, now: dt.datetime) -> str:
    """Return «iPhone, Safari, 2 s ago»."""
    browser = _FORM.sub("", tap.browser)
    words = ", ".join(word for word in (tap.device, browser) if word) or "a phone"
    return f"{words}, {_ago(now - tap.at)}"


def rate_in_words(report: dict[str, Any]) -> str:
    """Return the click rate as pages show it: a range where it is wider than half a point."""
    if not report["delivered"]:
        return "no rate yet"
    rate, low, high = (report[f"click_rate{name}"] for name in ("", "_low", "_high"))
    if high - low > RANGE_SHOWN_FROM:
        return f"{rate:.1%} (between {low:.1%} and {high:.1%})"
    return f"{rate:.1%}"


def draw(state: State) -> RenderableType:
    """Return the live view of one moment."""
    counts = Table.grid(padding=(0, 2))
    counts.add_column(justify="right", style="bold")
    counts.add_column()
    counts.add_row(f"{state.count('sent'):,}", f"sent to {state.contacts:,} contacts")
    counts.add_row(f"{state.count('delivered'):,}", "delivered")
    counts.add_row(f"{state.count('failed'):,}", "failed")
    people = f"people who tapped, {rate_in_words(state.report)}"
    counts.add_row(Text(f"{state.count('human_clickers'):,}", style="bold green"), people)
    counts.add_row(f"{state.count(*MACHINES):,}", "opened by machines")
    counts.add_row(f"{state.count('unknown'):,}", "unknown")
    taps = [Text(f"  {describe_tap(tap, state.now)}", style="cyan") for tap in state.taps]
    return Panel(Group(counts, Text(""), Text("Last taps", style="bold"), *taps), title="Tapline")


@contextmanager
def live_view(console: Console, *, stays: bool = True) -> Iterator[Show]:
    """Give a function that shows a state: redrawn on a terminal, else a line for what is new.

    What was shown last `stays` on the terminal, unless another view follows.
    """
    if not console.is_terminal:
        yield _plain_lines(console)
        return
    with Live(console=console, auto_refresh=False, transient=not stays) as live:
        yield lambda state: live.update(draw(state), refresh=True)


def _plain_lines(console: Console) -> Show:
    shown_at: list[dt.datetime] = []
    shown: list[str] = []

    def show(state: State) -> None:
        if shown_at and (state.now - shown_at[-1]).total_seconds() < PLAIN_SECONDS:
            return
        line = (
            f"sent {state.count('sent')}, delivered {state.count('delivered')}, "
            f"people who tapped {state.count('human_clickers')}, "
            f"opened by machines {state.count(*MACHINES)}"
        )
        if line not in shown[-1:]:
            shown_at.append(state.now)
            shown.append(line)
            console.print(line)

    return show


def _ago(passed: dt.timedelta) -> str:
    seconds = max(0, int(passed.total_seconds()))
    if seconds < 120:
        return f"{seconds} s ago"
    return f"{seconds // 60} min ago"
