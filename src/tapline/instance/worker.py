"""How the worker repeats its loops: one thread each, in a process per kind of work."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Sequence

from django.db import close_old_connections

from tapline.loops import Loop

logger = logging.getLogger(__name__)

AFTER_ERROR_SECONDS = 1.0


def loops_of(kind: str) -> Sequence[Loop]:
    """Return the loops of one kind of work: "clicks", "sending" or "imports".

    They run in processes of their own, so that rendering a million texts or reading a million
    rows never makes a tap wait for its place in the report.
    """
    if kind == "clicks":
        from tapline.clicks.loops import CLICK_LOOPS

        return CLICK_LOOPS
    if kind == "imports":
        from tapline.contacts.loops import IMPORT_LOOPS

        return IMPORT_LOOPS
    from tapline.broadcasts.loops import SENDING_LOOPS
    from tapline.contacts.loops import CONTACT_LOOPS
    from tapline.links.loops import DOMAIN_LOOPS
    from tapline.replies.loops import ANSWER_LOOPS
    from tapline.signups.loops import SIGN_UP_LOOPS

    # Name servers may be slow; that delays a text for nobody, and no tap waits here.
    return [*SENDING_LOOPS, *ANSWER_LOOPS, *SIGN_UP_LOOPS, *CONTACT_LOOPS, *DOMAIN_LOOPS]


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
