"""Looks at destinations: when somebody writes one into a text, and again while people tap.

Workers take turns by a lease in the row; one host is asked by one of them at a time, and rests in
between. One look serves every workspace that leads to the same address.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from urllib.parse import urlsplit

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from tapline import config
from tapline.destinations import has_fields
from tapline.links.destination_findings import State, state_of
from tapline.links.destination_look import Rules, Seen, look_at
from tapline.links.destination_times import ALARM_AFTER, FORGOTTEN_AFTER, after_look
from tapline.links.domains import own_hosts
from tapline.links.models import Destination, Link, LinkKind, TappedLink
from tapline.workspaces.models import Workspace

# An answer this old is good enough for somebody who writes.
FRESH = dt.timedelta(minutes=10)
# Of one workspace, waiting at once: half-typed addresses are addresses too.
MOST_ASKED = 20
HOST_RESTS = dt.timedelta(seconds=3)
# A worker that dies while it looks leaves the destination to the next after this long.
LEASE = dt.timedelta(minutes=2)
NOTED_EVERY_SECONDS = 60.0
# What nobody taps and nobody asked for lately is forgotten.
KEPT = dt.timedelta(days=60)
FORGOTTEN_AT_ONCE = 200

# Other rooms know which links in texts that were not written here lead to a page for everybody:
# link ids → those of them.
FOR_EVERYBODY: list[Callable[[Collection[int]], set[int]]] = []

NOTE_DESTINATIONS = """
-- Where tapped links lead, each address of a workspace once. One that nobody tapped for long is
-- looked at right away.
insert into links_destination
  (workspace_id, address, host, state, seen, failures, tapped_at, look_at)
select distinct value ->> 1, value ->> 2, value ->> 3, '', '{}', 0, %(now)s, %(now)s
from json_each(%(rows)s) where true
on conflict (address, workspace_id) do update set
  tapped_at = excluded.tapped_at,
  look_at = coalesce(links_destination.look_at, excluded.look_at)
"""

NOTE_LINKS = """
-- Which links were tapped, and where they led.
insert into links_tappedlink (link_id, destination_id, tapped_at)
select r.value ->> 0, d.id, %(now)s
from json_each(%(rows)s) r
join links_destination d on d.address = r.value ->> 2 and d.workspace_id = r.value ->> 1
where true
on conflict (link_id) do update set
  destination_id = excluded.destination_id, tapped_at = excluded.tapped_at
"""


def can_be_looked_at(address: str) -> bool:
    """Say whether an address is one page: with merge fields it is another for each recipient."""
    return not has_fields(address)


def ask(
    workspace: Workspace, addresses: Iterable[str], *, fresh: dt.timedelta = FRESH
) -> list[Destination]:
    """Return what is known of checked addresses, and let a worker look at those whose last look is
    older than `fresh`. `is_waiting` says of which the answer is still to come."""
    now = timezone.now()
    wanted = [each for each in dict.fromkeys(addresses) if can_be_looked_at(each)]
    found_before = _known(workspace, wanted)
    room = MOST_ASKED - _waiting(workspace, now)
    for address in wanted:
        found = found_before.get(address)
        if (found is None or not _is_fresh(found, now, fresh)) and room > 0:
            found_before[address] = _want(workspace, address, now)
            room -= 1
    return [found_before[address] for address in wanted if address in found_before]


def is_waiting(destination: Destination) -> bool:
    """Say whether somebody's question is still open."""
    asked, looked = destination.asked_at, destination.looked_at
    return asked is not None and (looked is None or looked < asked)


def look_next() -> bool:
    """Look at the destination whose turn it is; say whether there was one."""
    now = timezone.now()
    found = _due(now).first()
    if found is None:
        return False
    # Other workers look too: whoever moves the time first has it.
    taken = Destination.objects.filter(pk=found.pk, look_at=found.look_at)
    if taken.update(look_at=now + LEASE, leased_until=now + LEASE):
        keep(found.address, look_at(found.address, rules()))
    return True


def rules() -> Rules:
    """Return how far a look may go on this instance."""
    settings = config.current()
    local = [each.strip() for each in settings.destination_local_hosts.split(",") if each.strip()]
    return Rules(
        seconds=settings.destination_seconds, own_hosts=own_hosts(), local_hosts=frozenset(local)
    )


def keep(address: str, seen: Seen) -> None:
    """Write down what a look found, for each workspace that wants to know."""
    now, state = timezone.now(), state_of(seen)
    every = dt.timedelta(minutes=config.current().destination_minutes)
    with transaction.atomic():
        wanted = Destination.objects.filter(address=address).exclude(look_at=None)
        for each in wanted.select_for_update():
            standing = after_look(
                state,
                now,
                failures=each.failures,
                failing_since=each.failing_since,
                tapped_at=each.tapped_at,
                every=every,
            )
            each.state, each.seen, each.looked_at = state, seen.as_dict(), now
            each.failures, each.failing_since = standing.failures, standing.failing_since
            each.look_at, each.leased_until = standing.look_at, None
            each.save()


def known(workspace: Workspace, address: str) -> Destination | None:
    """Return what a workspace knows of an address; None where nobody has asked."""
    return Destination.objects.filter(address=address, workspace=workspace).first()


def seen_of(destination: Destination) -> Seen | None:
    """Return the last look at a destination."""
    return Seen.of(destination.seen) if destination.looked_at else None


def failing(workspace: Workspace, now: dt.datetime | None = None) -> list[TappedLink]:
    """Return the links of a workspace that people tap and that lead to a page that fails, the most
    recently tapped first. One failed look alone is not believed."""
    now = now or timezone.now()
    found = _alarming(now).filter(link__workspace=workspace)
    return list(found.select_related("link", "destination").order_by("-tapped_at"))


def failing_of(links: Collection[int], now: dt.datetime | None = None) -> list[TappedLink]:
    """Return which of some links are failing."""
    found = _alarming(now or timezone.now()).filter(link_id__in=links)
    return list(found.select_related("link", "destination").order_by("link_id"))


def follow_change(link: Link) -> None:
    """Look at the new destination of a link that people tap, at once."""
    tapped = TappedLink.objects.filter(link=link).first()
    if tapped and link.kind == LinkKind.SHARED and can_be_looked_at(link.destination):
        _note([link.pk], timezone.now())
        _want(link.workspace, link.destination, timezone.now())


def note_taps(links: Collection[int]) -> None:
    """Note that people tapped some links just now. Within a minute a link is noted once."""
    now = time.monotonic()
    news = [each for each in links if now - _noted.get(each, float("-inf")) > NOTED_EVERY_SECONDS]
    if not news:
        return
    if len(_noted) > 10_000:
        _noted.clear()
    _noted.update(dict.fromkeys(news, now))
    _note(news, timezone.now())


def forget_notes() -> None:
    """Forget which links were noted within the last minute."""
    _noted.clear()


def forget_old() -> bool:
    """Forget some destinations that are of no interest any more; say whether there were any."""
    before = timezone.now() - KEPT
    old = Destination.objects.filter(
        Q(tapped_at=None) | Q(tapped_at__lt=before),
        Q(asked_at=None) | Q(asked_at__lt=before),
        looked_at__lt=before,
        look_at=None,
    )
    found = list(old.values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE])
    Destination.objects.filter(pk__in=found).delete()
    return bool(found)


def _alarming(now: dt.datetime) -> QuerySet[TappedLink]:
    return TappedLink.objects.filter(
        Q(link__expires_at=None) | Q(link__expires_at__gt=now),
        destination__state=State.FAILING,
        destination__failures__gte=ALARM_AFTER,
        destination__tapped_at__gte=now - FORGOTTEN_AFTER,
        destination__address=F("link__destination"),
        link__disabled_at=None,
        link__deleted_at=None,
    )


def _due(now: dt.datetime) -> QuerySet[Destination]:
    """Return what is to be looked at, first what somebody waits for; no host that rests."""
    resting = Destination.objects.filter(
        Q(looked_at__gt=now - HOST_RESTS) | Q(leased_until__gt=now)
    ).values("host")
    due = Destination.objects.filter(look_at__lte=now).exclude(host__in=resting)
    return due.order_by(F("asked_at").desc(nulls_last=True), "look_at")


def _is_fresh(found: Destination, now: dt.datetime, fresh: dt.timedelta) -> bool:
    return is_waiting(found) or (found.looked_at is not None and now - found.looked_at < fresh)


def _waiting(workspace: Workspace, now: dt.datetime) -> int:
    asked = Destination.objects.filter(workspace=workspace, asked_at__gt=now - FRESH)
    return asked.filter(Q(looked_at=None) | Q(looked_at__lt=F("asked_at"))).count()


def _want(workspace: Workspace, address: str, now: dt.datetime) -> Destination:
    values = {"host": host_of(address), "asked_at": now, "look_at": now}
    found, _made = Destination.objects.update_or_create(
        workspace=workspace, address=address, defaults=values
    )
    return found


def _known(workspace: Workspace, addresses: Sequence[str]) -> dict[str, Destination]:
    found = Destination.objects.filter(workspace=workspace, address__in=addresses)
    return {each.address: each for each in found}


def _note(links: Collection[int], now: dt.datetime) -> None:
    found = Link.objects.filter(
        pk__in=_of_everybody(links),
        kind=LinkKind.SHARED,
        deleted_at=None,
        workspace__sample="",  # Its pages are nobody's: an alarm would be the newcomer's first.
    )
    rows = [
        (link, workspace, address, host_of(address))
        for link, workspace, address in found.values_list("id", "workspace_id", "destination")
        if can_be_looked_at(address)
    ]
    if not rows:
        return
    values = {
        "rows": json.dumps(rows),
        "now": connection.ops.adapt_datetimefield_value(now),
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(NOTE_DESTINATIONS, values)
        cursor.execute(NOTE_LINKS, values)


def _of_everybody(links: Collection[int]) -> set[int]:
    """Return those links whose page may be opened from here. Texts that another system wrote may
    hold addresses that serve one person once."""
    written_here = _ALONE | Q(in_broadcast__broadcast__kind="composed")
    sure = set(Link.objects.filter(written_here, pk__in=links).values_list("pk", flat=True))
    sure |= set(TappedLink.objects.filter(link__in=links).values_list("link_id", flat=True))
    for knows in FOR_EVERYBODY:
        if rest := set(links) - sure:
            sure |= knows(rest)
    return sure


def host_of(address: str) -> str:
    """Return the host of a checked address."""
    return urlsplit(address).hostname or ""


_ALONE = Q(in_broadcast=None)
_noted: dict[int, float] = {}
