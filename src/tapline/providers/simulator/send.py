"""Hands texts to the simulator, as an adapter to a real provider would."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence

import httpx2
import msgspec

from tapline import config
from tapline.providers.base import Accepted, Answer, Asked, Found, Outgoing, Refused, Unsure
from tapline.providers.simulator.wire import REJECTED, Known, KnownMessages, Submission, Submitted

# It tells every request at the level of our own events, and look-ups have long addresses.
logging.getLogger("httpx2").setLevel(logging.WARNING)

CONNECT_SECONDS = 2.0
ANSWER_SECONDS = 10.0
# The simulator refuses a batch that reaches it later than this after it was handed over …
GIVE_UP_SECONDS = 15.0
# … so what its ledger does not hold by then never will be in it. The rest is for a worker that
# was slow between marking its texts as submitted and handing them over.
SETTLED_SECONDS = 25.0
LOOK_UP_BATCH = 200  # keeps the address of a look-up below 16 kB


class SimulatorProvider:
    """The built-in provider. Its word on a reference is final once `settled_after_seconds` passed:
    after that the simulator itself refuses a request that was still on its way."""

    name = "simulator"
    look_up_is_authoritative = True
    settled_after_seconds = SETTLED_SECONDS

    def __init__(self, base_url: str | None = None) -> None:
        timeout = httpx2.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS)
        self._client = httpx2.Client(
            base_url=base_url or f"http://{config.current().simulator_listen}",
            timeout=timeout,
            trust_env=False,  # Never by a proxy: the simulator is on this machine.
        )

    def close(self) -> None:
        """Close the connections to the simulator."""
        self._client.close()

    def send(self, batch: Sequence[Outgoing]) -> Sequence[Answer]:
        """Hand texts over; see `tapline.providers.base.Provider`."""
        now = time.time()
        submission = Submission(
            [_submitted(text, now) for text in batch], give_up_at=now + GIVE_UP_SECONDS
        )
        try:
            response = self._client.post("/messages", content=msgspec.json.encode(submission))
            response.raise_for_status()
            known = msgspec.json.decode(response.content, type=KnownMessages)
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            return [_not_reached(text, error) for text in batch]
        except httpx2.HTTPStatusError as error:
            return [_turned_away(text, error.response) for text in batch]
        except (httpx2.HTTPError, msgspec.DecodeError) as error:
            why = f"The simulator's answer was lost: {type(error).__name__}."
            return [Unsure(reference=text.reference, why=why) for text in batch]
        return _answers(batch, known.messages)

    def look_up(self, asked: Sequence[Asked]) -> Mapping[str, Found]:
        """Ask the simulator's ledger; see `tapline.providers.base.Provider`."""
        references = [each.reference for each in asked]
        found: dict[str, Found] = {}
        for start in range(0, len(references), LOOK_UP_BATCH):
            found |= self._look_up_some(references[start : start + LOOK_UP_BATCH])
        return found

    def _look_up_some(self, references: Sequence[str]) -> dict[str, Found]:
        try:
            response = self._client.get("/messages", params={"reference": list(references)})
            response.raise_for_status()
            known = msgspec.json.decode(response.content, type=KnownMessages)
        except (httpx2.HTTPError, msgspec.DecodeError):
            return {}
        ids = {message.reference: message.id for message in known.messages}
        return {name: Found(provider_id=ids.get(name)) for name in references}


def _submitted(text: Outgoing, now: float) -> Submitted:
    return Submitted(
        reference=text.reference,
        to=text.to,
        sender=text.sender,
        text=text.text,
        validity_seconds=max(0.0, text.send_before_at.timestamp() - now),
        tag=text.tag,
        media=list(text.media),
    )


def _answers(batch: Sequence[Outgoing], known: Sequence[Known]) -> list[Answer]:
    told = {message.reference: message for message in known}
    return [_answer(text.reference, told.get(text.reference)) for text in batch]


def _answer(reference: str, known: Known | None) -> Answer:
    if known is None:
        return Unsure(reference=reference, why="The simulator's answer left this text out.")
    if known.status == REJECTED:
        return Refused(
            reference=reference, code=known.error_code, text=known.error_text, can_retry=False
        )
    return Accepted(reference=reference, provider_id=known.id)


def _not_reached(text: Outgoing, error: Exception) -> Refused:
    return Refused(
        reference=text.reference,
        code="not_reached",
        text=f"The simulator cannot be reached: {error}."[:255],
        can_retry=True,
    )


def _turned_away(text: Outgoing, response: httpx2.Response) -> Answer:
    """4xx: nothing of the batch was recorded. 5xx: it may have been, just before the failure."""
    if response.status_code >= 500:
        return Unsure(
            reference=text.reference, why=f"The simulator answered {response.status_code}."
        )
    return Refused(
        reference=text.reference,
        code=str(response.status_code),
        text=f"The simulator answered: {response.text}"[:255],
        can_retry=response.status_code in (408, 429),
    )
