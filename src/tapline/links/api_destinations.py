"""The API's calls on destinations: looked at on request, and those that fail people who tap."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from ninja import Router
from pydantic import Field

from tapline.destinations import check_destination
from tapline.links.destination_told import alarms, tell
from tapline.links.domains import own_hosts
from tapline.links.watching import MOST_ASKED, ask, failing
from tapline.workspaces.api_access import ApiRequest, needs, workspace_of
from tapline.workspaces.api_types import Answer, Payload, Text

router = Router(tags=["links"])


class DestinationsIn(Payload):
    addresses: Annotated[
        list[Annotated[Text, Field(max_length=2048)]], Field(min_length=1, max_length=MOST_ASKED)
    ]


class HopOut(Answer):
    address: str
    status: int = Field(description="0: it did not answer.")


class DestinationFindingOut(Answer):
    state: str = Field(description="failing, doubtful or good.")
    what: str
    why: str
    do: str


class DestinationOut(Answer):
    address: str
    state: str = Field(description="unseen, good, doubtful or failing.")
    is_waiting: bool = Field(description="The look is still to come: ask again in a second.")
    looked_at: dt.datetime | None
    failing_since: dt.datetime | None
    hops: list[HopOut] = Field(description="From the first address to the last page.")
    milliseconds: int
    certificate_days: int | None = Field(description="How long the certificate still holds.")
    title: str
    description: str
    picture: str
    findings: list[DestinationFindingOut]


class FailingOut(Answer):
    link: int
    tapped_at: dt.datetime
    destination: DestinationOut


@router.post(
    "/destinations",
    auth=needs("links:write"),
    response=list[DestinationOut],
    summary="Look at destinations from the server",
)
def look_at_destinations(request: ApiRequest, wanted: DestinationsIn) -> list[dict[str, Any]]:
    """As a phone would open them. A worker looks: what is not known yet says `is_waiting`; an
    answer of the last ten minutes is told again. Private addresses are refused."""
    hosts = own_hosts()
    addresses = [check_destination(each, own_hosts=hosts) for each in wanted.addresses]
    return [tell(each).as_dict() for each in ask(workspace_of(request), addresses)]


@router.get(
    "/destinations/failing",
    auth=needs("links:read"),
    response=list[FailingOut],
    summary="List links that fail people who tap",
)
def list_failing(request: ApiRequest) -> list[dict[str, Any]]:
    """Those tapped within seven days whose page failed twice in a row; mend one by changing its
    link's `destination`."""
    return [
        {
            "link": each.link.pk,
            "tapped_at": each.tapped_at,
            "destination": each.destination.as_dict(),
        }
        for each in alarms(failing(workspace_of(request)))
    ]
