"""The API's calls on keywords: made, listed with what they did, changed, ended."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from ninja import Router, Status
from pydantic import Field

from tapline.keywords.models import Keyword
from tapline.keywords.reports import KeywordReport, report_keywords
from tapline.keywords.writing import KeywordDetails, change_keyword, create_keyword, end_keyword
from tapline.links.goals import campaign_named, offer_named
from tapline.workspaces.api_access import ApiRequest, actor_of, needs, workspace_of
from tapline.workspaces.api_types import (
    Answer,
    Cursor,
    Limit,
    Name,
    Page,
    Payload,
    Text,
    Word,
    found_or_404,
    page_of,
)
from tapline.workspaces.models import Workspace

router = Router(tags=["keywords"])


class KeywordIn(Payload):
    word: Annotated[Name, Field(max_length=40)]
    reply_text: Text = Field("", description="With links and merge fields that have a fallback.")
    number: Annotated[Word, Field(max_length=40)] = Field(
        "", description="The number that is texted; left out: every one of yours."
    )
    only_word: bool = Field(False, description="A text of more words does not ask for it.")
    forgives: bool = Field(True, description="Takes close misspellings too.")
    campaign: Name | None = Field(None, description="Made where there is none of this name.")
    offer: Name | None = Field(None, description="Made where there is none of this name.")
    tags: Annotated[list[Word], Field(max_length=100)] = Field(default_factory=list)
    purpose: Literal["", "marketing", "service"] = Field(
        "", description="What texting the word agrees to; left out: nothing."
    )
    wording: Text = Field("", description="What the poster says they agree to; needed for a yes.")
    told: Annotated[list[Word], Field(max_length=10)] = Field(
        default_factory=list, description="E-mail addresses that hear of each text."
    )


class KeywordOut(Answer):
    id: int
    word: str
    number: str
    only_word: bool
    forgives: bool
    reply_text: str
    campaign: str | None
    offer: str | None
    tags: list[str]
    purpose: str
    wording: str
    told: list[str]
    texts: int
    people: int
    agreed: int
    replies_sent: int
    replies_delivered: int
    people_who_tapped: int
    click_rate: float | None
    created_at: dt.datetime
    ended_at: dt.datetime | None


@router.post(
    "/keywords", auth=needs("keywords:write"), response={201: KeywordOut}, summary="Make a keyword"
)
def add_keyword(request: ApiRequest, keyword: KeywordIn) -> Status[dict[str, Any]]:
    workspace = workspace_of(request)
    details = _details(workspace, keyword)
    made = create_keyword(workspace, details, actor=actor_of(request))
    return Status(201, _write([made])[0])


@router.get(
    "/keywords",
    auth=needs("keywords:read"),
    response=Page[KeywordOut],
    summary="List keywords and what they did",
)
def list_keywords(request: ApiRequest, cursor: Cursor, limit: Limit) -> dict[str, Any]:
    return page_of(_rows(request), cursor, limit, _write)


@router.get(
    "/keywords/{int:keyword_id}",
    auth=needs("keywords:read"),
    response=KeywordOut,
    summary="Get a keyword and what it did",
)
def get_keyword(request: ApiRequest, keyword_id: int) -> dict[str, Any]:
    return _write([_find(request, keyword_id)])[0]


@router.put(
    "/keywords/{int:keyword_id}",
    auth=needs("keywords:write"),
    response=KeywordOut,
    summary="Change a keyword",
)
def put_keyword(request: ApiRequest, keyword_id: int, keyword: KeywordIn) -> dict[str, Any]:
    """Everything that is left out gets its default again."""
    found = _find(request, keyword_id)
    change_keyword(found, _details(found.workspace, keyword), actor=actor_of(request))
    return _write([found])[0]


@router.post(
    "/keywords/{int:keyword_id}/end",
    auth=needs("keywords:write"),
    response=KeywordOut,
    summary="End a keyword",
)
def stop_keyword(request: ApiRequest, keyword_id: int) -> dict[str, Any]:
    """Its word does nothing any more and is free; its report stays."""
    found = _find(request, keyword_id)
    if found.ended_at is None:
        end_keyword(found, actor=actor_of(request))
    return _write([found])[0]


def _details(workspace: Workspace, sent: KeywordIn) -> KeywordDetails:
    plain = sent.model_dump(exclude={"campaign", "offer"})
    return KeywordDetails(
        **plain,
        campaign=campaign_named(workspace, sent.campaign),
        offer=offer_named(workspace, sent.offer),
    )


def _rows(request: ApiRequest) -> Any:
    rows = Keyword.objects.filter(workspace=workspace_of(request))
    return rows.select_related("workspace", "campaign", "offer", "wording")


def _find(request: ApiRequest, keyword_id: int) -> Keyword:
    found: Keyword | None = _rows(request).filter(pk=keyword_id).first()
    return found_or_404(found, "keyword")


def _write(keywords: Iterable[Keyword]) -> list[dict[str, Any]]:
    return [_write_one(report) for report in report_keywords(list(keywords))]


def _write_one(report: KeywordReport) -> dict[str, Any]:
    keyword = report.keyword
    own = ("id", "word", "number", "only_word", "forgives", "reply_text", "tags", "purpose", "told")
    counts = (
        "texts",
        "people",
        "agreed",
        "replies_sent",
        "replies_delivered",
        "people_who_tapped",
        "click_rate",
    )
    return {
        **{name: getattr(keyword, name) for name in (*own, "created_at", "ended_at")},
        **{name: getattr(report, name) for name in counts},
        "campaign": keyword.campaign.name if keyword.campaign else None,
        "offer": keyword.offer.name if keyword.offer else None,
        "wording": keyword.wording.text if keyword.wording else "",
    }
