"""How the worker repeats its loops: one thread each, in a process per kind of work."""

from __future__ import annotations

import importlib
import logging
import signal
import threading
from collections.abc import Sequence

from django.db import close_old_connections

from tapline.loops import Loop

logger = logging.getLogger(__name__)

AFTER_ERROR_SECONDS = 1.0

# Everything that a worker repeats, by kind of work. Each kind is a process of its own, so that
# rendering a million texts never makes a tap wait for its place in the report. Named, not
# imported: a process loads what it repeats.
LOOPS: dict[str, tuple[str, ...]] = {
    "clicks": ("tapline.clicks.loops:CLICK_LOOPS", "tapline.hours.loops:HOURS_LOOPS"),
    "imports": (
        "tapline.contacts.loops:IMPORT_LOOPS",
        "tapline.links.loops:TABLE_LOOPS",
        "tapline.welcome.loops:WELCOME_LOOPS",
    ),
    "sending": (
        "tapline.broadcasts.loops:SENDING_LOOPS",
        "tapline.replies.loops:ANSWER_LOOPS",
        "tapline.signups.loops:SIGN_UP_LOOPS",
        "tapline.keywords.loops:KEYWORD_LOOPS",
        "tapline.contacts.loops:CONTACT_LOOPS",
        # Name servers may be slow; that delays a text for nobody, and no tap waits here.
        "tapline.links.loops:DOMAIN_LOOPS",
    ),
}


def loops_of(kind: str) -> Sequence[Loop]:
    """Return the loops of one kind of work, a name of `LOOPS`."""
    return [loop for where in LOOPS[kind] for loop in _import(where)]


def _import(where: str) -> Sequence[Loop]:
    module, _, name = where.partition(":")
    loops: Sequence[Loop] = getattr(importlib.import_module(module), name)
    return loops


def run_loops(loops: Sequence[Loop]) -> None:
    """Repeat the loops until SIGTERM or SIGINT; a step that has begun is finished first."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threads = [threading.Thread(target=repeat, args=(loop, stop), name=loop.name) for loop in loops]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def repeat(loop: Loop, stop: threading.Event) -> None:
    """Repeat one loop until `stop` is set. An error is told and tried again a second later."""
    while not stop.is_set():
        try:
            rest_seconds = 0.0 if loop.step() else loop.idle_seconds
        except Exception:  # The outermost loop: one failing step must not end the others' work.
            logger.exception("the loop %s failed; trying again", loop.name)
            close_old_connections()
            rest_seconds = AFTER_ERROR_SECONDS
        if rest_seconds:
            stop.wait(rest_seconds)
