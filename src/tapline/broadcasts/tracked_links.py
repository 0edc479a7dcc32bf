"""How finished texts get tracked links: which link stands for a destination, and its codes.

A destination that many texts of a broadcast share is one link with ranges of codes. One that a
single text holds is a personal link below the broadcast's template, with a range of one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import Max, QuerySet

from tapline.broadcasts.crowds import SMALLEST_CROWD, crowd_codes, mint_crowd
from tapline.broadcasts.models import Broadcast, BroadcastLink
from tapline.destinations import BadDestination, check_destination, with_utm
from tapline.errors import TaplineError
from tapline.links.codebook import CodeBook, load_codebook
from tapline.links.minting import create_link, mint_personal, mint_ranges
from tapline.links.models import Domain, Link, LinkKind
from tapline.texts.links import FoundLink, find_links, replace_links
from tapline.texts.parts import count_parts

# A report lists a broadcast's shared links one by one; beyond this, new ones become personal.
MAX_SHARED = 200
# Calls of one or few texts cannot show which destinations they share with later calls.
FEW = 20
# Links made in one transaction: it holds the writer for some 20 ms.
CREATED_AT_ONCE = 20


class LinkStopped(TaplineError):
    """The broadcast's link to this destination was disabled."""


@dataclass(frozen=True, slots=True)
class FinishedText:
    """A text as its recipient shall get it, but for its links: what each of them leads to."""

    text: str
    found: list[FoundLink]
    destinations: list[str]
    # Each once: a link is written alike wherever the text repeats it.
    distinct: tuple[str, ...]
    crowd_member: str = ""  # its recipient's number, who is only counted: see `crowds`


@dataclass(frozen=True, slots=True)
class TrackedLink:
    """One link as it now stands in a text."""

    url: str
    code: str
    destination: str


@dataclass(frozen=True, slots=True)
class TrackedText:
    """A text with tracked links, and what it is billed as."""

    text: str
    parts: int
    links: list[TrackedLink]


@dataclass(slots=True)
class DestinationReader:
    """Reads texts; each address is checked once, however many texts hold it."""

    own_hosts: set[str]
    utm: Mapping[str, str]
    _checked: dict[str, str | BadDestination]

    def __init__(self, own_hosts: Iterable[str], utm: Mapping[str, str]) -> None:
        self.own_hosts, self.utm, self._checked = set(own_hosts), utm, {}

    def read(self, text: str, *, crowd_member: str = "") -> FinishedText:
        """Return `text` with its links; raises `BadDestination` for one that cannot be tracked."""
        found = find_links(text)
        destinations = [self._destination(link.url) for link in found]
        distinct = tuple(dict.fromkeys(destinations))
        return FinishedText(text, found, destinations, distinct, crowd_member)

    def _destination(self, url: str) -> str:
        if url not in self._checked:
            self._checked[url] = self._check(url)
        checked = self._checked[url]
        if isinstance(checked, BadDestination):
            # Made anew, because a raised error keeps the frames that it passed.
            raise BadDestination(checked.what, why=checked.why, do=checked.do)
        return checked

    def _check(self, url: str) -> str | BadDestination:
        try:
            return with_utm(check_destination(url, own_hosts=self.own_hosts), self.utm)
        except BadDestination as error:
            return error


def track_texts(
    broadcast: Broadcast,
    domain: Domain,
    texts: Sequence[FinishedText],
    first_position: int,
    *,
    actor: str,
) -> list[TrackedText]:
    """Return the texts with tracked links; text i has the position `first_position + i`.

    Sort them by their destinations first: neighbours share a range. Must not be called inside a
    transaction, because serials are handed out in one of their own.
    """
    places = _places(texts, first_position, is_crowd=False)
    shared = _shared_links(broadcast, domain, places, actor)
    codes = _mint_shared(shared, places)
    codes |= _mint_personal(broadcast, domain, _without(places, shared), actor)
    members = {first_position + i: text.crowd_member for i, text in enumerate(texts)}
    of_crowd = _places(texts, first_position, is_crowd=True)
    codes |= _crowd_codes(broadcast, domain, of_crowd, members, actor)
    return [_write(domain, text, first_position + i, codes) for i, text in enumerate(texts)]


def refuse_stopped(broadcast: Broadcast, destinations: Iterable[str]) -> dict[str, LinkStopped]:
    """Return destination → refusal for those whose link in this broadcast was disabled.

    A new link to the same page would undo what somebody stopped on purpose.
    """
    wanted = set(destinations)
    stopped = _links_of(broadcast).filter(disabled_at__isnull=False)
    return {
        name: _stopped(link)
        for link in stopped.select_related("in_broadcast")
        for name in {link.destination, link.in_broadcast.stands_for} & wanted
    }


def _places(
    texts: Sequence[FinishedText], first_position: int, *, is_crowd: bool
) -> dict[str, list[int]]:
    """Return destination → the positions that hold it, ascending, of one kind of recipients."""
    places: dict[str, list[int]] = {}
    for position, text in enumerate(texts, first_position):
        for destination in text.distinct if bool(text.crowd_member) is is_crowd else ():
            places.setdefault(destination, []).append(position)
    return places


def _without(places: Mapping[str, list[int]], shared: Mapping[str, Link]) -> dict[str, list[int]]:
    return {name: found for name, found in places.items() if name not in shared}


def _links_of(broadcast: Broadcast) -> QuerySet[Link]:
    return Link.objects.filter(
        in_broadcast__broadcast=broadcast, kind=LinkKind.SHARED, deleted_at=None
    )


def _shared_links(
    broadcast: Broadcast, domain: Domain, places: Mapping[str, list[int]], actor: str
) -> dict[str, Link]:
    """Return destination → link for those that many texts share, made where they are new."""
    known = _known(broadcast, places)
    new = _worth_sharing({name: found for name, found in places.items() if name not in known})
    for start in range(0, len(new), CREATED_AT_ONCE):
        known |= _create_shared(broadcast, domain, new[start : start + CREATED_AT_ONCE], actor)
    return known


def _worth_sharing(new: Mapping[str, list[int]]) -> list[str]:
    """Choose new destinations that become shared links, those of most texts first."""
    uses = Counter({name: len(found) for name, found in new.items()})
    return [name for name, count in uses.most_common() if count > 1 or len(new) <= FEW]


def _known(broadcast: Broadcast, wanted: Iterable[str]) -> dict[str, Link]:
    names = set(wanted)
    found = _links_of(broadcast).select_related("domain", "in_broadcast").order_by("-id")
    known = {link.destination: link for link in found if link.destination in names}
    # One that somebody mended goes on standing for what the texts say.
    return known | {
        link.in_broadcast.stands_for: link
        for link in found
        if link.in_broadcast.stands_for in names
    }


@transaction.atomic
def _create_shared(
    broadcast: Broadcast, domain: Domain, destinations: Sequence[str], actor: str
) -> dict[str, Link]:
    """Make links of some destinations, as far as the broadcast has room for them.

    The broadcast's row is locked, so that two calls at once agree on one link.
    """
    Broadcast.objects.select_for_update().get(pk=broadcast.pk)
    links = _known(broadcast, destinations)
    room = MAX_SHARED - _links_of(broadcast).count()
    for destination in [each for each in destinations if each not in links][: max(0, room)]:
        links[destination] = _create(broadcast, domain, destination, LinkKind.SHARED, actor)
    return links


def _create(broadcast: Broadcast, domain: Domain, destination: str, kind: str, actor: str) -> Link:
    link = create_link(
        broadcast.workspace,
        domain,
        destination,
        kind=kind,
        campaign=broadcast.campaign,
        offer=broadcast.offer,
        actor=actor,
    )
    last = BroadcastLink.objects.filter(broadcast=broadcast).aggregate(last=Max("ordinal"))["last"]
    ordinal = 0 if last is None else last + 1
    BroadcastLink.objects.create(broadcast=broadcast, link=link, ordinal=ordinal)
    return link


def _mint_shared(
    links: Mapping[str, Link], places: Mapping[str, list[int]]
) -> dict[tuple[str, int], str]:
    """Return (destination, position) → code for shared links."""
    for destination, link in links.items():
        mint_ranges(link, _runs(places[destination]))
    window = [position for name in links for position in places[name]]
    if not window:
        return {}
    book = load_codebook(
        [link.pk for link in links.values()], first_position=min(window), last_position=max(window)
    )
    return {
        (destination, position): code
        for destination, link in links.items()
        for position, code in zip(
            places[destination], book.codes(link.pk, places[destination]), strict=True
        )
    }


def _mint_personal(
    broadcast: Broadcast, domain: Domain, places: Mapping[str, list[int]], actor: str
) -> dict[tuple[str, int], str]:
    """Return (destination, position) → code for destinations without a shared link."""
    wanted = [(name, position) for name, found in places.items() for position in found]
    if not wanted:
        return {}
    template = _template(broadcast, domain, _origin(wanted[0][0]), actor)
    codes = mint_personal(
        template,
        [destination for destination, _ in wanted],
        first_position=[position for _, position in wanted],
    )
    return dict(zip(wanted, codes, strict=True))


def _crowd_codes(
    broadcast: Broadcast,
    domain: Domain,
    places: Mapping[str, list[int]],
    members: Mapping[int, str],
    actor: str,
) -> dict[tuple[str, int], str]:
    """Return (destination, position) → the code that a crowd shares. Destinations of few people
    (`members`: position → number) stay out, unless a crowd has theirs already."""
    links = _known(broadcast, places)
    people = {name: len({members[at] for at in found}) for name, found in places.items()}
    new = [name for name, count in people.items() if count >= SMALLEST_CROWD and name not in links]
    for start in range(0, len(new), CREATED_AT_ONCE):
        links |= _create_shared(broadcast, domain, new[start : start + CREATED_AT_ONCE], actor)
    for name, link in links.items():
        mint_crowd(link, people[name])
    codes = crowd_codes(link.pk for link in links.values())
    return {
        (name, position): codes[link.pk]
        for name, link in links.items()
        if link.pk in codes
        for position in places[name]
    }


@transaction.atomic
def _template(broadcast: Broadcast, domain: Domain, sample: str, actor: str) -> Link:
    """Return the link that stands in reports for all personal ones of this broadcast.

    Nobody opens it. Its destination is the site that the first of them leads to: what follows in
    theirs may tell of a person.
    """
    Broadcast.objects.select_for_update().get(pk=broadcast.pk)
    templates = Link.objects.filter(in_broadcast__broadcast=broadcast, kind=LinkKind.TEMPLATE)
    found = templates.select_related("domain").first()
    return found or _create(broadcast, domain, sample, LinkKind.TEMPLATE, actor)


def _origin(destination: str) -> str:
    parts = urlsplit(destination)
    return f"{parts.scheme}://{parts.netloc}/"


def _runs(positions: Iterable[int]) -> list[tuple[int, int]]:
    """Return ascending positions as runs (first, count)."""
    runs = []
    for _, numbered in groupby(enumerate(positions), key=lambda pair: pair[1] - pair[0]):
        run = [position for _, position in numbered]
        runs.append((run[0], len(run)))
    return runs


def _write(
    domain: Domain, text: FinishedText, position: int, codes: Mapping[tuple[str, int], str]
) -> TrackedText:
    links = {
        destination: _as_tracked(domain, destination, codes[destination, position])
        for destination in text.distinct
        if (destination, position) in codes
    }
    if not links:
        return TrackedText(text.text, count_parts(text.text), [])
    urls = [
        links[destination].url if destination in links else found.text
        for destination, found in zip(text.destinations, text.found, strict=True)
    ]
    written = replace_links(text.text, text.found, urls)
    return TrackedText(written, count_parts(written), list(links.values()))


def _as_tracked(domain: Domain, destination: str, code: str) -> TrackedLink:
    return TrackedLink(CodeBook.url(domain, code), code, destination)


def _stopped(link: Link) -> LinkStopped:
    return LinkStopped(
        f"The link to {link.destination} was disabled.",
        why="Somebody stopped it for this broadcast, so new texts must not lead there.",
        do="Enable the link again, or put the texts into another broadcast.",
    )
