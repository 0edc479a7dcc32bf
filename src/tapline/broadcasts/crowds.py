"""How the taps of people who are only counted get counted: all of them hold the same code.

A link's crowd code is a range of one at `CROWD_POSITION`. Whoever opens it may be any of them, so
no mapping from code to person exists at any time, at the provider's included. Where few would hold
it, the code would still tell: then the page's own address stands in the text, and no tap is seen.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Sum

from tapline.broadcasts.models import Broadcast, MessageTally
from tapline.destinations import CODE
from tapline.links.codebook import CodeBook, load_codebook
from tapline.links.minting import mint_range
from tapline.links.models import CROWD_POSITION, CodeRange, Link

# Fewer than these do not make a crowd.
SMALLEST_CROWD = 10


def count_recipients(broadcast: Broadcast) -> tuple[int, int]:
    """Return how many recipients of a broadcast are told apart, and how many are only counted."""
    rows = MessageTally.objects.filter(broadcast=broadcast).values_list("only_counted")
    counts = dict(rows.annotate(Sum("count")))
    return counts.get(False, 0), counts.get(True, 0)


def count_tappers(broadcast: Broadcast) -> int:
    """Return how many recipients tapped, of those who are told apart."""
    tapped = MessageTally.objects.filter(broadcast=broadcast, only_counted=False, was_clicked=True)
    return int(tapped.aggregate(Sum("count", default=0))["count__sum"])


def mint_crowd(link: Link, people: int) -> bool:
    """Give `link` its crowd code where `people` make a crowd; say whether it got one now."""
    if people < SMALLEST_CROWD or _has_crowd_code(link):
        return False
    mint_range(link, 1, first_position=CROWD_POSITION)
    return True


def crowd_codes(link_ids: Iterable[int]) -> dict[int, str]:
    """Return link → crowd code, for links that have one."""
    wanted = CodeRange.objects.filter(link__in=list(link_ids), first_position=CROWD_POSITION)
    known = sorted(set(wanted.values_list("link_id", flat=True)))
    book = load_codebook(known, first_position=CROWD_POSITION, last_position=CROWD_POSITION)
    return {link: book.codes(link, [CROWD_POSITION])[0] for link in known}


def crowd_urls(broadcast: Broadcast) -> tuple[str, ...]:
    """Return what stands for each destination in the texts of those who are only counted: the
    crowd's short link or, where they are too few for one, the page's own address."""
    assert broadcast.domain is not None
    links = [each.link for each in broadcast.links.select_related("link").order_by("ordinal")]
    codes = crowd_codes(link.pk for link in links)
    return tuple(
        CodeBook.url(broadcast.domain, codes[link.pk])
        if link.pk in codes
        else link.destination.replace(CODE, "")
        for link in links
    )


def _has_crowd_code(link: Link) -> bool:
    return link.ranges.filter(first_position=CROWD_POSITION).exists()
