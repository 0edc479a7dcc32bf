"""Lets what many callers bring be worked on together, each waiting until its own part is done.

One commit then serves all who came while the last one was made: the more come, the less each costs.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

logger = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R")


class Gatherer(Generic[T, R]):
    """Does `work` in a thread of its own, on up to `most` items at a time.

    `work` returns one result per item. When it fails, each item is worked on alone, so that one
    bad item is nobody else's loss; `after_error` runs in between.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[Sequence[T]], Sequence[R]],
        *,
        most: int,
        after_error: Callable[[], None] = lambda: None,
    ) -> None:
        self._name, self._work, self._most = name, work, most
        self._after_error = after_error
        self._waiting: queue.SimpleQueue[tuple[T, Future[R]]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def bring(self, item: T) -> Future[R]:
        """Return what will hold the result for `item`, or the error that it met."""
        done: Future[R] = Future()
        self._waiting.put((item, done))
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
        return done

    def _run(self) -> None:
        while True:
            self._do(self._gather())

    def _gather(self) -> list[tuple[T, Future[R]]]:
        gathered = [self._waiting.get()]
        while len(gathered) < self._most:
            try:
                gathered.append(self._waiting.get_nowait())
            except queue.Empty:
                break
        return gathered

    def _do(self, gathered: Sequence[tuple[T, Future[R]]]) -> None:
        try:
            results = self._work([item for item, _ in gathered])
            for (_, done), result in zip(gathered, results, strict=True):
                done.set_result(result)
        except Exception as error:  # The outermost loop: whoever waits must hear of it.
            logger.exception("%s failed on %d at once", self._name, len(gathered))
            self._after_error()
            if len(gathered) == 1:
                gathered[0][1].set_exception(error)
                return
            for each in gathered:
                self._do([each])
