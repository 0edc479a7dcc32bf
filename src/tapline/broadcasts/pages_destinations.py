"""Where the links of a text lead, looked at while it is written and while its report is read."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from tapline.broadcasts.drafts import as_unsaved, read_what_can_be_read
from tapline.broadcasts.leading import addresses_of
from tapline.broadcasts.models import Broadcast
from tapline.links.destination_told import Alarm, alarms, tell
from tapline.links.watching import ask, failing_of
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need


@inside(Need.EDIT, "POST")
def show_destinations(visit: Visit) -> HttpResponse:
    """Show, as a fragment, how the pages are that the links of the text lead to. Looking is the
    worker's: whoever writes waits for nothing, and the fragment asks again until all is known."""
    values, _wrong = read_what_can_be_read(visit.workspace, visit.request.POST)
    draft = as_unsaved(visit.workspace, values, None)
    addresses, differing = addresses_of(draft)
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
