"""What the worker repeats for newcomers: removing sample data that was seen enough of."""

from __future__ import annotations

from tapline.loops import Loop
from tapline.welcome.removing import remove_step

WELCOME_LOOPS: list[Loop] = [Loop(name="remove sample", step=remove_step, idle_seconds=2.0)]
