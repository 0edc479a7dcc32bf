"""Does things when they are due, a bounded number of them at once."""

from __future__ import annotations

import asyncio
import heapq
import logging
import time
from collections.abc import Awaitable, Callable
from itertools import count

logger = logging.getLogger(__name__)

Deed = Callable[[], Awaitable[None]]
TICK_SECONDS = 0.01


class Timetable:
    """What is still to be done, by when. `workers` deeds are under way at most."""

    def __init__(self, workers: int) -> None:
        self._due: list[tuple[float, int, Deed]] = []
        self._order = count()
        self._ready: asyncio.Queue[Deed] = asyncio.Queue()
        self._workers = workers
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to do what is due."""
        self._tasks = [asyncio.ensure_future(self._work()) for _ in range(self._workers)]
        self._tasks.append(asyncio.ensure_future(self._tick()))

    async def stop(self) -> None:
        """Leave undone what is left."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def add(self, after_seconds: float, deed: Deed) -> None:
        """Do something in a while."""
        heapq.heappush(self._due, (time.monotonic() + after_seconds, next(self._order), deed))

    def clear(self) -> None:
        """Forget what is not due yet."""
        self._due.clear()

    async def _tick(self) -> None:
        while True:
            now = time.monotonic()
            while self._due and self._due[0][0] <= now:
                self._ready.put_nowait(heapq.heappop(self._due)[2])
            await asyncio.sleep(TICK_SECONDS)

    async def _work(self) -> None:
        while True:
            deed = await self._ready.get()
            try:
                await deed()
            except Exception:  # The outermost loop: one failing deed must not end the others.
                logger.exception("the stand-in could not do what was due")
