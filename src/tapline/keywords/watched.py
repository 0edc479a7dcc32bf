"""Where the links in keywords' replies lead: looked at when one is written, again while people tap,
and mended in the reply together with the links that are on phones."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from django.db import transaction

from tapline.destinations import check_destination, has_fields
from tapline.errors import TaplineError
from tapline.keywords.models import Keyword, KeywordBroadcast
from tapline.links.destination_told import Alarm, Told, alarms, tell
from tapline.links.models import Link
from tapline.links.watching import ask, failing_of
from tapline.texts.links import FoundLink, find_links, replace_links
from tapline.workspaces.audit import record
from tapline.workspaces.models import Workspace


def addresses_in(text: str) -> list[str]:
    """Return the pages that a reply leads to, the same for everybody who gets it."""
    return list(dict.fromkeys(address for _link, address in _addresses(text)))


def look_at_reply(workspace: Workspace, text: str) -> list[Told]:
    """Let a worker look at where a reply leads; return what is known by now."""
    return [tell(each) for each in ask(workspace, addresses_in(text))]


def written_in_replies(links: Collection[int]) -> set[int]:
    """Return those links whose address stands in the reply of their keyword as it is."""
    rows = KeywordBroadcast.objects.filter(broadcast__links__link__in=links).values_list(
        "broadcast__links__link_id", "broadcast__links__link__destination", "keyword__reply_text"
    )
    return {link for link, address, text in rows if address in addresses_in(text)} & set(links)


def failing_in(keyword: Keyword) -> list[Alarm]:
    """Return the links of a keyword's replies that people tap and that lead to no page."""
    gathered = keyword.gathered.filter(broadcast__workspace=keyword.workspace)
    links = gathered.values_list("broadcast__links__link_id", flat=True)
    return alarms(failing_of([each for each in links if each is not None]))


def mend_replies(link: Link, before: str, actor: str) -> None:
    """Write the new address into the replies that still lead to the one that was mended."""
    holding = KeywordBroadcast.objects.filter(broadcast__links__link=link)
    for keyword in Keyword.objects.filter(gathered__in=holding, ended_at=None).distinct():
        _mend(keyword, before, link.destination, actor)


def _mend(keyword: Keyword, before: str, after: str, actor: str) -> None:
    with transaction.atomic():
        fresh = Keyword.objects.select_for_update().get(pk=keyword.pk)
        old = fresh.reply_text
        found = [link for link, address in _addresses(old) if address == before]
        if not found:
            return
        fresh.reply_text = replace_links(old, found, [after] * len(found))
        fresh.save(update_fields=["reply_text"])
        told = {"reply_text": old}, {"reply_text": fresh.reply_text}
        record(fresh.workspace, actor, "keyword.changed", fresh, *told)


def _addresses(text: str) -> Iterator[tuple[FoundLink, str]]:
    """Yield each link of a text that is one page for everybody, and that page's address."""
    for link in find_links(text):
        try:
            address = check_destination(link.url)
        except TaplineError:  # The form says what is wrong with it.
            continue
        if not has_fields(link.url):
            yield link, address
