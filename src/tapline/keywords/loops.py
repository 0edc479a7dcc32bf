"""What the worker's `sending` process repeats for keywords."""

from __future__ import annotations

from tapline.keywords.notifying import send_notices
from tapline.loops import Loop

KEYWORD_LOOPS: list[Loop] = [Loop(name="notices", step=send_notices, idle_seconds=2.0)]
