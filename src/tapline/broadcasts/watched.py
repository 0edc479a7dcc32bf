"""Which links in texts that another system wrote lead to a page for everybody; those are looked at.

What such a text links to may be meant for one person, and good for one opening: a look from here
would use it up. Texts to several people that hold the same address say that it is not.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Collection, Iterable

from django.db import connection

from tapline.broadcasts.models import Broadcast, BroadcastKind, BroadcastLink
from tapline.links.models import CROWD_POSITION, CodeRange, Link, LinkKind
from tapline.links.watching import ask

# A couple may share an order; what three people were sent is a page like any other.
PEOPLE = 3
# Made again and again, a link is looked at once a day; people's taps have it looked at more often.
FRESH = dt.timedelta(days=1)
ASKED_EVERY_SECONDS = 3600.0
RANGES_READ, EACH_READ = 50, 50

COUNT_PEOPLE = f"""
-- To how many people the newest texts with one link went. A text that was emptied is nobody's.
select count(distinct m.phone)
from (
  select first_position, count from links_coderange
  where link_id = %(link)s and first_position >= 0
  order by id desc limit {RANGES_READ}
) r
join broadcasts_broadcastlink b on b.link_id = %(link)s
join broadcasts_message m on m.broadcast_id = b.broadcast_id
  and m.position >= r.first_position
  and m.position < r.first_position
    + case when r.count < {EACH_READ} then r.count else {EACH_READ} end
where m.phone <> ''
"""


def held_by_many(links: Collection[int]) -> set[int]:
    """Return those links that texts to several people hold, so that their page is everybody's."""
    crowds = CodeRange.objects.filter(link__in=links, first_position=CROWD_POSITION)
    many = set(crowds.values_list("link_id", flat=True))
    return many | {link for link in set(links) - many if _people(link) >= PEOPLE}


def look_at_shared(broadcast: Broadcast, destinations: Iterable[str]) -> None:
    """Let a worker look at what texts just written lead to, where that is a page for everybody."""
    news = [each for each in set(destinations) if _is_news(broadcast, each)]
    if not news:
        return
    links = Link.objects.filter(
        in_broadcast__broadcast=broadcast, kind=LinkKind.SHARED, deleted_at=None
    )
    found = {each.pk: each.destination for each in links if each.destination in news}
    many = held_by_many(found)
    for each in many:
        _asked[broadcast.pk, found[each]] = time.monotonic()
    ask(broadcast.workspace, [found[each] for each in sorted(many)], fresh=FRESH)


def remember_mended(link: Link, before: str, actor: str) -> None:
    """Let a link that somebody mended go on standing for the address that others' texts hold: a new
    link there would undo the mending."""
    standing = BroadcastLink.objects.filter(link=link, stands_for="").exclude(
        broadcast__kind=BroadcastKind.COMPOSED
    )
    if standing.exists() and held_by_many([link.pk]):
        standing.update(stands_for=before)


def forget_asked() -> None:
    """Forget what was asked within the last hour."""
    _asked.clear()


def _people(link: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(COUNT_PEOPLE, {"link": link})
        return int(cursor.fetchone()[0])


def _is_news(broadcast: Broadcast, destination: str) -> bool:
    if len(_asked) > 10_000:
        _asked.clear()
    asked = _asked.get((broadcast.pk, destination), float("-inf"))
    return time.monotonic() - asked > ASKED_EVERY_SECONDS


_asked: dict[tuple[int, str], float] = {}
