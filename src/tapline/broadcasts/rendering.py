"""What the recipients of one chunk get: names, codes and parts, a few hundred texts at a time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from tapline.broadcasts.bulk import run_bulk
from tapline.broadcasts.composing import MOST_CHARACTERS
from tapline.broadcasts.crowds import crowd_urls
from tapline.broadcasts.models import Broadcast
from tapline.broadcasts.wordings import Wordings, wordings_of
from tapline.links.codebook import CodeBook, load_codebook
from tapline.texts.merging import clean
from tapline.texts.parts import count_parts
from tapline.texts.personal import render_message

RECIPIENTS = """
-- What rendering needs to know of some messages. A text that was written before is sent as it is.
select m.id, m.position, m.phone, m.text, m.parts, coalesce(c.attributes, '{}'), m.place,
  m.only_counted, m.variant
from json_each(%(rows)s) r
join broadcasts_message m on m.id = r.value ->> 0
left join contacts_contact c on c.id = m.contact_id
order by m.position
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """One message ready to be handed over."""

    id: int
    position: int
    phone: str
    text: str
    parts: int
    place: str | None = None


@dataclass(frozen=True, slots=True)
class _Recipient:
    id: int
    position: int
    phone: str
    text: str
    parts: int
    attributes: str  # JSON
    place: str | None
    only_counted: bool
    variant: int | None


def render_chunk(
    broadcast: Broadcast, message_ids: Sequence[int]
) -> tuple[list[Rendered], list[tuple[int, str]]]:
    """Return the rendered messages in the order of their positions, and (id, reason) of those
    that cannot be sent to their recipient: `missing_field`, `too_long`."""
    rows = run_bulk(RECIPIENTS, [(number,) for number in message_ids])
    recipients = [_Recipient(*row) for row in rows]
    written = [each for each in recipients if each.text]
    unwritten = [each for each in recipients if not each.text]
    ready = [_as_written(each) for each in written]
    dropped: list[tuple[int, str]] = []
    for each, text in zip(unwritten, _render(broadcast, unwritten), strict=True):
        if text is None or len(text) > MOST_CHARACTERS:
            dropped.append((each.id, "missing_field" if text is None else "too_long"))
        else:
            ready.append(_rendered(each, text, count_parts(text)))
    return sorted(ready, key=lambda message: message.position), dropped


def _render(broadcast: Broadcast, recipients: Sequence[_Recipient]) -> list[str | None]:
    """Return each recipient's text; None where an attribute went missing since preparing."""
    wordings = wordings_of(broadcast)
    rendered: dict[int, str | None] = {}
    for variant in range(len(wordings.templates)):
        theirs = [each for each in recipients if (each.variant or 0) == variant]
        rendered |= _render_variant(broadcast, wordings, variant, theirs)
    return [rendered[each.id] for each in recipients]


def _render_variant(
    broadcast: Broadcast, wordings: Wordings, variant: int, recipients: Sequence[_Recipient]
) -> dict[int, str | None]:
    """Return message → text of recipients of one variant."""
    if not recipients:
        return {}
    template = wordings.templates[variant]
    urls = _short_urls(broadcast, wordings.places(variant), recipients)
    texts: dict[int, str | None] = {}
    needed, has_fields = template.needed, template.has_fields
    for each, short_urls in zip(recipients, urls, strict=True):
        attributes = json.loads(each.attributes) if has_fields or needed else {}
        complete = all(clean(attributes.get(name)) for name in needed)
        texts[each.id] = render_message(template, attributes, short_urls) if complete else None
    return texts


def _short_urls(
    broadcast: Broadcast, places: Sequence[int], recipients: Sequence[_Recipient]
) -> list[tuple[str, ...]]:
    """Return the short links of each recipient, in the order of their text's destinations, which
    are the broadcast's at `places`."""
    if not places:
        return [()] * len(recipients)
    named = [each.position for each in recipients if not each.only_counted]
    theirs = iter(_own_urls(broadcast, places, named))
    crowd = crowd_urls(broadcast) if len(named) < len(recipients) else ()
    of_crowd = tuple(crowd[place] for place in places) if crowd else ()
    return [of_crowd if each.only_counted else next(theirs) for each in recipients]


def _own_urls(
    broadcast: Broadcast, places: Sequence[int], positions: Sequence[int]
) -> list[tuple[str, ...]]:
    """Return the short links of some positions, ascending."""
    if not positions:
        return []
    assert broadcast.domain is not None
    every = list(broadcast.links.order_by("ordinal").values_list("link_id", flat=True))
    links = [every[place] for place in places]
    book = load_codebook(links, first_position=min(positions), last_position=max(positions))
    columns = [
        [CodeBook.url(broadcast.domain, code) for code in book.codes(link, positions)]
        for link in links
    ]
    return list(zip(*columns, strict=True))


def _as_written(each: _Recipient) -> Rendered:
    return _rendered(each, each.text, each.parts or count_parts(each.text))


def _rendered(each: _Recipient, text: str, parts: int) -> Rendered:
    return Rendered(
        id=each.id,
        position=each.position,
        phone=each.phone,
        text=text,
        parts=parts,
        place=each.place,
    )
