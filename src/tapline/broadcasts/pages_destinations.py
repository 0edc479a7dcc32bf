"""Where the links of a text lead, looked at while it is written and while its report is read."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from tapline.broadcasts.drafts import as_unsaved, read_what_can_be_read
from tapline.broadcasts.models import Broadcast
from tapline.broadcasts.wordings import texts_of
from tapline.destinations import check_destination, has_fields, with_utm
from tapline.errors import TaplineError
from tapline.links.destination_told import Alarm, alarms, tell
from tapline.links.domains import own_hosts
from tapline.links.watching import ask, failing_of
from tapline.texts.personal import compile_text
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need


@inside(Need.EDIT, "POST")
def show_destinations(visit: Visit) -> HttpResponse:
    """Show, as a fragment, how the pages are that the links of the text lead to. Looking is the
    worker's: whoever writes waits for nothing, and the fragment asks again until all is known."""
    values, _wrong = read_what_can_be_read(visit.workspace, visit.request.POST)
    draft = as_unsaved(visit.workspace, values, None)
    addresses, differing = _destinations(texts_of(draft), draft.utm)
    told = [tell(each) for each in ask(visit.workspace, addresses)]
    context = {
        "destinations": told,
        "differing": differing,
        "is_waiting": any(each.is_waiting for each in told),
        "not_looked_at": len(addresses) - len(told),
    }
    return visit.render("broadcasts/compose/_destinations_shown.html", context)


@inside(Need.RATES)
def show_failing(visit: Visit, broadcast_id: int) -> HttpResponse:
    """Show, as a fragment, which links of a broadcast fail people who tap."""
    broadcast = get_object_or_404(Broadcast, pk=broadcast_id, workspace=visit.workspace)
    context = {"broadcast": broadcast, "failing": failing_links(broadcast)}
    return visit.render("broadcasts/_failing.html", context)


def failing_links(broadcast: Broadcast) -> list[Alarm]:
    """Return the links of a broadcast that people tap and that lead to no page."""
    return alarms(failing_of(list(broadcast.links.values_list("link_id", flat=True))))


def _destinations(texts: list[str], utm: dict[str, str]) -> tuple[list[str], list[str]]:
    """Return the addresses that links of some texts will lead to, as far as they can be read, and
    those that differ for each recipient."""
    urls = list(dict.fromkeys(url for text in texts for url in _urls(text)))
    plain = [url for url in urls if not has_fields(url)]
    return list(_checked(plain, utm)), [url for url in urls if has_fields(url)]


def _urls(text: str) -> tuple[str, ...]:
    try:
        return compile_text(text).urls
    except TaplineError:  # The preview says what is wrong with it.
        return ()


def _checked(urls: list[str], utm: dict[str, str]) -> Iterator[str]:
    hosts = own_hosts()
    for url in urls:
        try:
            yield with_utm(check_destination(url, own_hosts=hosts), utm)
        except TaplineError:  # The preview says it.
            continue
