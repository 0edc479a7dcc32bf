"""What a broadcast that is being written will cost, and what each choice of its links costs.

In a small workspace every text is counted. In a large one the recipients are counted piece by
piece, and the parts of a sample tell what a text has; the exact count follows before it is sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import connection

from tapline.broadcasts.composing import Preview, sample_url, sends_pictures
from tapline.broadcasts.counting import IDS, Counted, count_audience
from tapline.broadcasts.models import Broadcast
from tapline.broadcasts.picking import CHUNK, conditions, is_large
from tapline.broadcasts.reach import Cost, Reach, cost_of
from tapline.broadcasts.wordings import Wordings, wordings_of
from tapline.codes.alphabet import MAX_LENGTH, MIN_LENGTH
from tapline.codes.capacity import capacity
from tapline.links.domains import domain_for, usable_domains
from tapline.links.models import Domain
from tapline.links.serials import handed_out
from tapline.providers.prices import prices_of
from tapline.texts.parts import count_parts, describe
from tapline.texts.personal import render_message

SAMPLED = 200
SAMPLED_AT_ONE_PLACE = 25
# How far from a place of the sample its recipients are looked for.
IDS_LOOKED_AT = 500
LENGTHS_TOLD = 3

SAMPLE = f"""
-- What some recipients from one place on have in their merge fields.
select c.attributes, c.language from contacts_contact c
where {CHUNK} and {{audience}} and {{textable}} and {{complete}}
order by c.id limit %(most)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What all texts of a broadcast come to. `parts_each` is the mean of all texts, or of `sampled`
    of them."""

    counted: Counted
    parts_each: float
    sampled: int  # 0: every text was counted
    cost: Cost

    @property
    def is_exact(self) -> bool:
        return not self.sampled and self.counted.is_whole

    @property
    def parts(self) -> int:
        """How many parts all texts have together."""
        return round(self.parts_each * self.counted.reach.texts)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkChoice:
    """What a text is with links of one domain and code length."""

    domain: Domain
    code_length: int
    link_characters: int
    characters: int  # of the text of the previewed recipient
    parts: int
    cost: Cost
    is_chosen: bool


def bill_of(broadcast: Broadcast, *, exact: bool = False) -> Bill:
    """Return what a broadcast costs, as far as it is counted: by every text in a small workspace or
    where `exact` is asked for, else by a sample. The broadcast may be unsaved.

    Raises `BadAudience` and what `compile_text` raises.
    """
    every_text = exact or not is_large(broadcast.workspace)
    counted = count_audience(broadcast, with_text=every_text)
    prices = prices_of(broadcast.provider, with_pictures=sends_pictures(broadcast))
    if every_text:
        texts = counted.reach.texts
        return Bill(
            counted=counted,
            parts_each=counted.reach.billed_parts / texts if texts else 0,
            sampled=0,
            cost=cost_of(counted.reach, prices),
        )
    sample = _sampled_parts(broadcast)
    mean = sum(sample) / len(sample) if sample else 1.0
    cost = cost_of(counted.reach, prices, mean)
    return Bill(counted=counted, parts_each=mean, sampled=len(sample), cost=cost)


def link_choices(broadcast: Broadcast, shown: Preview, reach: Reach) -> Iterator[LinkChoice]:
    """Yield what the text that `shown` tells would be with each usable domain, and with the code
    lengths that it can serve all recipients with: its own and the next longer ones.

    Nothing for a text without links. Cost: as if every recipient's text had as many parts.
    """
    if not shown.links:
        return
    prices = prices_of(broadcast.provider, with_pictures=sends_pictures(broadcast))
    chosen = broadcast.domain or domain_for(broadcast.workspace)
    for domain in usable_domains(broadcast.workspace):
        for length in _lengths(domain, reach.texts * len(shown.links)):
            counted = describe(_with_links(shown.pieces, f"{domain.base_url}/{'x' * length}"))
            yield LinkChoice(
                domain=domain,
                code_length=length,
                link_characters=len(domain.base_url) + 1 + length,
                characters=counted.units,
                parts=counted.parts,
                cost=cost_of(reach, prices, counted.parts),
                is_chosen=domain == chosen and length == _length_used(domain, reach, shown),
            )


def _length_used(domain: Domain, reach: Reach, shown: Preview) -> int:
    wanted = reach.texts * len(shown.links)
    own = (length for length in _lengths(domain, wanted) if length >= domain.code_length)
    return next(own, MAX_LENGTH)


def _lengths(domain: Domain, codes: int) -> list[int]:
    """Return the code lengths with which `domain` can serve so many more codes, shortest first."""
    used = handed_out(domain)
    fitting = [
        length
        for length in range(MIN_LENGTH, MAX_LENGTH + 1)
        if used.get(length, 0) + codes <= capacity(length)
    ]
    near = [length for length in fitting if length >= domain.code_length - 1]
    return near[:LENGTHS_TOLD]


def _with_links(pieces: Sequence[tuple[str, str]], link: str) -> str:
    return "".join(link if kind == "link" else words for kind, words in pieces)


def _sampled_parts(broadcast: Broadcast) -> list[int]:
    """Return how many parts the texts of some recipients have, from all over the audience."""
    wordings = wordings_of(broadcast)
    statement = SAMPLE.format(**conditions(broadcast, wordings))
    short = sample_url(broadcast.domain or domain_for(broadcast.workspace))
    rows = [row for ids in _places() for row in _some(statement, broadcast, ids)]
    return [_parts_of(wordings, *row, short) for row in rows[:SAMPLED]]


def _parts_of(wordings: Wordings, attributes: str, language: str, short: str) -> int:
    template = wordings.templates[wordings.in_language(language)]
    links = [short] * len(template.urls)
    return count_parts(render_message(template, json.loads(attributes), links))


def _places() -> list[tuple[int, int]]:
    """Return ranges of contact ids (after, end) to sample, spread evenly over all there are."""
    with connection.cursor() as cursor:
        cursor.execute(IDS)
        first, last = cursor.fetchone()
    step = max(1, (last - first + 1) // (SAMPLED // SAMPLED_AT_ONE_PLACE))
    return [(after, after + min(step, IDS_LOOKED_AT)) for after in range(first - 1, last, step)]


def _some(statement: str, broadcast: Broadcast, ids: tuple[int, int]) -> list[tuple[str, str]]:
    values = {
        "workspace": broadcast.workspace_id,
        "after": ids[0],
        "end": ids[1],
        "most": SAMPLED_AT_ONE_PLACE,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
