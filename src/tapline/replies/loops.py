"""What the worker's `sending` process repeats for conversations."""

from __future__ import annotations

from tapline.loops import Loop
from tapline.replies.queueing import queue_waiting
from tapline.replies.telling import tell_listeners

ANSWER_LOOPS: list[Loop] = [
    Loop(name="answer", step=queue_waiting, idle_seconds=0.3),
    Loop(name="tell of replies", step=tell_listeners, idle_seconds=5.0),
]
