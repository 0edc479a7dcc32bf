"""The address of a link that stands on its own: what a poster, a profile or a bio may hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tapline.links.codebook import CodeBook, load_codebook
from tapline.links.models import Link, LinkKind


def own_addresses(links: Iterable[Link]) -> Mapping[int, str]:
    """Return link id → address, for those outside broadcasts that were given a code."""
    on_their_own = {
        link.pk: link
        for link in Link.objects.filter(
            pk__in=[link.pk for link in links], kind=LinkKind.SHARED, in_broadcast=None
        )
        .exclude(ranges=None)
        .select_related("domain")
    }
    book = load_codebook(list(on_their_own), last_position=0)
    return {
        number: CodeBook.url(link.domain, book.codes(number, [0])[0])
        for number, link in on_their_own.items()
    }
