"""What the worker's `sending` process repeats for sign-up forms."""

from __future__ import annotations

from tapline.loops import Loop
from tapline.signups.confirming import expire_waiting

SIGN_UP_LOOPS: list[Loop] = [Loop(name="sign-ups", step=expire_waiting, idle_seconds=60.0)]
