"""Makes happen what is due in the ledger: receipts and replies are posted, links are opened.

Each kind of work is a loop that rests until its next row is due. A loop that stops between any
two lines leaves the ledger such that the next start goes on: posting is repeated until Tapline
takes it (which it does once), and openings are told from tries (see the ledger's schema).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import ParamSpec, TypeVar

import httpx2
import msgspec

from tapline.providers.simulator import phones
from tapline.providers.simulator.ledger import DueOpening, Ledger, Outcome
from tapline.providers.simulator.signing import sign
from tapline.providers.simulator.wire import (
    RECEIPTS_PATH,
    REPLIES_PATH,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    Receipts,
    Replies,
)

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

POST_BATCH = 500
OPENING_BATCH = 64
# Runners of openings: one that waits for a slow answer does not hold up the others.
OPENING_RUNNERS = 4
# The longest rest, so that a clock that was set back cannot stop the simulator.
LONGEST_REST_SECONDS = 5.0
# Rows that fall due within this time of each other are done together.
SHORTEST_REST_SECONDS = 0.02
FIRST_RETRY_SECONDS = 0.25
LONGEST_RETRY_SECONDS = 5.0
POST_TIMEOUT_SECONDS = 15.0
# A tap that got no answer is tried again after this long, as people do.
TAP_AGAIN_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Where the simulator finds the rest of the instance."""

    web_url: str
    edge: tuple[str, int]
    key: bytes


class Engine:
    """Runs the loops on the current event loop; the ledger is used by one thread alone."""

    def __init__(self, ledger: Ledger, surroundings: Surroundings) -> None:
        self._ledger = ledger
        self._surroundings = surroundings
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
        self._tasks: list[asyncio.Task[None]] = []
        self._wakers: list[asyncio.Event] = []
        self._stopping = False
        self._client = httpx2.AsyncClient(
            base_url=surroundings.web_url, timeout=POST_TIMEOUT_SECONDS, trust_env=False
        )

    def start(self) -> None:
        """Begin all loops."""
        steps = [self._post_receipts, self._post_replies, *[self._open_links] * OPENING_RUNNERS]
        for step in steps:
            waker = asyncio.Event()
            self._wakers.append(waker)
            self._tasks.append(asyncio.create_task(self._repeat(step, waker)))

    async def stop(self) -> None:
        """End all loops after the work that is under way, and close the ledger."""
        self._stopping = True
        self.wake()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.aclose()
        await self.in_ledger(self._ledger.close)
        self._thread.shutdown()

    def wake(self) -> None:
        """Let all loops look again at what is due, because something was added."""
        for waker in self._wakers:
            waker.set()

    async def in_ledger(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what a method of the ledger returns, called in the ledger's thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, partial(call, *args, **kwargs))

    async def _repeat(self, step: Callable[[], Awaitable[float]], waker: asyncio.Event) -> None:
        """Repeat a step, which says how long to rest at most. An error is told and tried again."""
        while not self._stopping:
            waker.clear()
            try:
                rest_seconds = await step()
            except Exception:  # The outermost loop: one failing step must not end the others.
                logger.exception("the simulator could not do what was due; trying again")
                rest_seconds = 1.0
            if rest_seconds:
                await _rest(waker, rest_seconds)

    async def _post_receipts(self) -> float:
        now = time.time()
        due = await self.in_ledger(self._ledger.due_receipts, now=now, limit=POST_BATCH)
        if not due:
            return await self._seconds_to(self._ledger.next_receipt_at)
        if await self._post_until_taken(RECEIPTS_PATH, msgspec.json.encode(Receipts(due))):
            await self.in_ledger(self._ledger.receipts_taken, due, now=time.time())
        return 0.0

    async def _post_replies(self) -> float:
        now = time.time()
        due = await self.in_ledger(self._ledger.due_replies, now=now, limit=POST_BATCH)
        if not due:
            return await self._seconds_to(self._ledger.next_reply_at)
        if await self._post_until_taken(REPLIES_PATH, msgspec.json.encode(Replies(due))):
            await self.in_ledger(self._ledger.replies_taken, due, now=time.time())
        return 0.0

    async def _open_links(self) -> float:
        due = await self.in_ledger(
            self._ledger.begin_openings, now=time.time(), limit=OPENING_BATCH
        )
        if not due:
            return await self._seconds_to(self._ledger.next_opening_at)
        outcomes = await asyncio.gather(*(self._open(opening) for opening in due))
        await self.in_ledger(self._ledger.finish_openings, outcomes)
        return 0.0

    async def _open(self, opening: DueOpening) -> Outcome:
        answer = await phones.open_link(opening, self._surroundings.edge)
        again_at = time.time() + TAP_AGAIN_SECONDS
        return Outcome(opening.id, answer.status, answer.was_sent, again_at)

    async def _post_until_taken(self, path: str, body: bytes) -> bool:
        """Post until the pages answer 2xx; False when the simulator stops before they do."""
        delay_seconds = FIRST_RETRY_SECONDS
        while not self._stopping:
            if await self._post(path, body):
                return True
            await asyncio.sleep(delay_seconds)
            delay_seconds = min(delay_seconds * 2, LONGEST_RETRY_SECONDS)
        return False

    async def _post(self, path: str, body: bytes) -> bool:
        timestamp = int(time.time())
        headers = {
            "Content-Type": "application/json",
            TIMESTAMP_HEADER: str(timestamp),
            SIGNATURE_HEADER: sign(self._surroundings.key, timestamp, body),
        }
        try:
            response = await self._client.post(path, content=body, headers=headers)
        except httpx2.HTTPError:
            return False  # The pages are not up, or just went down.
        if not response.is_success:
            logger.warning("%s answered %d; trying again", path, response.status_code)
        return response.is_success

    async def _seconds_to(self, next_at: Callable[[], float | None]) -> float:
        at = await self.in_ledger(next_at)
        if at is None:
            return LONGEST_REST_SECONDS
        return min(max(at - time.time(), SHORTEST_REST_SECONDS), LONGEST_REST_SECONDS)


async def _rest(waker: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await waker.wait()
