"""The API's feed of clicks, for programs that keep their own copy."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from ninja import Query, Router
from pydantic import Field

from tapline.clicks.reports import feed
from tapline.workspaces.api_access import ApiRequest, needs
from tapline.workspaces.api_types import Answer, Cursor

router = Router(tags=["clicks"])

MAX_CLICKS = 5_000
FeedLimit = Annotated[int, Query(500, ge=1, le=MAX_CLICKS, description="Clicks per page.")]


class ClickOut(Answer):
    id: str = Field(description="The same wherever the click is read again: keep it once.")
    sequence: int
    clicked_at: dt.datetime
    broadcast: int
    campaign: int = Field(description="0, as elsewhere here: there is none.")
    offer: int
    link: int
    message: int = Field(
        description="-1: of somebody who is only counted, as contact 0 and no network say too."
    )
    contact: int
    verdict: str = Field(
        description="human, preview, scanner, prefetch, tool, operator or unknown."
    )
    reasons: str = Field(description="The rules that said so, with commas.")
    rules_version: int
    earlier_verdict: str = Field(
        description="Not empty: this corrects what was said of the click before."
    )
    earlier_rules_version: int = Field(description="By which rules; 0: never corrected.")
    outcome: str
    requests: int = Field(description="More than 1: repeats that were counted together.")
    seconds_since_submit: float | None
    seconds_since_delivery: float | None
    device_kind: str
    device: str
    os: str
    browser: str
    app: str
    country: str = Field(description="US, ISO 3166; empty: place unknown.")
    region: str = Field(description="Florida, US.")
    city: str = Field(description="Miami, Florida, US.")
    network_name: str = Field(description="Who runs the network.")
    network_kind: str = Field(description="hosting, relay or preview; empty: not known.")
    network_source: str = Field(description="Which list of which day says so.")
    network: str


class ClicksOut(Answer):
    items: list[ClickOut]
    next_cursor: int = Field(description="Keep it, also when `items` is empty, and ask again.")


@router.get(
    "/clicks",
    auth=needs("clicks:read"),
    response=ClicksOut,
    summary="Read clicks in the order in which they were counted",
)
def read_clicks(request: ApiRequest, cursor: Cursor, limit: FeedLimit) -> dict[str, Any]:
    """Start at cursor 0 and store each click by its id, then the cursor: none is ever missed.

    A click that is judged otherwise later comes again, with the same id and a new sequence: put it
    in the place of the one that you keep. `earlier_verdict` says what was said before.
    """
    items, next_cursor = feed([request.auth.workspace_id], cursor, limit)
    return {"items": items, "next_cursor": next_cursor}
