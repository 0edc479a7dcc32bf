"""What the worker's `clicks` process repeats for hours: clicks tell where people are."""

from __future__ import annotations

from tapline.hours.taps import forget_old_taps, note_taps
from tapline.loops import Loop

HOURS_LOOPS: list[Loop] = [
    Loop(name="places of taps", step=note_taps, idle_seconds=5.0),
    Loop(name="old places of taps", step=forget_old_taps, idle_seconds=600.0),
]
