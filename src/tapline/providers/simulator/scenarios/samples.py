"""Requests whose truth is known, one a line: the click log's own fields and what truly was.

Made from scenarios, or read from files that others bring. docs/verdicts.md describes the lines.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Literal

import msgspec

from tapline.clicklog.record import KEPT_HEADERS, REDIRECT, Record
from tapline.errors import TaplineError
from tapline.providers.simulator.agents import Headers, Kind
from tapline.providers.simulator.scenarios.scenario import Receipts, Scenario
from tapline.providers.simulator.scenarios.visits import (
    Recipient,
    Visit,
    World,
    arrival_of,
    recipient_of,
    visits_of,
)

HOST = "go.example.com"
BEGINS_AT = dt.datetime(2026, 11, 2, 15, 0, tzinfo=dt.UTC)
ALPHABET = "23456789BCDFGHJKMNPQRSTVWXYZbcdfghjkmnpqrstvwxyz"
CODE_LENGTH = 8
KEPT = frozenset(name.lower() for name in KEPT_HEADERS)


class BadLine(TaplineError):
    """A line that is no request with its truth."""


class Sample(Record, kw_only=True):
    """One request and its truth. What has a default may be left out of a line."""

    truth: Kind
    message: str  # the text whose code was opened
    recipient: str  # who got it
    submitted_at: dt.datetime
    delivered_at: dt.datetime | None  # as the receipt tells it; null: no receipt
    receipt_at: dt.datetime | None = None  # when the receipt came, where it was later than that
    kind: str = ""  # what opened it, in more words than `truth`
    knowable: bool = True
    role: Literal["", "staff", "canary"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One text that was sent. `receipt_at`: when its receipt came; None: never."""

    message: str
    recipient: str
    role: str
    submitted_at: dt.datetime
    delivered_at: dt.datetime | None
    receipt_at: dt.datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """One broadcast: its texts, and the requests that their links got, in the order of time."""

    name: str
    is_test: bool
    texts: Mapping[str, Text]
    samples: Sequence[Sample]


def make_corpus(scenario: Scenario, seed: int) -> Corpus:
    """Play a scenario with one seed."""
    world = World(scenario, seed, scenario.links)
    texts: dict[str, Text] = {}
    samples: list[Sample] = []
    for number in range(scenario.recipients):
        name = f"{seed}-{number}"
        recipient = recipient_of(world, name, is_canary=number < scenario.canaries)
        text = _text(world, name, number, recipient)
        texts[text.message] = text
        visits = visits_of(world, name, recipient)
        samples += [_sample(visit, text, number, scenario) for visit in visits]
    samples.sort(key=lambda sample: (sample.time_us, sample.position, sample.link))
    name = f"{scenario.name}, seed {seed}"
    return Corpus(name=name, is_test=scenario.is_test, texts=texts, samples=samples)


def read_corpus(path: Path) -> Corpus:
    """Return what a file of JSON lines holds; raises `BadLine` with file, line and reason.

    Only texts that somebody opened are in such a file.
    """
    samples = sorted(_read_lines(path), key=lambda sample: sample.time_us)
    texts = {sample.message: _text_of(sample) for sample in samples}
    return Corpus(name=path.stem, is_test=False, texts=texts, samples=samples)


def write_corpus(corpus: Corpus, path: Path) -> None:
    """Write the requests of a corpus as JSON lines."""
    encode = msgspec.json.Encoder().encode
    path.write_bytes(b"".join(encode(sample) + b"\n" for sample in corpus.samples))


# --- made -----------------------------------------------------------------------------------------


def _text(world: World, name: str, number: int, recipient: Recipient) -> Text:
    submitted = BEGINS_AT + dt.timedelta(seconds=number / world.scenario.submits_per_second)
    arrived = submitted + dt.timedelta(seconds=arrival_of(world, name))
    delivered, receipt = _receipt(world, name, submitted, arrived)
    return Text(
        message=f"m{name}",
        recipient=f"r{name}",
        role=recipient.role,
        submitted_at=submitted,
        delivered_at=delivered,
        receipt_at=receipt,
    )


def _receipt(
    world: World, name: str, submitted: dt.datetime, arrived: dt.datetime
) -> tuple[dt.datetime | None, dt.datetime | None]:
    """Return what the receipt tells as the time of delivery, and when it came."""
    random = Random(f"receipt/{world.seed}/{name}")  # noqa: S311  # a simulation, not a secret
    receipts: Receipts = world.scenario.receipts
    if random.random() < receipts.missing:
        return None, None
    told = arrived + dt.timedelta(seconds=random.uniform(*receipts.told_after_seconds))
    if random.random() < receipts.lagging:
        told += dt.timedelta(seconds=random.uniform(*receipts.lagging_seconds))
    if random.random() < receipts.early:
        told = submitted - dt.timedelta(seconds=random.uniform(*receipts.early_seconds))
    is_late = random.random() < receipts.late
    came = max(told, arrived) + dt.timedelta(hours=30 if is_late else 0)
    return told, came


def _sample(visit: Visit, text: Text, number: int, scenario: Scenario) -> Sample:
    at = text.submitted_at + dt.timedelta(seconds=visit.after_seconds)
    headers = _logged(visit.headers)
    serial = number * scenario.links + visit.link
    return Sample(
        time_us=int(at.timestamp() * 1_000_000),
        host=HOST,
        domain=1,
        path=_code(serial),
        generation=1,
        serial=serial,
        link=visit.link + 1,
        position=number,
        outcome=REDIRECT,
        status=302,
        method=visit.method,
        address=visit.address,
        agent=dict(visit.headers).get("User-Agent", ""),
        headers=headers,
        truth=visit.truth,
        message=text.message,
        recipient=text.recipient,
        submitted_at=text.submitted_at,
        delivered_at=text.delivered_at,
        receipt_at=text.receipt_at,
        kind=visit.kind,
        knowable=visit.is_knowable,
        role=text.role,  # type: ignore[arg-type]  # one of three words
    )


def _logged(headers: Headers) -> dict[str, str]:
    """Return the headers as the edge logs them."""
    return {name.lower(): value for name, value in headers if name.lower() in KEPT}


def _code(serial: int) -> str:
    """Return a made-up code: scenarios need no secret ones."""
    letters = ""
    for _ in range(CODE_LENGTH):
        serial, rest = divmod(serial, len(ALPHABET))
        letters = ALPHABET[rest] + letters
    return letters


# --- read -----------------------------------------------------------------------------------------


def _read_lines(path: Path) -> Iterator[Sample]:
    decode = msgspec.json.Decoder(Sample).decode
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                yield _checked(decode(line))
            except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
                raise _bad(path, number, str(error)) from error


def _checked(sample: Sample) -> Sample:
    for name in ("submitted_at", "delivered_at", "receipt_at"):
        moment = getattr(sample, name)
        if moment is not None and moment.tzinfo is None:
            raise ValueError(f"`{name}` has no time zone")
    if not sample.message or not sample.recipient:
        raise ValueError("`message` and `recipient` must not be empty")
    return sample


def _text_of(sample: Sample) -> Text:
    return Text(
        message=sample.message,
        recipient=sample.recipient,
        role=sample.role,
        submitted_at=sample.submitted_at,
        delivered_at=sample.delivered_at,
        receipt_at=sample.receipt_at or sample.delivered_at,
    )


def _bad(path: Path, line: int, why: str) -> BadLine:
    return BadLine(
        f"{path}, line {line} cannot be used.",
        why=f"{why}.",
        do="Mend the line: docs/verdicts.md says what one holds.",
    )
